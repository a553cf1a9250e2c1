"""Functions and classes of a file by name, by tree-sitter, for every language whose grammar is installed."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from aci.grammars import language_of, parse

# Each pattern names what it defines by `@name`; the other capture says which kind of thing that is. `@around`
# defines nothing itself but gives its name to what lies in it; so does `@owner` to a method outside its type.
_DEFINITIONS: Mapping[str, str] = {
    "python": """
        (class_definition name: (_) @name) @class
        (function_definition name: (_) @name) @function""",
    "javascript": """
        (class_declaration name: (_) @name) @class
        (class name: (_) @name) @class
        (function_declaration name: (_) @name) @function
        (generator_function_declaration name: (_) @name) @function
        (method_definition name: (_) @name) @function
        (field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @function
        (variable_declarator name: (identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @function""",
    "go": """
        (function_declaration name: (_) @name) @function
        (method_declaration receiver: (_) @owner name: (_) @name) @function
        (type_spec name: (_) @name) @type""",
    "rust": """
        (impl_item type: (_) @name) @around
        (function_item name: (_) @name) @function
        (struct_item name: (_) @name) @struct
        (union_item name: (_) @name) @struct
        (enum_item name: (_) @name) @enum
        (trait_item name: (_) @name) @trait
        (mod_item name: (_) @name) @module
        (macro_definition name: (_) @name) @macro""",
    "java": """
        (class_declaration name: (_) @name) @class
        (interface_declaration name: (_) @name) @interface
        (annotation_type_declaration name: (_) @name) @interface
        (enum_declaration name: (_) @name) @enum
        (record_declaration name: (_) @name) @class
        (method_declaration name: (_) @name) @function
        (constructor_declaration name: (_) @name) @function""",
    "bash": "(function_definition name: (_) @name) @function",
}
# What gives a file of another kind its order. It can be listed and opened, but not be rewritten by name.
_SECTIONS: Mapping[str, str] = {
    "markdown": """
        (section (atx_heading heading_content: (_) @name)) @section
        (setext_heading heading_content: (_) @name) @section""",
    "css": """
        (rule_set (selectors) @name) @rule
        (media_statement . (_) @name) @rule
        (keyframes_statement (keyframes_name) @name) @rule""",
    "html": """
        (element [(start_tag (attribute (attribute_name) @_id
            [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))
            (self_closing_tag (attribute (attribute_name) @_id
            [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))]
            (#eq? @_id "id")) @element""",
    "json": """
        (document (object (pair key: (string (string_content) @name)) @key))
        (document (object (pair value: (object (pair key: (string (string_content) @name)) @key))))""",
    "toml": """
        (table . [(bare_key) (dotted_key) (quoted_key)] @name) @table
        (table_array_element . [(bare_key) (dotted_key) (quoted_key)] @name) @table""",
    "yaml": """
        (document (block_node (block_mapping (block_mapping_pair key: (_) @name) @key)))
        (document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
            (block_mapping_pair key: (_) @name) @key))))))""",
    "sql": """
        (create_table (object_reference) @name) @table
        (create_view (object_reference) @name) @view
        (create_function (object_reference) @name) @function""",
    "xml": """
        (document root: (element (STag (Name) @name)) @element)
        (document root: (element (content (element (STag (Name) @name)) @element)))""",
}  # fmt: skip

_ALONE = frozenset({"element", "rule", "section", "table", "view"})


class Symbol(NamedTuple):
    """A definition.

    Attributes:
        name: Its name with those around it, such as "Report.render".
        first: Its first line, from 1, decorators left out.
        last: Its last line.
        column: How many bytes stand before it in its first line: its indentation, or such as `export`.
        top: Its first line with the decorators or attributes above it.
        kind: What is defined, such as "class" or "function".
        depth: How many definitions it lies in.
    """

    name: str
    first: int
    last: int
    column: int
    top: int
    kind: str = "function"
    depth: int = 0


class _Match(NamedTuple):
    start: int
    end: int
    node: Any
    kind: str
    name: str


def symbols(path: str, text: str) -> list[Symbol]:
    """Return the definitions of a file in their order; none where no grammar knows the language."""
    language = language_of(path)
    return _found(language, _DEFINITIONS.get(language, ""), parse(language, text))


def sections(path: str, text: str) -> list[Symbol]:
    """Return what a file consists of: its definitions, else its headings, keys, rules or tables."""
    language = language_of(path)
    return _found(language, _DEFINITIONS.get(language) or _SECTIONS.get(language, ""), parse(language, text))


def find(path: str, text: str, name: str) -> list[Symbol]:
    """Return the definitions that a name may mean: by its whole name, else by the last part of it."""
    return among(symbols(path, text), name)


def among(known: list[Symbol], name: str) -> list[Symbol]:
    """Return those symbols that a name may mean: by their whole name, else by the last part of it."""
    wanted = plain(name)
    last = wanted.rpartition(".")[2]
    exact = [symbol for symbol in known if symbol.name in {wanted, name.strip()}]
    ending = [symbol for symbol in known if symbol.name.endswith(f".{wanted}")]
    return exact or ending or [symbol for symbol in known if symbol.name.rpartition(".")[2] == last]


def plain(name: str) -> str:
    """Return a name as symbols have it, from how a model may write it: `def f(x):`, `A::f`, `A.f()`."""
    words = name.strip().partition("(")[0].rstrip(":").split()
    return words[-1].replace("::", ".").replace("#", ".").strip(".") if words else ""


def _found(language: str, patterns: str, root: Any | None) -> list[Symbol]:
    if root is None or not patterns:
        return []
    return list(_nested(sorted(_matches(language, patterns, root))))


def _matches(language: str, patterns: str, root: Any) -> Iterator[_Match]:
    from tree_sitter import QueryCursor  # noqa: PLC0415 - with the first file, as the grammars are

    seen = set()
    for _, captures in QueryCursor(_query(language, patterns)).matches(root):
        (kind,) = captures.keys() - {"name", "owner", "_id"}
        node, named = captures[kind][0], captures["name"][0]
        key = (node.start_byte, node.end_byte, named.start_byte)
        if key in seen:
            continue
        seen.add(key)
        owner = _type_in(captures["owner"][0]) + "." if "owner" in captures else ""
        name = _type_in(named) if kind == "around" else owner + " ".join(_text(named).split())
        # Sorted, what lies around comes before what lies in it.
        yield _Match(node.start_byte, -node.end_byte, node, kind, name)


@cache
def _query(language: str, patterns: str) -> Any:
    from tree_sitter import Query  # noqa: PLC0415

    from aci.grammars import grammar  # noqa: PLC0415

    return Query(grammar(language), patterns)


def _text(node: Any) -> str:
    return str((node.text or b"").decode("utf-8", "replace"))


def _type_in(node: Any) -> str:
    """Return the name of a type from how it is written: `(r *Report[T])`, `Report<'a>`."""
    bare = _text(node).strip("()& *").partition("<")[0].partition("[")[0]
    return bare.split()[-1].strip("*&").rpartition("::")[2] if bare.split() else ""


def _nested(matches: list[_Match]) -> Iterator[Symbol]:
    around: list[tuple[int, str, int]] = []
    for match in matches:
        while around and around[-1][0] < -match.end:
            around.pop()
        prefix, depth = (around[-1][1], around[-1][2]) if around else ("", 0)
        # A heading or a rule is known by its own words; everything else by where it lies, too.
        name = match.name if match.kind in _ALONE else prefix + match.name
        defines = match.kind != "around"
        around.append((-match.end, f"{name}.", depth + defines))
        if defines:
            (first, column), last = match.node.start_point, match.node.end_point
            # A node that ends at the start of a line ends with the line before.
            end = last[0] + (last[1] > 0 or last[0] == first)
            yield Symbol(name, first + 1, end, column, _top(match.node) + 1, match.kind, depth)


def _top(node: Any) -> int:
    if node.parent is not None and node.parent.type == "decorated_definition":
        return int(node.parent.start_point[0])
    top = node
    while top.prev_named_sibling is not None and top.prev_named_sibling.type == "attribute_item":
        top = top.prev_named_sibling
    return int(top.start_point[0])
