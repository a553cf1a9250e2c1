"""An edit of a text, and a Python text in which edits are found by its syntax tree."""

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from aci.blocks import PythonFunction as Function
from aci.blocks import functions_of

__all__ = ["Edit", "Function", "Source"]

_BINARY = {
    ast.BitOr: 5, ast.BitXor: 6, ast.BitAnd: 7, ast.LShift: 8, ast.RShift: 8, ast.Add: 9, ast.Sub: 9,
    ast.Mult: 10, ast.Div: 10, ast.FloorDiv: 10, ast.Mod: 10, ast.MatMult: 10, ast.Pow: 12,
}  # fmt: skip
_ATOM = 14
_SHARED = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)


class Edit(NamedTuple):
    """A small change of a text.

    Attributes:
        start: Offset of the first replaced character.
        end: Offset after the last one.
        new: What stands there instead.
        operator: The kind of change, such as "compare".
        what: The change in a few words.
        line: The line where it begins, from 1.
        prior: How often such a change is the right one, as a rough share.
    """

    start: int
    end: int
    new: str
    operator: str
    what: str
    line: int
    prior: float

    def applied(self, text: str) -> str:
        """Return the text with the change made."""
        return text[: self.start] + self.new + text[self.end :]


class Source:
    """A Python file: its text, its tree, and the way from one to the other.

    Args:
        text: The file's text.

    Raises:
        SyntaxError: It is no Python.
        ValueError: It holds what Python refuses, such as a NUL byte.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        # Python itself ends lines at fewer characters than `splitlines` does.
        if any(character in text for character in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"):
            self._lines = _python_lines(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.parents: dict[ast.AST, ast.AST] = {}
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                # Operators and contexts are shared objects without a place of their own.
                if not isinstance(child, _SHARED):
                    self.parents[child] = parent

    @cached_property
    def functions(self) -> list[tuple[str, Function]]:
        """The functions with their qualified names, outer ones first."""
        return functions_of(self.tree)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place that the tree names by line and byte."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        if text.isascii():
            return self._starts[line - 1] + column
        return self._starts[line - 1] + len(text.encode()[:column].decode("utf-8", "ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> tuple[int, int]:
        """Return where a node begins and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def of(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_start(self, line: int) -> int:
        """Return the offset at which a line begins; that of the end for the line after the last."""
        return self._starts[min(line - 1, len(self._starts) - 1)]

    def indent(self, statement: ast.stmt) -> str:
        """Return the white space before a statement, or "" when something else stands there."""
        start = self.line_start(statement.lineno)
        before = self.text[start : self.span(statement)[0]]
        return before if not before.strip() else ""

    def alone(self, statement: ast.stmt) -> bool:
        """Say whether a statement has its lines for itself."""
        start, end = self.span(statement)
        before = self.text[self.line_start(statement.lineno) : start]
        after = self.text[end : self.line_start((statement.end_lineno or 0) + 1)].strip()
        return not before.strip() and (not after or after.startswith("#"))

    def whole_lines(self, first: ast.stmt, last: ast.stmt) -> tuple[int, int]:
        """Return the span of the lines from one statement to another."""
        line = first.lineno
        if isinstance(first, Function | ast.ClassDef) and first.decorator_list:
            line = first.decorator_list[0].lineno
        return self.line_start(line), self.line_start((last.end_lineno or last.lineno) + 1)

    def needed(self, node: ast.AST) -> int:
        """Return how tightly an expression must bind to stand in the place of a node."""
        parent = self.parents.get(node)
        match parent:
            case ast.BoolOp():
                return 2 if isinstance(parent.op, ast.Or) else 3
            case ast.UnaryOp():
                return 3 if isinstance(parent.op, ast.Not) else 11
            case ast.Compare():
                return 5
            case ast.BinOp():
                own = _BINARY[type(parent.op)]
                tight = (node is parent.right) != isinstance(parent.op, ast.Pow)
                return own + 1 if tight else own
            case ast.IfExp():
                return 0 if node is parent.orelse else 1
            case ast.Starred():
                return 5
            case ast.comprehension():
                return 1
            case ast.Attribute() | ast.Await():
                return _ATOM
            case ast.Subscript() if node is parent.value:
                return _ATOM
            case ast.Call() if node is parent.func:
                return _ATOM
        return 0

    def placed(self, node: ast.expr, new: str) -> str:
        """Return an expression's text as it may stand in the place of a node: in brackets if need be."""
        try:
            made = ast.parse(new, mode="eval").body
        except (SyntaxError, ValueError):
            return f"({new})"
        return f"({new})" if binding(made) < self.needed(node) else new

    def replace(self, node: ast.expr, new: str, operator: str, prior: float, what: str = "") -> Edit:
        """Return the edit that puts another expression in the place of a node."""
        start, end = self.span(node)
        old = self.text[start:end]
        text = self.placed(node, new)
        return Edit(start, end, text, operator, what or change(old, text), node.lineno, prior)


def binding(node: ast.expr) -> int:
    """Return how tightly an expression binds."""
    match node:
        case ast.IfExp() | ast.Lambda() | ast.NamedExpr() | ast.Yield() | ast.YieldFrom() | ast.Starred():
            return 0
        case ast.BoolOp():
            return 1 if isinstance(node.op, ast.Or) else 2
        case ast.UnaryOp():
            return 3 if isinstance(node.op, ast.Not) else 11
        case ast.Compare():
            return 4
        case ast.BinOp():
            return _BINARY[type(node.op)]
        case ast.Await():
            return 13
        case ast.Constant() if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            # `1.real` is no expression.
            return 13
    return _ATOM


def change(old: str, new: str) -> str:
    """Return a replacement in a few words."""

    def short(text: str) -> str:
        flat = " ".join(text.split())
        return flat if len(flat) <= 60 else f"{flat[:57]}..."

    if not new.strip():
        return f"without `{short(old)}`"
    return f"`{short(old)}` to `{short(new)}`"


def _python_lines(text: str) -> list[str]:
    lines: list[str] = []
    at = 0
    while at < len(text):
        ends = [found for found in (text.find("\n", at), text.find("\r", at)) if found >= 0]
        end = min(ends) + 1 if ends else len(text)
        if ends and text[end - 1] == "\r" and text[end : end + 1] == "\n":
            end += 1
        lines.append(text[at:end])
        at = end
    return lines


def statements(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements under a node, outer ones first."""
    pending = [node]
    while pending:
        current = pending.pop(0)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(current, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block
                pending += block
        pending += getattr(current, "handlers", [])
        pending += getattr(current, "cases", [])
