"""Sampling: several candidates for the function at fault, and the tests to tell them apart."""

from agent.loop import Ending
from agent.strategies.base import Desk
from agent.strategies.search import Search
from agent.strategies.targets import find_targets
from agent.strategies.voting import fallback, weigh

HOTTER = 0.2
NO_TARGET = Ending("given up", "Neither a failing test nor the issue points to a function.")


class Sample:
    """One greedy candidate and rounds of freer ones; the first that passes, or the one with most support."""

    repeats = False
    reflects = False

    def __init__(self, *, selects: bool) -> None:
        self.name = "sample+select" if selects else "sample"
        self._selects = selects

    async def work(self, desk: Desk) -> Ending:
        """Sample, try, and put the chosen candidate into the work tree."""
        settings = desk.ground.settings.strategy
        targets = await find_targets(desk)
        if not targets:
            return NO_TARGET
        search = Search(desk, targets[0])
        await search.look()
        await search.specify(1, 0.0)
        for number in range(settings.rounds):
            if not self._selects and any(one.passes for one in search.pool.candidates):
                break
            await search.specify(settings.samples, settings.temperature + HOTTER * number)
        groups = weigh(search.pool)
        if not self._selects:
            first = next((one for one in search.pool.candidates if one.passes), None)
            return await search.take(first, "The first candidate that passes the visible tests.")
        if groups:
            return await search.take(
                groups[0][0], "Most speaks for it, of those that pass the visible tests."
            )
        return await search.take(fallback(search.pool), "No candidate passes all visible tests.")
