"""Constrained JSON for what to do, then a code block for the program text: for small models.

A small model writes worse code inside a JSON string than in a code block, and copies what it has before its
eyes. So the constrained object names the command, the file and the place, and the text is asked for in a
message of its own, as the model has seen code written all its life.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aci.command import Command
from aci.formats.base import Action, Pending
from aci.formats.building import build, build_call
from aci.formats.constrained import EXAMPLE, ConstrainedJson, read_call, schema
from aci.formats.names import command_named, lookup, renamed
from aci.formats.schema import command_list
from trajectories.messages import Answer


def render(action: Action) -> tuple[str, str]:
    """Return an action as this format writes it: the object, then the block of text or ""."""
    command = action.command
    arguments = command.model_dump(mode="json")
    text = arguments.pop(command.block, None)
    call = {"command": command.name, "arguments": arguments}
    first = json.dumps({"thought": action.thought, "action": call}, ensure_ascii=False)
    if text is None:
        return first, ""
    fence = "```"
    while fence in text:
        fence += "`"
    return first, f"{fence}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{fence}"


class StagedJson(ConstrainedJson):
    """Asks for a JSON object without program text, then for the text."""

    name = "staged"

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        listed = command_list(commands, without_text=True)
        form = (
            "Answer with one JSON object, one action at a time; where an action needs code, you are asked "
            f"for it next:\n{EXAMPLE}"
        )
        return f"Commands:\n{listed}\n\n{form}"

    def request(
        self, commands: Sequence[type[Command]], choices: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, Any]:
        """See `Format.request`."""
        bare = schema(commands, choices)
        action = bare["properties"]["action"]
        for alternative in action.get("anyOf", [action]):
            command = command_named(alternative["properties"]["command"]["const"], commands)
            arguments = alternative["properties"]["arguments"]
            arguments["properties"].pop(command.block, None)
            arguments["required"] = [name for name in arguments["required"] if name != command.block]
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "action", "strict": True, "schema": bare},
            }
        }

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Sequence[Action] | Pending:
        """Return the action, or what is to be asked first; see `Format.parse`."""
        thought, name, arguments = read_call(answer, commands)
        command = lookup(name, commands)
        given = renamed(command.model_fields, arguments) if command is not None else arguments
        if command is None or not command.block or given.get(command.block) is not None:
            return (Action(thought, build_call(name, arguments, commands)),)
        # A wrong form is told before the text is written.
        known = build(command, {**given, command.block: ""}).model_dump(mode="json")
        del known[command.block]
        ask = f"Write the text for this `{command.name}`: {command.model_fields[command.block].description} "
        place = ", ".join(f"{key} {json.dumps(value)}" for key, value in known.items() if key in given)
        ask += f"({place}) Answer with one block of program code and nothing else, no JSON."
        return Pending(thought, command, known, ask)
