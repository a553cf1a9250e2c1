"""Finding and reading a JSON object in what a model wrote."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_DECODER = json.JSONDecoder(strict=False)
_TRIES = 8
_NAMES = ("command", "name", "action", "tool", "tool_name", "function")
_ARGUMENTS = ("arguments", "args", "parameters", "params", "input", "tool_input", "action_input", "kwargs")


class Found(NamedTuple):
    """A JSON object, the text before it and where it ends."""

    value: dict[str, Any]
    before: str
    end: int


def objects(text: str) -> Iterator[Found]:
    """Yield the first JSON objects that stand in a text, in their order; strings may hold raw line breaks."""
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return
        end = at + 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if isinstance(value, dict) and value:
                before = text[:at].strip().removesuffix("```json").removesuffix("```").strip()
                yield Found(value, before, end)
        at = text.find("{", end)


def find_object(text: str) -> Found | None:
    """Return the first JSON object that stands in a text."""
    return next(objects(text), None)


def find_call(text: str, names: Callable[[str], bool]) -> tuple[Found, tuple[str, dict[str, Any]]] | None:
    """Return the call that stands in a text as a JSON object, with its command's name and arguments.

    Args:
        text: What a model wrote.
        names: Says whether a word names a command: the first call of one is taken, else the first of all.
    """
    first = None
    for found in objects(text):
        call = as_call(found.value)
        if call is not None and names(call[0]):
            return found, call
        if call is not None and first is None:
            first = found, call
    return first


def as_call(value: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return (command, arguments) from the shapes in which models write a call, or None."""
    for _ in range(_TRIES):
        inner = next((value[key] for key in ("action", "function") if isinstance(value.get(key), dict)), None)
        if inner is None:
            break
        value = inner
    for key in _NAMES:
        name = value.get(key)
        if not isinstance(name, str):
            continue
        for inner in _ARGUMENTS:
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


def sound(text: str) -> str:
    """Return a text that can be written: half a surrogate pair, as JSON escapes can make one, is replaced."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
