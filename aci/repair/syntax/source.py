"""A text of any language with its tree-sitter tree, and the way from one to the other."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from aci.grammars import language_of, parse
from aci.repair.edits import Edit, change
from aci.repair.syntax.binding import ATOM, BITS, EITHER, LOOSE, PREFIX, binding, level_of
from aci.repair.syntax.languages import LANGUAGES, Language
from aci.repair.syntax.roles import role_of

Node = Any
"""A node of tree-sitter, which has no types of its own to import before a grammar is needed."""


class Callee(NamedTuple):
    """The parts of a call.

    Attributes:
        name: The node of the function's or method's own name.
        receiver: What it is called on, also a package or class; None for a plain function.
        arguments: The arguments.
    """

    name: Node
    receiver: Node | None
    arguments: list[Node]


class Source:
    """A file: its text, its tree, and the way from one to the other.

    Args:
        path: Its path, whose suffix tells the language.
        text: Its text.

    Raises:
        ValueError: There are no operators for the language, its grammar is missing, or the text is huge.
    """

    def __init__(self, path: str, text: str) -> None:
        name = language_of(path)
        root = parse(name, text) if name in LANGUAGES else None
        if root is None:
            raise ValueError(f"There are no edits for {path}.")
        self.text = text
        self.grammar = name
        self.language: Language = LANGUAGES[name]
        self.root: Node = root

    @cached_property
    def _characters(self) -> Sequence[int]:
        """The offset of the character at each byte."""
        if self.text.isascii():
            return range(len(self.text) + 1)
        found: list[int] = []
        for at, character in enumerate(self.text):
            found += [at] * len(character.encode("utf-8", "replace"))
        return [*found, len(self.text)]

    def span(self, node: Node) -> tuple[int, int]:
        """Return where a node begins and ends."""
        return self._characters[node.start_byte], self._characters[node.end_byte]

    def of(self, node: Node) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.text[start:end]

    def line(self, node: Node) -> int:
        """Return the line where a node begins, from 1."""
        return int(node.start_point[0]) + 1

    def first_line(self, node: Node) -> str:
        """Return the first line of a node's text, for telling what was done."""
        return self.of(node).split("\n")[0].strip()

    def role(self, node: Node | None) -> str:
        """Return what a node is, "" when no operator looks at it."""
        if node is None or not node.is_named:
            return ""
        role = role_of(node.type)
        if role == "number":
            text = self.of(node)
            return "float" if "." in text or ("e" in text and not text.startswith("0x")) else "integer"
        return role

    def operator(self, node: Node) -> Node | None:
        """Return the node of the operator of a binary, unary, update or assignment."""
        found = node.child_by_field_name("operator")
        if found is not None:
            return found
        return next((child for child in node.children if not child.is_named and child.type not in "()"), None)

    def operand(self, node: Node) -> Node | None:
        """Return the operand of a unary, the inside of brackets, the value of a cast or return."""
        inner = [child for child in node.named_children if self.role(child) != "comment"]
        return inner[-1] if inner else None

    def bare(self, node: Node) -> Node:
        """Return what stands in brackets, however many there are."""
        while self.role(node) == "brackets" and (inner := self.operand(node)) is not None:
            node = inner
        return node

    def callee(self, node: Node) -> Callee | None:
        """Return the parts of a call, or None when its function is no name."""
        given = node.child_by_field_name("arguments")
        if given is None:
            return None
        arguments = [part for part in given.named_children if self.role(part) != "comment"]
        if node.type == "method_invocation":
            return Callee(node.child_by_field_name("name"), node.child_by_field_name("object"), arguments)
        function = node.child_by_field_name("function")
        if function is None:
            return None
        if function.type == "generic_function":
            function = function.child_by_field_name("function")
        if function.type == "identifier":
            return Callee(function, None, arguments)
        name = self.member_name(function)
        return None if name is None else Callee(name, function.named_children[0], arguments)

    def member_name(self, node: Node) -> Node | None:
        """Return the node of a member's own name, the `c` of `a.b.c`."""
        for field in ("property", "field", "name"):
            found = node.child_by_field_name(field)
            if found is not None:
                return found
        return None

    def statements(self, block: Node) -> list[Node]:
        """Return the statements of a block; those of Go lie one floor deeper."""
        inner = block.named_children
        if len(inner) == 1 and inner[0].type == "statement_list":
            return self.statements(inner[0])
        return [part for part in inner if self.role(part) != "comment"]

    def needed(self, node: Node) -> int:
        """Return how tightly an expression must bind to stand in the place of a node."""
        parent = node.parent
        role = self.role(parent)
        first = parent is not None and node.start_byte == parent.start_byte
        match role:
            case "binary":
                sign = self.operator(parent)
                level = level_of(self.of(sign)) if sign is not None else LOOSE
                if level == BITS:
                    return PREFIX
                return level if first and level != level_of("==") else level + 1
            case "unary" | "cast" | "reference":
                return PREFIX
            case "call" | "member" | "index" | "slice":
                return ATOM if first else LOOSE
            case "choice":
                return EITHER if first else LOOSE
            case "range":
                return BITS
        return LOOSE

    def placed(self, node: Node, new: str) -> str:
        """Return an expression's text as it may stand in the place of a node: in brackets if need be."""
        return f"({new})" if binding(new) < self.needed(node) else new

    def replace(self, node: Node, new: str, operator: str, prior: float, what: str = "") -> Edit:
        """Return the edit that puts another expression in the place of a node."""
        start, end = self.span(node)
        text = self.placed(node, new)
        return Edit(start, end, text, operator, what or change(self.of(node), text), self.line(node), prior)

    def swap(self, first: Node, second: Node, operator: str, prior: float, what: str = "") -> Edit:
        """Return the edit that exchanges two nodes, of which the first ends before the second begins."""
        start, middle = self.span(first)
        behind, end = self.span(second)
        one, other = self.placed(second, self.of(first)), self.placed(first, self.of(second))
        new = other + self.text[middle:behind] + one
        what = what or f"`{self.first_line(first)}` and `{self.first_line(second)}` swapped"
        return Edit(start, end, new, operator, what, self.line(first), prior)

    def whole(self, node: Node) -> tuple[int, int]:
        """Return the span of a statement, with its lines when nothing else stands on them."""
        start, end = self.span(node)
        head = self.text.rfind("\n", 0, start) + 1
        tail = self.text.find("\n", end)
        tail = len(self.text) if tail < 0 else tail
        if self.text[end:tail].strip() == ";":
            end = tail
        if not self.text[head:start].strip() and not self.text[end:tail].strip():
            return head, min(len(self.text), tail + 1)
        return start, end

    def indent(self, node: Node) -> str:
        """Return the white space that the line of a node begins with."""
        start = self.span(node)[0]
        head = self.text.rfind("\n", 0, start) + 1
        line = self.text[head:start]
        return line[: len(line) - len(line.lstrip())]


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all named ones below it, outer ones first, in the order of the text."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.named_children))
