"""Changes of statements: one less, moved, swapped, repeated, guarded, returned otherwise."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import dedent, indent

from aci.repair.edits import Edit, change
from aci.repair.syntax.roles import JUMPS
from aci.repair.syntax.scope import Scope
from aci.repair.syntax.source import Node, Source

_HEAVY = frozenset({"if", "loop", "return"})
_STEP = "    "
_UNDO = {
    "push": "pop", "unshift": "shift", "push_back": "pop_back", "addLast": "removeLast", "offer": "poll",
    "push_front": "pop_front", "addFirst": "removeFirst",
}  # fmt: skip


def changes(scope: Scope) -> Iterator[Edit]:
    """Yield every change of the statements of a function."""
    source = scope.source
    for node in scope.nodes:
        role = source.role(node)
        if (role == "block" and node.type != "statement_list") or role == "case":
            block = source.statements(node)
            yield from _deleted(source, block)
            yield from _swapped(source, block)
            yield from _moved(source, block)
            yield from _added(scope, node, block)
        elif role == "if":
            yield from _branched(source, node)
        elif role in {"break", "continue"}:
            yield from _jumped(source, node)
        elif role == "return":
            yield from _returned(scope, node)
    yield from _guarded(scope)


def _kind(source: Source, statement: Node) -> str:
    """Return what a statement does; those of Rust are expressions in a statement."""
    role = source.role(statement)
    inner = statement.named_children
    if role == "statement" and inner and source.role(inner[0]) in JUMPS | {"if", "loop", "assignment"}:
        return source.role(inner[0])
    return role


def _deleted(source: Source, block: Sequence[Node]) -> Iterator[Edit]:
    for statement in block:
        kind = _kind(source, statement)
        if kind in {"function", "", "declaration", "declared"} and kind != "":
            continue
        start, end = source.whole(statement)
        prior = 0.02 if kind in _HEAVY or len(block) == 1 else 0.05
        what = f"without `{source.first_line(statement)}`"
        yield Edit(start, end, "", "delete statement", what, source.line(statement), prior)
        inner = statement if source.role(statement) in {"if", "loop"} else next(
            iter(statement.named_children), statement
        )  # fmt: skip
        if source.role(inner) == "if" and inner.child_by_field_name("alternative") is None:
            yield from _unguarded(source, statement, inner, what)


def _unguarded(source: Source, statement: Node, inner: Node, what: str) -> Iterator[Edit]:
    body = inner.child_by_field_name("consequence")
    if body is None:
        return
    start, end = source.span(statement)
    if source.role(body) == "block":
        text = source.text[source.span(body)[0] + 1 : source.span(body)[1] - 1].strip("\n").rstrip()
        text = indent(dedent(text), source.indent(statement)).lstrip()
    else:
        text = source.of(body)
    yield Edit(start, end, text, "drop guard", f"{what} around its body", source.line(statement), 0.03)


def _swapped(source: Source, block: Sequence[Node]) -> Iterator[Edit]:
    for one, other in pairwise(block):
        if _kind(source, one) in JUMPS | {"function"} or _kind(source, other) in {"return", "function"}:
            continue
        what = f"`{source.first_line(other)}` before `{source.first_line(one)}`"
        yield source.swap(one, other, "swap statements", 0.04, what)


def _moved(source: Source, block: Sequence[Node]) -> Iterator[Edit]:
    """Yield the last statement of a block moved behind it, and the statement behind one moved into it."""
    for at, statement in enumerate(block):
        body = _last_block(source, statement)
        if body is None:
            continue
        inner = source.statements(body)
        close = source.span(body)[1] - 1
        outer_end = source.span(statement)[1]
        if len(inner) > 1 and _kind(source, inner[-1]) not in {"break", "continue"}:
            last = inner[-1]
            start, end = source.whole(last)
            text = f"\n{source.indent(statement)}{source.of(last)}"
            new = source.text[end:outer_end] + text
            what = f"`{source.first_line(last)}` moved out of the block"
            yield Edit(start, outer_end, new, "move out", what, source.line(last), 0.06)
        if at + 1 < len(block) and inner:
            after = block[at + 1]
            start, end = source.whole(after)
            gap = source.text[outer_end:start]
            text = f"{_STEP}{source.of(after)}\n{source.indent(statement)}"
            new = text + source.text[close:outer_end] + gap.rstrip(" \t")
            what = f"`{source.first_line(after)}` moved into the block"
            yield Edit(close, end, new, "move in", what, source.line(after), 0.05)


def _last_block(source: Source, statement: Node) -> Node | None:
    """Return the last block of a loop or an `if`, or None."""
    node = statement
    if source.role(node) == "statement" and node.named_children:
        node = node.named_children[0]
    if source.role(node) not in {"if", "loop"}:
        return None
    found = node.child_by_field_name("body") or node.child_by_field_name("consequence")
    while (other := node.child_by_field_name("alternative")) is not None:
        if other.type == "else_clause" and other.named_children:
            other = other.named_children[0]
        if source.role(other) == "if":
            node = other
            found = node.child_by_field_name("consequence")
        else:
            found = other
            break
    return found if found is not None and source.role(found) == "block" else None


def _branched(source: Source, node: Node) -> Iterator[Edit]:
    """Yield the branches of an `if` swapped, without its `else`, and joined with the `if` before it."""
    first, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    if first is None:
        return
    if other is not None:
        second = other.named_children[0] if other.type == "else_clause" else other
        if source.role(second) != "if":
            yield source.swap(first, second, "swap branches", 0.06, "the two branches swapped")
        start, end = source.span(first)[1], source.span(other)[1]
        what = f"without the `else` of `{source.first_line(node)}`"
        yield Edit(start, end, "", "drop branch", what, source.line(other), 0.03)
        if source.role(second) == "if":
            start, end = source.span(first)[1], source.span(second)[0]
            new = f"\n{source.indent(node)}"
            yield Edit(start, end, new, "branch", "`else if` to `if`", source.line(second), 0.04)
    before = node.prev_named_sibling
    holder = node
    if source.role(node.parent) == "statement":
        holder = node.parent
        before = holder.prev_named_sibling
        if before is not None and source.role(before) == "statement" and before.named_children:
            before = before.named_children[0]
    if before is not None and source.role(before) == "if" and not before.child_by_field_name("alternative"):
        start, end = source.span(before)[1], source.span(node)[0]
        if not source.text[start:end].strip():
            yield Edit(start, end, " else ", "branch", "`if` to `else if`", source.line(node), 0.04)


def _jumped(source: Source, node: Node) -> Iterator[Edit]:
    old = source.of(node)
    word = "break" if source.role(node) == "break" else "continue"
    new = old.replace(word, "continue" if word == "break" else "break", 1)
    start, end = source.span(node)
    yield Edit(start, end, new, "jump", change(old, new), source.line(node), 0.1)


def _returned(scope: Scope, node: Node) -> Iterator[Edit]:
    """Yield another variable, or what the function computes elsewhere, returned."""
    source = scope.source
    value = source.operand(node)
    if value is None:
        return
    own = source.of(value)
    for name in scope.names[:8]:
        if name != own and source.role(value) != "name":
            fit = 1.0 if scope.kind(value) == scope.bound_kind(name) else 0.4
            yield source.replace(value, name, "return", 0.02 * fit)
    others: dict[str, float] = {}
    for other in scope.nodes:
        if source.role(other) == "return" and (text := source.operand(other)) is not None:
            others.setdefault(source.of(text), 0.03)
        elif source.role(other) in {"assignment", "declared"}:
            others.setdefault(source.of(other.named_children[-1]), 0.008)
    for text, prior in list(others.items())[:8]:
        if text != own and "\n" not in text and len(text) < 80:
            yield source.replace(value, text, "return", prior)


def _added(scope: Scope, node: Node, block: Sequence[Node]) -> Iterator[Edit]:
    """Yield blocks with one statement more: a step, a reset, one repeated from nearby, a jump."""
    source = scope.source
    if not block:
        return
    looping = _in_loop(source, node)
    last, first = block[-1], block[0]
    end = source.language.end
    new: dict[str, float] = {}
    for name in scope.names[:6]:
        if looping and name not in scope.parameters and scope.bound_kind(name) == "number":
            new[f"{name} += 1{end}"] = 0.01
            new[f"{name} -= 1{end}"] = 0.006
    if looping:
        new[f"break{end}"] = 0.012
        new[f"continue{end}"] = 0.004
    for other in scope.nodes:
        if source.role(other) in {"statement", "assignment", "update"} and other.parent is not None:
            text = source.of(other)
            simple = source.role(other) != "statement" or _kind(source, other) in {"statement", "assignment"}
            whole = source.role(other.parent) == "block" and simple
            if whole and "\n" not in text and len(text) < 80:
                new.setdefault(text, 0.012 if looping else 0.006)
    for text in _undone(source, scope):
        new.setdefault(f"{text}{end}", 0.012)
    own = {source.of(statement) for statement in block}
    for text, prior in list(new.items())[:14]:
        if text in own:
            continue
        line, lead = source.indent(first), source.span(first)[0]
        what = f"`{text}` before `{source.first_line(first)}`"
        if not text.startswith(("break", "continue")):
            yield Edit(lead, lead, f"{text}\n{line}", "add statement", what, source.line(first), prior)
        if _kind(source, last) in JUMPS or (
            scope.source.grammar == "rust" and not source.of(last).endswith((";", "}"))
        ):
            continue
        tail = source.span(last)[1]
        what = f"`{text}` after `{source.first_line(last)}`"
        added = f"\n{source.indent(last)}{text}"
        yield Edit(tail, tail, added, "add statement", what, source.line(last), prior)


def _undone(source: Source, scope: Scope) -> list[str]:
    """Return calls that take away what a call in the function has put in."""
    found: dict[str, None] = {}
    for node in scope.nodes:
        parts = source.callee(node) if source.role(node) == "call" else None
        if parts is not None and parts.receiver is not None and source.of(parts.name) in _UNDO:
            found[f"{source.of(parts.receiver)}.{_UNDO[source.of(parts.name)]}()"] = None
    return list(found)


def _in_loop(source: Source, node: Node) -> bool:
    current = node
    while current is not None and source.role(current) not in {"function", "lambda"}:
        if source.role(current) == "loop":
            return True
        current = current.parent
    return False


def _guarded(scope: Scope) -> Iterator[Edit]:
    """Yield a function that returns at once for an empty or smallest argument."""
    source = scope.source
    body = scope.node.child_by_field_name("body")
    if body is None or source.role(body) != "block" or not (block := source.statements(body)):
        return
    language = source.language
    first = block[0]
    start, margin = source.span(first)[0], source.indent(first)
    simple = [
        source.of(value)
        for node in scope.nodes
        if source.role(node) == "return"
        and (value := source.operand(node)) is not None
        and len(source.of(value)) < 12
    ]
    for name in scope.parameters[:3]:
        kind = scope.bound_kind(name)
        asked = {
            "number": (f"{name} {language.equal} 0", f"{name} < 0", f"{name} <= 1", f"{name} < 2"),
            "many": (language.empty.format(name),),
            "text": (language.empty.format(name),),
            "": (language.empty.format(name), f"{name} <= 1"),
        }
        for condition in asked.get(kind, ()):
            for value in dict.fromkeys([*simple[:4], name, "0", "false"]):
                test = f"({condition})" if language.brackets else condition
                text = f"if {test} {{ return {value}{language.end} }}\n{margin}"
                what = f"`return {value}` if `{condition}`"
                prior = 0.008 if value in simple else 0.003
                yield Edit(start, start, text, "add guard", what, source.line(first), prior)
