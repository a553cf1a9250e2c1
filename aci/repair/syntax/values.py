"""Changes of values: literals, one variable for another, one more or less, bounds and indices."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from aci.repair.edits import Edit
from aci.repair.syntax.binding import SUM, binding, tight
from aci.repair.syntax.roles import LITERALS
from aci.repair.syntax.scope import Scope
from aci.repair.syntax.source import Node, Source, walk

_LONGEST = 40
_QUOTES = "\"'`"
_VOWELS = {"a", "e", "i", "o", "u"}


def literals(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield other literals: one off, negated, another one of the function or of its comment."""
    source = scope.source
    match source.role(node):
        case "integer":
            yield from _integers(scope, node)
        case "float":
            yield from _floats(scope, node)
        case "text" | "letter":
            yield from _texts(scope, node)
        case "truth":
            new = "false" if source.of(node) == "true" else "true"
            yield source.replace(node, new, "literal", 0.15)
            if source.role(node.parent) in {"return", "block"} or node.parent.type == "expression_list":
                for text in scope.conditions[:4]:
                    yield source.replace(node, text, "literal", 0.015)
                for name in scope.names:
                    if scope.bound_kind(name) in {"many", "text"}:
                        empty = source.language.empty.format(name)
                        yield source.replace(node, empty, "literal", 0.02)
    yield from _as_variables(scope, node)


