"""Changes of operators, conditions and the shape of expressions."""

import ast
import re
from collections.abc import Iterator

from aci.repair.edits import Edit, Source
from aci.repair.hints import boosted
from aci.repair.scope import Scope

_COMPARE: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 0.3), (">", 0.15), (">=", 0.12), ("!=", 0.05), ("==", 0.05)),
    "<=": (("<", 0.3), (">=", 0.15), (">", 0.12), ("==", 0.05), ("!=", 0.04)),
    ">": ((">=", 0.3), ("<", 0.15), ("<=", 0.12), ("!=", 0.05), ("==", 0.05)),
    ">=": ((">", 0.3), ("<=", 0.15), ("<", 0.12), ("==", 0.05), ("!=", 0.04)),
    "==": (("!=", 0.2), ("<=", 0.1), (">=", 0.1), ("<", 0.1), (">", 0.1), ("in", 0.02)),
    "!=": (("==", 0.2), ("<", 0.06), (">", 0.06), ("<=", 0.04), (">=", 0.04)),
    "in": (("not in", 0.2), ("==", 0.03)),
    "not in": (("in", 0.2),),
    "is": (("is not", 0.2), ("==", 0.04)),
    "is not": (("is", 0.2), ("!=", 0.04)),
}
_BINARY: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 0.15), ("*", 0.08), ("//", 0.02), ("%", 0.02)),
    "-": (("+", 0.15), ("*", 0.03), ("//", 0.02), ("%", 0.02)),
    "*": (("**", 0.12), ("+", 0.08), ("/", 0.08), ("//", 0.06), ("-", 0.03), ("%", 0.02)),
    "/": (("//", 0.15), ("*", 0.1), ("%", 0.08), ("-", 0.02), ("+", 0.02)),
    "//": (("/", 0.12), ("%", 0.12), ("*", 0.08), ("-", 0.03)),
    "%": (("//", 0.15), ("/", 0.08), ("*", 0.04), ("+", 0.02)),
    "**": (("*", 0.15), ("//", 0.02)),
    "&": (("|", 0.15), ("^", 0.12), ("&~", 0.03)),
    "|": (("&", 0.15), ("^", 0.12)),
    "^": (("&", 0.15), ("|", 0.12)),
    "<<": ((">>", 0.2),),
    ">>": (("<<", 0.2),),
}
_ORDERED = {"-", "/", "//", "%", "**", "+", "<<", ">>"}


def between(source: Source, left: ast.expr, right: ast.expr, pattern: str) -> tuple[int, int] | None:
    """Return where an operator stands between two operands, or None."""
    start, end = source.span(left)[1], source.span(right)[0]
    gap = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), source.text[start:end])
    found = re.search(pattern, gap)
    return (start + found.start(), start + found.end()) if found else None


