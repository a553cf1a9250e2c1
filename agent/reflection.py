"""Reflexion: a failed attempt leaves a short text for the next one.

After Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning" (arXiv 2303.11366): the
actor's own words about what went wrong, given the evaluator's verdict, are the memory of later attempts.
"""

from agent import prompts
from agent.control import Control
from agent.history import History
from agent.models.base import Model, Sampling
from trajectories.messages import Answer, Message
from trajectories.result import Evidence

MAX_TOKENS = 200
MAX_CHARACTERS = 700


async def reflect(
    model: Model, history: History, evidence: Evidence, ending: str, sampling: Sampling, control: Control
) -> Answer:
    """Ask the model, at the end of an attempt's conversation, what to do differently.

    Returns:
        The answer; its text is the reflection, in plain words and bounded length.
    """
    outcome = f"{ending} {evidence.summary}"
    if evidence.still_failing:
        outcome += f" Still failing: {', '.join(evidence.still_failing[:3])}."
    if evidence.broken:
        outcome += f" Newly broken: {', '.join(evidence.broken[:3])}."
    question = Message(role="user", content=prompts.REFLECT.format(outcome=outcome))
    # Asked at the end of the same conversation, so that the server has nearly all of it in its cache.
    messages = [*history.messages, question]
    brief = sampling._replace(max_tokens=min(MAX_TOKENS, sampling.max_tokens))
    answer = await control.guard(model.query(messages, brief, {}))
    return answer.model_copy(update={"text": " ".join(answer.text.split())[:MAX_CHARACTERS]})
