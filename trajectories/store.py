"""The run directory: where a trajectory is written as it happens, and read again.

<root>/<UTC time>-<task>/
    events.jsonl    one event a line, appended and never rewritten
    result.json     how the run ended
    patch.diff      the patch
    lock            held while a process writes; names it
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trajectories.errors import StoreError, UsageError
from trajectories.events import EVENT, Event, Notice
from trajectories.reader import EVENTS, RESULT, Tail, read_events, read_result
from trajectories.redaction import Redactor, secrets_of
from trajectories.result import Result

__all__ = ["RunDirectory", "Tail", "read_events", "read_result", "writer_of"]

PATCH = "patch.diff"
LOCK = "lock"

_VERBATIM = frozenset(("patch",))
_SYNC_SECONDS = 1.0
_SYNCED_AT_ONCE = frozenset(("run_started", "attempt_ended", "run_ended"))

Subscriber = Callable[[Event], None]


class RunDirectory:
    """One run's directory, open for writing by this process alone.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path, redactor: Redactor | None = None) -> None:
        """Use `create` or `open_existing`."""
        self.path = path
        self._redactor = redactor or Redactor(secrets_of())
        self._subscribers: list[Subscriber] = []
        self._sequence = 0
        self._synced = time.monotonic()
        self._failure = ""
        # Guards the order of events: sequence numbers, lines and subscribers agree.
        self._writing = threading.RLock()
        self._lock = _take_lock(path)
        try:
            self._events = os.open(path / EVENTS, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            os.close(self._lock)
            raise StoreError(f"{path / EVENTS} can't be written: {error.strerror}.") from None

    @classmethod
    def create(cls, root: Path, task_id: str, *, redactor: Redactor | None = None) -> "RunDirectory":
        """Make a new run directory under `root`.

        Raises:
            StoreError: It can't be made.
        """
        slug = re.sub(r"[^a-z0-9._]+", "-", task_id.lower())[:60].strip("-._") or "task"
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{slug}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            for number in range(1, 10_000):
                path = root / (name if number == 1 else f"{name}-{number}")
                try:
                    path.mkdir()
                except FileExistsError:
                    continue
                return cls(path, redactor)
        except OSError as error:
            raise StoreError(f"No run directory can be made in {root}: {error.strerror}.") from None
        raise StoreError(f"No free name for a run directory is left in {root}; try again in a second.")

    @classmethod
    def open_existing(cls, path: Path, *, redactor: Redactor | None = None) -> "RunDirectory":
        """Go on with a run, e.g. to resume it; a line that a crash left torn is cut off.

        Raises:
            UsageError: There is no run, another process writes it, or its events can't be read.
            StoreError: It can't be written.
        """
        if not (path / EVENTS).is_file():
            raise UsageError(f"{path} is not a run directory: it has no {EVENTS}.")
        run = cls(path, redactor)
        try:
            run._sequence = sum(1 for _ in read_events(path))
            run._drop_torn_line()
        except BaseException:
            run.close()
            raise
        return run

    @property
    def run_id(self) -> str:
        """The directory's name."""
        return self.path.name

    def append(self, event: Event) -> Event:
        """Write an event and hand it to the subscribers.

        Returns:
            The event as written: stamped with time and sequence, and redacted.

        Raises:
            StoreError: It can't be written; the log ends with the event before it.
        """
        with self._writing:
            stamped = event.model_copy(update={"time": time.time(), "sequence": self._sequence})
            plain = stamped.model_dump(mode="json")
            redacted = self._redactor.data(plain, verbatim=_VERBATIM)
            if redacted != plain:
                stamped = EVENT.validate_python(redacted)
            self._write_line(_as_json(redacted), at_once=stamped.kind in _SYNCED_AT_ONCE)
            self._sequence += 1
            self._publish(stamped)
        return stamped

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with each event once it is written; the returned function ends that.

        A callback that raises is dropped: a screen may fail, the run may not.
        """
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def write_result(self, result: Result) -> None:
        """Write `result.json`, all of it or nothing.

        Raises:
            StoreError: It can't be written.
        """
        redacted = self._redactor.data(result.model_dump(mode="json"), verbatim=_VERBATIM)
        _replace(self.path / RESULT, json.dumps(redacted, indent=2).encode() + b"\n")

    def write_patch(self, text: str) -> None:
        """Write `patch.diff`, all of it or nothing, byte for byte but for known secrets.

        Raises:
            StoreError: It can't be written.
        """
        _replace(self.path / PATCH, self._redactor.known(text).encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Let go of the directory. Safe to call twice."""
        with self._writing:
            for handle in (self._events, self._lock):
                if handle >= 0:
                    os.close(handle)
            self._events = self._lock = -1

    def __enter__(self) -> "RunDirectory":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_line(self, line: bytes, *, at_once: bool) -> None:
        if self._events < 0:
            raise StoreError(f"The run {self.run_id} is closed; nothing more can be written to it.")
        before = os.fstat(self._events).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(self._events, line[written:])
            # What is written survives the end of the process; only a power cut needs the disk, and waiting
            # for it at every step would cost more than the step.
            if at_once or time.monotonic() - self._synced > _SYNC_SECONDS:
                os.fdatasync(self._events)
                self._synced = time.monotonic()
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._events, before)
            advice = "free some space and resume the run" if error.errno in _FULL else "look at the disk"
            raise StoreError(f"{self.path / EVENTS} can't be written: {error.strerror}; {advice}.") from None

    def _publish(self, event: Event) -> None:
        for callback in tuple(self._subscribers):
            try:
                callback(event)
            except Exception as error:  # noqa: BLE001  (whatever a screen does, the run goes on)
                self._subscribers.remove(callback)
                name = getattr(callback, "__qualname__", type(callback).__name__)
                text = f"{name} failed with {type(error).__name__}: {error}; it gets no more events."
                self.append(Notice(level="warning", text=text))

    def _drop_torn_line(self) -> None:
        size = os.fstat(self._events).st_size
        whole = size
        while whole:
            start = max(0, whole - 65536)
            newline = os.pread(self._events, whole - start, start).rfind(b"\n")
            if newline >= 0:
                whole = start + newline + 1
                break
            whole = start
        if whole < size:
            os.ftruncate(self._events, whole)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def writer_of(path: Path) -> int | None:
    """Return the id of the process that writes a run just now, or None."""
    try:
        handle = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(handle)
    finally:
        os.close(handle)
    return None


def _take_lock(path: Path) -> int:
    try:
        handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path / LOCK} can't be written: {error.strerror}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        pid = _pid_in(handle)
        os.close(handle)
        raise UsageError(
            f"The run {path.name} is being written by process {pid}; wait for it or stop it first."
        ) from None
    except OSError as error:
        os.close(handle)
        raise StoreError(f"{path / LOCK} can't be locked: {error.strerror}.") from None
    return handle


def _pid_in(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _as_json(value: Any) -> bytes:
    # ASCII only, so that lone surrogates survive and no line separator of Unicode splits a line.
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _replace(path: Path, data: bytes) -> None:
    """Write a file under another name and put it in place when it is safe on the disk."""
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), 0o644)
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{path} can't be written: {error.strerror}.") from None
