"""One JSON object that holds the thought and the action; with constrained decoding it can't be malformed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aci.command import Command
from aci.formats.base import Action, Malformed, Pending
from aci.formats.jsons import as_call, find_object
from aci.formats.schema import build, command_list, command_named, strict_schema
from aci.rendering import clipped
from trajectories.messages import Answer, Message

THOUGHT_LENGTH = 400
"""The longest thought, in characters: a small model that starts to ramble has to act."""

_EXAMPLE = (
    '{"thought": "why, in a sentence or two", '
    '"action": {"command": "open", "arguments": {"path": "src/a.py", "line": 1}}}'
)


def render(action: Action) -> str:
    """Return an action as this format writes it."""
    call = {"command": action.command.name, "arguments": action.command.model_dump()}
    return json.dumps({"thought": action.thought, "action": call}, ensure_ascii=False)


class ConstrainedJson:
    """Asks for a JSON object by `response_format`; servers that ignore it are asked in words as well."""

    name = "json"

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        form = f"Answer with one JSON object, one action at a time:\n{_EXAMPLE}"
        return f"Commands:\n{command_list(commands)}\n\n{form}"

    def request(
        self, commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, Any]:
        """See `Format.request`."""
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "action", "strict": True, "schema": schema(commands, choices)},
            }
        }

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Action | Pending:
        """See `Format.parse`."""
        found = find_object(answer.text)
        if found is None:
            if answer.finish_reason == "length":
                raise Malformed("Your answer was cut off before the JSON object ended. Write a shorter one.")
            said = clipped(answer.text.strip().replace("\n", " "), 80)
            began = f'it began with "{said}"' if said else "it was empty"
            raise Malformed(f"Your answer holds no JSON object; {began}. The right form is {_EXAMPLE}")
        call = as_call(found.value)
        if call is None:
            keys = ", ".join(clipped(key, 40) for key in list(found.value)[:8])
            raise Malformed(
                f"Your JSON object has the keys {keys} but no action. The right form is {_EXAMPLE}"
            )
        thought = found.value.get("thought")
        command = build(command_named(call[0], commands), call[1])
        return Action(thought if isinstance(thought, str) else found.before, command)

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`."""
        return Message(role="assistant", content=answer.text)

    def observe(self, action: Action | None, answer: Answer, text: str) -> Message:
        """See `Format.observe`."""
        return Message(role="user", content=f"{action.note}\n{text}" if action and action.note else text)


def schema(
    commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Return the JSON schema of an answer: the thought first, then one of the commands with all its fields.

    The root is a plain object, since some servers allow no alternatives there, and uses only what
    llama.cpp, vLLM's backends and the OpenAI API have in common.
    """
    actions = [
        {
            "type": "object",
            "properties": {
                "command": {"type": "string", "const": command.name},
                "arguments": strict_schema(command, choices or {}),
            },
            "required": ["command", "arguments"],
            "additionalProperties": False,
        }
        for command in commands
    ]
    return {
        "type": "object",
        "properties": {
            "thought": {"type": "string", "maxLength": THOUGHT_LENGTH},
            "action": {"anyOf": actions} if len(actions) > 1 else actions[0],
        },
        "required": ["thought", "action"],
        "additionalProperties": False,
    }
