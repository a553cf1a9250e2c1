"""One question, one answer, taken unseen: what a model does without search, execution or selection."""

from agent.loop import Ending
from agent.strategies.base import Desk
from agent.strategies.sample import NO_TARGET
from agent.strategies.search import Search
from agent.strategies.targets import find_targets


class Single:
    """Shows the model the function and the issue, greedily, once; the baseline of all other strategies."""

    name = "single"
    repeats = False
    reflects = False

    async def work(self, desk: Desk) -> Ending:
        """Ask for the corrected function and put it into the work tree, whatever the tests say."""
        targets = await find_targets(desk)
        if not targets:
            return NO_TARGET
        search = Search(desk, targets[0])
        await search.plain(0.0)
        answer = next(iter(search.pool.candidates), None)
        if answer is None:
            return await search.take(None, "The model gave no other function than the one in place.")
        return await search.take(answer, "The model's only answer.")
