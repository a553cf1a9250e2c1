"""Changes of operators: comparisons, logic, arithmetic, signs, assignments, the branches of a choice."""

from collections.abc import Iterator

from aci.repair.edits import Edit, change
from aci.repair.hints import boosted
from aci.repair.syntax.binding import COMPARED, EITHER, PREFIX, SUM, tight
from aci.repair.syntax.roles import LITERALS
from aci.repair.syntax.scope import Scope
from aci.repair.syntax.source import Node, Source

_Others = tuple[tuple[str, float], ...]
_COMPARE: dict[str, _Others] = {
    "<": (("<=", 0.3), (">", 0.15), (">=", 0.12), ("!=", 0.05), ("==", 0.05)),
    "<=": (("<", 0.3), (">=", 0.15), (">", 0.12), ("==", 0.05), ("!=", 0.04)),
    ">": ((">=", 0.3), ("<", 0.15), ("<=", 0.12), ("!=", 0.05), ("==", 0.05)),
    ">=": ((">", 0.3), ("<=", 0.15), ("<", 0.12), ("==", 0.05), ("!=", 0.04)),
    "==": (("!=", 0.2), ("<=", 0.1), (">=", 0.1), ("<", 0.1), (">", 0.1)),
    "!=": (("==", 0.2), ("<", 0.06), (">", 0.06), ("<=", 0.04), (">=", 0.04)),
}
_ARITHMETIC: dict[str, _Others] = {
    "+": (("-", 0.15), ("*", 0.08), ("/", 0.02), ("%", 0.02)),
    "-": (("+", 0.15), ("*", 0.03), ("/", 0.02), ("%", 0.02)),
    "*": (("+", 0.1), ("/", 0.1), ("-", 0.03), ("%", 0.02)),
    "/": (("%", 0.15), ("*", 0.12), ("-", 0.03), ("+", 0.02)),
    "%": (("/", 0.2), ("*", 0.04), ("+", 0.02)),
    "**": (("*", 0.15),),
    "&": (("|", 0.15), ("^", 0.12)),
    "|": (("&", 0.15), ("^", 0.12)),
    "^": (("&", 0.15), ("|", 0.12)),
    "<<": ((">>", 0.2),),
    ">>": (("<<", 0.2),),
}
_LOGIC = {"&&": "||", "||": "&&", "and": "or", "or": "and"}
_ASSIGNED: dict[str, _Others] = {
    "+=": (("-=", 0.1), ("=", 0.08), ("*=", 0.08)),
    "-=": (("+=", 0.15), ("=", 0.05)),
    "*=": (("+=", 0.1), ("/=", 0.08), ("=", 0.03)),
    "/=": (("*=", 0.1), ("-=", 0.05), ("%=", 0.05)),
    "%=": (("/=", 0.12),),
    "|=": (("&=", 0.1), ("^=", 0.1)),
    "&=": (("|=", 0.1), ("^=", 0.1)),
    "^=": (("|=", 0.1), ("&=", 0.1)),
    "<<=": ((">>=", 0.15),),
    ">>=": (("<<=", 0.15),),
    "=": (("+=", 0.05), ("-=", 0.02), ("*=", 0.01)),
}
_SIGNED = frozenset({"return", "assignment", "declared", "index", "block"})
_SIGNED_LISTS = frozenset({"arguments", "argument_list", "array", "expression_list"})
_NOT = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ORDERED = frozenset({"-", "/", "%", "<<", ">>", "+", "**"})


