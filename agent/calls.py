"""One call of the model: guarded, counted and recorded, whoever makes it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.control import Control
from agent.models.base import Model, Sampling
from agent.models.request import request_hash
from trajectories.events import Event, ModelAnswered
from trajectories.messages import Answer, Message, Usage


@dataclass
class Meter:
    """What a run has used so far, over all its attempts."""

    usage: Usage = field(default_factory=Usage)
    steps: int = 0
    malformed: int = 0

    def add(self, usage: Usage) -> None:
        """Count the usage of a call, failed ones included."""
        self.usage += usage


async def call(
    model: Model,
    messages: Sequence[Message],
    sampling: Sampling,
    request: Mapping[str, Any],
    *,
    control: Control,
    meter: Meter,
    record: Callable[[Event], object],
) -> Answer:
    """Return the model's answer once it is counted and recorded.

    Raises:
        PatchwrightError: The model failed for good, or the run was asked to stop.
    """
    began = time.monotonic()
    answer = await control.guard(model.query(messages, sampling, request))
    meter.add(answer.usage)
    record(
        ModelAnswered(
            request_hash=request_hash(messages, sampling, request),
            model=answer.model,
            text=answer.text,
            tool_calls=answer.tool_calls,
            finish_reason=answer.finish_reason,
            usage=answer.usage,
            seconds=time.monotonic() - began,
            choices=answer.choices,
        )
    )
    return answer
