"""The kinds of value that a command's fields take, found from their annotations.

A field is text, a number, a flag, one of a few words, or a list of texts or of small objects; any of them
may be None besides. Every format writes, asks for and reads a field by its kind, so that a new command needs
no code here.
"""

from collections.abc import Sequence
from enum import Enum
from inspect import isclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MAX_WHOLE = 1_000_000
"""Keeps a constrained decoder from writing digits without end."""
MAX_ITEMS = 20
"""Keeps one from writing items without end."""

_PLAIN: dict[Any, Literal["text", "whole", "number", "flag"]] = {
    str: "text", int: "whole", float: "number", bool: "flag",
}  # fmt: skip
_WORDS = {"text": "text", "whole": "a whole number", "number": "a number", "flag": "true or false"}


class Kind(NamedTuple):
    """What a field takes.

    Attributes:
        name: Its kind.
        optional: None is a value too.
        words: The only values of a choice.
        item: What a list holds.
        model: The class of an object.
        low: The least whole number, or the least length of a list.
        high: The greatest whole number, or the greatest length of a list.
    """

    name: Literal["text", "whole", "number", "flag", "choice", "list", "object"]
    optional: bool = False
    words: tuple[str, ...] = ()
    item: "Kind | None" = None
    model: type[BaseModel] | None = None
    low: int = 0
    high: int = MAX_WHOLE


def kind_of(field: FieldInfo) -> Kind:
    """Return the kind of a field.

    Raises:
        TypeError: Its annotation is none that every format can write.
    """
    return _kind(field.annotation, field.metadata)


def item_fields(kind: Kind) -> dict[str, FieldInfo]:
    """Return the fields of the objects that a list, or the field itself, holds; none for anything else."""
    model = kind.item.model if kind.item is not None else kind.model
    return {} if model is None else model.model_fields


def _kind(annotation: Any, metadata: Sequence[Any]) -> Kind:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0], [*parts[1:], *metadata])
    if origin in {Union, UnionType}:
        inner = [part for part in parts if part is not NoneType]
        if len(inner) == 1:
            return _kind(inner[0], metadata)._replace(optional=True)
    elif origin is Literal and all(isinstance(part, str) for part in parts):
        return Kind("choice", words=parts)
    elif origin in {list, tuple} and (origin is list or parts[1:] == (Ellipsis,)):
        low, high = _bounds(metadata, "min_length", "max_length", MAX_ITEMS)
        return Kind("list", item=_kind(parts[0], ()), low=low, high=high)
    elif annotation in _PLAIN:
        low, high = _bounds(metadata, "ge", "le", MAX_WHOLE)
        return Kind(_PLAIN[annotation], low=low, high=high)
    elif isclass(annotation) and issubclass(annotation, BaseModel):
        return Kind("object", model=annotation)
    elif isclass(annotation) and issubclass(annotation, str) and issubclass(annotation, Enum):
        return Kind("choice", words=tuple(str(member.value) for member in annotation))
    raise TypeError(f"No format can write a field of {annotation!r}.")


def _bounds(metadata: Sequence[Any], lower: str, upper: str, high: int) -> tuple[int, int]:
    """Return the bounds among the annotations of a type, where they are whole numbers."""
    low = 0
    for note in metadata:
        inner = note.metadata if isinstance(note, FieldInfo) else [note]
        for bound in inner:
            least, most = getattr(bound, lower, None), getattr(bound, upper, None)
            low = least if isinstance(least, int) else low
            high = most if isinstance(most, int) else high
    return low, high


def described(kind: Kind) -> str:
    """Return what a field must be, in words: "a whole number", "one of a, b"."""
    match kind.name:
        case "choice":
            words = f"one of {', '.join(kind.words)}"
        case "list":
            words = f"a list of {described(kind.item) if kind.item else 'values'}"
        case "object":
            words = outline(kind)
        case plain:
            words = _WORDS[plain]
    return f"{words} or null" if kind.optional else words


def outline(kind: Kind) -> str:
    """Return the form of a value that is no plain one: `[{search, replace}, ...]`, `"a"|"b"`; else ""."""
    match kind.name:
        case "choice":
            return "|".join(f'"{word}"' for word in kind.words)
        case "list":
            inner = outline(kind.item) if kind.item else ""
            return f"[{inner or 'text'}, ...]"
        case "object":
            return "{" + ", ".join(item_fields(kind)) + "}"
    return ""


def json_schema(kind: Kind, *, nullable: bool = True, choices: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON schema of a value.

    Only keywords that llama.cpp's grammars, vLLM's backends (xgrammar, guidance) and the OpenAI API all take.

    Args:
        kind: What the value is.
        nullable: An optional one may be null; else it is left out instead.
        choices: The only values of a text; none leave it free.
    """
    match kind.name:
        case "text":
            schema: dict[str, Any] = {"type": "string"}
            if choices:
                schema["enum"] = list(dict.fromkeys(choices))
        case "whole":
            schema = {"type": "integer", "minimum": kind.low, "maximum": kind.high}
        case "number":
            schema = {"type": "number"}
        case "flag":
            schema = {"type": "boolean"}
        case "choice":
            schema = {"type": "string", "enum": list(kind.words)}
        case "list":
            item = json_schema(kind.item) if kind.item else {}
            schema = {"type": "array", "items": item, "minItems": kind.low, "maxItems": kind.high}
        case "object":
            fields = item_fields(kind)
            schema = {
                "type": "object",
                "properties": {key: json_schema(kind_of(field)) for key, field in fields.items()},
                "required": list(fields),
                "additionalProperties": False,
            }
    return {"anyOf": [schema, {"type": "null"}]} if kind.optional and nullable else schema
