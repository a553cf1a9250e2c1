"""Native tool calls, one or several in an answer; the text beside them is the thought.

Several calls save a round trip each where none needs the result of another, as opening three files. They are
run in their order, and each is answered under its id. Nothing asks the provider for a single call
(`parallel_tool_calls`): not every server knows that word, and a batch is safe here, since none of its calls
is run when one is malformed or the answer was cut off, and the loop runs none on ground that an earlier one
moved (`agent/batch.py`).

A call that a server left in the text, because it knows no parser for the model's own form, is taken too.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aci.command import Command
from aci.formats.actions import foreign_command
from aci.formats.base import Action
from aci.formats.building import build_call
from aci.formats.foreign import MAX_CALLS, foreign_calls
from aci.formats.jsons import find_call
from aci.formats.malformed import Malformed
from aci.formats.names import command_named, lookup
from aci.formats.schema import signature, summary, tool_schema
from aci.rendering import clipped
from trajectories.messages import Answer, Message, ToolCall

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


def render(*actions: Action) -> Answer:
    """Return actions as an answer with tool calls; the first one's thought is its text."""
    calls = tuple(
        ToolCall(
            id=action.call_id or f"call_{number}",
            name=action.command.name,
            arguments=json.dumps(action.command.model_dump(mode="json"), ensure_ascii=False),
        )
        for number, action in enumerate(actions, 1)
    )
    return Answer(text=actions[0].thought, tool_calls=calls, finish_reason="tool_calls")


def _kept(answer: Answer) -> tuple[ToolCall, ...]:
    """Return the calls in a shape that every provider takes back in the history."""
    kept: list[ToolCall] = []
    taken: set[str] = set()
    for number, call in enumerate(answer.tool_calls[:MAX_CALLS]):
        value = _object(call.arguments)
        # Escapes stay escapes: half a surrogate pair could not be sent otherwise.
        arguments = json.dumps({"unreadable": call.arguments} if value is None else value)
        identity = call.id
        if not identity or identity in taken:
            # Some servers give no id, or one twice, but ask for one each when the history comes back.
            said = f"{number}{call.name}{call.arguments}"
            identity = f"call_{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:16]}"
        taken.add(identity)
        name = _NOT_IN_NAMES.sub("_", call.name)[:64] or "unknown"
        kept.append(ToolCall(id=identity, name=name, arguments=arguments))
    return tuple(kept)


def _object(arguments: str) -> dict[str, Any] | None:
    try:
        value = json.loads(arguments or "{}", strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class NativeTools:
    """Uses the tool calling of the model's API."""

    name = "native"
    example = 'a call of the tool `open` with the arguments {"path": "src/a.py", "line": 1}'

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        names = ", ".join(command.name for command in commands)
        return (
            "Each answer is a short thought and one tool call, or several when none needs the result of "
            f"another; they are run in order. The tools are {names}."
        )

    def request(
        self, commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, Any]:
        """See `Format.request`."""
        return {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": command.name,
                        "description": summary(command),
                        "parameters": tool_schema(command, choices or {}),
                    },
                }
                for command in commands
            ]
        }

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> tuple[Action, ...]:
        """See `Format.parse`."""
        count = len(answer.tool_calls)
        if not count:
            return (_from_text(answer, commands),)
        if count > MAX_CALLS:
            raise Malformed(f"You made {count} tool calls in one answer; none was run. Make one at a time.")
        actions: list[Action] = []
        for number, (call, kept) in enumerate(zip(answer.tool_calls, _kept(answer), strict=True)):
            try:
                command = _command(call, commands)
            except Malformed as fault:
                where = f"Tool call {number + 1} of {count}, so none was run: " if count > 1 else ""
                raise Malformed(f"{_cut(answer)}{where}{fault}", number) from None
            actions.append(Action("" if actions else answer.text.strip(), command, kept.id))
        if cut := _cut(answer):
            # Some servers close what was cut off, so even whole arguments may lack their end.
            raise Malformed(f"{cut}No tool call of it was run.", count - 1)
        return tuple(actions)

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`."""
        return Message(role="assistant", content=answer.text, tool_calls=_kept(answer))

    def observe(self, action: Action, text: str) -> Message:
        """See `Format.observe`."""
        if action.note:
            text = f"{action.note}\n{text}"
        if action.call_id is None:
            return Message(role="user", content=text)
        return Message(role="tool", content=text, tool_call_id=action.call_id)

    def correct(self, answer: Answer, fault: Malformed) -> tuple[Message, ...]:
        """See `Format.correct`: each call has its own answer."""
        kept = _kept(answer)
        if not kept:
            return (Message(role="user", content=str(fault)),)
        other = "Not run, because another tool call of this answer was malformed."
        return tuple(
            Message(role="tool", content=str(fault) if number == fault.call else other, tool_call_id=call.id)
            for number, call in enumerate(kept)
        )


def _cut(answer: Answer) -> str:
    if answer.finish_reason != "length":
        return ""
    return "Your answer was cut off; make a smaller change at a time. "


def _command(call: ToolCall, commands: Sequence[type[Command]]) -> Command:
    if not call.name.strip():
        raise Malformed("The tool call has no name. Call one tool by its name.")
    arguments = _object(call.arguments)
    if arguments is not None:
        return build_call(call.name, arguments, commands)
    command = command_named(call.name, commands)
    said = clipped(call.arguments[:1000].replace("\n", " "), 80)
    raise Malformed(
        f"The arguments of `{command.name}` are no JSON object: {said}. "
        f"The right form is {signature(command)}."
    )


def _from_text(answer: Answer, commands: Sequence[type[Command]]) -> Action:
    def names(word: str) -> bool:
        return lookup(word, commands) is not None

    calls = foreign_calls(answer.text, names)
    command = foreign_command(calls[0], commands) if calls else None
    if command is not None:
        count = len(calls)
        note = f"(Only the first of your {count} calls was run; make one at a time.)" if count > 1 else ""
        return Action(answer.text[: calls[0].before].strip(), command, None, note)
    found = find_call(answer.text, names)
    if found is not None and names(found[1][0]):
        return Action(found[0].before, build_call(*found[1], commands))
    known = ", ".join(command.name for command in commands)
    if answer.finish_reason == "length":
        raise Malformed("Your answer was cut off before it called a tool. Think shorter and call one tool.")
    said = "calls no tool" if answer.text.strip() else "was empty"
    raise Malformed(f"Your answer {said}. Call one of {known}.")
