"""The small edits of a function that are worth a try, without trying them."""

from typing import NamedTuple

from aci.repair.candidates import candidates
from aci.repair.edits import Source
from aci.symbols import find


class Proposal(NamedTuple):
    """An edit that was not tried."""

    text: str
    what: str
    operator: str
    line: int
    prior: float


def proposals(path: str, text: str, symbol: str = "", *, limit: int = 300) -> list[Proposal]:
    """Return the edits of a function, the likeliest first, each program once."""
    try:
        source = Source(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = find(path, text, symbol) if symbol else []
    lines = range(1, text.count("\n") + 2)
    if found:
        lines = range(min(s.top for s in found), max(s.last for s in found) + 1)
    tries = candidates(source, lines, dict.fromkeys(lines, 1.0), limit)
    return [
        Proposal(one.text, one.edit.what, one.edit.operator, one.edit.line, one.edit.prior) for one in tries
    ]
