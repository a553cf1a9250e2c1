"""Functions and classes of a file by name, by tree-sitter, for every language whose grammar is installed."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from aci.constructs import ALONE, DEFINITIONS, SECTIONS
from aci.grammars import grammar, language_of, parse


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
    return _found(language, DEFINITIONS.get(language, ""), parse(language, text))


def sections(path: str, text: str) -> list[Symbol]:
    """Return what a file consists of: its definitions, else its headings, keys, rules or tables."""
    language = language_of(path)
    return _found(language, DEFINITIONS.get(language) or SECTIONS.get(language, ""), parse(language, text))


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
    # What lies around comes before what lies in it.
    return list(_nested(sorted(_matches(language, patterns, root), key=lambda m: (m.start, -m.end))))


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
        yield _Match(node.start_byte, node.end_byte, node, kind, name)


@cache
def _query(language: str, patterns: str) -> Any:
    from tree_sitter import Query  # noqa: PLC0415

    return Query(grammar(language), patterns)


def _text(node: Any) -> str:
    return str((node.text or b"").decode("utf-8", "replace")).replace("::", ".")


def _type_in(node: Any) -> str:
    """Return the name of a type from how it is written: `(r *Report[T])`, `Report<'a>`."""
    bare = _text(node).strip("()& *").partition("<")[0].partition("[")[0]
    return bare.split()[-1].strip("*&").rpartition(".")[2] if bare.split() else ""


def _nested(matches: list[_Match]) -> Iterator[Symbol]:
    around: list[tuple[_Match, str, int]] = []
    for match in matches:
        # Of two names for one thing neither lies in the other.
        while around and (around[-1][0].end < match.end or around[-1][0].node == match.node):
            around.pop()
        prefix, depth = (around[-1][1], around[-1][2]) if around else ("", 0)
        # A heading or a rule is known by its own words; everything else by where it lies, too.
        name = match.name if match.kind in ALONE else prefix + match.name
        defines = match.kind != "around"
        around.append((match, f"{name}.", depth + defines))
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
