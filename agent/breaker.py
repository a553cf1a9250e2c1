"""The loop breaker: notices an agent that goes round in circles."""

import hashlib
import json
import re

from aci.command import Command

_CHANGES_EACH_TIME = re.compile(r"\b\d+\.\d+ ?s\b|0x[0-9a-f]+|\bin \d+(\.\d+)?s\b")


class LoopBreaker:
    """Counts how often the same action led to the same observation.

    The first repetition earns a warning, the one after `patience` ends the attempt. An observation that
    differs shows that the world moved, so running the tests after each edit is no loop.
    """

    def __init__(self, patience: int = 3) -> None:
        self._patience = patience
        self._seen: dict[str, int] = {}

    def count(self, command: Command, observation: str) -> int:
        """Record one action and return how often it was seen with this observation, this time included."""
        arguments = json.dumps(command.model_dump(mode="json"), sort_keys=True)
        steady = _CHANGES_EACH_TIME.sub("", observation)
        key = hashlib.sha256(f"{command.name}\0{arguments}\0{steady}".encode("utf-8", "replace")).hexdigest()
        self._seen[key] = self._seen.get(key, 0) + 1
        return self._seen[key]

    def exhausted(self, count: int) -> bool:
        """Say whether the attempt should end."""
        return count > self._patience

    @staticmethod
    def warning(count: int) -> str:
        """Return what the model is told about its `count`-th identical step."""
        times = "a second time" if count == 2 else f"for the {count}th time" if count > 3 else "a third time"
        return (
            f"You did exactly this before and saw the same result; this was {times}. Do something else: "
            "look at another place, change the code differently, or submit."
        )
