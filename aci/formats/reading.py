"""The items of a fenced block, read into the fields of a command or of a small object inside it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from aci.formats.blocks import closing_tag
from aci.formats.jsons import find_object
from aci.formats.kinds import Kind, item_fields, kind_of
from aci.formats.malformed import Malformed
from aci.formats.names import field_named

_KEY = re.compile(r"[ \t]*([a-z_]+):(?:[ \t]+(.*)|)", re.S)
_INLINE = re.compile(r"[ \t]*<([a-z_]+)>(.*)</\1>[ \t]*")
_SEARCH, _MIDDLE, _REPLACE = re.compile(r"<{5,} ?\w*"), re.compile(r"={5,}"), re.compile(r">{5,} ?\w*")
_NOTHING = frozenset({"null", "none", ""})


def plain(text: str) -> str:
    """Return a value of one line without the quotes around it."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


class Items(NamedTuple):
    """What stands in the lines of a block.

    Attributes:
        given: The values by field.
        rest: The number of the first line that is no item, or of lines when all are.
    """

    given: dict[str, Any]
    rest: int


def read_items(fields: Mapping[str, FieldInfo], lines: Sequence[str], owner: str) -> Items:
    """Read items up to the first line that is none.

    Args:
        fields: The fields that may be given.
        lines: The lines of the block.
        owner: What the fields belong to, for the sentence about a mistake.

    Raises:
        Malformed: An item has no end, or a field is given twice.
    """
    reader = _Reader(fields, lines, owner)
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        took = reader.item(at)
        if took == 0:
            break
        at += took
    return Items(reader.given, at)


class _Reader:
    """Reads the items of one owner into `given`."""

    def __init__(self, fields: Mapping[str, FieldInfo], lines: Sequence[str], owner: str) -> None:
        self._lines = lines
        self._owner = owner
        self._kinds = {key: kind_of(field) for key, field in fields.items()}
        # A list of objects may be written without a tag for each: a field that comes again begins the next.
        self._lists = [key for key, kind in self._kinds.items() if kind.name == "list" and item_fields(kind)]
        self._loose = {
            inner: kind_of(field)
            for key in self._lists[:1]
            for inner, field in item_fields(self._kinds[key]).items()
            if inner not in fields
        }
        self.given: dict[str, Any] = {}

    def item(self, at: int) -> int:
        """Read the item that begins at a line; return how many lines it took, 0 if it is none."""
        line = self._lines[at]
        closing = closing_tag(line, {*self._kinds, *self._loose})
        if closing is not None:
            return self._tagged(at, closing)
        if (match := _INLINE.fullmatch(line)) and self._knows(match[1]):
            self._put(match[1], [match[2]])
            return 1
        if match := _KEY.fullmatch(line):
            named = field_named(match[1], [*self._kinds, *self._loose])
            if named is not None and (named not in self.given or self._kinds[named].name == "list"):
                return self._keyed(at, named, (match[2] or "").strip())
        if _SEARCH.fullmatch(line.strip()) and self._knows("search") and self._knows("replace"):
            return self._conflict(at)
        return 0

    def _knows(self, key: str) -> bool:
        return key in self._kinds or key in self._loose

    def _kind(self, key: str) -> Kind:
        return self._kinds[key] if key in self._kinds else self._loose[key]

    def _tagged(self, at: int, closing: str) -> int:
        key = closing[2:-1].partition(" ")[0]
        end = next((n for n in range(at + 1, len(self._lines)) if self._lines[n].strip() == closing), None)
        if end is None:
            raise Malformed(f"The field {key} of {self._owner} has no closing line {closing}.")
        self._put(key, self._lines[at + 1 : end])
        return end - at + 1

    def _keyed(self, at: int, key: str, value: str) -> int:
        kind = self._kind(key)
        if kind.name not in {"text", "list"} and value.lower() in _NOTHING:
            return 1
        if value not in {"", "|", "|-", ">"} or kind.name not in {"text", "list"}:
            self._give(key, self._short(kind, value))
            return 1
        # A text below its name, up to the next field: not the grammar, but plain enough.
        end = at + 1
        while end < len(self._lines):
            other = _KEY.fullmatch(self._lines[end])
            known = {*self._kinds, *self._loose}
            if (other and other[1] in known) or closing_tag(self._lines[end], known):
                break
            end += 1
        below = list(self._lines[at + 1 : end])
        if kind.name == "list":
            return self._dashes(at, key, below)
        if value and below:
            indents = [len(line) - len(line.lstrip(" ")) for line in below if line.strip()]
            below = [line[min(indents, default=0) :] for line in below]
        self._give(key, "\n".join(below))
        return end - at

    def _dashes(self, at: int, key: str, below: Sequence[str]) -> int:
        """Take the lines of a list that begin with a dash."""
        took = 0
        for line in below:
            if line.strip() and not line.lstrip().startswith("- "):
                break
            if line.strip():
                self._give(key, plain(line.lstrip()[2:]))
            took += 1
        return took + 1

    def _short(self, kind: Kind, value: str) -> Any:
        """Return a value that stands behind its name."""
        if kind.optional and value.lower() in {"null", "none"}:
            return None
        if kind.name == "list" and value[:1] in "[{":
            try:
                return json.loads(value, strict=False)
            except (ValueError, RecursionError):
                return value
        return plain(value)

    def _put(self, key: str, body: Sequence[str]) -> None:
        """Give a field the lines between its tags."""
        kind = self._kind(key)
        holder = kind.item if kind.name == "list" and kind.item is not None else kind
        if holder.name == "object":
            self._give(key, self._object(holder, key, body))
        elif holder.name == "text":
            self._give(key, "\n".join(body))
        else:
            self._give(key, plain("\n".join(body)))

    def _object(self, kind: Kind, key: str, body: Sequence[str]) -> Any:
        text = "\n".join(body)
        if text.lstrip().startswith("{") and (found := find_object(text)) is not None:
            return found.value
        owner = f"{key} in {self._owner}"
        items = read_items(item_fields(kind), body, owner)
        if items.rest < len(body):
            form = ", ".join(item_fields(kind))
            raise Malformed(f"Between <{key}> and </{key}> of {self._owner} stand only its fields: {form}.")
        return items.given

    def _give(self, key: str, value: Any) -> None:
        if key not in self._kinds:
            held = self.given.setdefault(self._lists[0], [])
            if not held or not isinstance(held[-1], dict) or key in held[-1]:
                held.append({})
            held[-1][key] = value
        elif self._kinds[key].name == "list" and value is not None:
            held = self.given.setdefault(key, [])
            held.extend(value) if isinstance(value, list) else held.append(value)
        elif key in self.given:
            raise Malformed(f"The field {key} is given twice in one {self._owner}; one at a time.")
        else:
            self.given[key] = value

    def _conflict(self, at: int) -> int:
        """Read a place between conflict markers."""
        lines = self._lines
        middle = next((n for n in range(at + 1, len(lines)) if _MIDDLE.fullmatch(lines[n].strip())), None)
        start = at if middle is None else middle
        end = next((n for n in range(start + 1, len(lines)) if _REPLACE.fullmatch(lines[n].strip())), None)
        if middle is None or end is None:
            raise Malformed(
                "The conflict markers lack `=======` or `>>>>>>> REPLACE`; use <search> and <replace> lines."
            )
        self._give("search", "\n".join(lines[at + 1 : middle]))
        self._give("replace", "\n".join(lines[middle + 1 : end]))
        return end - at + 1
