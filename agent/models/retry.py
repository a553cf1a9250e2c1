"""The one place where a failed call is tried again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from agent.models.base import Capabilities, Model, Sampling
from trajectories.errors import ModelError, ModelUnavailable
from trajectories.messages import Answer, Message, Usage

OnFailure = Callable[[ModelError, Usage, float | None], None]
"""Called for each failed call with the error, its usage, and the seconds to the next try or None."""


class Backoff:
    """The moment before which a provider wants no call; share one between the runs of a batch."""

    def __init__(self) -> None:
        self.until = 0.0


class Retrying:
    """A model whose calls are tried again while there is hope and time.

    Waits grow exponentially with full jitter, and are never shorter than the server asked for. A budget of
    time decides when to give up, because a count of tries means seconds to one fault and hours to another.

    Args:
        model: The model that makes the calls.
        budget: Seconds, from the first try, within which the last try must begin.
        on_failure: Told of each failed call, the last one included.
        first: Upper bound of the first wait, in seconds; it doubles with each try.
        longest: Upper bound of any wait that the server did not ask for, in seconds.
        backoff: The pause that a server asked for, kept by all who share it.
        sleep: Waits; tests pass their own.
        clock: Monotonic seconds; tests pass their own.
        jitter: A number from 0 to 1.
    """

    def __init__(
        self,
        model: Model,
        *,
        budget: float = 900.0,
        on_failure: OnFailure | None = None,
        first: float = 1.0,
        longest: float = 60.0,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = model.name
        self.on_failure = on_failure
        self._model = model
        self._budget = budget
        self._first = first
        self._longest = longest
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter

    async def open(self) -> Capabilities:
        """Make the model ready; a failure here is told at once, since nothing has been done yet."""
        return await self._model.open()

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return the first complete answer within the budget; see `Model.query`."""
        start = self._clock()
        tries = 0
        while True:
            while (pause := self._backoff.until - self._clock()) > 0:
                await self._sleep(pause)
            try:
                return await self._model.query(messages, sampling, request)
            except ModelError as error:
                wait = self._wait(error, tries, self._clock() - start)
                if self.on_failure is not None:
                    self.on_failure(error, Usage(calls=1, failed_calls=1), wait)
                if wait is None:
                    raise
            tries += 1
            await self._sleep(wait)

    async def close(self) -> None:
        """Let go of the model."""
        await self._model.close()

    def _wait(self, error: ModelError, tries: int, elapsed: float) -> float | None:
        """Return the seconds until the next try, or None when there is none."""
        if not isinstance(error, ModelUnavailable):
            return None
        wait = self._jitter() * min(self._longest, self._first * 2.0 ** min(tries, 32))
        if error.retry_after is not None:
            self._backoff.until = max(self._backoff.until, self._clock() + error.retry_after)
            # On top of what was asked, so that all who wait do not come back in the same moment.
            wait += error.retry_after
        return wait if elapsed + wait <= self._budget else None
