"""The basic blocks of a Python function: runs of statements that are entered at the first one only.

After the blocks of LDB (Zhong et al., "Debug like a Human", arXiv 2402.16906), by the syntax tree: a compound
statement's head is a block of its own, since a loop comes back to it.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

PythonFunction = ast.FunctionDef | ast.AsyncFunctionDef

_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


class Block(NamedTuple):
    """A block, by the numbers of its first and its last line, from 1."""

    first: int
    last: int


def functions_of(tree: ast.AST) -> list[tuple[str, PythonFunction]]:
    """Return the functions in a tree with their qualified names, in the order of their lines."""
    found = []
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        around, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, PythonFunction | ast.ClassDef):
                name = around + child.name
                if isinstance(child, PythonFunction):
                    found.append((name, child))
                pending.append((name + ".", child))
            else:
                pending.append((around, child))
    return sorted(found, key=lambda pair: pair[1].lineno)


def python_function(text: str, symbol: str) -> PythonFunction | None:
    """Return the one function of a Python text that a name means, by its whole name or its last part."""
    try:
        known = functions_of(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return None
    wanted = symbol.strip().removesuffix("()")
    exact = [one for name, one in known if name == wanted]
    found = exact or [one for name, one in known if name.rpartition(".")[2] == wanted]
    return found[0] if len(found) == 1 else None


def lines_of(function: PythonFunction) -> tuple[int, int]:
    """Return the first and the last line of a function, its decorators included."""
    first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    return first, function.end_lineno or function.lineno


def blocks_of(function: PythonFunction) -> list[Block]:
    """Return the blocks of a function in the order of their lines; those of functions inside it are not."""
    body = function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(body) > 1:
        body = body[1:]
    return sorted(set(_blocks(body)))


def _blocks(statements: Sequence[ast.stmt]) -> Iterator[Block]:
    begun: ast.stmt | None = None
    last = 0
    for statement in statements:
        if isinstance(statement, _COMPOUND):
            if begun is not None:
                yield Block(begun.lineno, last)
            begun = None
            inner = list(_bodies(statement))
            # `try:` itself does nothing that could be watched.
            if not isinstance(statement, ast.Try):
                head = min((part[0].lineno for part in inner), default=statement.lineno + 1) - 1
                yield Block(statement.lineno, max(statement.lineno, head))
            for part in inner:
                yield from _blocks(part)
            continue
        begun = begun or statement
        last = statement.end_lineno or statement.lineno
        if isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue):
            yield Block(begun.lineno, last)
            begun = None
    if begun is not None:
        yield Block(begun.lineno, last)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        part = getattr(statement, name, [])
        if part:
            yield part
    for handler in getattr(statement, "handlers", []):
        yield handler.body
    for case in getattr(statement, "cases", []):
        yield case.body
