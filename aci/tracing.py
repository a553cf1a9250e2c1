"""What a function did while a check failed: its basic blocks in the order they ran, with their values.

In the manner of LDB (Zhong et al., "Debug like a Human", arXiv 2402.16906), by execution alone.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aci.blocks import Block, blocks_of
from aci.repair.edits import Function, Source
from aci.trials import plan_for, watch
from aci.workspace import Workspace

SHOWN = 10
_CODE = 90


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


class Trace(NamedTuple):
    """What one failing check made of a function.

    Attributes:
        path: The file.
        symbol: The function.
        check: The failing check, as `aci.trials.Trial` names it.
        message: What it said.
        visits: In their order; the middle of a long trace is left out.
        dropped: How many visits were left out.
        counts: How often each block was entered, by its first line, those left out included.
    """

    path: str
    symbol: str
    check: str
    message: str
    visits: tuple[Visit, ...]
    dropped: int
    counts: Mapping[int, int]


async def trace_function(
    workspace: Workspace,
    path: str,
    symbol: str,
    *,
    tests: Sequence[str] = (),
    text: str | None = None,
    cpu_seconds: float = 2.0,
) -> Trace | None:
    """Return what a Python function does in the first failing check that calls it.

    Args:
        workspace: Where the repository and its tests are; its files stay as they are.
        path: The file that defines the function.
        symbol: Its qualified name, or the last part of it.
        tests: Which tests, as for `aci.trials.try_texts`: pytest node ids among others.
        text: A text of the file to look at instead of what it holds.
        cpu_seconds: CPU time of one check; one that does not end shows what it was doing.

    Returns:
        None when no failing check runs the function, or it is not there.

    Raises:
        FileProblem: The file can't be read.
    """
    if text is None:
        text = (await workspace.read(path)).data.decode("utf-8", "replace")
    function = python_function(text, symbol)
    if function is None:
        return None
    blocks = blocks_of(function)
    first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    seen = await watch(
        workspace,
        path,
        await plan_for(workspace, path, tests),
        cpu_seconds=cpu_seconds,
        text=text,
        leaders=[block.first for block in blocks],
        span=(first, function.end_lineno or function.lineno),
    )
    if seen is None:
        return None
    for check in seen.trial.failed:
        notes = seen.values.get(check)
        if notes and notes["head"]:
            ran = seen.lines.get(check, {})
            counts = {block.first: ran[block.first] for block in blocks if block.first in ran}
            message = seen.trial.message if check == seen.trial.failed[0] else ""
            visits = tuple(_visits(notes, {block.first: block for block in blocks}))
            return Trace(path, symbol, check, message, visits, int(notes["dropped"]), counts)
    return None


def python_function(text: str, symbol: str) -> Function | None:
    """Return the function of a Python text that a name means, or None."""
    try:
        source = Source(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    wanted = symbol.strip().removesuffix("()")
    exact = [one for name, one in source.functions if name == wanted]
    last = [one for name, one in source.functions if name.rpartition(".")[2] == wanted]
    found = exact or last
    return found[0] if len(found) == 1 else None


def _visits(notes: Mapping[str, Any], blocks: Mapping[int, Block]) -> Iterator[Visit]:
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


def relevant_lines(trace: Trace, text: str) -> frozenset[int]:
    """Return the lines of the blocks that what the function returned depends on: a dynamic slice.

    From the end of the last call backwards: a block counts when it changed a variable that a later block
    which counts reads. The heads of loops and conditions count always.
    """
    function = python_function(text, trace.symbol)
    if function is None or not trace.visits:
        return frozenset()
    reads = {block: _names(function, block) for block in blocks_of(function)}
    heads = {block for block in reads if _is_head(function, block)}
    call = trace.visits[-1].call
    wanted: set[str] = set()
    lines: set[int] = set()
    for visit in reversed([one for one in trace.visits if one.call == call and one.block is not None]):
        block = visit.block
        assert block is not None
        ends = bool({"return", "raised"} & visit.changed.keys())
        if ends or block in heads or wanted & visit.changed.keys():
            wanted |= reads.get(block, set())
            lines.update(range(block.first, block.last + 1))
    return frozenset(lines)


def _statements(function: Function, block: Block) -> Iterator[ast.stmt]:
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and block.first <= node.lineno <= block.last and node is not function:
            yield node


def _names(function: Function, block: Block) -> set[str]:
    found: set[str] = set()
    for statement in _statements(function, block):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and block.first <= node.lineno <= block.last:
                found.add(node.id)
    return found


def _is_head(function: Function, block: Block) -> bool:
    return any(hasattr(statement, "body") for statement in _statements(function, block))


def render_trace(trace: Trace, text: str) -> str:
    """Return a trace as lines of text: each block's code with what it changed, as comments.

    Of more than ten visits the first and the last five are shown, as in LDB.
    """
    lines = text.split("\n")
    shown: list[Visit | int] = list(trace.visits)
    hidden = trace.dropped
    if len(trace.visits) > SHOWN:
        hidden += len(trace.visits) - SHOWN
        shown = [*trace.visits[: SHOWN // 2], hidden, *trace.visits[-SHOWN // 2 :]]
    parts = [trace.message or f"{trace.check} fails"]
    for visit in shown:
        if isinstance(visit, int):
            parts.append(f"... {visit} more blocks")
            continue
        values = ", ".join(f"{name} = {value}" for name, value in visit.changed.items())
        if visit.block is None:
            parts.append(f"call {visit.call} of {trace.symbol}: {values}")
            continue
        code = lines[visit.block.first - 1 : visit.block.last]
        for number, line in enumerate(code, visit.block.first):
            cut = line if len(line) <= _CODE else line[:_CODE] + "..."
            last = number == visit.block.last
            parts.append(f"{number:>5}  {cut}" + (f"  # {values}" if last and values else ""))
    hot = Counter(trace.counts).most_common(1)
    if hot and hot[0][1] > SHOWN:
        parts.append(f"Line {hot[0][0]} ran {hot[0][1]:,} times.")
    return "\n".join(parts)
