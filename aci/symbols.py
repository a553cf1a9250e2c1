"""Functions and classes of a file by name, by tree-sitter, for every language whose grammar is installed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from aci.grammars import language_of, parse

_DEFINITIONS = frozenset(
    {
        "function_definition", "class_definition",  # python, bash
        "function_declaration", "generator_function_declaration", "class_declaration", "method_definition",
        "method_declaration", "constructor_declaration", "interface_declaration", "enum_declaration",
        "record_declaration",
        "function_item", "struct_item", "enum_item", "trait_item", "mod_item",
    }
)  # fmt: skip


class Symbol(NamedTuple):
    """A definition.

    Attributes:
        name: Its name with those around it, such as "Report.render".
        first: Its first line, from 1, decorators left out.
        last: Its last line.
        column: How many bytes stand before it in its first line: its indentation, or such as `export`.
        top: Its first line with the decorators or attributes above it.
    """

    name: str
    first: int
    last: int
    column: int
    top: int


def symbols(path: str, text: str) -> list[Symbol]:
    """Return the definitions of a file in their order; none where no grammar knows the language."""
    root = parse(language_of(path), text)
    return list(_walk(root, "")) if root is not None else []


def _walk(node: Any, prefix: str) -> Iterator[Symbol]:
    # Depth is bounded by the nesting of definitions and blocks; a file that nests deeper defines nothing new.
    pending = [(node, prefix)]
    while pending:
        current, around = pending.pop()
        inner = around
        if current.type in _DEFINITIONS:
            name = current.child_by_field_name("name")
            if name is not None:
                shown = around + name.text.decode("utf-8", "replace")
                inner = f"{shown}."
                first, column = current.start_point
                yield Symbol(shown, first + 1, current.end_point[0] + 1, column, _top(current) + 1)
        pending.extend((child, inner) for child in reversed(current.named_children))


def _top(node: Any) -> int:
    if node.parent is not None and node.parent.type == "decorated_definition":
        return int(node.parent.start_point[0])
    top = node
    while top.prev_named_sibling is not None and top.prev_named_sibling.type == "attribute_item":
        top = top.prev_named_sibling
    return int(top.start_point[0])


def find(path: str, text: str, name: str) -> list[Symbol]:
    """Return the definitions that a name may mean: by its whole name, else by the last part of it."""
    found = symbols(path, text)
    wanted = name.strip().removesuffix("()").replace("::", ".")
    exact = [symbol for symbol in found if symbol.name == wanted]
    return exact or [
        symbol for symbol in found if symbol.name.rpartition(".")[2] == wanted.rpartition(".")[2]
    ]
