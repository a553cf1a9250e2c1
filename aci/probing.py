"""Inputs that tell versions of a function apart: calls seen in tests and docstrings, and mutations."""

import ast
import random
import re
from collections.abc import Iterator, Sequence

from aci.trials_program.checks import examples_of, parameters_given, parsed
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_FILES = 12
_MOST = 400
_LONGEST = 400


async def make_probes(workspace: Workspace, path: str, symbol: str, limit: int = 40) -> list[str]:
    """Return calls of a function for telling behaviours apart, always the same ones.

    Args:
        workspace: Where the file and its tests are.
        path: The file that defines the function.
        symbol: The function's name; a method has no probes, since nothing to call it on can be made up.
        limit: How many to return at most.

    Raises:
        FileProblem: The file can't be read.
    """
    if "." in symbol or not path.endswith(".py"):
        return []
    texts = [(await workspace.read(path)).data.decode("utf-8", "replace")]
    for other in _test_files(workspace):
        if other != path:
            try:
                texts.append((await workspace.read(other)).data.decode("utf-8", "replace"))
            except FileProblem:
                continue
    seeds: dict[str, tuple[ast.expr, ...]] = {}
    for text in texts:
        for call in _calls(text, path, symbol):
            seeds.setdefault(ast.unparse(call), tuple(call.args))
    return _grown(symbol, seeds, limit)


def _test_files(workspace: Workspace) -> list[str]:
    """Return the files of the tests that are known, the failing ones' first."""
    found: dict[str, None] = {}
    for word in workspace.test_command.split():
        if word.endswith(".py"):
            found[word.removeprefix("./")] = None
    report = workspace.base_report or workspace.last_report
    for test in (*report.failed, *report.passed) if report is not None else ():
        if "::" in test:
            found[test.partition("::")[0]] = None
        else:
            parts = test.split(".")
            for count in range(len(parts), max(0, len(parts) - 3), -1):
                candidate = "/".join(parts[:count]) + ".py"
                if candidate in workspace.files or count == len(parts) - 2:
                    found[candidate] = None
    return list(found)[:_FILES]


def _calls(text: str, path: str, symbol: str) -> Iterator[ast.Call]:
    tree = parsed(text)
    if tree is None:
        return
    names = {symbol} | {name for name, given in parameters_given(tree).items() if given == symbol}
    trees: list[ast.AST] = [tree]
    trees += [
        found for example in examples_of(text, path) if (found := parsed(example["source"])) is not None
    ]
    for root in trees:
        for node in ast.walk(root):
            if not isinstance(node, ast.Call) or len(ast.unparse(node)) > _LONGEST:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            name = node.func.attr if isinstance(node.func, ast.Attribute) else name
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name in names and all(_is_literal(value) for value in values):
                yield ast.Call(ast.Name(symbol, ast.Load()), node.args, node.keywords)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _grown(symbol: str, seeds: dict[str, tuple[ast.expr, ...]], limit: int) -> list[str]:
    """Return the seeds, then mutations of their arguments, in turns over the seeds."""
    probes = dict.fromkeys(list(seeds)[: max(1, limit // 2)])
    plain = [
        [ast.literal_eval(argument) for argument in arguments]
        for text, arguments in seeds.items()
        if re.fullmatch(r"(?s)\w+\((?!.*\w=(?!=)).*\)", text) and arguments
    ]
    # The seed is the same every time: the same behaviours are compared on the same inputs.
    chance = random.Random(20)  # noqa: S311
    for turn in range(_MOST if plain else 0):
        if len(probes) >= limit:
            break
        values = list(plain[turn % len(plain)])
        for _ in range(1 + chance.randrange(2)):
            at = chance.randrange(len(values))
            values[at] = mutated(values[at], chance, plain, at)
        text = f"{symbol}({', '.join(map(repr, values))})"
        if len(text) <= _LONGEST:
            probes.setdefault(text)
    return list(probes)[:limit]


def mutated(
    value: object, chance: random.Random, pool: Sequence[Sequence[object]] = (), at: int = 0
) -> object:
    """Return another value of the same type, near the given one or at an edge of the type."""
    others = [row[at] for row in pool if len(row) > at and type(row[at]) is type(value)]
    if others and chance.random() < 0.2:
        return chance.choice(others)
    match value:
        case bool():
            return not value
        case int():
            return chance.choice(
                [value + 1, value - 1, 0, 1, 2, value * 2, value + 7, -value, value // 2, 10]
            )
        case float():
            return chance.choice(
                [value + 1, value - 0.5, 0.0, 1.0, -value, value * 2, round(value), value / 3]
            )
        case str():
            return _text(value, chance)
        case list() | tuple():
            changed = _sequence(list(value), chance)
            return changed if isinstance(value, list) else tuple(changed)
        case dict():
            items = _sequence([list(item) for item in value.items()], chance)
            return {_key(pair): pair[1] for pair in items if isinstance(pair, list) and len(pair) == 2}
        case set():
            return {_hashable(part) for part in _sequence(sorted(value, key=repr), chance)}
    return value


def _key(pair: list[object]) -> object:
    return _hashable(pair[0])


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _text(value: str, chance: random.Random) -> str:
    letters = list(value)
    options = [
        value[1:], value[:-1], value[::-1], value + value, value.swapcase(), value.upper(), "",
        "".join(chance.sample(letters, len(letters))), value + " " + value[:2],
    ]  # fmt: skip
    if letters:
        place = chance.randrange(len(letters))
        other = chance.choice([*letters, "a", "B", "1", " ", "e"])
        options += [value[:place] + other + value[place + 1 :]] * 3
        options += [value[:place] + other + value[place:]] * 2
        options.append(value[:place] + value[place + 1 :])
    return chance.choice(options)


def _sequence(values: list[object], chance: random.Random) -> list[object]:
    if not values:
        return chance.choice([[0], [1, 2], [3, 1, 2]]) if chance.random() < 0.5 else []
    place = chance.randrange(len(values))
    changed = list(values)
    changed[place] = mutated(values[place], chance)
    options = [
        changed, changed, changed, values[1:], values[:-1], values[::-1], [*values, values[place]],
        [*values, mutated(values[place], chance)], chance.sample(values, len(values)), values[:1], [],
        [mutated(part, chance) for part in values],
    ]  # fmt: skip
    return list(chance.choice(options))
