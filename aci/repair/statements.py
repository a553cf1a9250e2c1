"""Changes of statements: one less, moved, swapped, assigned otherwise, guarded, or added."""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise

from aci.repair.edits import Edit, Function, Source, change, statements
from aci.repair.expressions import between
from aci.repair.scope import Scope

_AUGMENTED = {"+=": ("-=", "*=", "="), "-=": ("+=", "="), "*=": ("**=", "+=", "/=", "//="),
    "/=": ("//=", "*="), "//=": ("/=", "%=", "*="), "%=": ("//=", "/="), "|=": ("&=", "^=", "+="),
    "&=": ("|=", "^="), "^=": ("|=", "&="), "<<=": (">>=",), ">>=": ("<<=",), "**=": ("*=",)}  # fmt: skip
_LOOPS = (ast.For, ast.While, ast.AsyncFor)


def changes(scope: Scope) -> Iterator[Edit]:
    """Yield every change of the statements of a function."""
    for block in statements(scope.node):
        yield from _deleted(scope, block)
        yield from _swapped(scope, block)
        yield from _moved(scope, block)
        yield from _added(scope, block)
        for statement in block:
            if not isinstance(statement, Function | ast.ClassDef) or statement is scope.node:
                yield from _assigned(scope, statement)
                yield from _branched(scope, statement)
                yield from _jumped(scope, statement)
    yield from _guarded(scope)


def _is_documentation(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _deleted(scope: Scope, block: Sequence[ast.stmt]) -> Iterator[Edit]:
    source = scope.source
    for statement in block:
        if _is_documentation(statement) or isinstance(statement, Function | ast.ClassDef | ast.Pass):
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal) or not source.alone(
            statement
        ):
            continue
        start, end = source.whole_lines(statement, statement)
        text = source.of(statement)
        first = text.split("\n")[0]
        what = f"without `{first}`"
        if len(block) == 1:
            new = source.indent(statement) + "pass\n"
            prior = 0.02
        else:
            new, prior = (
                "",
                0.05 if not isinstance(statement, ast.Return | ast.If | ast.For | ast.While) else 0.02,
            )
        yield Edit(start, end, new, "delete statement", what, statement.lineno, prior)
        if (
            isinstance(statement, ast.If | ast.For | ast.While)
            and not statement.orelse
            and source.alone(statement.body[0])
        ):
            yield from _unguarded(source, statement, what)
    for one, other in pairwise(block) if len(block) > 2 else ():
        awkward = isinstance(one, Function | ast.ClassDef | ast.Import | ast.ImportFrom)
        if awkward or _is_documentation(one) or not (source.alone(one) and source.alone(other)):
            continue
        start, end = source.whole_lines(one, other)
        what = f"without `{source.of(one).splitlines()[0]}` and the next statement"
        prior = 0.03 if isinstance(one, ast.Assign | ast.Expr) and type(one) is type(other) else 0.008
        yield Edit(start, end, "", "delete statement", what, one.lineno, prior)


def _unguarded(source: Source, statement: ast.If | ast.For | ast.While, what: str) -> Iterator[Edit]:
    start, end = source.whole_lines(statement, statement)
    inside = source.whole_lines(statement.body[0], statement.body[-1])
    indent = source.indent(statement)
    body = textwrap.indent(textwrap.dedent(source.text[inside[0] : inside[1]]), indent)
    prior = 0.03 if isinstance(statement, ast.If) else 0.004
    yield Edit(start, end, body, "drop guard", f"{what} around its body", statement.lineno, prior)


def _swapped(scope: Scope, block: Sequence[ast.stmt]) -> Iterator[Edit]:
    source = scope.source
    for one, other in pairwise(block):
        awkward = (ast.Import, ast.ImportFrom, ast.ClassDef, *Function.__args__)
        if _is_documentation(one) or isinstance(one, awkward) or isinstance(other, awkward):
            continue
        if not (source.alone(one) and source.alone(other)) or isinstance(one, ast.Return):
            continue
        first, second = source.whole_lines(one, one), source.whole_lines(other, other)
        gap = source.text[first[1] : second[0]]
        lines = [source.text[first[0] : first[1]], source.text[second[0] : second[1]]]
        lines = [line if line.endswith("\n") else line + "\n" for line in lines]
        what = f"`{source.of(other).splitlines()[0]}` before `{source.of(one).splitlines()[0]}`"
        yield Edit(first[0], second[1], lines[1] + gap + lines[0], "swap statements", what, one.lineno, 0.04)


