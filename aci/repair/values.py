"""Changes of constants, names, indices and bounds."""

import ast
import difflib
from collections.abc import Iterator
from itertools import combinations, pairwise

from aci.repair.edits import Edit, Source
from aci.repair.scope import Scope

_ENDINGS = 12
_FAMILIES = ("upper", "lower", "capitalize", "title", "swapcase")


def constants(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield other constants: one off, negated, another one of the function or of its docstring."""
    if not isinstance(node, ast.Constant) or isinstance(scope.source.parents.get(node), ast.JoinedStr):
        return
    value = node.value
    if isinstance(value, bool):
        yield scope.source.replace(node, str(not value), "constant", 0.15)
    elif isinstance(value, int | float):
        yield from _numbers(scope, node, value)
    elif isinstance(value, str):
        yield from _strings(scope, node, value)
    elif value is None:
        for new, prior in (("0", 0.03), ("[]", 0.03), ("False", 0.03), ("''", 0.02), ("True", 0.02)):
            yield scope.source.replace(node, new, "constant", prior)


def _numbers(scope: Scope, node: ast.Constant, value: float) -> Iterator[Edit]:
    source = scope.source
    found: dict[str, float] = {}

    def add(new: float, prior: float) -> None:
        if new != value or type(new) is not type(value):
            text = repr(new)
            mentioned = text.removeprefix("-") in scope.numbers or f"{new:g}" in scope.numbers
            found.setdefault(text, prior * 2.5 if mentioned else prior)

    if isinstance(value, int):
        add(value + 1, 0.17)
        add(value - 1, 0.17)
        for other in (0, 1, 2):
            add(other, 0.08)
        add(-value, 0.05)
        for other in (10, value * 2, value // 2, value + 2, value - 2, 3):
            add(other, 0.02)
    else:
        for number in (value + 1, value - 1, 0.0, 1.0, 2.0, -value, value * 2, value / 2):
            add(number, 0.06)
        if value:
            add(1 / value, 0.1)
        add(value * 10, 0.03)
        add(value / 10, 0.03)
    for constant in scope.constants:
        if isinstance(constant, int | float) and not isinstance(constant, bool):
            add(constant, 0.08)
    for mentioned in sorted(scope.numbers):
        add(float(mentioned) if "." in mentioned else int(mentioned), 0.04)
    for shown, prior in found.items():
        if not shown.startswith("-") or not isinstance(source.parents.get(node), ast.UnaryOp):
            yield source.replace(node, shown, "constant", prior)


def _strings(scope: Scope, node: ast.Constant, value: str) -> Iterator[Edit]:
    source = scope.source
    old = source.of(node)
    if len(value) > 60 or "\n" in old or old[:1] not in "'\"":
        return
    quote = old[0]
    found: dict[str, float] = {}
    for constant in scope.constants:
        if isinstance(constant, str) and len(constant) <= 40:
            found.setdefault(constant, 0.08 if len(constant) <= 3 * max(1, len(value)) else 0.02)
    for text in scope.quoted:
        found.setdefault(text, 0.05)
    if value:
        found.setdefault("", 0.06 if not value.strip() else 0.03)
    else:
        found.setdefault(" ", 0.05)
    for family in _FAMILIES:
        new = getattr(value, family)()
        found[new] = max(found.get(new, 0.0), 0.12 if new in scope.spelled else 0.04)
    # A word of the docstring that is spelled nearly like this one.
    if len(value) > 3:
        for word in difflib.get_close_matches(value, sorted(scope.spelled - {value}), 2, 0.75):
            found[word] = max(found.get(word, 0.0), 0.3)
    if len(value) > 1:
        found.setdefault(value[1:], 0.02)
        found.setdefault(value[:-1], 0.02)
    for new, prior in found.items():
        if new != value:
            text = quote + new.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n") + quote
            yield source.replace(node, text, "constant", prior)


def everywhere(scope: Scope) -> Iterator[Edit]:
    """Yield a constant or a name changed in all its places at once, where it has two or three."""
    source = scope.source
    groups: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope.node):
        if isinstance(node, ast.Constant | ast.Name) and hasattr(node, "end_col_offset"):
            groups.setdefault(source.of(node), []).append(node)
    for nodes in groups.values():
        if not 2 <= len(nodes) <= 3:
            continue
        nodes.sort(key=source.span)
        groups_of = [nodes] if len(nodes) == 2 else [nodes, *combinations(nodes, 2)]
        for edit in constants(scope, nodes[0]):
            for chosen in groups_of:
                start, end = source.span(chosen[0])[0], source.span(chosen[-1])[1]
                pieces, at = [], start
                for node in chosen:
                    first, last = source.span(node)
                    pieces += [source.text[at:first], edit.new]
                    at = last
                what = f"{'every' if chosen is nodes else 'twice'} {edit.what}"
                prior = edit.prior * (0.5 if chosen is nodes else 0.15)
                yield Edit(start, end, "".join(pieces), "everywhere", what, chosen[0].lineno, prior)


def elsewhere(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield another element or attribute that the function names in the place of one."""
    if not isinstance(node, ast.Subscript | ast.Attribute):
        return
    source = scope.source
    parent = source.parents.get(node)
    if isinstance(parent, ast.Call) and node is parent.func:
        return
    own = source.of(node)
    others = {
        source.of(other): None
        for other in ast.walk(scope.node)
        if isinstance(other, type(node))
        and not (isinstance((up := source.parents.get(other)), ast.Call) and other is up.func)
    }
    for text in list(others)[:8]:
        if text != own and "\n" not in text and len(text) < 60:
            yield source.replace(node, text, "elsewhere", 0.03)


def names(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield another variable of the function in the place of one, and the variable one more or less."""
    source = scope.source
    if not isinstance(node, ast.Name) or node.id not in scope.names:
        return
    stored = isinstance(node.ctx, ast.Store)
    alike = _used_as(scope, node.id)
    for other in scope.names[:10]:
        if other != node.id:
            prior = 0.1 if alike & _used_as(scope, other) else 0.05
            yield source.replace(node, other, "name", prior * (0.6 if stored else 1.0))
    parent = source.parents.get(node)
    if stored or (isinstance(parent, ast.Call) and node is parent.func):
        return
    near = _is_bound(source, node)
    for text, prior in ((f"{node.id} + 1", 0.06), (f"{node.id} - 1", 0.06)):
        yield source.replace(node, text, "one off", prior if near else prior / 4)
    if isinstance(parent, ast.BinOp | ast.Compare):
        yield source.replace(node, f"{node.id} ** 2", "power", 0.02)
        yield source.replace(node, f"{node.id} * 2", "power", 0.01)
    sliced = "sliced" in alike or "indexed" in alike or "iterated" in alike
    if sliced and isinstance(parent, ast.Call | ast.comprehension | ast.For | ast.Return):
        for text in (f"{node.id}[1:]", f"{node.id}[:-1]", f"{node.id}[::-1]"):
            yield source.replace(node, text, "slice", 0.02)
    if isinstance(parent, ast.Call | ast.Return | ast.Assign) and node.id in scope.parameters:
        for text in ("0", "1", "None", "True", "False", "[]"):
            yield source.replace(node, text, "constant", 0.008)
    if isinstance(parent, ast.Return | ast.BinOp | ast.Call) and not isinstance(parent, ast.JoinedStr):
        for constant in scope.constants[:6]:
            if isinstance(constant, int | str) and constant not in {"", 0, 1}:
                yield source.replace(node, repr(constant), "constant", 0.008)


def _used_as(scope: Scope, name: str) -> set[str]:
    """Return the roles that a name plays in the function."""
    cache: dict[str, set[str]] = scope.__dict__.setdefault("_roles", {})
    if name not in cache:
        roles = {"any"} if name in scope.parameters else set()
        for node in ast.walk(scope.node):
            if not isinstance(node, ast.Name) or node.id != name:
                continue
            match scope.source.parents.get(node):
                case ast.Subscript() as parent:
                    roles.add("indexed" if node is parent.value else "index")
                case ast.BinOp() | ast.AugAssign():
                    roles.add("arithmetic")
                case ast.Compare():
                    roles.add("compared")
                case ast.For() | ast.comprehension():
                    roles.add("target" if isinstance(node.ctx, ast.Store) else "iterated")
                case ast.Attribute() as parent:
                    roles.add(f".{parent.attr}")
                case ast.Call() as parent:
                    function = parent.func
                    roles.add("called" if node is function else _argument_of(function))
                case ast.Slice():
                    roles.add("index")
        cache[name] = roles
    return cache[name]


def _argument_of(function: ast.expr) -> str:
    return f"{function.id}()" if isinstance(function, ast.Name) else "argument"


def _is_bound(source: Source, node: ast.expr) -> bool:
    """Say whether an expression is an index, a bound, or a side of a comparison."""
    parent = source.parents.get(node)
    match parent:
        case ast.Subscript():
            return node is parent.slice
        case ast.Slice() | ast.Compare():
            return True
        case ast.Call():
            return True
        case ast.BinOp():
            return _is_bound(source, parent)
    return False


def one_off(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield an expression one more or one less where it is a bound, an index or a result."""
    source = scope.source
    if isinstance(node, ast.Constant | ast.Name | ast.Slice | ast.Tuple | ast.Starred):
        return
    parent = source.parents.get(node)
    bound = _is_bound(source, node) and isinstance(node, ast.Call | ast.BinOp | ast.Attribute | ast.Subscript)
    returned = isinstance(parent, ast.Return | ast.Assign | ast.AugAssign) and isinstance(
        node, ast.Call | ast.BinOp | ast.Subscript
    )
    if not bound and not returned:
        return
    prior = 0.06 if bound else 0.02
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "range":
        prior = 0.12
    text = source.of(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = node.right
        if isinstance(right, ast.Constant) and right.value == 1:
            return
    loose = isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.LShift | ast.RShift | ast.BitAnd | ast.BitOr
    )
    text = f"({text})" if loose else text
    yield source.replace(node, f"{text} + 1", "one off", prior)
    yield source.replace(node, f"{text} - 1", "one off", prior)
    if isinstance(parent, ast.Compare):
        for constant in scope.constants:
            if constant in (2, 3) and not isinstance(constant, bool | float):
                yield source.replace(node, f"{text} ** {constant}", "power", 0.03)
        if "cube" in scope.words:
            yield source.replace(node, f"{text} ** 3", "power", 0.1)


def subscripts(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield bounds dropped, both indices of `a[i][j]` swapped, the index dropped, the order reversed."""
    if not isinstance(node, ast.Subscript):
        return
    source = scope.source
    value, index = node.value, node.slice
    if isinstance(index, ast.Slice):
        parts = [source.of(part) if part is not None else "" for part in (index.lower, index.upper)]
        step = source.of(index.step) if index.step is not None else ""
        tail = f":{step}" if step else ""
        base = source.of(value)
        options = {f":{parts[1]}": 0.05, f"{parts[0]}:": 0.05}
        if not parts[0]:
            options[f"1:{parts[1]}"] = 0.05
        if not parts[1]:
            options[f"{parts[0]}:-1"] = 0.05
        if (parts[0] and not parts[1]) or (parts[1] and not parts[0]):
            options[f"{parts[1]}:{parts[0]}"] = 0.06
        for text, prior in options.items():
            yield source.replace(node, f"{base}[{text}{tail}]", "slice", prior)
        if not step:
            yield source.replace(node, f"{base}[{parts[0]}:{parts[1]}:-1]", "slice", 0.02)
            yield source.replace(node, f"{base}[{parts[0]}:{parts[1]}][::-1]", "slice", 0.02)
        yield source.replace(node, base, "drop slice", 0.03)
        return
    if isinstance(node.ctx, ast.Load):
        yield source.replace(node, source.of(value), "drop index", 0.02)
        if not isinstance(index, ast.Constant):
            yield source.replace(node, source.of(index), "drop index", 0.02)
    if isinstance(value, ast.Subscript) and not isinstance(value.slice, ast.Slice):
        first, second = source.of(value.slice), source.of(index)
        if first != second:
            text = f"{source.of(value.value)}[{second}][{first}]"
            yield source.replace(node, text, "swap indices", 0.06)
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and isinstance(node.ctx, ast.Load):
        yield source.replace(index, "-1", "constant", 0.05)


def sequences(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield an element less, two neighbours swapped, of a tuple, list or set that is written out."""
    source = scope.source
    if not isinstance(node, ast.Tuple | ast.List | ast.Set):
        return
    elements = node.elts
    if not elements and isinstance(node, ast.List):
        for text in ("[[]]", "None", "[0]", "[1]"):
            yield source.replace(node, text, "constant", 0.04 if text == "[[]]" else 0.02)
    for one, other in pairwise(elements):
        start, middle = source.span(one)
        gap_end, end = source.span(other)
        first, second = source.of(one), source.of(other)
        gap = source.text[middle:gap_end]
        if first != second and len(elements) <= 4 and "(" not in gap and ")" not in gap:
            what = f"`{first}` and `{second}` swapped"
            yield Edit(start, end, second + gap + first, "swap elements", what, one.lineno, 0.08)
    if len(elements) > 2 - isinstance(node, ast.List) and len(elements) <= _ENDINGS:
        for at, element in enumerate(elements):
            start, end = source.span(element)
            if at + 1 < len(elements):
                end = source.span(elements[at + 1])[0]
            elif at:
                start = source.span(elements[at - 1])[1]
            if source.text[start:end].count("(") == source.text[start:end].count(")"):
                what = f"without `{source.of(element)}`"
                prior = 0.05 if isinstance(element, ast.Constant) else 0.02
                yield Edit(start, end, "", "drop element", what, element.lineno, prior)
