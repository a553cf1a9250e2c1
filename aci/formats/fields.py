"""The arguments of a command in a fenced block: written, and read back from lines, a call or words."""

import ast
import re
import shlex
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from aci.command import Command
from aci.formats.building import build, filled
from aci.formats.jsons import as_call, find_object
from aci.formats.kinds import kind_of
from aci.formats.malformed import Malformed
from aci.formats.names import field_named, lookup
from aci.formats.reading import plain, read_items
from aci.formats.writing import field_lines
from aci.rendering import clipped

_HEREDOC = re.compile(r"(.*?)\s*<<-?\s*(['\"]?)(\w+)\2\s*")
_MAX_CALL = 50_000
_MAX_HEAD = 500


def render_fields(command: Command, *, raw: bool = True) -> str:
    """Return the lines of a block for a command, those with their defaults left out.

    With `raw`, the only needed field of a command may stand without its name.
    """
    lonely = _lonely(type(command).model_fields)
    if raw and lonely is not None and isinstance(getattr(command, lonely), str):
        # A shell command reads best as it is, where it is not taken for something else.
        text = "\n".join([*field_lines(command, without=lonely), getattr(command, lonely), ""])
        if "```" not in text and _reads_back(command, text):
            return text
    return "".join(f"{line}\n" for line in field_lines(command))


def _reads_back(command: Command, text: str) -> bool:
    try:
        return from_lines(type(command), text.split("\n")[:-1]) == command
    except Malformed:
        return False


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
    if whole.startswith("{") and (found := find_object(whole)) is not None:
        call = as_call(found.value)
        if call is not None and lookup(call[0], [command]) is not None:
            return build(command, call[1])
        if set(found.value) <= set(fields):
            return build(command, found.value)
    items = read_items(fields, lines, f"`{command.name}`")
    if items.rest < len(lines):
        _take_rest(command, lines, items.rest, items.given)
    return build(command, items.given)


def _take_rest(command: type[Command], lines: Sequence[str], at: int, given: dict[str, Any]) -> None:
    """Let all lines from `at` on be the one needed field that is still missing."""
    missing = [key for key, field in command.model_fields.items() if field.is_required() and key not in given]
    if len(missing) != 1:
        raise Malformed(
            f'The line "{clipped(lines[at].strip(), 60)}" is no field of `{command.name}`. '
            f"The right form is {filled(command, given)}, one `field: value` a line."
        )
    key = missing[0]
    text = "\n".join(lines[at:])
    keeps = command.name == "bash" or (kind_of(command.model_fields[key]).name == "text" and "\n" in text)
    given[key] = text if keeps else plain(text)


def from_heredoc(command: type[Command], rest: str, lines: Sequence[str]) -> Command | None:
    """Return a command whose text stands below its other arguments, up to a word: `create a.py <<EOF`.

    Returns:
        None when this is no such thing.

    Raises:
        Malformed: The arguments don't fit.
    """
    match = _HEREDOC.fullmatch(rest.strip()) if len(rest) < _MAX_HEAD else None
    if match is None or not command.block or command.name == "bash":
        return None
    end = next((number for number, line in enumerate(lines) if line.strip() == match[3]), len(lines))
    if any(line.strip() for line in lines[end + 1 :]):
        return None
    others = [key for key in command.model_fields if key != command.block]
    given = _words(command, others, match[1])
    return build(command, {**given, command.block: "\n".join(lines[:end])})


def from_line(command: type[Command], rest: str) -> Command:
    """Return a command whose arguments stand behind its name on one line, or as a call.

    Raises:
        Malformed: They don't fit.
    """
    rest = rest.strip()
    if rest.startswith("("):
        arguments = _call(command, rest)
        if arguments is not None:
            return build(command, arguments)
    if command.name == "bash":
        return build(command, {"command": rest})
    return build(command, _words(command, list(command.model_fields), rest))


def _words(command: type[Command], fields: Sequence[str], rest: str) -> dict[str, Any]:
    """Read `src/a.py 3` or `src/a.py --line 3`: the values of fields in their order, or by their names."""
    try:
        words = shlex.split(rest) if len(rest) < _MAX_CALL else rest.split()
    except ValueError:
        words = rest.split()
    given: dict[str, Any] = {}
    values: list[str] = []
    at = 0
    while at < len(words):
        name, equals, value = words[at].removeprefix("--").partition("=")
        key = field_named(name.replace("-", "_"), fields) if words[at].startswith("--") else None
        at += 1
        if key is None:
            values.append(words[at - 1])
        elif equals:
            given[key] = value
        elif kind_of(command.model_fields[key]).name == "flag":
            given[key] = True
        elif at < len(words):
            given[key] = words[at]
            at += 1
    free = [key for key in fields if key not in given]
    if len(values) > len(free):
        raise Malformed(
            f"`{command.name}` takes {len(free)} values, you gave {len(values)}. "
            f"The right form is {filled(command, dict(zip(free, values, strict=False)))}."
        )
    return {**given, **dict(zip(free, values, strict=False))}


def _call(command: type[Command], rest: str) -> dict[str, Any] | None:
    """Read `("src/a.py", line=3)`; None when it is no such thing."""
    if len(rest) > _MAX_CALL:
        return None
    try:
        with warnings.catch_warnings():
            # What Python thinks of an escape in there is no news for a user.
            warnings.simplefilter("ignore")
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
