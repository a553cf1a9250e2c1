"""The fields of a command as the lines of a fenced block."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from aci.formats.kinds import Kind, kind_of
from aci.formats.reading import plain
from aci.formats.schema import default_of

_SPECIAL = frozenset({"", "|", "|-", ">"})


def field_lines(owner: BaseModel, *, without: str = "") -> list[str]:
    """Return the lines of an object's fields, those with their defaults left out."""
    fields: Mapping[str, FieldInfo] = type(owner).model_fields
    lines: list[str] = []
    for key, field in fields.items():
        value = getattr(owner, key)
        if key != without and (field.is_required() or value != default_of(field)):
            lines += _lines(key, kind_of(field), value)
    return lines


def _lines(key: str, kind: Kind, value: Any) -> list[str]:
    if value is None:
        return [f"{key}: null"]
    if kind.name == "list" and kind.item is not None:
        if not value:
            return [f"{key}: []"]
        return [line for item in value for line in _lines(key, kind.item, item)]
    if kind.name == "object":
        return _tagged(key, field_lines(value))
    if kind.name == "flag":
        return [f"{key}: {'true' if value else 'false'}"]
    if kind.name != "text":
        return [f"{key}: {value}"]
    if _is_short(value):
        return [f"{key}: {value}"]
    return _tagged(key, value.split("\n") if value else [])


def _is_short(text: str) -> bool:
    """Say whether a text behind its field's name is read as itself."""
    if "\n" in text or text in _SPECIAL or text.lower() in {"null", "none"}:
        return False
    return plain(text) == text and text[0] not in "[{"


def _tagged(key: str, body: list[str]) -> list[str]:
    mark = ""
    ends = {line.strip() for line in body}
    while f"</{key}{mark}>" in ends:
        mark = f" {int(mark or 0) + 1}"
    return [f"<{key}{mark}>", *body, f"</{key}{mark}>"]
