"""One server for all processes of a user: found, started, or replaced when it hangs."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from agent.models.lease import Lease, State, is_running
from trajectories.errors import ModelError

_START_SECONDS = 300.0
"""A gigabyte from a slow disk on a busy machine takes minutes."""

_HEALTH_SECONDS = 5.0
_HEALTH_TRIES = 3
_POLL_SECONDS = 0.05
_LOG_LINES = 5


class SharedServer:
    """A lease on the server that belongs to a folder.

    Args:
        name: The model's name, for messages.
        folder: Where its users meet; servers that differ in anything have different folders.
        command: Starts the server; `--folder` and the folder are added.
    """

    def __init__(self, name: str, folder: Path, command: Sequence[str]) -> None:
        self._name = name
        self._lease = Lease(folder)
        self._command = [*command, "--folder", str(folder)]
        self._state: State | None = None

    async def acquire(self) -> State:
        """Take a lease on a healthy server, starting one when there is none.

        Raises:
            ModelError: The server does not start, or the folder can't be used.
        """
        lease = self._lease
        try:
            lease.make_folder()
            while not lease.start.take():
                await asyncio.sleep(_POLL_SECONDS)
            try:
                return await self._find_or_start()
            except BaseException:
                lease.use.release()
                raise
            finally:
                lease.start.release()
        except OSError as error:
            raise ModelError(
                f"The server of model {self._name!r} can't be shared through {str(lease.folder)!r} "
                f"({error.strerror or error}); set PATCHWRIGHT_CACHE to a folder of your own."
            ) from error

    async def _find_or_start(self) -> State:
        # In its way is only a server that looks whether it is still needed, for a moment.
        while not self._lease.use.take(shared=True):
            await asyncio.sleep(_POLL_SECONDS)
        self._state = self._lease.read()
        if self._state is None or not await self.is_healthy():
            self._end()
            self._state = await self._start()
        return self._state

    def release(self) -> None:
        """Give the lease back; safe to call twice."""
        self._lease.use.release()

    async def is_healthy(self) -> bool:
        """Say whether the server that this lease is for runs, answers and knows its key."""
        if self._state is None or not is_running(self._state):
            return False
        return await _answers(self._state, _HEALTH_TRIES)

    def _end(self) -> None:
        """End a server that answers nobody, so that nobody loses anything."""
        if self._state is not None and is_running(self._state):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._state.pid, signal.SIGKILL)
        self._lease.forget()

    async def _start(self) -> State:
        """Start a server in a session of its own, and wait until it answers."""
        pid = self._spawn()
        try:
            return await self._ready(pid)
        except BaseException:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            raise

    def _spawn(self) -> int:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        # Not by subprocess, whose objects complain about a child that outlives them, as this one shall.
        return os.posix_spawn(
            self._command[0],
            self._command,
            os.environ | {"PYTHONPATH": path},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._lease.log), flags, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )

    async def _ready(self, pid: int) -> State:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            state = self._lease.read()
            if state is not None and state.pid == pid and await _answers(state, 1):
                return state
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                raise ModelError(
                    f"The server of model {self._name!r} did not start: {_tail(self._lease.log)}"
                )
            await asyncio.sleep(_POLL_SECONDS)
        raise ModelError(f"The server of model {self._name!r} is not ready in time: {_tail(self._lease.log)}")


async def _answers(state: State, tries: int) -> bool:
    """Say whether the server answers and takes its key: another program may have got its port."""
    headers = {"Authorization": f"Bearer {state.key}"}
    async with httpx.AsyncClient(trust_env=False, timeout=_HEALTH_SECONDS, headers=headers) as client:
        for _ in range(tries):
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{state.address}/health")).status_code == 200:
                    return (await client.get(f"{state.address}/props")).status_code == 200
    return False


def _tail(log: Path) -> str:
    """Return the last lines of a log and where it is, as the rest of a sentence."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        lines = []
    last = [line.strip() for line in lines if line.strip()][-_LOG_LINES:]
    return f"{' | '.join(last)[-600:] or 'it printed nothing'} (see {str(log)!r})."
