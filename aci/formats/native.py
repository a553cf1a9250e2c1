"""Native tool calls: exactly one is run; the text beside it is the thought."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aci.command import Command
from aci.formats.base import Action, Malformed
from aci.formats.jsons import as_call, find_object
from aci.formats.schema import build, command_named, signature, summary, tool_schema
from aci.rendering import clipped
from trajectories.messages import Answer, Message, ToolCall

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_CALL_IN_TEXT = re.compile(r"<tool_call>\s*(\{.*?\})\s*(?:</tool_call>|\Z)", re.S)


def render(action: Action) -> Answer:
    """Return an action as an answer with a tool call."""
    arguments = json.dumps(action.command.model_dump(), ensure_ascii=False)
    call = ToolCall(id=action.call_id or "call_1", name=action.command.name, arguments=arguments)
    return Answer(text=action.thought, tool_calls=(call,), finish_reason="tool_calls")


def _first_call(answer: Answer) -> ToolCall | None:
    """Return the call that counts, in a shape that every provider takes back in the history."""
    if not answer.tool_calls:
        return None
    call = answer.tool_calls[0]
    value = _object(call.arguments)
    # Escapes stay escapes: half a surrogate pair could not be sent otherwise.
    arguments = json.dumps({"unreadable": call.arguments} if value is None else value)
    # Some servers give no id, but ask for one when the history comes back.
    digest = hashlib.sha256(f"{call.name}{call.arguments}".encode("utf-8", "replace")).hexdigest()
    return ToolCall(
        id=call.id or f"call_{digest[:16]}",
        name=_NOT_IN_NAMES.sub("_", call.name)[:64] or "unknown",
        arguments=arguments,
    )


def _object(arguments: str) -> dict[str, Any] | None:
    try:
        value = json.loads(arguments or "{}", strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class NativeTools:
    """Uses the tool calling of the model's API.

    Of several calls in one answer only the first is run and kept in the history, so that each call there
    has its answer; the model is told. A call that a server left in the text (`<tool_call>`) is taken too.
    """

    name = "native"

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        names = ", ".join(command.name for command in commands)
        return f"Each answer is a short thought and exactly one tool call. The tools are {names}."

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

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Action:
        """See `Format.parse`."""
        call = _first_call(answer)
        if call is None:
            return self._from_text(answer, commands)
        if not answer.tool_calls[0].name.strip():
            raise Malformed("The tool call has no name. Call one tool by its name.")
        command = command_named(answer.tool_calls[0].name, commands)
        arguments = _object(answer.tool_calls[0].arguments)
        if arguments is None:
            cut = (
                " It was cut off; make a smaller change at a time."
                if answer.finish_reason == "length"
                else ""
            )
            said = clipped(answer.tool_calls[0].arguments.replace("\n", " "), 80)
            raise Malformed(
                f"The arguments of `{command.name}` are no JSON object: {said}.{cut} "
                f"The right form is {signature(command)}."
            )
        others = len(answer.tool_calls) - 1
        note = (
            f"(Only the first of your {others + 1} tool calls was run; make one at a time.)" if others else ""
        )
        return Action(answer.text.strip(), build(command, arguments), call.id, note)

    def _from_text(self, answer: Answer, commands: Sequence[type[Command]]) -> Action:
        if match := _CALL_IN_TEXT.search(answer.text):
            found = find_object(answer.text[match.start() :])
            shape = as_call(found.value) if found else None
            if shape is not None:
                command = build(command_named(shape[0], commands), shape[1])
                return Action(answer.text[: match.start()].strip(), command)
        names = ", ".join(command.name for command in commands)
        if answer.finish_reason == "length":
            raise Malformed(
                "Your answer was cut off before it called a tool. Think shorter and call one tool."
            )
        raise Malformed(f"Your answer calls no tool. Call exactly one of {names}.")

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`."""
        call = _first_call(answer)
        return Message(role="assistant", content=answer.text, tool_calls=(call,) if call else ())

    def observe(self, action: Action | None, answer: Answer, text: str) -> Message:
        """See `Format.observe`."""
        if action is not None and action.note:
            text = f"{action.note}\n{text}"
        call = _first_call(answer)
        if call is None:
            return Message(role="user", content=text)
        return Message(role="tool", content=text, tool_call_id=call.id)
