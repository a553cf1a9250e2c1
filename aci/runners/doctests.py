"""The examples in docstrings, as tests beside those of a Python project's own runner."""

import re
from collections.abc import Sequence
from importlib import resources

from aci.runners.base import (
    Failure,
    Outcome,
    by_kind,
    failure_of,
    json_lines,
    quoted,
    run_command,
    scratch,
    take,
)
from aci.workspace import Workspace
from trajectories.events import TestReport

MARK = "::doctest:"
MAX_MODULES = 40
"""The most modules with examples that a run of all tests imports."""
SECONDS = 30.0
"""What the examples of one run may take together."""

_PYTHON = ("pytest", "unittest", "django", "tox", "nox")
_OWN = re.compile(r"^(?P<path>[^:]+)\.py::(?P<name>[\w.]+)$")


def is_doctest(test: str) -> bool:
    """Say whether a test is an example in a docstring, by its id."""
    return MARK in test


def has_doctests(runner: str) -> bool:
    """Say whether a project tested by this runner is Python's."""
    return runner in _PYTHON


def runs_its_own(report: TestReport) -> bool:
    """Say whether the project's own runner ran examples already, as pytest does with `--doctest-modules`."""
    for test in (*report.passed, *report.failed):
        match = _OWN.match(test)
        if match and f".{match['name']}.".startswith(
            f".{match['path'].replace('/', '.').removeprefix('src.')}."
        ):
            return True
    return False


def limit(base: TestReport | None) -> int:
    """Return how many modules a run of all tests may import for their examples.

    A run that is compared with one that had examples must have them too, when a module has come since.
    """
    had = base is not None and any(map(is_doctest, (*base.passed, *base.failed, *base.skipped)))
    return 2 * MAX_MODULES if had else MAX_MODULES


async def run(workspace: Workspace, selection: Sequence[str] = (), limit: int = MAX_MODULES) -> Outcome:
    """Run examples.

    Args:
        workspace: Where they run.
        selection: Paths of modules, or ids of examples; every module that holds some when empty, if they are
            few enough to run them with each run of the tests.
        limit: How many modules are few.

    Returns:
        The outcome, which is empty where there is nothing to run; examples that were not reached are skipped.
    """
    program, results = scratch(".py"), scratch(".jsonl")
    source = resources.files("aci.runners").joinpath("doctest_program.py").read_bytes()
    await workspace.sandbox.write(program, source, root="/tmp", create=True)  # noqa: S108
    seconds = min(SECONDS, workspace.limits.test_timeout / 2)
    words = [workspace.python, program, results, str(limit), str(seconds), *selection]
    # The order of a set shall be the same in every run.
    result = await run_command(workspace, f"export PYTHONHASHSEED=0; {quoted(words)}")
    data = await take(workspace, results)
    await take(workspace, program)
    report = TestReport(runner="doctest", command=quoted([workspace.python, "-m", "doctest", *selection]))
    report = report.model_copy(update={"seconds": result.seconds})
    status: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    root = await workspace.root()
    wanted = {word for word in selection if is_doctest(word)}
    for record in json_lines(data or b""):
        test, kind = str(record.get("test", "")), str(record.get("kind"))
        if kind not in {"passed", "failed", "skipped"} or (
            wanted and not _is_wanted(test, wanted, selection)
        ):
            continue
        status.setdefault(test, kind)
        if kind == "failed":
            failures.setdefault(test, failure_of(test, record, root))
    return Outcome(report.model_copy(update=by_kind(status)), tuple(failures.values()))


def _is_wanted(test: str, wanted: set[str], selection: Sequence[str]) -> bool:
    return test in wanted or test.partition("::")[0] in selection


def joined(outcome: Outcome, examples: Outcome) -> Outcome:
    """Return one outcome of a run of the tests and one of the examples."""
    first, second = outcome.report, examples.report
    if examples.is_empty:
        return outcome
    broken = first.broken
    if broken.startswith("no tests were collected"):
        broken = ""
    report = first.model_copy(
        update={
            "passed": first.passed + second.passed,
            "failed": first.failed + second.failed,
            "skipped": first.skipped + second.skipped,
            "seconds": first.seconds + second.seconds,
            "broken": broken,
        }
    )
    return Outcome(report, outcome.failures + examples.failures)
