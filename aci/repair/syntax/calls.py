"""Changes of calls: another function of the family, other arguments, a call more or less around a value."""

from collections.abc import Iterator
from itertools import pairwise

from aci.repair.edits import Edit
from aci.repair.hints import boosted
from aci.repair.syntax.binding import ATOM, PREFIX, tight
from aci.repair.syntax.scope import Scope
from aci.repair.syntax.source import Callee, Node, Source

_CLOSE = frozenset({"min", "max", "Min", "Max", "some", "every", "any", "all", "anyMatch", "allMatch"})
_HINTS = {
    "touppercase": "upper", "tolowercase": "lower", "toupper": "upper", "tolower": "lower", "every": "all",
    "some": "any", "anymatch": "any", "allmatch": "all", "hasprefix": "startswith", "hassuffix": "endswith",
    "isupper": "upper", "islower": "lower", "isuppercase": "upper", "islowercase": "lower", "rev": "reverse",
    "minelement": "min", "maxelement": "max", "reverseorder": "reverse", "anyof": "any", "allof": "all",
}  # fmt: skip
_WRAPPED = frozenset({"name", "call", "binary", "index", "member", "brackets", "unary", "range", "text"})
_MAIN = frozenset(
    {"return", "assignment", "declared", "binary", "brackets", "unary", "loop", "choice", "block"}
)


def hint_of(name: str) -> str:
    """Return the word under which the hints know a function."""
    plain = name.replace("_", "").replace("ascii", "").lower()
    return _HINTS.get(plain, plain)


