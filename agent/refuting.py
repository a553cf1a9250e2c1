"""Finds tests which the agent wrote and which the evidence contradicts.

A wrong test of one's own must not sink a right program: in the logs that came with Reflexion (arXiv
2303.11366) many tasks were given up although the last program was right, because a test that the model had
made up itself failed on it.
"""

import ast
import doctest
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aci.runners.doctests import is_doctest
from trajectories.events import TestReport

GIVEN = "fails with a patch that mends the given tests and breaks none"
EITHER_WAY = "fails with and without the patch"
CONTRADICTS = "contradicts the example {call} == {value}"

MAX_BYTES = 500_000
"""A larger file is not searched for examples and claims: it was made by a program."""

_EQUALITIES = frozenset({"assertEqual", "assertEquals", "assertIs"})
_UNPARSABLE = (SyntaxError, ValueError, MemoryError, RecursionError)


class NewTests(NamedTuple):
    """Tests that only a run with the agent's own test files has."""

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def new_tests(base: TestReport, final: TestReport) -> NewTests:
    """Return the tests of the run with the patch that have no place in the run before it."""
    return NewTests(
        *(
            tuple(test for test in tests if not base.knows(test) and not is_doctest(test))
            for tests in (final.passed, final.failed)
        )
    )


class Claim(NamedTuple):
    """That a call gives a value: what an example says, or what a test asserts.

    Attributes:
        call: The call as Python writes it, with the function's bare name.
        name: The function's bare name.
        value: What it must return.
        where: The function that the claim stands in; "" at the top of a module.
    """

    call: str
    name: str
    value: Any
    where: str


def contradicted(base_tree: Path, tree: Path, written: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """Find tests in Python that claim another value of a call than an example that everybody can see.

    Examples are those in docstrings and the assertions of the tests at the base commit; only calls of
    functions that are defined once count, with literals as arguments.

    Args:
        base_tree: The checkout of the base commit.
        tree: The work tree that the attempt left.
        written: The paths of the test files that it added.

    Returns:
        Why it is contradicted, by a test's path and function.
    """
    claims = {path: _claims(_text(tree / path)) for path in written if path.endswith(".py")}
    wanted = {claim.name for found in claims.values() for claim in found}
    if not wanted:
        return {}
    examples, defined = _examples(base_tree, wanted)
    return {
        (path, claim.where): CONTRADICTS.format(call=claim.call, value=repr(examples[claim.call]))
        for path, found in claims.items()
        for claim in found
        if defined.get(claim.name) == 1
        and claim.call in examples
        and not _same(examples[claim.call], claim.value)
    }


def why_contradicted(test: str, found: Mapping[tuple[str, str], str]) -> str:
    """Return why a test is contradicted, by its id, or ""."""
    name = re.split(r"::|\.|/", test.partition("[")[0])[-1]
    for (path, function), reason in found.items():
        module = path.removesuffix(".py").replace("/", ".")
        if function == name and (test.startswith(f"{path}::") or f".{module}." in f".{test}"):
            return reason
    return ""


def _examples(tree: Path, wanted: set[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the values that a tree's examples claim, and how often each wanted function is defined."""
    values: dict[str, Any] = {}
    doubtful: set[str] = set()
    defined: dict[str, int] = {}
    heads = re.compile(rf"^\s*(?:async\s+)?def ({'|'.join(map(re.escape, sorted(wanted)))})\(", re.MULTILINE)
    for path in sorted(tree.rglob("*.py")):
        if ".git" in path.parts or path.is_symlink() or not path.is_file():
            continue
        text = _text(path)
        for name in heads.findall(text):
            defined[name] = defined.get(name, 0) + 1
        if not any(name in text for name in wanted):
            continue
        for claim in (*_claims(text), *_documented(text)):
            if claim.call in values and not _same(values[claim.call], claim.value):
                doubtful.add(claim.call)
            values.setdefault(claim.call, claim.value)
    return {call: value for call, value in values.items() if call not in doubtful}, defined


def _documented(text: str) -> Iterator[Claim]:
    """Yield what the examples in a module's docstrings claim."""
    if ">>> " not in text:
        return
    try:
        tree = ast.parse(text)
    except _UNPARSABLE:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            try:
                found = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
            except ValueError:
                continue
            for example in found:
                try:
                    call = ast.parse(example.source.strip(), mode="eval").body
                    value = ast.literal_eval(example.want.strip())
                except _UNPARSABLE:
                    continue
                if claim := _claim(call, value, ""):
                    yield claim


def _claims(text: str) -> list[Claim]:
    """Return what the assertions of a test file claim."""
    try:
        tree = ast.parse(text)
    except _UNPARSABLE:
        return []
    found: list[Claim] = []
    _walk(tree, "", found)
    return found


def _walk(node: ast.AST, where: str, found: list[Claim]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        where = where or node.name
    for left, right in _equalities(node):
        for call, literal in ((left, right), (right, left)):
            try:
                claim = _claim(call, ast.literal_eval(literal), where)
            except _UNPARSABLE:
                continue
            if claim:
                found.append(claim)
    for child in ast.iter_child_nodes(node):
        _walk(child, where, found)


def _equalities(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
        compare = node.test
        if len(compare.ops) == 1 and isinstance(compare.ops[0], ast.Eq | ast.Is):
            yield compare.left, compare.comparators[0]
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _EQUALITIES
        and len(node.args) >= 2
    ):
        yield node.args[0], node.args[1]


def _claim(call: ast.expr, value: Any, where: str) -> Claim | None:
    """Return the claim, where the call is of a plain function with at least one argument, all literals."""
    if not isinstance(call, ast.Call) or not (call.args or call.keywords):
        return None
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        name = function.attr
    elif isinstance(function, ast.Name):
        name = function.id
    else:
        return None
    try:
        arguments = [repr(ast.literal_eval(argument)) for argument in call.args]
        arguments += [f"{one.arg}={ast.literal_eval(one.value)!r}" for one in call.keywords if one.arg]
    except _UNPARSABLE:
        return None
    if len(arguments) < len(call.args) + len(call.keywords):
        return None
    return Claim(f"{name}({', '.join(arguments)})", name, value, where)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _text(path: Path) -> str:
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
