"""All single edits of some lines, in the order in which they are worth a try."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from aci.grammars import grammar
from aci.repair.candidates import Candidate
from aci.repair.edits import Edit
from aci.repair.syntax import calls, operators, statements, values
from aci.repair.syntax.scope import Scope
from aci.repair.syntax.source import Node, Source, walk

_OPERATORS: tuple[Callable[[Scope, Node], Iterator[Edit]], ...] = (
    operators.binaries, operators.unaries, operators.negations, operators.guards, operators.choices,
    operators.assignments, values.literals, values.names, values.one_off, values.indices, values.sequences,
    values.elsewhere, values.exchanged, calls.families, calls.arguments, calls.wraps,
)  # fmt: skip
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'|`[^`]*`|\w+|\s+|.", re.DOTALL)


def edits_of(source: Source, lines: range) -> list[Edit]:
    """Return the edits of what begins in some lines, each change of the text once.

    Args:
        source: The file.
        lines: Line numbers, from 1.
    """
    found: dict[tuple[int, int, str], Edit] = {}
    for function in functions_of(source):
        last = int(function.end_point[0]) + 1
        if function.start_point[0] + 1 >= lines.stop or last < lines.start:
            continue
        scope = Scope(source, function)
        for node in scope.nodes:
            if source.line(node) in lines and source.role(node) != "comment" and not _is_type(node):
                for operator in _OPERATORS:
                    _keep(found, operator(scope, node))
        _keep(found, statements.changes(scope))
        _keep(found, values.everywhere(scope))
    return [edit for edit in found.values() if edit.line in lines]


def functions_of(source: Source) -> list[Node]:
    """Return the outermost functions of a file; one that is assigned to a name is one too."""
    found: list[Node] = []
    pending = [source.root]
    while pending:
        node = pending.pop()
        role = source.role(node)
        named = role == "lambda" and source.role(node.parent) in {"declared", "assignment"}
        if (role == "function" or named) and node.child_by_field_name("body") is not None:
            found.append(node)
        else:
            pending.extend(reversed(node.named_children))
    return found


def _is_type(node: Node) -> bool:
    current = node
    for _ in range(4):
        if current is None:
            return False
        if current.type in {"type_arguments", "template_argument_list", "type_annotation", "dimensions"}:
            return True
        current = current.parent
    return False


def _keep(found: dict[tuple[int, int, str], Edit], edits: Iterator[Edit]) -> None:
    for edit in edits:
        key = (edit.start, edit.end, edit.new)
        known = found.get(key)
        if known is None or known.prior < edit.prior:
            found[key] = edit


def candidates(source: Source, lines: range, limit: int) -> list[Candidate]:
    """Return the edits that are worth a try, the most promising first, each program once.

    Texts with syntax errors that the file has not are left out.

    Args:
        source: The file.
        lines: Where edits may begin.
        limit: How many to return at most.
    """
    weighed = sorted(edits_of(source, lines), key=lambda edit: (-edit.prior, edit.start, edit.end, edit.new))
    check = _Check(source)
    seen = {_shape(source.text)}
    found: list[Candidate] = []
    for edit in weighed:
        text = edit.applied(source.text)
        shape = _shape(text)
        if shape in seen:
            continue
        seen.add(shape)
        if check.parses(text):
            found.append(Candidate(edit, text, edit.prior))
            if len(found) >= limit:
                break
    return found


def _shape(text: str) -> str:
    """Return a text without the white space between its tokens."""
    return "\0".join(token for token in _TOKEN.findall(text) if not token.isspace())


class _Check:
    """Says of texts whether they have no more syntax errors than the file."""

    def __init__(self, source: Source) -> None:
        # Only a grammar that is installed made a source.
        from tree_sitter import Parser  # noqa: PLC0415

        self._parser: Any = Parser(grammar(source.grammar))
        self._known = _errors(source.root)

    def parses(self, text: str) -> bool:
        root = self._parser.parse(text.encode("utf-8", "replace")).root_node
        return not root.has_error or _errors(root) <= self._known


def _errors(root: Node) -> int:
    return sum(node.is_error or node.is_missing for node in walk(root)) if root.has_error else 0