def _moved(scope: Scope, block: Sequence[ast.stmt]) -> Iterator[Edit]:
    """Yield the last statement of a block moved behind it, and the statement behind one moved into it."""
    source = scope.source
    for at, statement in enumerate(block):
        if not isinstance(statement, ast.For | ast.While | ast.If | ast.With):
            continue
        inner = getattr(statement, "orelse", []) or statement.body
        last = inner[-1]
        if not (source.alone(last) and source.alone(statement) and source.alone(inner[0])):
            continue
        if len(inner) > 1 and not isinstance(last, ast.Break | ast.Continue):
            start, end = source.whole_lines(last, last)
            new = textwrap.indent(textwrap.dedent(source.text[start:end]), source.indent(statement))
            what = f"`{source.of(last).splitlines()[0]}` moved out of the block"
            yield Edit(start, end, new, "dedent", what, last.lineno, 0.06)
        if at + 1 < len(block) and source.alone(block[at + 1]):
            after = block[at + 1]
            start, end = source.whole_lines(after, after)
            new = textwrap.indent(textwrap.dedent(source.text[start:end]), source.indent(inner[0]))
            what = f"`{source.of(after).splitlines()[0]}` moved into the block"
            if source.indent(inner[0]):
                yield Edit(start, end, new, "indent", what, after.lineno, 0.05)


def _assigned(scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    source = scope.source
    if isinstance(statement, ast.AugAssign):
        place = between(source, statement.target, statement.value, r"(?:\*\*|//|<<|>>|[-+*/%&|^@])=")
        if place:
            old = source.text[place[0] : place[1]]
            for new in _AUGMENTED.get(old, ()):
                yield Edit(*place, new, "assignment", f"`{old}` to `{new}`", statement.lineno, 0.1)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        place = between(source, statement.targets[0], statement.value, r"=")
        if place and isinstance(statement.targets[0], ast.Name | ast.Subscript | ast.Attribute):
            for new, prior in (("+=", 0.05), ("-=", 0.02), ("*=", 0.01)):
                yield Edit(*place, new, "assignment", f"`=` to `{new}`", statement.lineno, prior)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        # A value that was computed and thrown away.
        start, end = source.span(statement)
        call = statement.value
        yield Edit(start, start, "return ", "return", "returned", statement.lineno, 0.02)
        yield Edit(start, start, "yield ", "yield", "yielded", statement.lineno, 0.005)
        function = call.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            what = f"assigned to `{function.value.id}`"
            yield Edit(start, start, f"{function.value.id} = ", "assignment", what, statement.lineno, 0.02)
        if isinstance(function, ast.Attribute) and len(call.args) == 1 and not call.keywords:
            new = f"{source.of(function.value)} = {source.of(call.args[0])}"
            if isinstance(function.value, ast.Name | ast.Subscript | ast.Attribute):
                what = change(source.of(statement), new)
                yield Edit(start, end, new, "assignment", what, statement.lineno, 0.02)
        if isinstance(function, ast.Name) and function.id in {n for n, _ in source.functions}:
            yield Edit(start, start, "yield from ", "yield", "yielded from", statement.lineno, 0.01)
    if isinstance(statement, ast.Return) and statement.value is not None:
        for name in scope.names[:8]:
            if source.of(statement.value) != name and not isinstance(statement.value, ast.Name):
                yield source.replace(statement.value, name, "return", 0.02)
        if isinstance(statement.value, ast.Name | ast.Constant):
            for text, prior in _returned_elsewhere(scope, statement):
                yield source.replace(statement.value, text, "return", prior)
        start = source.span(statement)[0]
        if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(scope.node)):
            yield Edit(start, start + 6, "yield", "yield", "`return` to `yield`", statement.lineno, 0.03)


