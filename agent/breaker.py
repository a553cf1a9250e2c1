"""The loop breaker: notices an agent that goes round in circles."""

import hashlib
import json
import re

from aci.command import Command
from trajectories.messages import Answer

_CHANGES_EACH_TIME = re.compile(r"\b\d+\.\d+ ?s\b|0x[0-9a-f]+|\bin \d+(\.\d+)?s\b")


class LoopBreaker:
    """Counts how often the same action led to the same observation.

    The first repetition earns a warning, the one after `patience` ends the attempt. A change that was not
    made before moves the world: looking again after it, as running the tests after each edit, is no loop,
    while the same change made and undone over and over is one.
    """

    def __init__(self, patience: int = 3) -> None:
        self._patience = patience
        self._changes: dict[str, int] = {}
        self._looks: dict[str, int] = {}
        self._malformed: dict[str, int] = {}

    def count(self, command: Command, observation: str, *, changed: bool = False) -> int:
        """Record one action and return how often it was seen with this observation, this time included.

        Args:
            command: What was done.
            observation: What came back.
            changed: It changed files.
        """
        arguments = json.dumps(command.model_dump(mode="json"), sort_keys=True)
        steady = _CHANGES_EACH_TIME.sub("", observation)
        key = hashlib.sha256(f"{command.name}\0{arguments}\0{steady}".encode("utf-8", "replace")).hexdigest()
        seen = self._changes if changed else self._looks
        if changed and key not in seen:
            self._looks.clear()
        seen[key] = seen.get(key, 0) + 1
        return seen[key]

    def count_malformed(self, answer: Answer) -> int:
        """Record an answer without a valid action and return how often it was given, this time included."""
        calls = [(call.name, call.arguments) for call in answer.tool_calls]
        said = json.dumps([answer.text.strip(), calls, answer.finish_reason])
        key = hashlib.sha256(said.encode()).hexdigest()
        self._malformed[key] = self._malformed.get(key, 0) + 1
        return self._malformed[key]

    def exhausted(self, count: int) -> bool:
        """Say whether the attempt should end."""
        return count > self._patience

    @staticmethod
    def warning(count: int) -> str:
        """Return what the model is told about its `count`-th identical step."""
        return (
            f"You did exactly this before and saw the same result; this was {_times(count)}. "
            "Do something else: look at another place, change the code differently, or submit."
        )

    @staticmethod
    def reminder(count: int, sentence: str, example: str) -> str:
        """Return what the model is told about its `count`-th identical malformed answer.

        A model that always takes the likeliest word gives the same answer to the same correction.
        """
        again = f"You gave exactly this answer {_times(count)}, and it can't be run."
        return f"{again} {sentence}\nThis is valid:\n{example}"


def _times(count: int) -> str:
    return "a second time" if count == 2 else f"for the {count}th time" if count > 3 else "a third time"
