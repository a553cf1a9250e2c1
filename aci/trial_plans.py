"""Which checks a Python file is tried against."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from aci.runners import detect
from aci.testing import run_tests
from aci.trials_program.checks import assertions, examples_of, parsed
from aci.workspace import Workspace
from envs.sandbox import FileProblem
from trajectories.events import TestReport

SCRIPT = re.compile(r"\s*(?:exec )?python[\d.]*(?:\s+-[BsuEIO]+)*\s+(?P<path>[\w./-]+\.py)\s*")
"""A test command that runs one script."""

_LINE_ID = re.compile(r"(?P<path>.+\.py):\d+(?:#\d+)?")
_EXAMPLE_ID = re.compile(r".+::[\w.]+:example\d+")


class Plan(NamedTuple):
    """Which checks a file is tried against.

    Attributes:
        script: A script whose assertions are checks, or "".
        only: Its assertions that count; all when empty.
        runner: "pytest" or "unittest" when there are tests of that kind, else "".
        first: Tests to run first: those that fail now.
        rest: Tests to run when all of those pass.
        doctests: The examples of the file's docstrings are checks.
        examples: The examples that count; all when empty.
    """

    script: str = ""
    only: tuple[str, ...] = ()
    runner: str = ""
    first: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    doctests: bool = False
    examples: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """There is nothing to try a text against."""
        return not (self.script or self.runner or self.doctests)


async def plan_for(workspace: Workspace, path: str, tests: Sequence[str] = ()) -> Plan:
    """Return the checks that a file is to be tried against; see `try_texts`."""
    if not path.endswith(".py"):
        return Plan()
    await detect(workspace)
    if tests:
        return await _named(workspace, tests)
    command = workspace.test_command
    if match := SCRIPT.fullmatch(command):
        script = match["path"].removeprefix("./")
        return Plan(script=script, doctests=script == path)
    report = workspace.base_report
    source = (await workspace.read(path)).data.decode("utf-8", "replace")
    if report is None and not command and _checks_itself(source):
        return Plan(script=path, doctests=True)
    if report is None:
        report, _ = await run_tests(workspace)
    if report.failed or report.passed:
        return await _reported(workspace, path, report)
    return Plan(doctests=bool(examples_of(source, path)))


def _checks_itself(source: str) -> bool:
    tree = parsed(source)
    return tree is not None and bool(assertions(tree))


async def _named(workspace: Workspace, tests: Sequence[str]) -> Plan:
    examples = tuple(test for test in tests if _EXAMPLE_ID.fullmatch(test))
    lines = [(test, match["path"]) for test in tests if (match := _LINE_ID.fullmatch(test))]
    others = [test for test in tests if test not in examples and test not in dict(lines)]
    if lines and not others:
        script = lines[0][1]
        only = tuple(test for test, where in lines if where == script)
        return Plan(script=script, only=only, doctests=bool(examples), examples=examples)
    if examples and not others:
        return Plan(doctests=True, examples=examples)
    report = workspace.base_report
    runner = report.runner if report is not None else workspace.runner
    if len(others) == 1 and others[0].endswith(".py") and await _is_script(workspace, others[0]):
        return Plan(script=others[0])
    failing = set(report.failed) if report is not None else set()
    first = tuple(test for test in others if test in failing)
    rest = tuple(test for test in others if test not in failing)
    return Plan(runner="pytest" if runner == "pytest" else "unittest", first=first, rest=rest)


async def _reported(workspace: Workspace, path: str, report: TestReport) -> Plan:
    if report.runner == "pytest":
        return Plan(runner="pytest", first=report.failed, rest=report.passed)
    if report.runner != "unittest":
        return Plan()
    for test in report.failed:
        # A file without any test runs as a script, under its dotted name.
        script = test.replace(".", "/") + ".py"
        if await _is_script(workspace, script):
            return Plan(script=script, doctests=script == path)
    return Plan(runner="unittest", first=report.failed, rest=report.passed)


async def _is_script(workspace: Workspace, path: str) -> bool:
    try:
        source = (await workspace.read(path)).data.decode("utf-8", "replace")
    except FileProblem:
        return False
    return _checks_itself(source)
