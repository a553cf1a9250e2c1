"""The fields of a command in a fenced block: written, and read back."""

import ast
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from aci.command import Command
from aci.formats.base import Malformed
from aci.formats.blocks import closing_tag
from aci.formats.jsons import as_call, find_object
from aci.formats.schema import build, field_of, is_text, signature
from aci.rendering import clipped

_KEY = re.compile(r"[ \t]*([a-z_]+):(?:[ \t]+(.*)|)", re.S)
_INLINE = re.compile(r"[ \t]*<([a-z_]+)>(.*)</\1>[ \t]*")
_SEARCH, _MIDDLE, _REPLACE = re.compile(r"<{5,} ?\w*"), re.compile(r"={5,}"), re.compile(r">{5,} ?\w*")
_MAX_CALL = 50_000


def render_fields(command: Command, *, raw: bool = True) -> str:
    """Return the lines of a block for a command, those with their defaults left out.

    With `raw`, the only needed field of a command may stand without its name.
    """
    kind = type(command)
    values = {
        key: getattr(command, key)
        for key, field in kind.model_fields.items()
        if field.is_required() or getattr(command, key) != field.default
    }
    lonely = _lonely(kind.model_fields)
    if raw and lonely is not None and isinstance(values.get(lonely), str):
        # A shell command reads best as it is, where it is not taken for something else.
        others = [_render(key, value) for key, value in values.items() if key != lonely]
        text = "\n".join([*others, values[lonely], ""])
        if "```" not in text and _reads_back(command, text):
            return text
    return "".join(_render(key, value) + "\n" for key, value in values.items())


def _reads_back(command: Command, text: str) -> bool:
    try:
        return from_lines(type(command), text.split("\n")[:-1]) == command
    except Malformed:
        return False


def _render(key: str, value: Any) -> str:
    if not isinstance(value, str):
        return f"{key}: {'null' if value is None else value}"
    short = f"{key}: {value}"
    if value and "\n" not in value and _value(value) == value and value not in {"|", ">"}:
        return short
    mark = ""
    ends = {line.strip() for line in value.split("\n")}
    while f"</{key}{mark}>" in ends:
        mark = f" {int(mark or 0) + 1}"
    return "\n".join([f"<{key}{mark}>", *(value.split("\n") if value else ()), f"</{key}{mark}>"])


def _value(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


def _lonely(fields: Mapping[str, FieldInfo]) -> str | None:
    """Return the only field that a command needs, if it needs just one."""
    needed = [key for key, field in fields.items() if field.is_required()]
    return needed[0] if len(needed) == 1 else None


def from_lines(command: type[Command], lines: Sequence[str]) -> Command:
    """Return a command whose fields stand in the lines of a block.

    Raises:
        Malformed: They don't fit.
    """
    fields = command.model_fields
    whole = "\n".join(lines).strip()
    if whole.startswith("{") and not (command.name == "bash" and find_object(whole) is None):
        found = find_object(whole)
        call = as_call(found.value) if found else None
        if call is not None and call[0] == command.name:
            return build(command, call[1])
        if found is not None and set(found.value) <= set(fields):
            return build(command, found.value)
    given: dict[str, Any] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        took = _item(command, lines, at, given)
        if took == 0:
            _take_rest(command, lines, at, given)
            break
        at += took
    return build(command, given)


def _item(command: type[Command], lines: Sequence[str], at: int, given: dict[str, Any]) -> int:
    """Read the item that begins at a line into `given`; return how many lines it took, 0 if it is none."""
    fields, line = command.model_fields, lines[at]
    closing = closing_tag(line, fields)
    if closing is not None:
        key = closing[2:-1].partition(" ")[0]
        end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == closing), None)
        if end is None:
            raise Malformed(f"The field {key} of `{command.name}` has no closing line {closing}.")
        given[key] = "\n".join(lines[at + 1 : end])
        return end - at + 1
    if (match := _INLINE.fullmatch(line)) and match[1] in fields:
        given[match[1]] = match[2]
        return 1
    if match := _KEY.fullmatch(line):
        named = field_of(command, match[1])
        if named is not None and named not in given:
            return _keyed(command, lines, at, given, named, match[2] or "")
    if "search" in fields and "replace" in fields and _SEARCH.fullmatch(line.strip()):
        return _conflict(lines, at, given)
    return 0


