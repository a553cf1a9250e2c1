"""From a command's class to its signature and to the schemas of its arguments."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from aci.command import Command
from aci.formats.kinds import item_fields, json_schema, kind_of, outline


def summary(command: type[Command]) -> str:
    """Return the first paragraph of a command's docstring on one line."""
    return " ".join((command.__doc__ or "").strip().split("\n\n")[0].split())


def signature(command: type[Command], *, without: str = "") -> str:
    """Return a command as a call: `open(path, line=1)`, the field `without` left out."""
    fields = [
        _parameter(field_name, field)
        for field_name, field in command.model_fields.items()
        if field_name != without
    ]
    return f"{command.name}({', '.join(fields)})"


def _parameter(field_name: str, field: FieldInfo) -> str:
    kind = kind_of(field)
    form = outline(kind)
    if field.is_required():
        return f"{field_name}={form}" if form else field_name
    default = json.dumps(to_jsonable_python(default_of(field)), ensure_ascii=False)
    if kind.name == "choice":
        default = "|".join([default, *(f'"{word}"' for word in kind.words if word != default_of(field))])
    elif item_fields(kind):
        default = f"{default} or {form}"
    return f"{field_name}={default}"


def default_of(field: FieldInfo) -> Any:
    """Return the default of a field that has one."""
    return field.get_default(call_default_factory=True)


def command_list(commands: Sequence[type[Command]], *, without_text: bool = False) -> str:
    """Return one line for each command; `without_text`, their signatures lack the program text."""
    return "\n".join(
        f"{signature(command, without=command.block if without_text else '')}: {summary(command)}"
        for command in commands
    )


def _field_schema(
    command: type[Command], field_name: str, choices: Mapping[str, Sequence[str]], *, nullable: bool
) -> dict[str, Any]:
    allowed = choices.get(f"{command.name}.{field_name}", choices.get(field_name, ()))
    return json_schema(kind_of(command.model_fields[field_name]), nullable=nullable, choices=allowed)


def tool_schema(command: type[Command], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the arguments of a command for a native tool call: described, those with defaults optional."""
    properties = {}
    for field_name, field in command.model_fields.items():
        schema = _field_schema(command, field_name, choices, nullable=False)
        _describe(schema, kind_of(field).item or kind_of(field))
        properties[field_name] = {**schema, "description": field.description or ""}
        if not field.is_required() and default_of(field) is not None:
            properties[field_name]["default"] = to_jsonable_python(default_of(field))
    required = [field_name for field_name, field in command.model_fields.items() if field.is_required()]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _describe(schema: dict[str, Any], kind: Any) -> None:
    """Add the descriptions of an object's fields to the schema that holds it."""
    model: type[BaseModel] | None = kind.model
    if model is not None:
        properties = schema.get("items", schema)["properties"]
        for field_name, field in model.model_fields.items():
            properties[field_name]["description"] = field.description or ""


def strict_schema(command: type[Command], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the arguments of a command for constrained decoding: all of them, in their order."""
    fields = list(command.model_fields)
    return {
        "type": "object",
        "properties": {
            field_name: _field_schema(command, field_name, choices, nullable=True) for field_name in fields
        },
        "required": fields,
        "additionalProperties": False,
    }