def binaries(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another operator between two operands, one of them alone, or both swapped."""
    source = scope.source
    if source.role(node) != "binary":
        return
    left, right, sign = node.named_children[0], node.named_children[-1], source.operator(node)
    if sign is None or left.id == right.id:
        return
    old = source.of(sign)
    plain = "==" if old == "===" else "!=" if old == "!==" else old
    if plain in _COMPARE:
        for new, prior in _COMPARE[plain]:
            weight = boosted(prior, new, scope.words)
            # What is neither a number nor a letter is rarely compared by order.
            if plain in {"==", "!="} and new not in {"==", "!="} and not _orders(scope, left, right):
                weight /= 8
            strict = f"{new}=" if new in {"==", "!="} and source.language.equal == "===" else new
            yield _signed(source, sign, strict, "compare", weight)
        return
    if old in _LOGIC:
        new = _LOGIC[old]
        weight = boosted(0.15, "or" if new in {"or", "||"} else "and", scope.words)
        yield _signed(source, sign, new, "boolean", weight)
        yield source.replace(node, source.of(left), "drop operand", 0.12)
        yield source.replace(node, source.of(right), "drop operand", 0.12)
        return
    textual = "text" in {scope.kind(left), scope.kind(right)}
    for new, prior in _ARITHMETIC.get(old, ()):
        yield _signed(source, sign, new, "arithmetic", prior / 8 if textual else prior)
    if old not in _ARITHMETIC:
        return
    yield source.replace(node, source.of(left), "drop operand", 0.12)
    yield source.replace(node, source.of(right), "drop operand", 0.08)
    if old in _ORDERED and source.of(left) != source.of(right):
        prior = 0.12 if old != "+" or textual else 0.0
        if prior and source.role(left) != "binary":
            yield source.swap(left, right, "swap operands", prior)
    if old in {"+", "-"}:
        yield from _regrouped(source, node, left, right, old)
    if old == "/" and source.language.real:
        real = source.language.real.format(tight(source.of(left), PREFIX))
        other = real if source.grammar == "java" or source.grammar in {"c", "cpp"} else ""
        if other:
            yield source.replace(left, other, "division", 0.06)
        else:
            also = source.language.real.format(tight(source.of(right), PREFIX))
            yield source.replace(node, f"{real} / {also}", "division", 0.03)


def _signed(source: Source, sign: Node, new: str, operator: str, prior: float) -> Edit:
    start, end = source.span(sign)
    return Edit(start, end, new, operator, f"`{source.of(sign)}` to `{new}`", source.line(sign), prior)


def _orders(scope: Scope, left: Node, right: Node) -> bool:
    kinds = {scope.kind(left), scope.kind(right)}
    return bool(kinds & {"number", "letter"}) or kinds == {""}


def _regrouped(source: Source, node: Node, left: Node, right: Node, sign: str) -> Iterator[Edit]:
    """Yield `(a + b) * c` for `a + b * c`, and `a + b * c` for `(a + b) * c` where the brackets go."""
    if source.role(right) == "binary" and source.role(node.parent) != "binary":
        inner, inner_sign = right.named_children[0], source.operator(right)
        if inner_sign is not None and source.of(inner_sign) in {"*", "/", "%"}:
            tail = source.text[source.span(inner)[1] : source.span(right)[1]]
            text = f"({source.of(left)} {sign} {source.of(inner)}){tail}"
            yield source.replace(node, text, "brackets", 0.05)
    if source.role(node.parent) == "brackets" and source.role(node.parent.parent) == "binary":
        start, end = source.span(node.parent)
        what = f"without the brackets of `{source.first_line(node.parent)}`"
        yield Edit(start, end, source.of(node), "brackets", what, source.line(node), 0.04)


def unaries(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a minus or a negation more or less."""
    source = scope.source
    role = source.role(node)
    if role == "unary":
        inner = source.operand(node)
        if inner is not None:
            negated = source.text[source.span(node)[0]] == "!"
            bare = source.bare(inner) if negated else inner
            yield source.replace(
                node, source.of(bare), "drop not" if negated else "sign", 0.15 if negated else 0.1
            )
        return
    parent = source.role(node.parent)
    numeric = role in {"name", "call", "index", "member"} and scope.kind(node) in {"number", ""}
    if numeric and (parent in _SIGNED or node.parent.type in _SIGNED_LISTS):
        yield source.replace(node, f"-{source.of(node)}", "sign", 0.015)


def negations(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a condition turned round, held always or never, asked for more, or asked for less."""
    source = scope.source
    condition = node.child_by_field_name("condition")
    role = source.role(node)
    if condition is None or role not in {"if", "loop", "choice"} or not condition.is_named:
        return
    test = source.bare(condition)
    text = source.of(test)
    sign = source.operator(test) if source.role(test) == "binary" else None
    if (sign is None or source.of(sign) not in _NOT) and source.role(test) != "unary":
        yield source.replace(test, f"!{tight(text, PREFIX)}", "add not", 0.1)
    share = 1.0 if role == "if" else 0.5
    for other in scope.conditions:
        if other == text or other in text or text in other:
            continue
        one = tight(text, COMPARED)
        yield source.replace(test, f"{one} && {tight(other, COMPARED)}", "add condition", 0.02 * share)
        yield source.replace(test, f"{one} || {tight(other, COMPARED)}", "add condition", 0.02 * share)
        yield source.replace(test, other, "another condition", 0.02 * share)


def guards(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a condition that also asks of each number or truth in the function something simple."""
    source = scope.source
    condition = node.child_by_field_name("condition")
    if source.role(node) not in {"if", "loop"} or condition is None or not condition.is_named:
        return
    test = source.bare(condition)
    text = tight(source.of(test), COMPARED)
    equal = source.language.equal
    for name in scope.names[:6]:
        kind = scope.bound_kind(name)
        asked = {"number": (f"{name} > 0", f"{name} {equal} 0", f"{name} > 1"), "truth": (name, f"!{name}")}
        for other in asked.get(kind, ()):
            yield source.replace(test, f"{text} && {other}", "add condition", 0.008)
            yield source.replace(test, f"{text} || {other}", "add condition", 0.006)


def choices(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield a conditional expression with its branches swapped, or one of them alone."""
    source = scope.source
    if source.role(node) != "choice" or len(node.named_children) < 3:
        return
    _, first, second = node.named_children[:3]
    yield source.swap(first, second, "swap branches", 0.1)
    yield source.replace(node, source.of(first), "drop branch", 0.04)
    yield source.replace(node, source.of(second), "drop branch", 0.04)


def assignments(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another operator of an assignment, and a step in the other direction."""
    source = scope.source
    role = source.role(node)
    sign = source.operator(node) if role in {"assignment", "update"} else None
    if sign is None:
        return
    old = source.of(sign)
    if role == "update":
        new = "--" if old == "++" else "++"
        yield _signed(source, sign, new, "step", 0.08)
        operand = next((child for child in node.named_children), None)
        if operand is not None:
            twice = f"{source.of(operand)} {old[0]}= 2"
            start, end = source.span(node)
            yield Edit(start, end, twice, "step", change(source.of(node), twice), source.line(node), 0.03)
            for name in scope.names:
                if scope.bound_kind(name) == "number" and name != source.of(operand):
                    step = f"{source.of(operand)} {old[0]}= {name}"
                    what = change(source.of(node), step)
                    yield Edit(start, end, step, "step", what, source.line(node), 0.02)
        return
    left = node.named_children[0]
    swapping = len(left.named_children) > 1 and left.type in {"expression_list", "array_pattern"}
    for new, prior in _ASSIGNED.get(old, ()):
        if not swapping:
            yield _signed(source, sign, new, "assignment", prior)
    if old == "=" and not swapping:
        right = node.named_children[-1]
        target, value = source.of(left), source.of(right)
        if target not in value and scope.kind(left) == "truth":
            for joined in ("||", "&&"):
                text = f"{target} {joined} {tight(value, EITHER + 2)}"
                yield source.replace(right, text, "assignment", 0.02)
        if source.role(right) not in LITERALS and source.role(right) == "binary":
            for other in (" + 1", " - 1"):
                yield source.replace(right, tight(value, SUM) + other, "one off", 0.02)
