"""The contract of a format: how a model is asked for an action and how its answer is understood."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aci.command import Command
from trajectories.messages import Answer, Message


class Action(NamedTuple):
    """What a model wants to do.

    Attributes:
        thought: Its words about it.
        command: The command with its arguments.
        call_id: The id of the native tool call, or None.
        note: A sentence about how the answer was read, which `Format.observe` puts before the observation
            (only the first of several actions was taken), or "".
    """

    thought: str
    command: Command
    call_id: str | None = None
    note: str = ""


class Malformed(Exception):  # noqa: N818 - the model's mistake, told to the model
    """An answer holds no valid action; the message is one sentence that tells the right form."""


class Format(Protocol):
    """A way to talk with a model about actions."""

    name: str
    """As written in the configuration."""

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """Return the part of the system prompt that lists the commands and the form of an answer."""
        ...

    def request(
        self, commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, Any]:
        """Return what a model call carries beside the messages.

        Args:
            commands: The commands that are allowed.
            choices: The only values of a text field, by the field's name (`path`) or, stronger, by command
                and field (`edit.path`); an empty list leaves the field free.
        """
        ...

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Action:
        """Return the action of an answer.

        Raises:
            Malformed: There is none, or it is not valid.
        """
        ...

    def reply(self, answer: Answer) -> Message:
        """Return the answer as it stands in the history."""
        ...

    def observe(self, action: Action | None, answer: Answer, text: str) -> Message:
        """Return an observation, or with no action the sentence about a malformed answer, for the history."""
        ...