def families(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another function, method or named constant of the same family."""
    source = scope.source
    if node.type not in {"identifier", "property_identifier", "field_identifier"}:
        return
    own = source.of(node)
    if own in scope.names:
        return
    others = {other: None for family in source.language.families if own in family for other in family}
    for other in others:
        if other != own:
            prior = boosted(0.12 if own in _CLOSE else 0.08, hint_of(other), scope.words)
            yield source.replace(node, other, "function", prior)
    if others or source.role(node.parent) != "member":
        return
    called = source.role(node.parent.parent) == "call"
    for other_node in scope.nodes:
        other = source.of(other_node) if other_node.type == node.type else ""
        alike = other and source.role(other_node.parent) == "member" and other != own
        if alike and (source.role(other_node.parent.parent) == "call") == called:
            yield source.replace(node, other, "function", 0.02)


def arguments(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield arguments swapped or dropped, and the receiver exchanged with an argument."""
    source = scope.source
    parts = source.callee(node) if source.role(node) == "call" else None
    if parts is None:
        return
    for one, other in pairwise(parts.arguments):
        if source.of(one) != source.of(other):
            yield source.swap(one, other, "swap arguments", 0.1, "arguments " + _swapped(source, one, other))
    for at, part in enumerate(parts.arguments):
        start, end = source.span(part)
        if at + 1 < len(parts.arguments):
            end = source.span(parts.arguments[at + 1])[0]
        elif at:
            start = source.span(parts.arguments[at - 1])[1]
        what = f"without the argument `{source.first_line(part)}`"
        prior = 0.05 if len(parts.arguments) > 1 else 0.01
        yield Edit(start, end, "", "drop argument", what, source.line(part), prior)
    receiver = parts.receiver
    swappable = receiver is not None and len(parts.arguments) == 1 and _is_value(scope, receiver)
    if receiver is not None and swappable and source.role(parts.arguments[0]) not in {"lambda", ""}:
        yield source.swap(receiver, parts.arguments[0], "swap receiver", 0.06)
    yield from _bounds_added(scope, node, parts)


def _swapped(source: Source, one: Node, other: Node) -> str:
    return f"`{source.first_line(one)}` and `{source.first_line(other)}` swapped"


def _bounds_added(scope: Scope, node: Node, parts: Callee) -> Iterator[Edit]:
    """Yield a sort with a direction, and a slice with its second bound."""
    source = scope.source
    name = source.of(parts.name)
    end = source.span(node)[1] - 1
    if name == "sort" and source.language.equal == "===" and not parts.arguments:
        for form, prior in (("(a, b) => a - b", 0.08), ("(a, b) => b - a", 0.06)):
            weight = boosted(prior, "sorted", scope.words)
            what = f"sorted by `{form}`"
            yield Edit(end, end, form, "add argument", what, source.line(node), weight)
    if name in {"slice", "substring"} and len(parts.arguments) == 1 and parts.receiver is not None:
        receiver = source.of(parts.receiver)
        length = f"{receiver}.length" + ("()" if source.grammar == "java" else "")
        what = f"up to `{length} - 1`"
        yield Edit(end, end, f", {length} - 1", "add argument", what, source.line(node), 0.03)


def _is_value(scope: Scope, node: Node) -> bool:
    """Say whether a receiver is a value, and not a package or a class."""
    return scope.source.role(node) != "name" or scope.source.of(node) in scope.names


def wraps(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a value inside one more call, or without the call or cast around it."""
    source = scope.source
    role = source.role(node)
    if role == "call":
        yield from _unwrapped(scope, node)
    elif role == "cast" and (inner := source.operand(node)) is not None:
        value = node.child_by_field_name("value") or inner
        yield source.replace(node, source.of(value), "drop cast", 0.05)
    parent = source.role(node.parent)
    main = parent in _MAIN or node.parent.type in {"arguments", "argument_list", "expression_list", "array"}
    if role not in _WRAPPED or not main or _is_stored(source, node):
        return
    if parent == "call" and node.start_byte == node.parent.start_byte:
        return
    kind = "range" if role == "range" else scope.kind(node)
    text = source.of(node)
    for wrap in source.language.wraps:
        fit = 1.0 if wrap.kind == kind else 0.3 if not kind and role != "text" else 0.0
        if wrap.kind == "steps" and role != "call":
            fit = 0.0
        # A package that the file does not import can't be called.
        package, dot, _ = wrap.form.partition(".")
        if source.grammar == "go" and dot and package.isidentifier() and f'"{package}"' not in source.text:
            continue
        if not fit or (parent == "binary" and wrap.kind == "many"):
            continue
        inside = (
            tight(text, ATOM if wrap.form.startswith("{}.") else PREFIX) if "({})" not in wrap.form else text
        )
        weight = boosted(wrap.prior, wrap.hint, scope.words) * fit
        # Of numbers a part of a sum is rarely what is to be rounded or made positive.
        weight *= 0.5 if parent == "binary" else 1.0
        yield source.replace(node, wrap.form.format(inside), "wrap", weight)


def _is_stored(source: Source, node: Node) -> bool:
    left = node.parent.child_by_field_name("left")
    if source.role(node.parent) in {"assignment", "update"}:
        return left is None or left.start_byte <= node.start_byte < left.end_byte
    names = node.parent.child_by_field_name("name") or node.parent.child_by_field_name("pattern")
    declared = source.role(node.parent) in {"declared", "loop"}
    return declared and names is not None and names.start_byte == node.start_byte


def _unwrapped(scope: Scope, node: Node) -> Iterator[Edit]:
    source = scope.source
    parts = source.callee(node)
    if parts is None:
        return
    whole = source.role(node.parent) in {"statement", "block"}
    if whole:
        return
    if parts.receiver is not None and _is_value(scope, parts.receiver):
        chained = source.role(parts.receiver) == "call"
        yield source.replace(node, source.of(parts.receiver), "drop call", 0.1 if chained else 0.04)
    elif parts.arguments:
        prior = 0.08 if len(parts.arguments) == 1 else 0.02
        for argument in parts.arguments[:2]:
            if source.role(argument) not in {"lambda", ""}:
                yield source.replace(node, source.of(argument), "drop call", prior)
