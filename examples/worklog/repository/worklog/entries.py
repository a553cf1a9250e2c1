"""Reading entries: one line is a day, a span of time, a project and a note."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LINE = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})\s+"
    r"(?P<start>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})\s+"
    r"(?P<project>\S+)"
    r"(?:\s+(?P<note>.*))?$"
)


class EntryError(ValueError):
    """A line is not an entry."""


@dataclass(frozen=True)
class Entry:
    """A span of work on one project."""

    start: datetime
    end: datetime
    project: str
    note: str = ""

    @property
    def day(self) -> date:
        return self.start.date()

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


def parse_line(line: str, number: int = 1) -> Entry:
    """Parse one line; a span that ends before it starts goes past midnight."""
    match = LINE.match(line.strip())
    if match is None:
        raise EntryError(f"line {number}: expected 'DAY START-END PROJECT [NOTE]', got {line.strip()!r}")
    try:
        start = datetime.strptime(f"{match['day']} {match['start']}", "%Y-%m-%d %H:%M")
        end = datetime.strptime(f"{match['day']} {match['end']}", "%Y-%m-%d %H:%M")
    except ValueError as error:
        raise EntryError(f"line {number}: {error}") from None
    if end < start:
        end += timedelta(days=1)
    return Entry(start, end, match["project"], (match["note"] or "").strip())


def parse(text: str) -> list[Entry]:
    """Parse a file's text; empty lines and lines that start with # are skipped."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            entries.append(parse_line(line, number))
    return entries
