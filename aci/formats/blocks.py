"""Fenced blocks in a text, where a fence inside a tagged field does not end the block."""

import re
from collections.abc import Collection
from typing import NamedTuple

_OPEN = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*([^`]*)")
_TAG = re.compile(r"<([a-z_]+)((?: [A-Za-z0-9]+)?)>")


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        info: What stands behind the opening fence.
        lines: The lines inside.
        first: The number of the opening line, from 0.
        last: The number of the closing line, or of the text's last.
        closed: There is a closing fence.
    """

    info: str
    lines: list[str]
    first: int
    last: int
    closed: bool


def closing_tag(line: str, fields: Collection[str]) -> str | None:
    """Return the closing tag that belongs to a line which opens a field, or None."""
    match = _TAG.fullmatch(line.strip())
    if match is None or match[1] not in fields:
        return None
    return f"</{match[1]}{match[2]}>"


def blocks(text: str, fields: Collection[str]) -> list[Block]:
    """Return the blocks of a text in their order; the last may lack its end."""
    lines = text.split("\n")
    # Where each closing tag stands, so that a text full of opening ones costs no search for each.
    ends: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line.lstrip().startswith("</"):
            ends.setdefault(line.strip(), []).append(number)
    found: list[Block] = []
    at = 0
    while at < len(lines):
        match = _OPEN.fullmatch(lines[at])
        if match is None:
            at += 1
            continue
        end = _end(lines, at + 1, match[1], fields, ends)
        closed = end < len(lines)
        found.append(Block(match[2].strip(), lines[at + 1 : end], at, min(end, len(lines) - 1), closed))
        at = end + 1
    return found


def _end(lines: list[str], at: int, fence: str, fields: Collection[str], ends: dict[str, list[int]]) -> int:
    while at < len(lines):
        line = lines[at].strip()
        if len(line) >= len(fence) and not line.strip(fence[0]):
            return at
        closing = closing_tag(line, fields)
        if closing is not None:
            at = next((number for number in ends.get(closing, ()) if number > at), at)
        at += 1
    return at
