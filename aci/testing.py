"""Tests: run, compared with the run before any change, and told in few lines."""

import shlex
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.outcomes import describe
from aci.related import find_related
from aci.rendering import listed, plural
from aci.runners import RUNNERS, command, detect, doctests, unittest
from aci.runners.base import Outcome
from aci.workspace import Workspace, relative
from trajectories.events import BUILD, TEST_RUN, TestReport

RELATED = "related"
_SHOWN_FILES = 6


async def run_tests(
    workspace: Workspace, selection: Sequence[str] = (), *, modules: Sequence[str] = ()
) -> tuple[TestReport, str]:
    """Run the project's tests, and the examples in docstrings where it is a Python project.

    Args:
        workspace: The attempt's workspace; its `base_report` is what the outcome is compared with. The
            report is kept as its `last_report`.
        selection: Files, folders or test ids; all tests when empty.
        modules: Python modules whose examples are run besides a selection. With all tests run the examples
            of all modules where they are few, else those of the modules that were changed.

    Returns:
        The report, and the observation that a model sees.
    """
    outcome = await _outcome(workspace, selection, modules)
    workspace.last_report = outcome.report
    return outcome.report, describe(outcome, workspace.base_report)


async def run_related(workspace: Workspace) -> tuple[TestReport, str]:
    """Run the tests related to the changed files, or all where none is known to be; see `run_tests`."""
    runner = "" if workspace.test_command else await detect(workspace)
    related = await find_related(workspace, runner)
    report, text = await run_tests(workspace, related.tests, modules=related.modules if related.tests else ())
    if not related.changed:
        return report, f"Nothing is known to be changed, so all tests ran.\n{text}"
    changed = listed(related.changed, _SHOWN_FILES)
    if not related.tests:
        return (
            report,
            f"{related.why_all or f'No test file is related to {changed}'}, so all tests ran.\n{text}",
        )
    tests = f"{plural(len(related.tests), 'test file')} related to {changed}"
    return report, f"{tests}: {listed(related.tests, _SHOWN_FILES)}\n{text}"


async def run_examples(workspace: Workspace, modules: Sequence[str]) -> TestReport:
    """Run the examples in the docstrings of some modules alone."""
    if not workspace.test_command:
        await detect(workspace)
    return (await doctests.run(workspace, modules)).report


async def _outcome(workspace: Workspace, selection: Sequence[str], modules: Sequence[str]) -> Outcome:
    examples = [word for word in selection if doctests.is_doctest(word)]
    others = [word for word in selection if not doctests.is_doctest(word)]
    everything = not selection or bool({BUILD, TEST_RUN, workspace.test_command} & set(others))
    if everything:
        others = []
    outcome = None
    if everything or others:
        outcome = await _run(workspace, others)
        if everything and doctests.runs_its_own(outcome.report):
            return outcome
        if not doctests.has_doctests(outcome.report.runner):
            return outcome
    if everything:
        told = await doctests.run(workspace, limit=doctests.limit(workspace.base_report))
        changed = {path for path in workspace.written if path.endswith(".py")}
        if told.is_empty and (changed | {*modules}):
            told = await doctests.run(workspace, sorted(changed | {*modules}))
    elif examples or modules:
        told = await doctests.run(workspace, [*examples, *modules])
    else:
        told = Outcome(TestReport(runner="doctest", command=""))
    if outcome is None:
        if told.is_empty:
            missing = f"there is no such test: {', '.join(examples)}"
            return told._replace(report=told.report.model_copy(update={"broken": missing}))
        return told
    return doctests.joined(outcome, told)


async def _run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    if workspace.test_command:
        return await command.run_configured(workspace, selection)
    name = await detect(workspace)
    if not name:
        return Outcome(TestReport(runner="", command="", broken="no test runner was found in this project"))
    outcome = await RUNNERS[name.partition(":")[0]](workspace, selection)
    if name == "pytest" and outcome.report.broken.startswith("no tests were collected"):
        # Files that pytest does not collect (`test.py`, a script of assertions) still say pass or fail.
        plain = await unittest.run(workspace, selection)
        if not plain.report.broken:
            return plain
    return outcome


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
        default="",
        description="Test files, folders or ids with spaces between; `related` for those of the changed "
        "files; all when empty.",
    )

    async def execute(self, workspace: Workspace) -> Observation:
        """Run them and report."""
        # A word that begins with a dash would be an option of the runner, not a test.
        words = _selection(self.tests.replace("\0", ""))
        if words == [RELATED]:
            report, text = await run_related(workspace)
            return Observation(text=text, failed=bool(report.broken), tests=report)
        selection = [relative(word.lstrip("-")) for word in words]
        report, text = await run_tests(workspace, [word for word in selection if word])
        return Observation(text=text, failed=bool(report.broken), tests=report)
