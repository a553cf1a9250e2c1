"""Finding and reading a JSON object in what a model wrote."""

import json
from typing import Any, NamedTuple

_DECODER = json.JSONDecoder(strict=False)
_TRIES = 8


class Found(NamedTuple):
    """A JSON object and the text before it."""

    value: dict[str, Any]
    before: str


def find_object(text: str) -> Found | None:
    """Return the first JSON object that stands in a text; strings may hold raw line breaks."""
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return None
        try:
            value, _end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if isinstance(value, dict) and value:
                before = text[:at].strip().removesuffix("```json").removesuffix("```").strip()
                return Found(value, before)
        at = text.find("{", at + 1)
    return None


def as_call(value: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return (command, arguments) from the shapes in which models write a call, or None."""
    if isinstance(value.get("action"), dict):
        return as_call(value["action"])
    for key in ("command", "name", "action", "tool", "function"):
        name = value.get(key)
        if not isinstance(name, str):
            continue
        for inner in ("arguments", "args", "parameters", "params", "input", "action_input"):
            arguments = value.get(inner)
            if isinstance(arguments, str):
                inside = find_object(arguments)
                arguments = inside.value if inside else None
            if isinstance(arguments, dict):
                return name, arguments
        rest = {other: given for other, given in value.items() if other not in {key, "thought", "arguments"}}
        return name, rest
    if len(value) == 1 or (len(value) == 2 and "thought" in value):
        for key, arguments in value.items():
            if isinstance(arguments, dict):
                return key, arguments
    return None
