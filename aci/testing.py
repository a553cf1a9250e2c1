"""Tests: run, compared with the run before any change, and told in few lines."""

import re
import shlex
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.rendering import clipped, harmless, plural
from aci.runners import RUNNERS, detect, programs, pytest, unittest
from aci.runners.base import Failure, Outcome
from aci.workspace import Workspace, relative
from trajectories.events import TestReport

_PYTEST = re.compile(r"(?:^|[\s/;&|])(?:pytest|py\.test)(?:\s|$)")
_SHOWN_FAILURES = 3
_SHOWN_NAMES = 12
_SHOWN_FRAMES = 5
_MESSAGE_LINES = 8
_LINE = 240


async def run_tests(workspace: Workspace, selection: Sequence[str] = ()) -> tuple[TestReport, str]:
    """Run the project's tests.

    Args:
        workspace: The attempt's workspace; its `base_report` is what the outcome is compared with. The
            report is kept as its `last_report`.
        selection: Files, folders or test ids; all tests when empty.

    Returns:
        The report, and the observation that a model sees.
    """
    outcome = await _outcome(workspace, selection)
    workspace.last_report = outcome.report
    return outcome.report, describe(outcome, workspace.base_report)


async def _outcome(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    if workspace.test_command:
        command = workspace.test_command
        if not _PYTEST.search(command):
            return await programs.run_script(workspace, command)
        return await pytest.run_configured(workspace, " ".join([command, *map(shlex.quote, selection)]))
    name = await detect(workspace)
    if not name:
        return Outcome(TestReport(runner="", command="", broken="no test runner was found in this project"))
    outcome = await RUNNERS[name](workspace, selection)
    if name == "pytest" and outcome.report.broken.startswith("no tests were collected"):
        # Files that pytest does not collect (`test.py`, a script of assertions) still say pass or fail.
        plain = await unittest.run(workspace, selection)
        if not plain.report.broken:
            return plain
    return outcome


def describe(outcome: Outcome, base: TestReport | None) -> str:
    """Return an outcome as a model sees it."""
    report = outcome.report
    if report.broken and not report.failed:
        head = f"The tests gave no result: {harmless(report.broken)}"
        if report.passed:
            head += f"\n{plural(len(report.passed), 'test')} passed before that."
        return f"{head}\nName a test file, or run it with `bash`."
    parts = [_counts(report)]
    if report.broken:
        parts.append(f"The run did not end: {harmless(report.broken)}")
    if base is not None:
        parts += _compared(report, base)
    for failure in _ordered(outcome.failures, base)[:_SHOWN_FAILURES]:
        parts += ["", *_told(failure)]
    shown = {failure.test for failure in _ordered(outcome.failures, base)[:_SHOWN_FAILURES]}
    others = [test for test in report.failed if test not in shown]
    if others:
        parts += ["", f"Also failing: {_names(others)}"]
    if not report.failed:
        parts.append(
            "Next: `diff` to check the change, then `submit`." if base is not None else "All of them pass."
        )
    return "\n".join(parts)


def _counts(report: TestReport) -> str:
    counts = [
        (len(report.failed), "failed"),
        (len(report.passed), "passed"),
        (len(report.skipped), "skipped"),
    ]
    return ", ".join(f"{count} {word}" for count, word in counts if count) + f" ({report.runner})"


def _compared(report: TestReport, base: TestReport) -> list[str]:
    failed_before, passed_before = set(base.failed), set(base.passed)
    lines = []
    if fixed := [test for test in report.passed if test in failed_before]:
        lines.append(f"Fixed: {_names(fixed)}")
    if broken := [test for test in report.failed if test in passed_before]:
        lines.append(f"Broken by the changes: {_names(broken)}")
    if old := [test for test in report.failed if test in failed_before]:
        lines.append(f"Failing as before: {len(old)}")
    return lines


def _ordered(failures: Sequence[Failure], base: TestReport | None) -> list[Failure]:
    """Return failures with those first that the changes brought."""
    passed_before = set(base.passed) if base is not None else set()
    return sorted(failures, key=lambda failure: failure.test not in passed_before)


def _told(failure: Failure) -> list[str]:
    lines = [f"FAILED {clipped(failure.test, _LINE)}"]
    frames = failure.frames
    if len(frames) > _SHOWN_FRAMES:
        lines.append(f"  ({len(frames) - _SHOWN_FRAMES} outer frames not shown)")
    for frame in frames[-_SHOWN_FRAMES:]:
        where = f"  {harmless(frame.path)}:{frame.line}"
        if frame.function and frame.function != "<module>":
            where += f" in {harmless(frame.function)}"
        lines.append(f"{where}: {clipped(frame.source, _LINE)}" if frame.source else where)
    message = [line for line in failure.message.split("\n") if line.strip()]
    lines += [f"  {clipped(line.replace(chr(9), '    '), _LINE)}" for line in message[:_MESSAGE_LINES]]
    if len(message) > _MESSAGE_LINES:
        lines.append(f"  ({len(message) - _MESSAGE_LINES} more lines)")
    return lines


def _names(tests: Sequence[str]) -> str:
    shown = ", ".join(clipped(test, _LINE) for test in tests[:_SHOWN_NAMES])
    return shown if len(tests) <= _SHOWN_NAMES else f"{shown} and {len(tests) - _SHOWN_NAMES} more"


def _selection(text: str) -> list[str]:
    """Return the words of a selection; ids with spaces in brackets are given one a line, or quoted."""
    if "\n" in text.strip():
        return [line.strip() for line in text.split("\n") if line.strip()]
    try:
        return [word for word in shlex.split(text) if word]
    except ValueError:
        return text.split()


class RunTests(Command):
    """Run the tests: all, or those named."""

    name: ClassVar[str] = "run_tests"

    tests: str = Field(
        default="", description="Test files, folders or ids with spaces between; all when empty."
    )

    async def execute(self, workspace: Workspace) -> Observation:
        """Run them and report."""
        # A word that begins with a dash would be an option of the runner, not a test.
        words = _selection(self.tests.replace("\0", ""))
        selection = [relative(word.lstrip("-")) for word in words]
        report, text = await run_tests(workspace, [word for word in selection if word])
        return Observation(text=text, failed=bool(report.broken), tests=report)