def _returned_elsewhere(scope: Scope, statement: ast.Return) -> Iterator[tuple[str, float]]:
    """Yield what the function assigns to nothing but computes: values of other returns and assignments."""
    source = scope.source
    own = source.of(statement.value) if statement.value is not None else ""
    found: dict[str, float] = {}
    for node in ast.walk(scope.node):
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Name):
            found.setdefault(source.of(node.value), 0.03)
        elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant):
            found.setdefault(source.of(node.value), 0.01)
    for text, prior in list(found.items())[:8]:
        if text != own and "\n" not in text and len(text) < 80:
            yield text, prior


def _branched(scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    source = scope.source
    if not isinstance(statement, ast.If):
        return
    start = source.span(statement)[0]
    if source.text.startswith("elif", start):
        yield Edit(start, start + 4, "if", "branch", "`elif` to `if`", statement.lineno, 0.04)
    parent = source.parents.get(statement)
    for block in statements(parent) if parent is not None else ():
        if (
            statement in block
            and block.index(statement)
            and isinstance(block[block.index(statement) - 1], ast.If)
        ):
            previous = block[block.index(statement) - 1]
            assert isinstance(previous, ast.If)
            if not previous.orelse and source.text.startswith("if", start):
                yield Edit(start, start + 2, "elif", "branch", "`if` to `elif`", statement.lineno, 0.04)
    other = statement.orelse
    inside = [*statement.body, *other]
    if other and not (len(other) == 1 and isinstance(other[0], ast.If)) and all(map(source.alone, inside)):
        first, second = (
            source.whole_lines(statement.body[0], statement.body[-1]),
            source.whole_lines(other[0], other[-1]),
        )
        middle = source.text[first[1] : second[0]]
        bodies = [source.text[slice(*first)], source.text[slice(*second)]]
        bodies = [body if body.endswith("\n") else body + "\n" for body in bodies]
        what = "the two branches swapped"
        yield Edit(
            first[0], second[1], bodies[1] + middle + bodies[0], "swap branches", what, statement.lineno, 0.06
        )
    yield from _constant_condition(scope, statement)


def _constant_condition(scope: Scope, statement: ast.If) -> Iterator[Edit]:
    """Yield a condition with a guard for None, or for emptiness, before it."""
    source = scope.source
    bases = [
        source.of(node.value)
        for node in ast.walk(statement.test)
        if isinstance(node, ast.Attribute | ast.Subscript)
        and isinstance(node.value, ast.Name | ast.Attribute)
    ]
    text = source.of(statement.test)
    loose = isinstance(statement.test, ast.BoolOp)
    inner = f"({text})" if loose else text
    for base in dict.fromkeys(bases[:2]):
        for new, prior in (
            (f"{base} is None or {inner}", 0.06),
            (f"not {base} or {inner}", 0.03),
            (f"{base} and {inner}", 0.03),
            (f"{base} is not None and {inner}", 0.04),
        ):
            yield source.replace(statement.test, new, "add guard", prior)


def _jumped(scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    source = scope.source
    if isinstance(statement, ast.Break | ast.Continue):
        start, end = source.span(statement)
        new = "continue" if isinstance(statement, ast.Break) else "break"
        yield Edit(start, end, new, "jump", change(source.text[start:end], new), statement.lineno, 0.1)


def _in_loop(source: Source, statement: ast.stmt) -> ast.AST | None:
    node: ast.AST | None = statement
    while node is not None and not isinstance(node, Function):
        node = source.parents.get(node)
        if isinstance(node, _LOOPS):
            return node
    return None


def _added(scope: Scope, block: Sequence[ast.stmt]) -> Iterator[Edit]:
    """Yield blocks with one statement more: an assignment, a step, an element kept, an end of the loop."""
    source = scope.source
    if not all(source.alone(statement) for statement in block) or isinstance(scope.node, ast.Module):
        return
    loop = _in_loop(source, block[0])
    called = {
        (node.func.value.id, node.func.attr)
        for node in ast.walk(scope.node)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }
    new: dict[str, float] = {}
    stored = [name for name in scope.names if name not in scope.parameters][:6]
    if loop is not None:
        for name in stored:
            new[f"{name} += 1"] = 0.012
            for other in scope.names[:8]:
                if other != name:
                    new[f"{name} = {other}"] = 0.008
        new["break"] = 0.012
        new["continue"] = 0.004
    sets = _assigned_to(source, scope.node, ("set(", "{"))
    lists = _assigned_to(source, scope.node, ("[",))
    for method, holders in (("add", sets), ("append", lists)):
        for holder in holders:
            for name in scope.names[:8]:
                if name != holder and (holder, method) not in called:
                    new[f"{holder}.{method}({name})"] = 0.03
    outer: ast.AST | None = scope.node
    while outer is not None:
        outer = source.parents.get(outer)
        if isinstance(outer, Function):
            for holder in _assigned_to(source, outer, ("set(",)):
                for name in scope.names[:6]:
                    new.setdefault(f"{holder}.add({name})", 0.02)
    for statement in (block[0], block[-1]) if len(block) > 1 else (block[0],):
        if _is_documentation(statement) or isinstance(statement, Function | ast.ClassDef):
            continue
        indent = source.indent(statement)
        start = source.whole_lines(statement, statement)[0]
        if not indent:
            continue
        for text, prior in new.items():
            what = f"`{text}` before `{source.of(statement).splitlines()[0]}`"
            if text not in {"break", "continue"}:
                yield Edit(start, start, f"{indent}{text}\n", "add statement", what, statement.lineno, prior)
    last = block[-1]
    if not isinstance(last, ast.Return | ast.Raise | ast.Break | ast.Continue) and source.indent(last):
        end = source.whole_lines(last, last)[1]
        lead = "" if source.text[:end].endswith("\n") else "\n"
        for text, prior in new.items():
            line = last.end_lineno or last.lineno
            what = f"`{text}` after `{source.of(last).splitlines()[0]}`"
            added = f"{lead}{source.indent(last)}{text}\n"
            yield Edit(end, end, added, "add statement", what, line, prior)


def _assigned_to(source: Source, node: ast.AST, beginnings: tuple[str, ...]) -> list[str]:
    """Return the names that are assigned a value whose text begins in one of some ways."""
    return [
        part.targets[0].id
        for part in ast.walk(node)
        if isinstance(part, ast.Assign)
        and isinstance(part.targets[0], ast.Name)
        and source.of(part.value).startswith(beginnings)
    ]


def _guarded(scope: Scope) -> Iterator[Edit]:
    """Yield a function that returns at once for an empty, missing or smallest argument."""
    if not isinstance(scope.function, Function):
        return
    source, function = scope.source, scope.function
    body = [statement for statement in function.body if not _is_documentation(statement)]
    if not body or not source.alone(body[0]) or not source.indent(body[0]):
        return
    indent = source.indent(body[0])
    start = source.whole_lines(body[0], body[0])[0]
    empty = ["None", "0", "[]", "False", "True", "''", "1", "-1", "''"]
    seen = [
        source.of(node.value) for node in ast.walk(function) if isinstance(node, ast.Return) and node.value
    ]
    for name in [argument.arg for argument in function.args.args if argument.arg not in {"self", "cls"}][:3]:
        for condition, weight in (
            (f"not {name}", 1.0),
            (f"{name} is None", 0.5),
            (f"{name} < 0", 0.4),
            (f"{name} == 0", 0.4),
            (f"{name} <= 1", 0.4),
        ):
            for value in dict.fromkeys(
                [name, *(text for text in seen if text in empty), "None", "0", "[]", "False", "True"]
            ):
                text = f"{indent}if {condition}:\n{indent}{_step(source, indent)}return {value}\n"
                what = f"`return {value}` if `{condition}`"
                prior = weight * (0.012 if value in seen or value == name else 0.006)
                yield Edit(start, start, text, "add guard", what, body[0].lineno, prior)


def _step(source: Source, indent: str) -> str:
    return "\t" if indent.startswith("\t") else "    "
