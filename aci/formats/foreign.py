"""Calls in the forms of other systems, for models that were trained on those.

    <tool_call>{"name": "open", "arguments": {"path": "a.py"}}</tool_call>
    <function=open><parameter=path>a.py</parameter></function>
    <invoke name="open"><parameter name="path">a.py</parameter></invoke>
    <open><path>a.py</path></open>
    <command>ls -la</command>
    Action: open
    Action Input: {"path": "a.py"}

They are looked for only where an answer holds no action in the form that was asked for. Each kind of mark is
found by plain search from left to right, so that a text full of them costs no more than its length.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from aci.formats.jsons import as_call, find_object

MAX_CALLS = 8
"""More calls than this in one answer are an imagined conversation."""

_OPENING = re.compile(r'<(?:function=|invoke name="?|function name="?)([\w.-]{1,60})"?>')
_PARAMETER = re.compile(r'<parameter(?:=| name="?)(\w{1,60})"?>')
_OWN_TAG = re.compile(r"<([a-z_]{1,60})>")
_REACT = re.compile(r"^[ \t]*\**Action\**:\**[ \t]*(.*)$", re.M)
_REACT_INPUT = re.compile(r"^[ \t]*\**Action Input\**:\**[ \t]*", re.M)


class Foreign(NamedTuple):
    """A call in the form of another system.

    Attributes:
        name: The command's name, or "" when `line` holds it with its arguments.
        arguments: Its arguments.
        line: A command line, or "".
        before: Where the call begins in the text.
    """

    name: str
    arguments: dict[str, Any]
    line: str
    before: int


def foreign_calls(text: str, names: Callable[[str], bool]) -> list[Foreign]:
    """Return the calls that a text holds in the first of the forms that it uses.

    Args:
        text: What a model wrote.
        names: Says whether a word names a command.
    """
    for form in (_json_tags, _functions, _own_tags, _command_tags, _react):
        found: list[Foreign] = []
        for call in form(text, names):
            found.append(call)
            if len(found) == MAX_CALLS:
                break
        if found:
            return found
    return []


def _json_tags(text: str, names: Callable[[str], bool]) -> Iterator[Foreign]:
    at = text.find("<tool_call>")
    while at >= 0:
        end = text.find("<tool_call>", at + 1)
        inside = text[at : end if end >= 0 else len(text)]
        found = find_object(inside) if inside[len("<tool_call>") :].lstrip().startswith("{") else None
        call = as_call(found.value) if found else None
        if call is not None:
            yield Foreign(call[0], call[1], "", at)
        at = end


def _functions(text: str, names: Callable[[str], bool]) -> Iterator[Foreign]:
    openings = list(_OPENING.finditer(text))
    for number, opening in enumerate(openings):
        end = openings[number + 1].start() if number + 1 < len(openings) else len(text)
        inside = text[opening.end() : end]
        arguments: dict[str, Any] = {}
        at = 0
        while (parameter := _PARAMETER.search(inside, at)) is not None:
            close = inside.find("</parameter>", parameter.end())
            if close < 0:
                # Cut off in the middle of a value: what it would have been nobody knows.
                return
            arguments[parameter[1]] = _unwrapped(inside[parameter.end() : close])
            at = close
        if not arguments and (found := find_object(inside)) is not None:
            arguments = found.value
        yield Foreign(opening[1], arguments, "", _outside(text, opening.start()))


def _outside(text: str, at: int) -> int:
    """Return where the tag around calls begins that ends right before `at`, or `at`."""
    before = text[max(0, at - 100) : at].rstrip()
    for tag in ("<function_calls>", "<tool_call>", "<tool_calls>"):
        if before.endswith(tag):
            return text.rindex(tag, 0, at)
    return at


def _own_tags(text: str, names: Callable[[str], bool]) -> Iterator[Foreign]:
    at = 0
    while (opening := _OWN_TAG.search(text, at)) is not None:
        at = opening.end()
        close = text.find(f"</{opening[1]}>", at) if names(opening[1]) else -1
        if close < 0:
            if names(opening[1]):
                return
            continue
        inside = text[at:close]
        arguments: dict[str, Any] = {}
        inner = 0
        while (field := _OWN_TAG.search(inside, inner)) is not None:
            end = inside.find(f"</{field[1]}>", field.end())
            if end < 0:
                # Cut off, or no call at all.
                arguments = {}
                break
            arguments[field[1]] = _unwrapped(inside[field.end() : end])
            inner = end + len(field[1]) + 3
        if arguments or not inside.strip():
            yield Foreign(opening[1], arguments, "", opening.start())
        at = close


def _command_tags(text: str, names: Callable[[str], bool]) -> Iterator[Foreign]:
    at = text.find("<command>")
    while at >= 0:
        close = text.find("</command>", at)
        if close < 0:
            return
        yield Foreign("", {}, text[at + len("<command>") : close].strip("\n"), at)
        at = text.find("<command>", close)


def _react(text: str, names: Callable[[str], bool]) -> Iterator[Foreign]:
    for match in _REACT.finditer(text):
        said = match[1].strip().strip("`")
        given = _REACT_INPUT.match(text, match.end() + 1)
        if given is None:
            if names(said.partition("(")[0].partition(" ")[0]):
                yield Foreign("", {}, said, match.start())
            continue
        rest = text[given.end() :]
        found = find_object(rest) if rest.startswith("{") else None
        if found is not None:
            yield Foreign(said, found.value, "", match.start())
        elif not rest.startswith("{"):
            yield Foreign("", {}, f"{said} {rest.partition(chr(10))[0]}", match.start())


def _unwrapped(value: str) -> str:
    """Return a value without the line breaks that belong to its tags."""
    if value.startswith("\n"):
        value = value[1:]
        return value.removesuffix("\n")
    return value
