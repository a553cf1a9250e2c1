"""One JSON object that holds the thought and the action; with constrained decoding it can't be malformed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aci.command import Command
from aci.formats.base import Action, Pending
from aci.formats.building import build_call
from aci.formats.jsons import find_call, find_object, sound
from aci.formats.malformed import Malformed
from aci.formats.names import lookup
from aci.formats.schema import command_list, strict_schema
from aci.rendering import clipped
from trajectories.messages import Answer, Message

THOUGHT_LENGTH = 400
"""The longest thought, in characters: a small model that starts to ramble has to act."""

EXAMPLE = (
    '{"thought": "why, in a sentence or two", '
    '"action": {"command": "open", "arguments": {"path": "src/a.py", "line": 1}}}'
)


def render(action: Action) -> str:
    """Return an action as this format writes it."""
    call = {"command": action.command.name, "arguments": action.command.model_dump(mode="json")}
    return json.dumps({"thought": action.thought, "action": call}, ensure_ascii=False)


class ConstrainedJson:
    """Asks for a JSON object by `response_format`; servers that ignore it are asked in words as well."""

    name = "json"
    example = EXAMPLE

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        form = f"Answer with one JSON object, one action at a time:\n{EXAMPLE}"
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

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Sequence[Action] | Pending:
        """See `Format.parse`."""
        thought, name, arguments = read_call(answer, commands)
        return (Action(thought, build_call(name, arguments, commands)),)

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`."""
        return Message(role="assistant", content=answer.text)

    def observe(self, action: Action, text: str) -> Message:
        """See `Format.observe`."""
        return Message(role="user", content=text)

    def correct(self, answer: Answer, fault: Malformed) -> tuple[Message, ...]:
        """See `Format.correct`."""
        return (Message(role="user", content=str(fault)),)


def read_call(answer: Answer, commands: Sequence[type[Command]]) -> tuple[str, str, dict[str, Any]]:
    """Return the thought, the command's name and its arguments.

    Raises:
        Malformed: The answer holds no call.
    """
    found = find_call(answer.text, lambda word: lookup(word, commands) is not None)
    if found is not None:
        thought = found[0].value.get("thought")
        return sound(thought if isinstance(thought, str) else found[0].before), *found[1]
    if answer.finish_reason == "length":
        raise Malformed("Your answer was cut off before the JSON object ended. Write a shorter one.")
    other = find_object(answer.text)
    if other is not None:
        keys = ", ".join(clipped(key, 40) for key in list(other.value)[:8])
        raise Malformed(f"Your JSON object has the keys {keys} but no action. The right form is {EXAMPLE}")
    said = clipped(answer.text.strip()[:1000].replace("\n", " "), 80)
    began = f'it began with "{said}"' if said else "it was empty"
    raise Malformed(f"Your answer holds no JSON object; {began}. The right form is {EXAMPLE}")


def schema(
    commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Return the JSON schema of an answer: the thought first, then one of the commands with all its fields.

    The root is a plain object, since some servers allow no alternatives there. All fields are required and in
    a fixed order, since a grammar of llama.cpp takes optional ones only in its own. Of JSON schema only these
    keywords are used, which llama.cpp, both of vLLM's backends (xgrammar, guidance) and the OpenAI API take:
    type, properties, required, additionalProperties, items, minItems, maxItems, anyOf, enum, const, minimum,
    maximum, maxLength.
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
