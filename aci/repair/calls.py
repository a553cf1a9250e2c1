"""Changes of calls: another function of the family, other arguments, a call more or less around a value."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from aci.repair.edits import Edit, Source
from aci.repair.hints import boosted
from aci.repair.scope import Scope

_FUNCTIONS = (
    ("min", "max", "sum"), ("any", "all"), ("sum", "len", "max", "min"),
    ("sorted", "reversed", "list", "set"),
    ("int", "round", "float"), ("list", "tuple", "set"), ("str", "repr"), ("ord", "chr"),
    ("bin", "hex", "oct"),
    ("map", "filter"), ("str", "int", "float"), ("isinstance", "issubclass"), ("hasattr", "getattr"),
    ("zip", "map"), ("deepcopy", "copy"),
)  # fmt: skip
_METHODS = (
    ("upper", "lower", "swapcase", "capitalize", "title"), ("append", "extend", "insert"),
    ("ceil", "floor", "trunc"), ("startswith", "endswith"), ("index", "find", "rindex", "rfind"),
    ("find", "rfind"), ("strip", "lstrip", "rstrip"), ("isupper", "islower", "isalpha"),
    ("isdigit", "isalpha", "isalnum", "isspace"), ("keys", "values", "items"), ("add", "remove", "discard"),
    ("union", "intersection", "difference", "symmetric_difference"), ("update", "setdefault"),
    ("pop", "popleft"), ("append", "appendleft"), ("append", "add"), ("get", "pop", "setdefault"),
    ("split", "rsplit", "partition"), ("removeprefix", "removesuffix"), ("sqrt", "pow"),
    ("sin", "cos", "tan"),
    ("min", "max"), ("match", "search", "fullmatch"), ("ljust", "rjust", "center"), ("any", "all"),
    ("read", "readline", "readlines"), ("encode", "decode"), ("copy", "deepcopy"), ("acquire", "release"),
    ("heappush", "heappop"), ("bisect_left", "bisect_right"), ("log", "log2", "log10", "exp"),
)  # fmt: skip
_WRAPS = (
    ("abs", 0.04), ("int", 0.02), ("len", 0.02), ("set", 0.02), ("sorted", 0.02), ("list", 0.015),
    ("str", 0.015), ("sum", 0.015), ("max", 0.01), ("min", 0.01), ("round", 0.01), ("tuple", 0.008),
    ("bool", 0.008), ("reversed", 0.008), ("float", 0.005),
)  # fmt: skip
_OF_SEQUENCES = frozenset({"set", "sorted", "list", "len", "sum", "reversed", "tuple"})
_TEXT_METHODS = (
    ("lower()", 0.02), ("upper()", 0.02), ("swapcase()", 0.02), ("strip()", 0.015), ("copy()", 0.015),
    ("encode()", 0.01), ("split()", 0.008),
)  # fmt: skip


def functions(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield another function or method of the same family."""
    if not isinstance(node, ast.Call):
        return
    source, function = scope.source, node.func
    if isinstance(function, ast.Name):
        for other in _relatives(function.id, _FUNCTIONS):
            prior = boosted(
                0.12 if {other, function.id} <= {"min", "max", "any", "all"} else 0.06, other, scope.words
            )
            yield source.replace(function, other, "function", prior)
    elif isinstance(function, ast.Attribute):
        end = source.span(function)[1]
        start = end - len(function.attr)
        for other in [*_relatives(function.attr, _METHODS), *_also_used(scope, function.attr)]:
            prior = boosted(0.1 if _relatives(function.attr, _METHODS) else 0.03, other, scope.words)
            what = f"`.{function.attr}` to `.{other}`"
            yield Edit(start, end, other, "function", what, function.end_lineno or node.lineno, prior)


