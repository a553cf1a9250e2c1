"""The visits of a function's basic blocks while a check ran it, and what its result depended on."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aci.blocks import Block, PythonFunction, blocks_of


class Visit(NamedTuple):
    """One run through a block.

    Attributes:
        call: The how-manieth call of the function it belongs to, from 1.
        block: The block's lines; None for the beginning of a call.
        changed: The variables that were different after it, as bounded texts; "return" and "raised" tell how
            the call ended.
    """

    call: int
    block: Block | None
    changed: Mapping[str, str]


def visits_of(notes: Mapping[str, Any], blocks: Mapping[int, Block]) -> Iterator[Visit]:
    """Turn notes of what changed before a block into what each block changed."""
    told = [(int(call), int(line), changed) for call, line, changed in (*notes["head"], *notes["tail"])]
    afterwards: list[dict[str, str]] = []
    later: dict[int, dict[str, str]] = {}
    for call, _, changed in reversed(told):
        afterwards.append(later.get(call, {}))
        # A block with a `yield` in it goes on afterwards.
        later[call] = changed | later.get(call, {}) if "yield" in changed else changed
    begun: set[int] = set()
    for (call, line, changed), after in zip(told, reversed(afterwards), strict=True):
        if call not in begun:
            begun.add(call)
            yield Visit(call, None, changed)
        if line:
            yield Visit(call, blocks.get(line), after)


def relevant_lines(function: PythonFunction, visits: Sequence[Visit]) -> frozenset[int]:
    """Return the lines of the blocks that what the function returned depends on: a dynamic slice.

    From the end of the last call backwards (Korel and Laski 1988): a block counts when it changed a variable
    that a later block which counts reads. The heads of loops and conditions count always.
    """
    blocks = blocks_of(function)
    reads = {block: _names(function, block) for block in blocks}
    heads = {block for block in blocks if _is_head(function, block)}
    wanted: set[str] = set()
    lines: set[int] = set()
    for visit in reversed([one for one in visits if one.call == visits[-1].call]):
        block = visit.block
        if block is None:
            continue
        ends = not {"return", "raised"}.isdisjoint(visit.changed)
        if ends or block in heads or not wanted.isdisjoint(visit.changed):
            wanted |= reads.get(block, set())
            lines.update(range(block.first, block.last + 1))
    return frozenset(lines)


def _statements(function: PythonFunction, block: Block) -> Iterator[ast.stmt]:
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and block.first <= node.lineno <= block.last and node is not function:
            yield node


def _names(function: PythonFunction, block: Block) -> set[str]:
    return {
        node.id
        for statement in _statements(function, block)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and block.first <= node.lineno <= block.last
    }


def _is_head(function: PythonFunction, block: Block) -> bool:
    return any(hasattr(statement, "body") for statement in _statements(function, block))
