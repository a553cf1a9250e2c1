"""Where calls of a function may stand: its own file, and the tests."""

import re
from pathlib import PurePosixPath

from aci.grammars import language_of
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_FILES = 12
_TEST = re.compile(r"test|spec", re.IGNORECASE)


async def sources(workspace: Workspace, path: str) -> list[str]:
    """Return the text of a file, then those of the tests that are known and can be read.

    Raises:
        FileProblem: The file itself can't be read.
    """
    texts = [(await workspace.read(path)).data.decode("utf-8", "replace")]
    others = _python_tests(workspace) if language_of(path) == "python" else _tests_like(workspace, path)
    for other in others:
        if other != path:
            try:
                texts.append((await workspace.read(other)).data.decode("utf-8", "replace"))
            except FileProblem:
                continue
    return texts


def _tests_like(workspace: Workspace, path: str) -> list[str]:
    """Return the tests in the language of a file, those that are called like it first."""
    language, stem = language_of(path), PurePosixPath(path).stem.lower()
    found = [one for one in workspace.files if language_of(one) == language and _TEST.search(one)]
    return sorted(found, key=lambda one: (stem not in PurePosixPath(one).name.lower(), one))[:_FILES]


def _python_tests(workspace: Workspace) -> list[str]:
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
