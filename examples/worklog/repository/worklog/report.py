"""Reports: hours by project or by day, with a total."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta

from worklog.durations import clock, decimal, round_up, total
from worklog.entries import Entry
from worklog.weeks import in_week

WIDTH = 25

KEYS: dict[str, Callable[[Entry], str]] = {
    "project": lambda entry: entry.project,
    "day": lambda entry: entry.day.isoformat(),
}


def select(entries: Iterable[Entry], week: str | None = None, project: str | None = None) -> list[Entry]:
    """Return the entries of a week and a project, where these are given."""
    return [
        entry
        for entry in entries
        if (week is None or in_week(entry.day, week)) and (project is None or entry.project == project)
    ]


def group(entries: Iterable[Entry], by: str = "project") -> dict[str, timedelta]:
    """Add up the entries' rounded durations by project or by day."""
    key = KEYS[by]
    spans: dict[str, list[timedelta]] = defaultdict(list)
    for entry in entries:
        spans[key(entry)].append(round_up(entry.duration))
    return {name: total(found) for name, found in spans.items()}


def render(groups: dict[str, timedelta], title: str = "Project", exact: bool = False) -> str:
    """Return a report as text, a line for each group and one for the total."""
    write = decimal if exact else clock
    rule = "-" * WIDTH
    lines = [row(title, "Hours"), rule]
    lines += [row(name, write(span)) for name, span in groups.items()]
    lines += [rule, row("Total", write(total(groups.values())))]
    return "\n".join(lines)


def row(name: str, value: str) -> str:
    """Return one line of a report: the name to the left, the value to the right."""
    return f"{name}{value:>{max(1, WIDTH - len(name))}}"
