"""Repair without a model: single edits at the places that failing tests point to, verified by execution."""

from agent.loop import Ending
from agent.strategies.base import Desk
from agent.strategies.sample import NO_TARGET
from agent.strategies.search import Search
from agent.strategies.targets import find_targets


class Repair:
    """Takes the best-ranked edit that makes the failing tests pass."""

    name = "repair"
    repeats = False
    reflects = False

    async def work(self, desk: Desk) -> Ending:
        """Search the functions that the failing tests point to, one after the other."""
        ending = NO_TARGET
        for target in await find_targets(desk):
            search = Search(desk, target)
            await search.look()
            await search.repair()
            first = next((one for one in search.pool.candidates if one.passes), None)
            if first is not None:
                return await search.take(first, "The likeliest single edit that passes the visible tests.")
            search.report(None, "No single edit makes the failing tests pass.")
            ending = Ending("given up", "No single edit makes the failing tests pass.")
        return ending