def _as_variables(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a variable of the literal's kind in its place."""
    kind = {"integer": "number", "text": "text", "letter": "letter", "truth": "truth"}.get(
        scope.source.role(node), ""
    )
    if not kind or scope.source.role(node.parent) == "sequence":
        return
    for name in scope.names:
        if scope.bound_kind(name) in {kind, ""}:
            prior = 0.03 if scope.bound_kind(name) else 0.01
            yield scope.source.replace(node, name, "variable", prior)


def _integers(scope: Scope, node: Node) -> Iterator[Edit]:
    source = scope.source
    old = source.of(node)
    digits = old.rstrip("uUlLn")
    if not digits.isdecimal():
        return
    value, suffix = int(digits), old[len(digits) :]
    found: dict[int, float] = {}
    # Of a long list of numbers each one is hardly ever the wrong one.
    share = 0.2 if source.role(node.parent) == "sequence" and node.parent.named_child_count > 4 else 1.0

    def add(new: int, prior: float) -> None:
        if new != value:
            found.setdefault(new, prior * (2.5 if str(abs(new)) in scope.numbers else 1.0))

    add(value + 1, 0.17)
    add(value - 1, 0.17)
    for other in (0, 1, 2):
        add(other, 0.08)
    for text, role in scope.literals.items():
        if role == "integer" and text.isdecimal():
            add(int(text), 0.08)
    for text in sorted(scope.numbers):
        if text.isdecimal():
            add(int(text), 0.04)
    for other in (-value, 10, value * 2, value // 2, value + 2, value - 2, 3):
        add(other, 0.02)
    signed = source.role(node.parent) == "unary"
    for new, prior in found.items():
        if new >= 0 or not signed:
            yield source.replace(node, f"{new}{suffix}", "literal", prior * share)


def _floats(scope: Scope, node: Node) -> Iterator[Edit]:
    source = scope.source
    old = source.of(node)
    try:
        value = float(old)
    except ValueError:
        return
    news = [value + 1, value - 1, 0.0, 1.0, 2.0, value * 2, value / 2, value * 10, value / 10]
    news += [float(text) for text, role in scope.literals.items() if role == "float" and text != old
             and text.replace(".", "").isdecimal()]  # fmt: skip
    for new in dict.fromkeys(news):
        if new != value:
            yield source.replace(node, repr(new), "literal", 0.05)


def _texts(scope: Scope, node: Node) -> Iterator[Edit]:
    source = scope.source
    old = source.of(node)
    role = source.role(node)
    share = 0.2 if source.role(node.parent) == "sequence" and node.parent.named_child_count > 4 else 1.0
    if len(old) > _LONGEST or len(old) < 2 or old[0] not in _QUOTES or "${" in old or "\n" in old:
        return
    quote, inner = old[0], old[1:-1]
    found: dict[str, float] = {}
    for text, kind in scope.literals.items():
        if kind == role and text[:1] in _QUOTES and len(text) <= _LONGEST and "\n" not in text:
            near = len(text) <= 3 * len(old)
            found.setdefault(text[1:-1], 0.08 if near else 0.02)
    for text in scope.quoted:
        if role == "text" or len(text) == 1:
            found.setdefault(text, 0.04)
    if role == "text":
        found.setdefault("" if inner else " ", 0.05)
        if len(inner) > 1 and "\\" not in inner:
            found.setdefault(inner[1:], 0.02)
            found.setdefault(inner[:-1], 0.02)
    for turned in (inner.upper(), inner.lower(), inner.capitalize()):
        if turned != inner and "\\" not in inner:
            mentioned = turned in scope.document
            found[turned] = max(found.get(turned, 0.0), 0.1 if mentioned else 0.03)
    if len(inner) == 1 and inner.isalnum():
        for beside in (chr(ord(inner) + 1), chr(ord(inner) - 1)):
            if beside.isalnum():
                found.setdefault(beside, 0.02)
        if inner.lower() in _VOWELS:
            for vowel in sorted(_VOWELS - {inner.lower()}):
                found.setdefault(vowel.upper() if inner.isupper() else vowel, 0.03)
    for new, prior in found.items():
        if new != inner and quote not in new and (role == "text" or new):
            yield source.replace(node, quote + new + quote, "literal", prior * share)


def names(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another variable of the function in the place of one, and the variable one more or less."""
    source = scope.source
    own = source.of(node)
    if node.type != "identifier" or own not in scope.names or _binds(source, node):
        return
    stored = _is_stored(source, node)
    called = source.role(node.parent) == "call" and node.start_byte == node.parent.start_byte
    for other in scope.names:
        if other != own:
            prior = 0.1 * scope.fit(own, other)
            yield source.replace(node, other, "name", prior * (0.6 if stored else 1.0))
    if stored or called:
        return
    kind = scope.bound_kind(own)
    if kind in {"number", ""} and source.role(node.parent) != "member":
        prior = (0.06 if kind else 0.03) * (1.0 if _is_bound(source, node) else 0.4)
        yield source.replace(node, f"{own} + 1", "one off", prior)
        yield source.replace(node, f"{own} - 1", "one off", prior)
        if source.role(node.parent) == "binary":
            yield source.replace(node, f"{own} * {own}", "power", 0.01)
    if kind == "many" and source.role(node.parent) == "member":
        first = f"{own}.get(0)" if source.grammar == "java" else f"{own}[0]"
        yield source.replace(node, first, "index", 0.02)
    for text, role in list(scope.literals.items())[:8]:
        if (role, kind) in {("integer", "number"), ("text", "text"), ("letter", "letter")}:
            yield source.replace(node, text, "literal", 0.008)


def _binds(source: Source, node: Node) -> bool:
    """Say whether an identifier is the place where a variable, a parameter or a function gets its name."""
    current = node
    while (parent := current.parent) is not None:
        role = source.role(parent)
        if role in {"function", "lambda", "declared"} or "parameter" in parent.type:
            value = parent.child_by_field_name("value") or parent.child_by_field_name("right")
            inside = value is not None and value.start_byte <= node.start_byte < value.end_byte
            body = parent.child_by_field_name("body")
            inside = inside or (body is not None and body.start_byte <= node.start_byte)
            return not inside
        if source.role(parent) in {"block", "statement", "return", "if", "loop", "call", "binary"}:
            left = parent.child_by_field_name("left") or parent.child_by_field_name("pattern")
            return role == "loop" and left is not None and left.start_byte <= node.start_byte < left.end_byte
        current = parent
    return True


def _is_stored(source: Source, node: Node) -> bool:
    parent = node.parent
    if parent.type == "expression_list":
        parent = parent.parent
    left = parent.child_by_field_name("left")
    stored = source.role(parent) == "assignment" and left is not None
    return stored and left.start_byte <= node.start_byte < left.end_byte


def _is_bound(source: Source, node: Node) -> bool:
    """Say whether an expression is an index, a bound, or a side of a comparison."""
    parent = node.parent
    match source.role(parent):
        case "index" | "slice":
            return bool(node.start_byte > parent.start_byte)
        case "range":
            return True
        case "binary":
            sign = source.operator(parent)
            text = source.of(sign) if sign is not None else ""
            return text in {"<", "<=", ">", ">="} or (text in {"+", "-"} and _is_bound(source, parent))
        case "brackets":
            return _is_bound(source, parent)
    return parent.type in {"arguments", "argument_list", "subscript_argument_list"}


def one_off(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield an expression one more or one less where it is a bound, an index or a result."""
    source = scope.source
    role = source.role(node)
    if role not in {"call", "binary", "member", "index", "cast"} or scope.kind(node) not in {"number", ""}:
        return
    parent = source.role(node.parent)
    if parent == "call" and node.start_byte == node.parent.start_byte:
        return
    bound, returned = _is_bound(source, node), parent in {"return", "assignment", "declared"}
    if not (bound or returned) or (role == "member" and scope.kind(node) != "number"):
        return
    if role == "binary" and source.of(node.named_children[-1]) == "1":
        return
    known = scope.kind(node) == "number"
    prior = (0.08 if bound else 0.02) * (1.0 if known else 0.3)
    text = tight(source.of(node), SUM)
    yield source.replace(node, f"{text} + 1", "one off", prior)
    yield source.replace(node, f"{text} - 1", "one off", prior)
    if known and bound:
        yield source.replace(node, f"{tight(source.of(node), SUM + 1)} / 2", "half", 0.01)


def indices(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield both indices of `a[i][j]` swapped, the index dropped, the bounds of a slice or range changed."""
    source = scope.source
    role = source.role(node)
    if role == "index":
        base, index = node.named_children[0], node.named_children[-1]
        yield source.replace(node, source.of(base), "drop index", 0.015)
        if index.type != "subscript_argument_list":
            yield source.replace(node, source.of(index), "drop index", 0.02)
        if source.role(base) == "index":
            yield source.swap(base.named_children[-1], index, "swap indices", 0.06)
    elif role == "slice":
        for field in ("start", "end"):
            part = node.child_by_field_name(field)
            if part is not None:
                start, end = source.span(part)
                what = f"without the bound `{source.of(part)}`"
                yield Edit(start, end, "", "slice", what, source.line(node), 0.05)
        yield source.replace(node, source.of(node.named_children[0]), "drop slice", 0.03)
    elif role == "range":
        sign = next((child for child in node.children if child.type in {"..", "..="}), None)
        if sign is not None:
            new = "..=" if sign.type == ".." else ".."
            start, end = source.span(sign)
            yield Edit(start, end, new, "range", f"`{sign.type}` to `{new}`", source.line(sign), 0.2)


def sequences(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield an element less, or two neighbours swapped, of a list that is written out."""
    source = scope.source
    if source.role(node) != "sequence" and not (
        node.type == "expression_list" and source.role(node.parent) == "return"
    ):
        return
    elements = node.named_children
    if len(elements) > 12:
        return
    for one, other in pairwise(elements):
        if source.of(one) != source.of(other) and len(elements) <= 4:
            yield source.swap(one, other, "swap elements", 0.08)
    for at, element in enumerate(elements if len(elements) > 1 else ()):
        start, end = source.span(element)
        if at + 1 < len(elements):
            end = source.span(elements[at + 1])[0]
        else:
            start = source.span(elements[at - 1])[1]
        what = f"without `{source.first_line(element)}`"
        yield Edit(start, end, "", "drop element", what, source.line(element), 0.03)


def exchanged(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield two variables exchanged that an expression has once each."""
    source = scope.source
    if source.role(node) not in {"call", "binary", "index"}:
        return
    if source.role(node.parent) in {"call", "index", "member", "binary"} and node.named_child_count < 2:
        return
    known: dict[str, list[Node]] = {}
    for part in walk(node):
        if part.type == "identifier" and source.of(part) in scope.names:
            known.setdefault(source.of(part), []).append(part)
    single = [places[0] for places in known.values() if len(places) == 1]
    for first, second in combinations(single[:4], 2):
        if scope.fit(source.of(first), source.of(second)) > 0.5:
            yield source.swap(first, second, "swap names", 0.04)


def elsewhere(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another element, member or call that the function has, in the place of one."""
    source = scope.source
    role = source.role(node)
    if role not in {"index", "member"}:
        return
    parent = node.parent
    if source.role(parent) == "call" and node.start_byte == parent.start_byte:
        return
    own = source.of(node)
    others = {
        source.of(other): None
        for other in scope.nodes
        if source.role(other) == role
        and not (source.role(other.parent) == "call" and other.start_byte == other.parent.start_byte)
    }
    for text in list(others)[:8]:
        if text != own and "\n" not in text and len(text) < 60:
            yield source.replace(node, text, "elsewhere", 0.03)


def everywhere(scope: Scope) -> Iterator[Edit]:
    """Yield a literal changed in all its places at once, where it has two or three."""
    source = scope.source
    groups: dict[str, list[Node]] = {}
    for node in scope.nodes:
        if source.role(node) in LITERALS - {"nothing"}:
            groups.setdefault(source.of(node), []).append(node)
    for nodes in groups.values():
        if not 2 <= len(nodes) <= 3:
            continue
        for edit in literals(scope, nodes[0]):
            if binding(edit.new) < SUM:
                continue
            start, end = source.span(nodes[0])[0], source.span(nodes[-1])[1]
            pieces, at = [], start
            for node in nodes:
                first, last = source.span(node)
                pieces += [source.text[at:first], edit.new]
                at = last
            text = "".join(pieces)
            yield Edit(start, end, text, "everywhere", f"every {edit.what}", edit.line, edit.prior * 0.4)
