"""One call of the model outside of a conversation: recorded, counted, and stopped by a used-up budget."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.calls import call
from agent.models.base import Sampling
from agent.strategies.base import Desk
from trajectories.errors import LimitReached
from trajectories.events import QuestionAsked
from trajectories.messages import Answer, Choice, Message


async def ask(
    desk: Desk, messages: Sequence[Message], sampling: Sampling, count: int, stop: Sequence[str] = ()
) -> list[Choice]:
    """Return `count` answers to one prompt, drawn apart from each other.

    A server that gives several answers in one call reads the prompt once for all of them; others are called
    several times.

    Raises:
        LimitReached: A budget of the run is used up.
        ModelError: The model failed for good.
    """
    at_once = max(1, min(count, desk.ground.capabilities.choices))
    desk.ground.record(QuestionAsked(messages=tuple(messages)))
    found: list[Choice] = []
    while len(found) < count:
        wanted = min(at_once, count - len(found))
        request: dict[str, Any] = {"stop": list(stop)} if stop else {}
        if at_once > 1:
            # The first of the likeliest words is asked for only because their probabilities come with it.
            request |= {"n": wanted, "logprobs": True, "top_logprobs": 1}
        seed = None if sampling.seed is None else sampling.seed + len(found)
        answer = await _ask_once(desk, messages, sampling._replace(seed=seed), request)
        found += answer.choices or (_only(answer),)
    return found[:count]


async def _ask_once(
    desk: Desk, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
) -> Answer:
    ground = desk.ground
    for budget in ground.budgets:
        if sentence := budget.spent(ground.meter.usage):
            raise LimitReached(sentence)
    return await call(
        ground.model,
        messages,
        sampling,
        request,
        control=ground.control,
        meter=ground.meter,
        record=ground.record,
    )


def _only(answer: Answer) -> Choice:
    tokens = answer.usage.completion_tokens
    return Choice(text=answer.text, finish_reason=answer.finish_reason, tokens=tokens)
