"""The contract of a format: how a model is asked for an action and how its answer is understood."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aci.command import Command
from aci.formats.building import build
from aci.formats.jsons import as_call, find_object
from aci.formats.malformed import Malformed
from aci.formats.names import lookup, renamed
from trajectories.messages import Answer, Message

_BLOCK = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<text>.*?)(?:^(?P=fence)[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)

# A line that is no fence, spelled out: a grammar has no way to say "not".
_LINE = '"\\n" | [^`\\n] [^\\n]* "\\n" | "`" "`"? ([^`\\n] [^\\n]*)? "\\n"'
_GRAMMAR = 'root ::= "```" [a-z]* "\\n" {first}line* "```"\nline ::= ' + _LINE
_NO_JSON = '[ \\t]* [^`{ \\t\\n] [^\\n]* "\\n" '


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


class Pending(NamedTuple):
    """An action whose program text is still to be written.

    Attributes:
        thought: The model's words about it.
        command: What it wants to do.
        arguments: Its arguments but the text.
        ask: What it is asked next.
    """

    thought: str
    command: type[Command]
    arguments: dict[str, Any]
    ask: str

    @property
    def grammar(self) -> str:
        """What the text must look like, in llama.cpp's notation: one code block; of a function, no JSON."""
        return _GRAMMAR.replace("{first}", _NO_JSON if "symbol" in self.arguments else "")

    def complete(self, answer: Answer) -> Action:
        """Return the action with the text that the model wrote.

        Raises:
            Malformed: The answer was cut off, or it is an action again instead of a text.
        """
        if answer.finish_reason == "length":
            raise Malformed("The code block was cut off before it ended. Write less text.")
        blocks = [match["text"] for match in _BLOCK.finditer(answer.text)]
        text = blocks[0] if blocks else answer.text.strip("\n") + "\n"
        if text.lstrip().startswith("{"):
            text = self._unpacked(text)
        return Action(self.thought, build(self.command, {**self.arguments, self.command.block: text}))

    def _unpacked(self, text: str) -> str:
        """Return the text that JSON holds which came instead of it, or the text as it is when that is meant.

        Raises:
            Malformed: It is an action without a text.
        """
        found = find_object(text)
        call = as_call(found.value) if found is not None else None
        # A function is no JSON, a file may be.
        is_code = "symbol" in self.arguments
        if found is not None and (call is not None or is_code):
            same = call is not None and lookup(call[0], [self.command]) is not None
            held = renamed(self.command.model_fields, call[1] if call is not None and same else found.value)
            written = held.get(self.command.block)
            if isinstance(written, str) and (same or is_code):
                return written
        if call is not None or is_code:
            raise Malformed("You wrote JSON again. Write the program code itself, in one code block.")
        return text


class Format(Protocol):
    """A way to talk with a model about actions."""

    name: str
    """As written in the configuration."""
    example: str
    """A whole valid answer, as it is shown to a model that repeats a malformed one."""

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

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Sequence[Action] | Pending:
        """Return the actions of an answer in their order, at least one, or what must be asked before.

        Raises:
            Malformed: There is none, or one of them is not valid: then none of them is to be run.
        """
        ...

    def reply(self, answer: Answer) -> Message:
        """Return the answer as it stands in the history."""
        ...

    def observe(self, action: Action, text: str) -> Message:
        """Return the observation of one action for the history."""
        ...

    def correct(self, answer: Answer, fault: Malformed) -> tuple[Message, ...]:
        """Return what a malformed answer is told, for the history."""
        ...
