"""From the arguments that a model gave to a command, or to the one sentence that tells the right form.

What a model writes is repaired in silence where it can mean one thing only and nothing is lost by that:

- another name of a command or a field that models use for it (`str_replace`, `old_str`), see `names`;
- a whole number or a flag as text ("12", "true"), a whole number for a text, a word in other capitals;
- null where a field has a default; lines as a list where a text is wanted; one item where a list of them is,
  or a list written as JSON text;
- a path between backticks or quotes.

All else is refused, in one sentence that holds the right form filled with the model's own words: a field that
is missing, unknown or given twice, a flag for a number, a fraction for a text (its digits may have changed),
half a surrogate pair (no file can hold it), and every name that might mean more than the command does. A
refusal costs one short observation, a wrong guess an attempt.
"""

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from aci.command import Command
from aci.formats.kinds import Kind, described, item_fields, kind_of
from aci.formats.malformed import Malformed
from aci.formats.names import command_named, of_editor, renamed
from aci.rendering import clipped, plural

_PATHS = frozenset({"path", "folder"})
_SHOWN = 40
_KEYS = 8
_OF_A_KIND = ("_type", "_parsing", "_from_float", "_size", "literal_error", "enum")


def build_call(name: str, arguments: Mapping[str, Any], commands: Sequence[type[Command]]) -> Command:
    """Return the command of a call.

    Raises:
        Malformed: There is no such command, or its arguments do not fit.
    """
    editor = of_editor(name, arguments)
    if editor is not None:
        name, arguments = editor
    return build(command_named(name, commands), arguments)


def build(command: type[Command], arguments: Mapping[str, Any]) -> Command:
    """Return a command with its arguments.

    Raises:
        Malformed: An argument is missing, unknown or of the wrong kind.
    """
    fields = command.model_fields
    given = renamed(fields, {str(key): value for key, value in arguments.items()})
    # A null where there is a default is how some models leave a field out.
    given = {key: value for key, value in given.items() if not _left_out(fields.get(key), value)}
    if unknown := [key for key in given if key not in fields]:
        raise Malformed(f"`{command.name}` has no field {_keys(unknown)}. {_form(command, given)}")
    if missing := [key for key, field in fields.items() if field.is_required() and key not in given]:
        needs = f"`{command.name}` needs the field{'s' if len(missing) > 1 else ''} {_keys(missing)}"
        said = f"; you gave only {_keys(given)}" if given else ""
        raise Malformed(f"{needs}{said}. {_form(command, given)}")
    for key, field in fields.items():
        if key in given:
            try:
                given[key] = _fitted(kind_of(field), given[key], key)
            except ValueError as fault:
                sentence = f"The field {key} of `{command.name}` {fault}."
                raise Malformed(f"{sentence} {_form(command, given, [key])}") from None
    try:
        return command.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        wrong = [str(fault["loc"][0]) for fault in faults if fault["loc"]]
        raise Malformed(f"{_told(command, faults[0])} {_form(command, given, wrong)}") from None


def filled(command: type[Command], given: Mapping[str, Any], wrong: Collection[str] = ()) -> str:
    """Return a command as a call that holds what was given: `edit(path="a.py", search=<text>)`."""
    parts = []
    for key, field in command.model_fields.items():
        if key in given and key not in wrong:
            parts.append(f"{key}={shown(given[key])}")
        elif field.is_required() or key in wrong:
            parts.append(f"{key}=<{described(kind_of(field))}>")
    return f"{command.name}({', '.join(parts)})"


def shown(value: Any) -> str:
    """Return a value in few characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    # A long text is cut before it is made harmless, which looks at each character.
    return clipped(text, _SHOWN) if len(text) < 50_000 else f"{clipped(text[:_SHOWN], _SHOWN)} [...]"


def _form(command: type[Command], given: Mapping[str, Any], wrong: Collection[str] = ()) -> str:
    return f"The right form is {filled(command, given, wrong)}."


def _left_out(field: FieldInfo | None, value: Any) -> bool:
    return value is None and field is not None and not field.is_required()


def _keys(names: Sequence[str] | Mapping[str, Any]) -> str:
    listed = ", ".join(clipped(name, _SHOWN) for name in list(names)[:_KEYS])
    return f"{listed} and {plural(len(names) - _KEYS, 'other')}" if len(names) > _KEYS else listed


def _fitted(kind: Kind, value: Any, key: str = "") -> Any:
    """Return a value as its kind where it means one thing only, else as it is.

    Raises:
        ValueError: It must not be taken for that kind, though it could be; the message says what is wrong.
    """
    match kind.name:
        case "text":
            return _text(value, key)
        case "whole" | "number" if isinstance(value, bool):
            raise ValueError(f"must be {described(kind)}, not {shown(value)}")
        case "choice" if isinstance(value, str):
            same = [word for word in kind.words if word.lower() == value.strip().lower()]
            return same[0] if len(same) == 1 else value
        case "list":
            return _list(kind, value)
        case "object" if isinstance(value, dict):
            return _object(kind, value)
    return value


def _text(value: Any, key: str) -> Any:
    value = _joined(value, key)
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("holds half a surrogate pair, which no file can hold") from None
    return value


def _joined(value: Any, key: str) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return (" " if key == "tests" else "\n").join(value)
    if key in _PATHS and isinstance(value, str):
        bare = value.strip()
        if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "`\"'" and bare[0] not in bare[1:-1]:
            return bare[1:-1]
    return value


def _list(kind: Kind, value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(("[", "{") if item_fields(kind) else "["):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value, strict=False)
    if isinstance(value, dict) or (isinstance(value, str) and not item_fields(kind)):
        value = [value]
    if not isinstance(value, list) or kind.item is None:
        return value
    return [_fitted(kind.item, item) for item in value]


def _object(kind: Kind, value: dict[str, Any]) -> dict[str, Any]:
    fields = item_fields(kind)
    given = renamed(fields, {str(key): inner for key, inner in value.items()})
    given = {key: inner for key, inner in given.items() if not _left_out(fields.get(key), inner)}
    if unknown := [key for key in given if key not in fields]:
        raise ValueError(f"holds no {_keys(unknown)}; each item is {described(kind)}")
    return {key: _fitted(kind_of(fields[key]), inner, key) for key, inner in given.items()}


def _told(command: type[Command], fault: ErrorDetails) -> str:
    """Return one sentence about the first thing that a model's class refused."""
    if not fault["loc"]:
        return f"`{command.name}` can't be done so: {clipped(fault['msg'], 120)}."
    first, *deeper = fault["loc"]
    where = f"The field {first} of `{command.name}`"
    field = command.model_fields.get(str(first))
    kind = None if field is None else kind_of(field)
    for step in deeper:
        if kind is None:
            break
        if isinstance(step, int):
            where, kind = f"Item {step + 1} of {first} of `{command.name}`", kind.item
        else:
            if fault["type"] == "missing":
                return f"{where} lacks the field {step}."
            inner = item_fields(kind).get(str(step))
            where, kind = f"{where}: its {step}", None if inner is None else kind_of(inner)
    if kind is None or not fault["type"].endswith(_OF_A_KIND):
        return f"{where}: {clipped(fault['msg'].replace('Input should', 'it must'), 120)}."
    return f"{where} must be {described(kind)}, not {shown(fault['input'])}."
