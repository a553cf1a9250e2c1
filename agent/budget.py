"""Budgets: how far a run may go. Each is one small object with one method."""

import time
from collections.abc import Callable
from typing import Protocol

from trajectories.messages import Usage


class Budget(Protocol):
    """Something that runs out."""

    def spent(self, usage: Usage) -> str:
        """Return why no further step may be taken, in one sentence, or "" while one may."""
        ...


class TokenBudget:
    """So many prompt and completion tokens over the whole run."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def spent(self, usage: Usage) -> str:
        """See `Budget`."""
        if usage.tokens < self._limit:
            return ""
        return f"The limit of {self._limit:,} tokens is used up."


class CostBudget:
    """So many US dollars over the whole run; calls without a known price do not count."""

    def __init__(self, limit: float) -> None:
        self._limit = limit

    def spent(self, usage: Usage) -> str:
        """See `Budget`."""
        if (usage.cost or 0.0) < self._limit:
            return ""
        return f"The limit of ${self._limit:.2f} is used up."


class TimeBudget:
    """So many seconds of wall-clock time from now."""

    def __init__(self, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._end = clock() + limit

    def spent(self, usage: Usage) -> str:
        """See `Budget`."""
        if self._clock() < self._end:
            return ""
        return f"The limit of {self._limit:.0f} seconds is used up."


def budgets(tokens: int, cost: float, seconds: float) -> list[Budget]:
    """Return the budgets that are limited at all; 0 means no limit."""
    found: list[Budget] = []
    if tokens:
        found.append(TokenBudget(tokens))
    if cost:
        found.append(CostBudget(cost))
    if seconds:
        found.append(TimeBudget(seconds))
    return found