def attributes(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield another attribute that the function uses, where one is read or set."""
    source = scope.source
    parent = source.parents.get(node)
    if isinstance(node, ast.Attribute) and not (isinstance(parent, ast.Call) and node is parent.func):
        end = source.span(node)[1]
        for other in scope.attributes[:8]:
            if other != node.attr:
                what = f"`.{node.attr}` to `.{other}`"
                yield Edit(end - len(node.attr), end, other, "attribute", what, node.end_lineno or 1, 0.04)
        if isinstance(node.ctx, ast.Load):
            yield source.replace(node, source.of(node.value), "drop attribute", 0.02)


def _relatives(name: str, families: tuple[tuple[str, ...], ...]) -> list[str]:
    return list(
        dict.fromkeys(other for family in families if name in family for other in family if other != name)
    )


def _also_used(scope: Scope, name: str) -> list[str]:
    known = {other for family in _METHODS for other in family if name in family}
    called = {
        call.func.attr
        for call in ast.walk(scope.node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    }
    return sorted(called - known - {name})[:4]


def arguments(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield arguments swapped, dropped or added."""
    if not isinstance(node, ast.Call):
        return
    source = scope.source
    for one, other in pairwise(node.args):
        start, middle = source.span(one)
        gap_end, end = source.span(other)
        gap = source.text[middle:gap_end]
        first, second = source.of(one), source.of(other)
        if first != second and not gap.strip(" \t\r\n,\\"):
            what = f"arguments `{first}` and `{second}` swapped"
            yield Edit(start, end, second + gap + first, "swap arguments", what, one.lineno, 0.1)
    every: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    places = [source.span(part) for part in every]
    for at, part in enumerate(every):
        start, end = places[at]
        if at + 1 < len(every):
            end = places[at + 1][0]
        elif at:
            start = places[at - 1][1]
        piece = source.text[start:end]
        if piece.count("(") == piece.count(")"):
            what = f"without the argument `{source.of(part)}`"
            prior = 0.06 if len(every) > 1 else 0.01
            yield Edit(start, end, "", "drop argument", what, part.lineno, prior)
    yield from _added(scope, node)


def _added(scope: Scope, node: ast.Call) -> Iterator[Edit]:
    source, name = scope.source, node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "sort":
        name = "sort"
    end = source.span(node)[1] - 1
    given = {keyword.arg for keyword in node.keywords}
    lead = ", " if node.args or node.keywords else ""
    single = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if name in {"sorted", "sort"}:
        if "reverse" not in given:
            prior = boosted(0.06, "reverse", scope.words)
            yield Edit(
                end, end, f"{lead}reverse=True", "add argument", "with `reverse=True`", node.lineno, prior
            )
        if "key" not in given:
            for key in ("len", "abs", "str", "str.lower", "lambda item: item[1]", "lambda item: -item"):
                prior = boosted(0.015, key, scope.words)
                what = f"with `key={key}`"
                yield Edit(end, end, f"{lead}key={key}", "add argument", what, node.lineno, prior)
    if name in {"max", "min"} and single is not None:
        yield Edit(end, end, ", default=0", "add argument", "with `default=0`", node.lineno, 0.02)
    if name == "range" and single is not None:
        start = source.span(single)[0]
        for first, prior in (("1, ", 0.08), ("2, ", 0.03)):
            yield Edit(start, start, first, "add argument", f"range from `{first[0]}`", node.lineno, prior)
        text = source.of(single)
        yield source.replace(single, f"1, {text} + 1", "add argument", 0.06, f"range from 1 to `{text}`")
    if name == "range" and len(node.args) == 2:
        for step, prior in (("2", 0.03), ("-1", 0.02)):
            yield Edit(end, end, f", {step}", "add argument", f"range by `{step}`", node.lineno, prior)
    if name in {"enumerate", "sum"} and single is not None:
        yield Edit(end, end, ", 1", "add argument", "with `1`", node.lineno, 0.02)


def wraps(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield a value inside one more call, or without the call around it."""
    source = scope.source
    if isinstance(node, ast.Call):
        yield from _unwrapped(source, node)
    if not _is_value(source, node):
        return
    parent = source.parents.get(node)
    text = source.of(node)
    main = isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.Compare | ast.For | ast.comprehension)
    numeric = isinstance(node, ast.BinOp | ast.UnaryOp)
    around = parent.func.id if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) else ""
    share = 1.0 if main else 0.5
    for name, prior in _WRAPS:
        if name == around or text.startswith(f"{name}("):
            continue
        fitting = 6.0 if numeric and name in _OF_SEQUENCES else 1.0
        weight = boosted(prior, name, scope.words) * share / fitting
        yield source.replace(node, f"{name}({text})", "wrap", weight)
    if numeric and isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.AugAssign):
        yield source.replace(node, f"max(0, {text})", "wrap", 0.02)
        yield source.replace(node, f"min(0, {text})", "wrap", 0.004)
    textual = not isinstance(node, ast.Constant) or isinstance(node.value, str)
    if textual and isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.Attribute | ast.Constant):
        for method, prior in _TEXT_METHODS:
            weight = boosted(prior, method.partition("(")[0], scope.words) * share
            yield source.replace(node, f"{text}.{method}", "add method", weight)
        if not isinstance(node, ast.Constant) and main:
            weight = boosted(0.015, "reverse", scope.words)
            yield source.replace(node, f"{text}[::-1]", "slice", weight)
    if isinstance(node, ast.Call) and around != "sorted" and main:
        yield source.replace(node, f"sorted(set({text}))", "wrap", boosted(0.003, "set", scope.words))
    if isinstance(node, ast.Name) and isinstance(parent, ast.Call | ast.Return) and main:
        yield source.replace(node, f"set({text})", "wrap", boosted(0.004, "set", scope.words))


def _unwrapped(source: Source, node: ast.Call) -> Iterator[Edit]:
    function = node.func
    if len(node.args) >= 1 and isinstance(function, ast.Name) and not isinstance(node.args[0], ast.Starred):
        prior = 0.08 if len(node.args) == 1 else 0.02
        for argument in node.args[:2]:
            if not isinstance(argument, ast.Starred | ast.GeneratorExp):
                yield source.replace(node, source.of(argument), "drop call", prior)
    if isinstance(function, ast.Attribute):
        inner = function.value
        chained = isinstance(inner, ast.Call)
        if not isinstance(source.parents.get(node), ast.Expr):
            yield source.replace(node, source.of(inner), "drop call", 0.12 if chained else 0.05)
            if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
                yield source.replace(node, source.of(node.args[0]), "drop call", 0.03)


def _is_value(source: Source, node: ast.expr) -> bool:
    """Say whether an expression is a value that a call may be put around."""
    if not isinstance(
        node,
        ast.Name
        | ast.Call
        | ast.BinOp
        | ast.Subscript
        | ast.Attribute
        | ast.ListComp
        | ast.UnaryOp
        | ast.Constant,
    ):
        return False
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return False
    parent = source.parents.get(node)
    if isinstance(node, ast.Constant) and not (isinstance(node.value, str) and isinstance(parent, ast.Call)):
        return False
    if isinstance(parent, ast.Call) and node is parent.func:
        return False
    if isinstance(parent, ast.Attribute | ast.Expr | ast.Starred | ast.FormattedValue):
        return False
    return not (isinstance(parent, ast.Subscript) and node is parent.slice and isinstance(node, ast.Constant))


def comprehensions(scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Yield a filter less, and a generator as the list that it may have to be."""
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        return
    source = scope.source
    for generator in node.generators:
        for at, condition in enumerate(generator.ifs):
            before = source.span(generator.ifs[at - 1] if at else generator.iter)[1]
            end = source.span(condition)[1]
            piece = source.text[before:end]
            if piece.count("(") == piece.count(")"):
                what = f"without `if {source.of(condition)}`"
                yield Edit(before, end, "", "drop filter", what, condition.lineno, 0.06)
        if isinstance(generator.target, ast.Name) and not generator.ifs:
            end = source.span(generator.iter)[1]
            target = generator.target.id
            for text in (f" if {target}", f" if {target} > 0", f" if {target} is not None"):
                yield Edit(end, end, text, "add filter", f"with `{text.strip()}`", node.lineno, 0.01)
    if not isinstance(node, ast.DictComp | ast.GeneratorExp):
        generator = node.generators[0]
        if isinstance(node.elt, ast.Name) and isinstance(generator.iter, ast.Name):
            yield source.replace(node, generator.iter.id, "drop comprehension", 0.01)
