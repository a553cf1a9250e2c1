"""From a command's class to its signature and schemas, and from arguments back to a command."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from aci.command import Command
from aci.formats.base import Malformed
from aci.rendering import clipped

MAX_LINE = 1_000_000
"""Keeps a constrained decoder from writing digits without end."""

# What models call a field out of habit; taken only where it can mean nothing else.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "path": ("file", "file_path", "filepath", "filename", "file_name"),
    "pattern": ("name", "file_name", "filename", "file", "query"),
    "text": ("query", "pattern", "term", "search_term", "search", "string"),
    "folder": ("dir", "directory", "path"),
    "search": ("old", "old_str", "old_string", "old_text", "find"),
    "replace": ("new", "new_str", "new_string", "new_text", "replacement"),
    "content": ("text", "file_text", "code", "new_str", "insert_text", "replacement"),
    "first": ("start", "start_line", "from", "line_start"),
    "last": ("end", "end_line", "to", "line_end"),
    "line": ("line_number", "insert_line", "number"),
    "command": ("cmd", "script", "code"),
    "tests": ("test", "path", "selection", "test_path"),
}
_SUGGESTIONS: Mapping[str, str] = {
    "view": "open", "cat": "open", "read": "open", "read_file": "open", "view_file": "open", "ls": "open",
    "grep": "search_dir", "search": "search_dir", "find": "find_file",
    "str_replace": "edit", "replace": "edit", "str_replace_editor": "edit", "modify": "edit",
    "write": "create", "write_file": "create", "create_file": "create",
    "run": "bash", "shell": "bash", "execute": "bash", "sh": "bash", "python": "bash", "terminal": "bash",
    "test": "run_tests", "pytest": "run_tests",
    "finish": "submit", "done": "submit", "exit": "submit", "end": "submit", "quit": "submit",
}  # fmt: skip


def summary(command: type[Command]) -> str:
    """Return the first paragraph of a command's docstring on one line."""
    return " ".join((command.__doc__ or "").strip().split("\n\n")[0].split())


def signature(command: type[Command]) -> str:
    """Return a command as a call: `open(path, line=1)`."""
    fields = [
        field_name if field.is_required() else f"{field_name}={_default(field)}"
        for field_name, field in command.model_fields.items()
    ]
    return f"{command.name}({', '.join(fields)})"


def _default(field: FieldInfo) -> str:
    return (
        "null"
        if field.default is None
        else f'"{field.default}"'
        if isinstance(field.default, str)
        else str(field.default).lower()
    )


def command_list(commands: Sequence[type[Command]]) -> str:
    """Return one line for each command."""
    return "\n".join(f"{signature(command)}: {summary(command)}" for command in commands)


def is_text(field: FieldInfo) -> bool:
    """Say whether a field takes text."""
    return field.annotation is str


def _field_schema(
    command: type[Command], field_name: str, choices: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    field = command.model_fields[field_name]
    if is_text(field):
        allowed = choices.get(f"{command.name}.{field_name}", choices.get(field_name, ()))
        if allowed:
            return {"type": "string", "enum": list(dict.fromkeys(allowed))}
        return {"type": "string"}
    if field.annotation is bool:
        return {"type": "boolean"}
    number = {"type": "integer", "minimum": 0, "maximum": MAX_LINE}
    return {"anyOf": [number, {"type": "null"}]} if field.default is None else number


def tool_schema(command: type[Command], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the arguments of a command for a native tool call: described, those with defaults optional."""
    properties = {}
    for field_name, field in command.model_fields.items():
        schema = _field_schema(command, field_name, choices)
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        properties[field_name] = {**schema, "description": field.description or ""}
        if not field.is_required() and field.default is not None:
            properties[field_name]["default"] = field.default
    required = [field_name for field_name, field in command.model_fields.items() if field.is_required()]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def strict_schema(command: type[Command], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the arguments of a command for constrained decoding: all of them, in their order."""
    fields = list(command.model_fields)
    return {
        "type": "object",
        "properties": {field_name: _field_schema(command, field_name, choices) for field_name in fields},
        "required": fields,
        "additionalProperties": False,
    }


def command_named(name: str, commands: Sequence[type[Command]]) -> type[Command]:
    """Return the command of that name.

    Raises:
        Malformed: There is none; the message says which one may be meant.
    """
    known = {command.name: command for command in commands}
    wanted = name.strip().lower().replace("-", "_").removeprefix("functions.")
    if wanted in known:
        return known[wanted]
    meant = _SUGGESTIONS.get(wanted, "")
    if meant not in known:
        meant = next(iter(difflib.get_close_matches(wanted, known, 1, 0.6)), "")
    hint = f"did you mean {signature(known[meant])}?" if meant else f"the commands are {', '.join(known)}."
    raise Malformed(f'There is no command "{clipped(name, 60)}"; {hint}')


def build(command: type[Command], arguments: Mapping[str, Any]) -> Command:
    """Return a command with its arguments.

    Raises:
        Malformed: An argument is missing, unknown or of the wrong kind.
    """
    given = _renamed(command, {str(key): value for key, value in arguments.items()})
    form = f"The right form is {signature(command)}."
    fields = command.model_fields
    if unknown := [key for key in given if key not in fields]:
        raise Malformed(f"`{command.name}` has no field {_keys(unknown)}. {form}")
    if missing := [key for key, field in fields.items() if field.is_required() and key not in given]:
        said = f"; you gave only {_keys(given)}" if given else ""
        raise Malformed(f"`{command.name}` needs the field {_keys(missing)}{said}. {form}")
    try:
        return command.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        kind = "text" if key in fields and is_text(fields[key]) else "a whole number"
        if key in fields and fields[key].annotation is bool:
            kind = "true or false"
        said = clipped(str(given.get(key)), 60)
        raise Malformed(f"The field {key} of `{command.name}` must be {kind}, not {said!r}. {form}") from None


def field_of(command: type[Command], word: str) -> str | None:
    """Return the field that a word names, by its own name or one that models use for it."""
    fields = command.model_fields
    if word in fields:
        return word
    return next((key for key in fields if word in _SYNONYMS.get(key, ())), None)


def _keys(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(clipped(name, 40) for name in list(names)[:8])


def _renamed(command: type[Command], arguments: dict[str, Any]) -> dict[str, Any]:
    fields = command.model_fields
    for key, field in fields.items():
        if key in arguments:
            # A null where there is a default is how some models leave a field out.
            if arguments[key] is None and not field.is_required():
                del arguments[key]
            continue
        synonym = next(
            (word for word in _SYNONYMS.get(key, ()) if word in arguments and word not in fields), None
        )
        if synonym is not None:
            arguments[key] = arguments.pop(synonym)
    for key, field in fields.items():
        # Numbers and lists for a text are common where the meaning is plain.
        value = arguments.get(key)
        if not is_text(field):
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            arguments[key] = str(value)
        elif isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            arguments[key] = (" " if key == "tests" else "\n").join(value)
    return arguments
