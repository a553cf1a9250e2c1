"""The folder through which processes share one server: who starts it, who uses it, where it is.

start.lock   held while a process looks for a server, starts one, or a server decides to end
lease.lock   held shared by every user; a lock ends with its process, even when that is killed
state.json   where the server is and the key to it, readable by the owner alone
server.log   what it printed
"""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import IO, NamedTuple


class State(NamedTuple):
    """Where a running server is.

    Attributes:
        pid: Its process id.
        started: When that process began, in the kernel's ticks: a reused process id has another.
        boot: The machine's start that these are of.
        address: Its root, e.g. "http://127.0.0.1:41234".
        key: What it wants as bearer token.
    """

    pid: int
    started: int
    boot: str
    address: str
    key: str


class Lock:
    """An advisory lock on a file, held by this process until it is released or the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self, *, shared: bool = False) -> bool:
        """Take the lock if nobody stands against it, and say whether it was had."""
        file = self._file or self._path.open("ab")
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._file is None:
                file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let go of the lock; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Lease:
    """The files of one shared server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.start = Lock(folder / "start.lock")
        self.use = Lock(folder / "lease.lock")
        self._state = folder / "state.json"

    def make_folder(self) -> None:
        """Make the folder, closed to other users: what is in it lets its reader use the server."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)

    def read(self) -> State | None:
        """Return where the server is, or None when none has said so."""
        try:
            return State(**json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, state: State) -> None:
        """Say where the server is, at once and whole."""
        temporary = self._state.with_name(f"state.{os.getpid()}")
        with open(temporary, "w", encoding="utf-8", opener=_private) as file:
            json.dump(state._asdict(), file)
        temporary.replace(self._state)

    def forget(self) -> None:
        """Say that there is no server."""
        self._state.unlink(missing_ok=True)


def process_start(pid: int) -> int | None:
    """Return when a process began, in the kernel's ticks, or None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, so count from behind it.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def boot_id() -> str:
    """Return what names this start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def is_running(state: State) -> bool:
    """Say whether the process that wrote this state is still there."""
    with contextlib.suppress(ChildProcessError):
        # A server that this process started and that died stays a zombie until it is waited for.
        os.waitpid(state.pid, os.WNOHANG)
    return state.boot == boot_id() and process_start(state.pid) == state.started


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
