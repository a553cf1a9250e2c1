"""Reads what `trajectories.store` wrote: whole runs, and runs that are still being written."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from trajectories.errors import UsageError
from trajectories.events import EVENT, SCHEMA_VERSION, Event
from trajectories.result import Result

EVENTS = "events.jsonl"
RESULT = "result.json"


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a run, from its directory or its event file.

    A last line without an end is what a crash left and is passed over.

    Raises:
        UsageError: There are none, they are of a newer version, or a line is not an event.
    """
    for number, line in enumerate(_lines(events_file(path)), start=1):
        yield parse_event(line, f"line {number} of {events_file(path)}")


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield line
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from None


def events_file(path: Path) -> Path:
    """The event file of a run, for its directory or for the file itself."""
    return path / EVENTS if path.is_dir() else path


def parse_event(line: bytes, where: str) -> Event:
    """Read one line of an event file; `where` says in an error where it stands.

    Raises:
        UsageError: It is not an event, or of a newer version.
    """
    try:
        # Python's own reader keeps the lone surrogates that stand for bytes which are not UTF-8.
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(
            f"The event in {where} is corrupt; restore the file or remove the lines from there."
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
        raise UsageError(f"The JSON in {where} is not an event of a Patchwright run.")
    version = found.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError(
            f"The event in {where} was written by a newer Patchwright (its schema is {version}, the newest "
            f"known here {SCHEMA_VERSION}); upgrade this one."
        )
    try:
        return EVENT.validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"The event in {where} is not one this version knows: {first['msg']}.") from None


class Tail:
    """Reads the events of a run as they are written, by whatever process.

    Args:
        path: The run directory or its event file.
    """

    def __init__(self, path: Path) -> None:
        self._path = events_file(path)
        self._offset = 0
        self._number = 0

    def read(self) -> list[Event]:
        """Return the events that came since the last call, possibly none.

        Raises:
            UsageError: As for `read_events`.
        """
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UsageError(f"{self._path} can't be read: {error.strerror}.") from None
        whole = data[: data.rfind(b"\n") + 1]
        events = []
        for line in whole.splitlines(keepends=True):
            self._number += 1
            events.append(parse_event(line, f"line {self._number} of {self._path}"))
            self._offset += len(line)
        return events


def read_result(path: Path) -> Result | None:
    """Return the result of a run from its directory, or None when it has none yet.

    Raises:
        UsageError: The file is not a result.
    """
    try:
        return Result.model_validate(json.loads((path / RESULT).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path / RESULT} is not a result: {str(error).splitlines()[0]}.") from None
