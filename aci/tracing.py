"""What a function did while a check failed: its basic blocks in the order they ran, with their values.

In the manner of LDB (Zhong et al., "Debug like a Human", arXiv 2402.16906), by execution alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aci.blocks import blocks_of, lines_of, python_function
from aci.trials import plan_for, watch
from aci.visits import Visit, visits_of
from aci.workspace import Workspace

SHOWN = 10
_CODE = 90


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
    seen = await watch(
        workspace,
        path,
        await plan_for(workspace, path, tests),
        cpu_seconds=cpu_seconds,
        text=text,
        leaders=[block.first for block in blocks],
        span=lines_of(function),
    )
    if seen is None:
        return None
    for check in seen.trial.failed:
        notes = seen.values.get(check)
        if notes and notes["head"]:
            ran = seen.lines.get(check, {})
            counts = {block.first: ran[block.first] for block in blocks if block.first in ran}
            message = seen.trial.message if check == seen.trial.failed[0] else ""
            visits = tuple(visits_of(notes, {block.first: block for block in blocks}))
            return Trace(path, symbol, check, message, visits, int(notes["dropped"]), counts)
    return None


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
