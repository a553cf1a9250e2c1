"""Inputs that tell versions of a function apart: calls that are seen, changes of them, and made-up ones.

The behaviours of programs on such inputs are compared with each other, as AlphaCode does (Li et al., 2022,
section 4.6); nothing here knows what the right answers are.
"""

import ast
import random
from collections.abc import Sequence

from aci.functions import function
from aci.grammars import language_of
from aci.probing.calls import LONGEST, calls_in, python_calls
from aci.probing.constants import Constants, constants_of
from aci.probing.families import families
from aci.probing.growing import Row, first_different, grown
from aci.probing.kinds import Kind, kind_seen
from aci.probing.literals import parses
from aci.probing.made import Maker
from aci.probing.signatures import Signature, signature_of
from aci.probing.sources import sources
from aci.probing.writing import Unwritable, written
from aci.workspace import Workspace

__all__ = ["make_probes"]

_LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx", "java", "go", "cpp", "rust"})


async def make_probes(workspace: Workspace, path: str, symbol: str, limit: int = 40) -> list[str]:
    """Return calls of a function for telling behaviours apart, always the same ones.

    Each is an expression of the file's language that stands for itself at the end of the file. What is seen
    in the file, its comments and the tests comes first, then changes of that and calls made up from the
    signature; without types, from what the function does with its parameters.

    Args:
        workspace: Where the file and its tests are.
        path: The file that defines the function.
        symbol: The function's name; a method has probes where its object can be made without arguments.
        limit: How many to return at most; none where nothing can be made up for a parameter.

    Raises:
        FileProblem: The file can't be read.
    """
    language = language_of(path)
    if language not in _LANGUAGES:
        return []
    texts = await sources(workspace, path)
    signature = signature_of(path, texts[0], symbol)
    one = function(path, texts[0], symbol)
    about = texts[0][one.start : one.body] if one is not None else ""
    constants = constants_of(texts[0][one.start : one.end]) if one is not None else Constants()
    if language == "python":
        if signature is None and "." in symbol:
            return []
        called = signature.called if signature is not None else symbol
        return _python_probes(texts, path, called, signature, about, constants, limit)
    if signature is None:
        return []
    rows = [row for text in texts for row in calls_in(text, signature)]
    given = [call for row in rows if (call := _call(signature, row))]
    return _probes(signature.called, signature, rows, given, about, constants, limit)


def _python_probes(
    texts: Sequence[str], path: str, called: str, signature: Signature | None, about: str,
    constants: Constants, limit: int,
) -> list[str]:  # fmt: skip
    if not called.isidentifier() and signature is None:
        return []
    symbol = called.rpartition(".")[2]
    calls: dict[str, ast.Call] = {}
    for text in texts:
        for call in python_calls(text, path, symbol, called):
            calls.setdefault(ast.unparse(call), call)
    # Calls that name their arguments are made as they are, but not changed.
    rows = [
        tuple(ast.literal_eval(value) for value in call.args) for call in calls.values() if not call.keywords
    ]
    return _probes(called, signature, rows, list(calls), about, constants, limit)


def _probes(
    called: str, signature: Signature | None, rows: Sequence[Row], given: Sequence[str], about: str,
    constants: Constants, limit: int,
) -> list[str]:  # fmt: skip
    # The seed is the same every time: the same behaviours are compared on the same inputs.
    chance = random.Random(20)  # noqa: S311
    ways = _ways(signature, rows, about)

    def text(row: Row) -> str:
        return _call(signature, row) if signature is not None else _python_call(called, row)

    first = list(dict.fromkeys(given))[: max(1, limit // 2)]
    return first_different(grown(rows, ways, Maker(constants, chance), chance), text, first, limit)


def _ways(signature: Signature | None, rows: Sequence[Row], about: str) -> list[tuple[Kind, ...]]:
    """Return what the parameters take: by their types, else by the calls that are seen, else by guessing."""
    if signature is None:
        return []
    kinds: list[Kind | None] = []
    for at, parameter in enumerate(signature.parameters):
        seen = kind_seen([row[at] for row in rows if len(row) > at])
        loose = parameter.kind is None or (parameter.kind.family == "any" and signature.language == "python")
        kinds.append(seen if loose and seen is not None else parameter.kind)
    known = [one._replace(kind=kind) for one, kind in zip(signature.parameters, kinds, strict=True)]
    # What may be left out and is never given stays so, unless something is known of it.
    while known and known[-1].optional and known[-1].kind is None:
        known.pop()
    return families(signature._replace(parameters=tuple(known)), about)


def _call(signature: Signature, row: Row) -> str:
    """Return a call as text, "" when the language has no literal for an argument or it gets too long."""
    if signature.language == "python":
        return _python_call(signature.called, row)
    parts = []
    for at, value in enumerate(row):
        kind = signature.parameters[at].kind
        try:
            if signature.spread and at == len(signature.parameters) - 1 and isinstance(value, list):
                inner = kind.parts[0] if kind is not None else None
                parts += [written(signature.language, inner, one) for one in value]
            else:
                parts.append(written(signature.language, kind, value))
        except Unwritable:
            return ""
    call = f"{signature.called}({', '.join(parts)})"
    return call if len(call) <= LONGEST and parses(signature.language, call) else ""


def _python_call(called: str, row: Row) -> str:
    call = f"{called}({', '.join(map(repr, row))})"
    return call if len(call) <= LONGEST and parses("python", call) else ""