def _keyed(
    command: type[Command], lines: Sequence[str], at: int, given: dict[str, Any], key: str, value: str
) -> int:
    value = value.strip()
    field = command.model_fields[key]
    if not is_text(field):
        if value.lower() not in {"null", "none", ""}:
            given[key] = _value(value)
        return 1
    if value not in {"", "|", "|-", ">"}:
        given[key] = _value(value)
        return 1
    # A text below its name, up to the next field: not the grammar, but plain enough.
    end = at + 1
    while end < len(lines):
        other = _KEY.fullmatch(lines[end])
        if (other and other[1] in command.model_fields) or closing_tag(lines[end], command.model_fields):
            break
        end += 1
    below = list(lines[at + 1 : end])
    if value and below:
        indents = [len(line) - len(line.lstrip(" ")) for line in below if line.strip()]
        below = [line[min(indents, default=0) :] for line in below]
    given[key] = "\n".join(below)
    return end - at


def _conflict(lines: Sequence[str], at: int, given: dict[str, Any]) -> int:
    middle = next((n for n in range(at + 1, len(lines)) if _MIDDLE.fullmatch(lines[n].strip())), None)
    end = next(
        (n for n in range((middle or at) + 1, len(lines)) if _REPLACE.fullmatch(lines[n].strip())), None
    )
    if middle is None or end is None:
        raise Malformed(
            "The conflict markers lack `=======` or `>>>>>>> REPLACE`; use <search> and <replace> lines."
        )
    given["search"], given["replace"] = "\n".join(lines[at + 1 : middle]), "\n".join(lines[middle + 1 : end])
    return end - at + 1


def _take_rest(command: type[Command], lines: Sequence[str], at: int, given: dict[str, Any]) -> None:
    """Let all lines from `at` on be the one needed field that is still missing."""
    missing = [key for key, field in command.model_fields.items() if field.is_required() and key not in given]
    if len(missing) != 1:
        raise Malformed(
            f'The line "{clipped(lines[at].strip(), 60)}" is no field of `{command.name}`. '
            f"The right form is {signature(command)}, one `field: value` a line."
        )
    key = missing[0]
    text = "\n".join(lines[at:])
    given[key] = (
        text
        if is_text(command.model_fields[key]) and "\n" in text
        else _value(text)
        if command.name != "bash"
        else text
    )


def from_line(command: type[Command], rest: str) -> Command:
    """Return a command whose arguments stand behind its name on one line, or as a call.

    Raises:
        Malformed: They don't fit.
    """
    rest = rest.strip()
    if command.name == "bash" and not rest.startswith("("):
        return build(command, {"command": rest})
    if rest.startswith("("):
        arguments = _call(command, rest)
        if arguments is not None:
            return build(command, arguments)
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    fields = list(command.model_fields)
    if len(words) > len(fields):
        raise Malformed(
            f"`{command.name}` takes {len(fields)} values, you gave {len(words)}. "
            f"The right form is {signature(command)}."
        )
    return build(command, dict(zip(fields, words, strict=False)))


def _call(command: type[Command], rest: str) -> dict[str, Any] | None:
    """Read `("src/a.py", line=3)`; None when it is no such thing."""
    if len(rest) > _MAX_CALL:
        return None
    try:
        tree = ast.parse(f"f{rest}", mode="eval").body
        if not isinstance(tree, ast.Call) or len(tree.args) > len(command.model_fields):
            return None
        arguments = {
            key: ast.literal_eval(value) for key, value in zip(command.model_fields, tree.args, strict=False)
        }
        arguments.update({word.arg: ast.literal_eval(word.value) for word in tree.keywords if word.arg})
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return arguments
