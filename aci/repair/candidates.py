"""All single edits of a function, or of some lines, in the order in which they are worth a try."""

import ast
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from aci.repair import calls, expressions, statements, values
from aci.repair.edits import Edit, Source
from aci.repair.scope import Scope

_OPERATORS: tuple[Callable[[Scope, ast.expr], Iterator[Edit]], ...] = (
    expressions.compares, expressions.booleans, expressions.binaries, expressions.unaries,
    expressions.choices, values.constants, values.names, values.one_off, values.subscripts, values.sequences,
    values.elsewhere, calls.functions, calls.attributes, calls.arguments, calls.wraps, calls.comprehensions,
)  # fmt: skip


class Candidate(NamedTuple):
    """An edit, the text it makes, and how much it is worth a try."""

    edit: Edit
    text: str
    weight: float


def edits_of(source: Source, lines: range) -> list[Edit]:
    """Return the edits of what begins in some lines, each change of the text once.

    Args:
        source: The file.
        lines: Line numbers, from 1.
    """
    found: dict[tuple[int, int, str], Edit] = {}
    scopes: dict[ast.AST, Scope] = {}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.expr) or node.lineno not in lines or _is_annotation(source, node):
            continue
        owner = _owner(source, node)
        if owner not in scopes:
            scopes[owner] = Scope(
                source, owner if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) else None
            )
        for operator in _OPERATORS:
            _keep(found, operator(scopes[owner], node))
    for _, function in source.functions:
        if function.lineno in lines or any(part.lineno in lines for part in function.body):
            scope = scopes.get(function) or Scope(source, function)
            _keep(found, statements.changes(scope))
            _keep(found, values.everywhere(scope))
    return [
        edit
        for edit in found.values()
        if edit.line in lines and source.text[edit.start : edit.end] != edit.new
    ]


def _keep(found: dict[tuple[int, int, str], Edit], edits: Iterator[Edit]) -> None:
    for edit in edits:
        key = (edit.start, edit.end, edit.new)
        known = found.get(key)
        if known is None or known.prior < edit.prior:
            found[key] = edit


def _owner(source: Source, node: ast.AST) -> ast.AST:
    """Return the innermost function around a node, or the module."""
    current: ast.AST = node
    while (parent := source.parents.get(current)) is not None:
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            outside = [*parent.decorator_list, parent.returns]
            if not any(current is part for part in outside):
                return parent
        current = parent
    return source.tree


def _is_annotation(source: Source, node: ast.expr) -> bool:
    """Say whether a node is part of an annotation or a docstring."""
    current: ast.AST = node
    while (parent := source.parents.get(current)) is not None:
        match parent:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if current is parent.returns:
                return True
            case ast.arg():
                return True
            case ast.AnnAssign() if current is parent.annotation:
                return True
            case ast.Expr() if isinstance(current, ast.Constant) and isinstance(current.value, str):
                return True
            case ast.JoinedStr():
                # Places inside of f-strings are not the text's before Python 3.12.
                return True
            case ast.arguments():
                return current not in [*parent.defaults, *[one for one in parent.kw_defaults if one]]
        current = parent
    return False


def candidates(source: Source, lines: range, suspicion: Mapping[int, float], limit: int) -> list[Candidate]:
    """Return the edits that are worth a try, the most promising first, texts that do not parse left out.

    Args:
        source: The file.
        lines: Where edits may begin.
        suspicion: How suspicious each line is, from 0 to 1; lines that are not named are left out.
        limit: How many to return at most.
    """
    reach = reachable(source, suspicion)
    weighed = [
        (edit.prior * reach[edit.line], edit) for edit in edits_of(source, lines) if reach.get(edit.line)
    ]
    weighed.sort(key=lambda pair: (-pair[0], pair[1].start, pair[1].end, pair[1].new))
    seen: set[tuple[int, str]] = set()
    found: list[Candidate] = []
    parts = _parts(source)
    with warnings.catch_warnings():
        # `1if` and the like are what some edits make on the way to what does not parse.
        warnings.simplefilter("ignore")
        for number, (start, end) in enumerate(parts):
            seen.add((number, _shape(source.text[start:end]) or ""))
        for weight, edit in weighed:
            number = bisect_right(parts, (edit.start, len(source.text) + 1)) - 1
            start, end = parts[number]
            same = _shape(
                source.text[start : edit.start] + edit.new + source.text[edit.end : max(end, edit.end)]
            )
            if same is None or (number, same) in seen:
                continue
            seen.add((number, same))
            found.append(Candidate(edit, edit.applied(source.text), weight))
            if len(found) >= limit:
                break
    return found


def _parts(source: Source) -> list[tuple[int, int]]:
    """Return the spans of the file's outermost statements, which are checked alone: a file may be long."""
    starts = []
    for statement in source.tree.body:
        decorators = getattr(statement, "decorator_list", [])
        starts.append(source.line_start(decorators[0].lineno if decorators else statement.lineno))
    starts = sorted({0, *starts[1:]})
    return list(zip(starts, [*starts[1:], len(source.text)], strict=True))


def _shape(text: str) -> str | None:
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def reachable(source: Source, suspicion: Mapping[int, float]) -> dict[int, float]:
    """Return the suspicion of every line: a statement's that runs over several lines counts for them all."""
    reach = dict(suspicion)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.stmt):
            continue
        last = node.end_lineno or node.lineno
        body: Sequence[ast.stmt] = getattr(node, "body", ())
        if body and isinstance(body[0], ast.stmt):
            last = max(node.lineno, body[0].lineno - 1)
        if last > node.lineno:
            inside = range(node.lineno, last + 1)
            most = max((suspicion.get(line, 0.0) for line in inside), default=0.0)
            for line in inside:
                reach[line] = max(reach.get(line, 0.0), most)
    return reach
