"""Where a file defines and uses a name: by its syntax, so that comments and texts don't count."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from aci.grammars import language_of, parse
from aci.symbols import Symbol, symbols

LANGUAGES = frozenset(
    {"bash", "c", "cpp", "go", "java", "javascript", "php", "python", "ruby", "rust", "tsx", "typescript"}
)
"""Languages whose names are told from their comments and texts."""

_NAMES = frozenset({"constant", "name", "variable_name", "word"})
# What gives a name to a value or a type, and under which field the name stands.
_BINDINGS = {
    "assignment": "left",
    "annotation_type_element_declaration": "name",
    "enumerator": "name", "preproc_def": "name", "property_signature": "name", "method_signature": "name",
    "public_field_definition": "name", "init_declarator": "declarator",
    "const_item": "name", "const_spec": "name", "enum_constant": "name", "enum_variant": "name",
    "field_declaration": "name", "field_definition": "property", "function_signature_item": "name",
    "method_elem": "name", "static_item": "name", "type_alias": "name", "type_alias_statement": "left",
    "type_item": "name", "var_spec": "name", "variable_assignment": "name", "variable_declarator": "name",
}  # fmt: skip
_FUNCTION = re.compile("function|method|closure|lambda|constructor")


class Occurrences(NamedTuple):
    """Where a file has a name.

    Attributes:
        definitions: Where it is defined.
        uses: The lines, from 1, in which it is used, each once.
    """

    definitions: list[Symbol]
    uses: list[int]


def occurrences(path: str, text: str, name: str) -> Occurrences | None:
    """Return where a file has a name; None where its language is not known.

    Args:
        path: The file, for its language.
        text: Its text.
        name: A name without the class around it.
    """
    language = language_of(path)
    root = parse(language, text) if language in LANGUAGES else None
    if root is None:
        return None
    found = {symbol.first: symbol for symbol in symbols(path, text) if symbol.name.rpartition(".")[2] == name}
    uses = []
    pending = [found[first] for first in sorted(found)]
    for node in _tokens(root, text, name):
        line = node.start_point[0] + 1
        while pending and pending[0].last < line:
            pending.pop(0)
        if pending and pending[0].first <= line:
            # The first of its tokens in a definition is what it defines.
            pending.pop(0)
        elif (bound := _binding(node)) is None:
            uses.append(line)
        elif line not in found:
            end = bound.end_point[0] + 1
            found[line] = Symbol(name, line, end, node.start_point[1], line, "variable")
    return Occurrences([found[first] for first in sorted(found)], list(dict.fromkeys(uses)))


def _tokens(root: Any, text: str, name: str) -> Iterator[Any]:
    data, wanted = text.encode("utf-8", "replace"), name.encode("utf-8", "replace")
    for match in re.finditer(rb"(?<![\w\x80-\xff])" + re.escape(wanted) + rb"(?![\w\x80-\xff])", data):
        node = root.descendant_for_byte_range(match.start(), match.end())
        if node is not None and (node.type in _NAMES or "identifier" in node.type) and node.text == wanted:
            yield node


def _binding(node: Any) -> Any | None:
    """Return the statement outside every function that gives a name its value, if it does so here."""
    around = node.parent
    if around is None or around.child_by_field_name(_BINDINGS.get(around.type, "-")) != node:
        return None
    outer = around.parent
    while outer is not None:
        if _FUNCTION.search(outer.type):
            return None
        outer = outer.parent
    return around
