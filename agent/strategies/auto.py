"""An anytime policy: cheap evidence first, more of it only while it is weak.

Each stage adds candidates from another source. As soon as two sources agree on what the function should
answer, or one says the same again and again, the search ends.
"""

from agent.loop import Ending
from agent.strategies.base import Desk
from agent.strategies.candidates import Candidate
from agent.strategies.react import React
from agent.strategies.sample import HOTTER
from agent.strategies.search import Search
from agent.strategies.targets import find_targets
from agent.strategies.voting import fallback, sources, weigh

ENOUGH_VOTES = 3
ENOUGH_ECHOED = 2
AHEAD = 2.0


class Auto:
    """Repair, then the specification, then samples, then corrections; ReAct where no function is known."""

    name = "auto"
    repeats = False
    reflects = False

    async def work(self, desk: Desk) -> Ending:
        """Search the likeliest function, then the next one."""
        targets = await find_targets(desk)
        if not targets:
            return await React(reflects=False).work(desk)
        best: Search | None = None
        for target in targets:
            search = Search(desk, target)
            reason = await self._search(desk, search)
            if reason:
                return await search.take(_best(search), reason)
            if best is None and fallback(search.pool) is not None:
                best = search
            search.report(None, "No candidate passes all visible tests.")
        if best is not None:
            return await best.take(fallback(best.pool), "It passes more visible tests than the function did.")
        return Ending("given up", "No candidate passes the visible tests.")

    async def _search(self, desk: Desk, search: Search) -> str:
        """Add candidates until the evidence is strong enough; return why it ended, "" when nothing passes."""
        settings = desk.ground.settings.strategy
        await search.look()
        await search.repair()
        await search.specify(1, 0.0)
        await search.echo()
        for number in range(settings.rounds):
            if reason := _enough(search):
                return reason
            await search.specify(settings.samples, settings.temperature + HOTTER * number)
            await search.echo()
            if reason := _enough(search):
                return reason
            if number == 0:
                await search.correct(1, 0.0)
            else:
                await search.correct(settings.samples, settings.temperature)
        groups = weigh(search.pool)
        return "Most speaks for it, of those that pass the visible tests." if groups else ""


def _enough(search: Search) -> str:
    """Return why the evidence is strong enough, or "" while it is not."""
    groups = weigh(search.pool)
    if not groups:
        return ""
    first = groups[0]
    rival = groups[1][0].weight if len(groups) > 1 else 0.0
    if first[0].weight < AHEAD * rival:
        return ""
    known = first[0].behaviour > 0
    if first[0].behaviour == search.pool.original.behaviour and known:
        return ""
    agreed = sources(first)
    if known and len(agreed) > 1 and search.exposed:
        return "Two independent sources agree on it."
    written = sum(one.votes for one in first if one.source == "specification")
    if known and "repair" in agreed and written >= ENOUGH_ECHOED:
        # No test showed the fault: one body may be wrong in a way that some edit is wrong, too.
        return "A small edit answers as several bodies do that were written without it."
    if sum(one.votes for one in first if one.source != "repair") >= ENOUGH_VOTES:
        return "Several samples agree on it."
    return ""


def _best(search: Search) -> Candidate:
    return weigh(search.pool)[0][0]
