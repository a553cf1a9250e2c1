"""The single edits of a function in any language that has operators, without running anything."""

from typing import NamedTuple

from aci.functions import function
from aci.grammars import language_of
from aci.repair import candidates as python
from aci.repair import syntax
from aci.repair.edits import Source
from aci.repair.syntax.languages import LANGUAGES
from aci.repair.syntax.source import Source as SyntaxSource
from aci.symbols import find

MAX_PROPOSALS = 400
PYTHON = "python"
MENDED = frozenset({PYTHON, *LANGUAGES})
"""The languages, as `aci.grammars` names them, that edits are known for."""


class Proposal(NamedTuple):
    """A small edit of a file that nobody has tried.

    Attributes:
        text: The file's whole new text.
        what: The edit in a few words, such as "`<` to `<=`".
        operator: The kind of edit.
        line: Where it begins, in the old text, from 1.
        prior: How often such an edit is the right one, as a rough share.
    """

    text: str
    what: str
    operator: str
    line: int
    prior: float


def is_mended(path: str) -> bool:
    """Say whether there are edits for the language of a file."""
    return language_of(path) in MENDED


def proposals(
    path: str, text: str, symbol_or_lines: str | range = "", limit: int = MAX_PROPOSALS
) -> list[Proposal]:
    """Return the single edits of a function or of some lines, the likeliest first, each program once.

    All lines count the same. Texts that the grammar finds new errors in are left out.

    Args:
        path: The file's path, whose suffix tells the language.
        text: The file's text.
        symbol_or_lines: A function of it, or lines from 1; all of the file when empty.
        limit: How many to return at most.

    Returns:
        The edits; none for a language that has no operators, and for a text that can't be parsed.
    """
    return [
        Proposal(made.text, made.edit.what, made.edit.operator, made.edit.line, made.weight)
        for made in candidates(path, text, symbol_or_lines, limit)
    ]


def candidates(
    path: str, text: str, symbol_or_lines: str | range = "", limit: int = MAX_PROPOSALS
) -> list[python.Candidate]:
    """Do what `proposals` does, with each edit as it is in the text."""
    lines = lines_of(path, text, symbol_or_lines)
    try:
        if language_of(path) == PYTHON:
            return python.candidates(Source(text), lines, dict.fromkeys(lines, 1.0), limit)
        return syntax.candidates(SyntaxSource(path, text), lines, limit)
    except (SyntaxError, ValueError, RecursionError):
        return []


def lines_of(path: str, text: str, symbol_or_lines: str | range) -> range:
    """Return the lines of a symbol, those that were given, or all when neither is known."""
    if isinstance(symbol_or_lines, range):
        return symbol_or_lines
    found = find(path, text, symbol_or_lines) if symbol_or_lines else []
    if found:
        return range(min(s.top for s in found), max(s.last for s in found) + 1)
    one = function(path, text, symbol_or_lines) if symbol_or_lines else None
    if one is not None:
        return range(text.count("\n", 0, one.start) + 1, text.count("\n", 0, one.end) + 2)
    return range(1, text.count("\n") + 2)