def compares(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield other comparisons: `<` for `<=`, and the two sides of an ordering swapped."""
    if not isinstance(node, ast.Compare):
        return
    source = scope.source
    operands = [node.left, *node.comparators]
    for at, operator in enumerate(node.ops):
        left, right = operands[at], operands[at + 1]
        place = between(source, left, right, r"not\s+in\b|is\s+not\b|in\b|is\b|[<>]=|[=!]=|<|>")
        if place is None:
            continue
        old = " ".join(source.text[place[0] : place[1]].split())
        for new, prior in _COMPARE.get(old, ()):
            weight = boosted(prior, new, scope.words)
            # An empty or constant side is rarely compared by order.
            if isinstance(operator, ast.Eq) and new in {"<", ">", "<=", ">="} and not _orders(right):
                weight /= 8
            yield Edit(*place, new, "compare", f"`{old}` to `{new}`", left.end_lineno or 1, weight)
    if len(operands) > 2:
        for at in (0, len(operands) - 1):
            kept = operands[1:] if at == 0 else operands[:-1]
            text = source.text[source.span(kept[0])[0] : source.span(kept[-1])[1]]
            yield source.replace(node, text, "drop operand", 0.08)


def _orders(node: ast.expr) -> bool:
    constant = node.value if isinstance(node, ast.Constant) else 0
    return isinstance(constant, int | float) and not isinstance(constant, bool)


def booleans(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield `or` for `and`, an operand less, a `not` less."""
    source = scope.source
    if isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        places = []
        for left, right in zip(node.values, node.values[1:], strict=False):
            place = between(source, left, right, rf"\b{old}\b")
            if place is not None:
                places.append(place)
                prior = boosted(0.15, new, scope.words)
                yield Edit(*place, new, "boolean", f"`{old}` to `{new}`", left.end_lineno or 1, prior)
        if len(places) > 1:
            start, end = places[0][0], places[-1][1]
            pieces = source.text[start:end]
            for first, last in reversed(places):
                pieces = pieces[: first - start] + new + pieces[last - start :]
            what = f"every `{old}` to `{new}`"
            yield Edit(start, end, pieces, "boolean", what, node.lineno, 0.12)
        yield from _operand_dropped(source, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield source.replace(node, source.of(node.operand), "drop not", 0.15)
    if source.needed(node) <= 3 and _is_condition(scope, node) and not _is_not(node):
        inner = source.of(node)
        text = f"not ({inner})" if isinstance(node, ast.BoolOp | ast.IfExp) else f"not {inner}"
        if not isinstance(node, ast.Compare) or len(node.ops) > 1:
            yield source.replace(node, text, "add not", 0.06)


def _operand_dropped(source: Source, node: ast.BoolOp) -> Iterator[Edit]:
    for at, value in enumerate(node.values):
        kept = node.values[:at] + node.values[at + 1 :]
        if len(kept) == 1:
            yield source.replace(node, source.of(kept[0]), "drop operand", 0.12)
            continue
        start, end = source.span(value)
        if at == 0:
            place = between(source, value, node.values[1], r"\b(?:and|or)\b\s*")
            end = place[1] if place else end
        else:
            place = between(source, node.values[at - 1], value, r"\s*\b(?:and|or)\b")
            start = place[0] if place else start
        if place and source.text[start:end].count("(") == source.text[start:end].count(")"):
            what = f"without `{source.of(value)}`"
            yield Edit(start, end, "", "drop operand", what, value.lineno, 0.12)


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_condition(scope: Scope, node: ast.expr) -> bool:
    parent = scope.source.parents.get(node)
    match parent:
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            return node is parent.test
        case ast.comprehension():
            return node in parent.ifs
        case ast.BoolOp():
            return True
        case ast.Return():
            return isinstance(node, ast.Compare | ast.BoolOp | ast.Call | ast.Name)
    return False


def binaries(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield other arithmetic: another operator, an operand less, the operands swapped."""
    if not isinstance(node, ast.BinOp):
        return
    source = scope.source
    place = between(source, node.left, node.right, r"\*\*|//|<<|>>|[-+*/%&|^@]")
    if place is None:
        return
    old = source.text[place[0] : place[1]]
    text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    for new, prior in () if text and old == "%" else _BINARY.get(old, ()):
        weight = boosted(prior, new, scope.words)
        yield Edit(*place, new, "arithmetic", f"`{old}` to `{new}`", node.left.end_lineno or 1, weight)
    left, right = source.of(node.left), source.of(node.right)
    yield source.replace(node, left, "drop operand", 0.12)
    yield source.replace(node, right, "drop operand", 0.08)
    if old in _ORDERED and left != right:
        loose = source.text[source.span(node)[0] : source.span(node.left)[0]]
        if not loose and not isinstance(node.right, ast.BinOp | ast.IfExp | ast.BoolOp | ast.Compare):
            gap = source.text[source.span(node.left)[1] : source.span(node.right)[0]]
            if "(" not in gap and ")" not in gap and not isinstance(node.left, ast.BinOp):
                yield source.replace(node, right + gap + left, "swap operands", 0.12 if old != "+" else 0.06)
    if old == "+" and not isinstance(source.parents.get(node), ast.BinOp):
        yield from _regrouped(source, node)


def _regrouped(source: Source, node: ast.BinOp) -> Iterator[Edit]:
    """Yield `(a + b) * c` for `a + b * c`."""
    inner = node.right
    if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, ast.Mult | ast.Div | ast.FloorDiv):
        return
    gap = source.text[source.span(node.left)[1] : source.span(inner.left)[0]]
    tail = source.text[source.span(inner.left)[1] : source.span(node)[1]]
    if "(" not in gap and ")" not in gap and source.span(node)[0] == source.span(node.left)[0]:
        text = f"({source.of(node.left)}{gap}{source.of(inner.left)}){tail}"
        yield source.replace(node, text, "brackets", 0.04)


def unaries(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield a minus more or less."""
    source = scope.source
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        yield source.replace(node, source.of(node.operand), "sign", 0.1)
    elif isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute) and _is_value(source, node):
        parent = source.parents.get(node)
        placed = isinstance(
            parent, ast.Return | ast.Assign | ast.Call | ast.Subscript | ast.Lambda | ast.Tuple
        )
        if placed:
            yield source.replace(node, f"-{source.of(node)}", "sign", 0.02)


def _is_value(source: Source, node: ast.expr) -> bool:
    context = getattr(node, "ctx", None)
    if isinstance(context, ast.Store | ast.Del):
        return False
    parent = source.parents.get(node)
    return not (isinstance(parent, ast.Call) and node is parent.func)


def choices(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield a conditional expression with its branches swapped, or one of them alone."""
    if not isinstance(node, ast.IfExp):
        return
    source = scope.source
    body, test, other = source.of(node.body), source.of(node.test), source.of(node.orelse)
    yield source.replace(node, f"{other} if {test} else {body}", "swap branches", 0.1)
    yield source.replace(node, body, "drop branch", 0.05)
    yield source.replace(node, other, "drop branch", 0.05)
