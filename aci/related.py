"""Which tests have to do with the changed files: by what they import, by name, by recorded coverage."""

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from aci import dependencies
from aci.coverage import read_contexts
from aci.runners.base import scratch, take
from aci.workspace import Workspace
from envs.sandbox import FileProblem

MAX_TESTS = 200
_UNNAMEABLE = ("ctest", "make", "script")
"""Runners whose tests are not known by files."""

_TEST_FILE = re.compile(
    r"(^|/)(test[^/]*|[^/]*_tests?)\.py$|\.(test|spec)\.[cm]?[jt]sx?$|(^|/)(__tests__|test|tests|spec)/.*\.[cm]?[jt]sx?$"
    r"|_test\.go$|(^|/)(Test[A-Z]\w*|\w*Tests?|\w*TestCase|\w*IT)\.(java|kt|groovy)$|(^|/)tests/[^/]+\.rs$"
)
_STEM_MARKS = re.compile(
    r"^tests?[_-]|[_-]tests?$|\.(?:test|spec)$|(?<=[a-z0-9])(?:Tests?|TestCase|IT)$|^Test(?=[A-Z])"
)
_CHANGED = re.compile(r"^(?:\+\+\+ b|--- a)/(.+?)\t?$", re.MULTILINE)


class Related(NamedTuple):
    """What has to do with the changed files.

    Attributes:
        changed: The changed files.
        tests: Test files, or ids of tests; empty when none is known.
        modules: The changed Python modules, whose examples belong to the tests.
        why_all: Why all tests should run instead, or "".
    """

    changed: tuple[str, ...]
    tests: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    why_all: str = ""


async def find_related(workspace: Workspace, runner: str) -> Related:
    """Return the tests that have to do with what was changed so far.

    Args:
        workspace: Knows what was changed.
        runner: The name of the runner, as `detect` returns it.
    """
    changed = await _changed(workspace)
    if not changed or not runner:
        return Related(tuple(changed), why_all="" if runner else "A configured command takes no files")
    if runner.partition(":")[0] in _UNNAMEABLE:
        return Related(tuple(changed), why_all=f"{runner.partition(':')[0]} names no tests by their files")
    files, lines = await _gather(workspace)
    graph = dependencies.graph(files, lines)
    covered = read_contexts(
        await _read(workspace, "coverage.json"), await _read(workspace, ".coverage"), changed
    )
    tests = select(changed, files, graph, covered)
    if len(tests) > MAX_TESTS:
        return Related(tuple(changed), why_all=f"More than {MAX_TESTS} test files are related")
    modules = tuple(path for path in changed if path.endswith(".py") and not is_test(path))
    return Related(tuple(changed), tuple(tests), modules)


def is_test(path: str) -> bool:
    """Say whether a file holds tests by its name."""
    return _TEST_FILE.search(path) is not None


def select(
    changed: Sequence[str], files: Collection[str], graph: dependencies.Graph, covered: Iterable[str] = ()
) -> list[str]:
    """Return the related tests, those of the changed files first.

    Args:
        changed: The changed files.
        files: All source files.
        graph: What each of them imports.
        covered: Tests that ran lines of the changed files, by a coverage report.
    """
    targets = set(changed)
    near = targets | {path for path, imported in graph.items() if imported & targets and not is_test(path)}
    names = {_stem(path) for path in changed if not is_test(path)}
    folders = tuple(
        posixpath.dirname(path) + "/" if "/" in path else ""
        for path in changed
        if posixpath.basename(path) == "conftest.py"
    )
    found = {path: None for path in changed if path in files and (is_test(path) or path.endswith(".rs"))}
    for path in sorted(files):
        if is_test(path) and (
            graph.get(path, frozenset()) & near
            or _stem(path) in names
            or (folders and path.startswith(folders))
        ):
            found[path] = None
    known = set(files)
    for test in covered:
        file = test.partition("::")[0]
        if file in known or "::" not in test:
            found[file] = None
    return list(found)


def _stem(path: str) -> str:
    """Return the name that a file and its test share."""
    folder, name = posixpath.split(path)
    stem = name.rpartition(".")[0] or name
    if stem in {"__init__", "index", "mod", "main", "lib"}:
        stem = posixpath.basename(folder) or stem
    bare = _STEM_MARKS.sub("", stem)
    return bare.lower().replace("_", "").replace("-", "")


async def _changed(workspace: Workspace) -> list[str]:
    found = dict.fromkeys(workspace.written)
    if workspace.current_diff is not None:
        found |= dict.fromkeys(_CHANGED.findall(await workspace.current_diff()))
    return list(found)


async def _gather(workspace: Workspace) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the source files, and each line that imports something with its file."""
    file = scratch(".txt")
    suffixes = " -o ".join(f"-name '*{suffix}'" for suffix in dependencies.SUFFIXES)
    skipped = " -o ".join(f"-name {folder}" for folder in dependencies.SKIPPED_FOLDERS)
    find = f"command find . -type d '(' {skipped} ')' -prune -o -type f '(' {suffixes} ')'"
    await workspace.probe(
        f"{{ {find} -print; echo; {find} -exec grep -HE {_pattern()} {{}} + ; }} >{file} 2>/dev/null; true"
    )
    text = (await take(workspace, file) or b"").decode("utf-8", "replace")
    listing, _, found = text.partition("\n\n")
    files = [path.removeprefix("./") for path in listing.split("\n") if path]
    lines = []
    for line in found.split("\n"):
        path, separator, statement = line.partition(":")
        if separator:
            lines.append((path.removeprefix("./"), statement))
    return files, lines


def _pattern() -> str:
    return "'" + dependencies.GREP + "'"


async def _read(workspace: Workspace, path: str) -> bytes:
    try:
        return (await workspace.read(path)).data
    except FileProblem:
        return b""
