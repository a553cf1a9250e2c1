"""Requests to stop, from a signal or another caller, that reach a run between and during its steps."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from trajectories.errors import Interrupted, PatchwrightError, Terminated

T = TypeVar("T")


class Control:
    """Stops a run cleanly: the step in flight is cancelled, the patch so far is kept."""

    def __init__(self) -> None:
        self.stopped: PatchwrightError | None = None
        """Why the run is to stop, or None."""
        self._step: asyncio.Task[Any] | None = None

    def stop(self, reason: PatchwrightError) -> None:
        """Ask the run to stop; what is in flight is cancelled."""
        self.stopped = self.stopped or reason
        if self._step is not None:
            self._step.cancel()

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self.stopped is not None:
            raise self.stopped

    async def guard(self, step: Coroutine[Any, Any, T]) -> T:
        """Run one step that a request to stop cancels.

        Raises:
            PatchwrightError: The reason to stop.
        """
        if self.stopped is not None:
            step.close()
            raise self.stopped
        self._step = asyncio.ensure_future(step)
        try:
            result: T = await self._step
        except asyncio.CancelledError:
            if self.stopped is not None:
                raise self.stopped from None
            raise
        finally:
            self._step = None
        return result


@contextlib.contextmanager
def signals_stop(control: Control) -> Iterator[None]:
    """While inside, SIGINT and SIGTERM stop the run cleanly; a second one does not wait for that."""
    loop = asyncio.get_running_loop()
    whole = asyncio.current_task()
    asked = False

    def stop(reason: PatchwrightError) -> None:
        nonlocal asked
        if asked and whole is not None:
            whole.cancel()
        asked = True
        control.stop(reason)

    loop.add_signal_handler(signal.SIGINT, stop, Interrupted("Interrupted by Ctrl-C."))
    loop.add_signal_handler(signal.SIGTERM, stop, Terminated("Terminated by SIGTERM."))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
