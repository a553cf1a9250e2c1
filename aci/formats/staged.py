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
from aci.formats.constrained import ConstrainedJson, schema
from aci.formats.jsons import as_call, find_object
from aci.formats.schema import build, command_list, command_named
from trajectories.messages import Answer

_EXAMPLE = (
    '{"thought": "why, in a sentence or two", '
    '"action": {"command": "open", "arguments": {"path": "src/a.py", "line": 1}}}'
)


class StagedJson(ConstrainedJson):
    """Asks for a JSON object without program text, then for the text."""

    name = "staged"

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        listed = command_list(commands)
        for command in commands:
            if command.block:
                listed = listed.replace(f", {command.block})", ")", 1)
        form = (
            "Answer with one JSON object, one action at a time; where an action needs code, you are asked "
            f"for it next:\n{_EXAMPLE}"
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

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Action | Pending:
        """Return the action, or what is to be asked first; see `Format.parse`."""
        found = find_object(answer.text)
        call = as_call(found.value) if found is not None else None
        if found is None or call is None:
            return super().parse(answer, commands)
        command = command_named(call[0], commands)
        if not command.block or command.block in call[1]:
            return super().parse(answer, commands)
        given = {str(key): value for key, value in call[1].items()}
        build(command, {**given, command.block: ""})  # a wrong form is told before the text is written
        thought = found.value.get("thought")
        ask = f"Write the text for this `{command.name}`: {command.model_fields[command.block].description} "
        place = ", ".join(f"{key} {json.dumps(value)}" for key, value in given.items())
        ask += f"({place}) Answer with one block of program code and nothing else, no JSON."
        return Pending(thought if isinstance(thought, str) else "", command, given, ask)
