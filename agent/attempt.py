"""One attempt: a clean sandbox, the loop in it, the patch that comes out, and the verdict on it."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

from aci.command import Command
from aci.formats import Format
from aci.rendering import listed
from aci.suspects import Suspect, describe, find_suspects
from aci.testing import run_examples, run_tests
from aci.undoing import Undo
from aci.workspace import Limits, Workspace
from agent import prompts
from agent.budget import Budget
from agent.control import Control
from agent.evaluator import Verdict, compare, judge, wanted
from agent.history import History
from agent.loop import AfterChange, Ending, Loop, Meter
from agent.models.base import Capabilities, Model, Sampling
from agent.settings import Settings
from agent.task import Task
from envs.repository import Repository
from envs.sandbox import Sandbox
from envs.scratch import scratch_in, without
from trajectories.errors import Interrupted, PatchwrightError, RepositoryError, SandboxError, Terminated
from trajectories.events import Event, Notice, SandboxStarted, TestReport, TestsReported
from trajectories.messages import Message
from trajectories.result import Evidence

NOTHING_GAINED = Verdict(resolved=False, reward=0.0, evidence=Evidence())


@dataclass
class Baseline:
    """What the tests say before any change, found once and shared by all attempts.

    Attributes:
        report: The report, or None while the tests have not run.
        text: How a model is told of it.
        suspects: The functions that failing tests point to.
    """

    report: TestReport | None = None
    text: str = ""
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What all attempts of an episode stand on.

    Attributes:
        task: What is to be solved.
        settings: How.
        repository: The repository at its base commit.
        new_sandbox: Makes a sandbox that is not started yet.
        model: Answers; its retries are its own.
        capabilities: What the model's server can do.
        form: How the model writes actions.
        commands: What it may do.
        record: Takes each event.
        control: Requests to stop.
        budgets: Limits of the whole run.
        meter: Counts what the run uses.
        baseline: The tests before any change.
    """

    task: Task
    settings: Settings
    repository: Repository
    new_sandbox: Callable[[], Sandbox]
    model: Model
    capabilities: Capabilities
    form: Format
    commands: Sequence[type[Command]]
    record: Callable[[Event], object]
    control: Control
    budgets: Sequence[Budget]
    meter: Meter
    baseline: Baseline


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        ending: Why.
        patch: The unified diff against the base commit, or "".
        verdict: What the evaluator says of it.
        error: What stopped the attempt from outside of it, or None.
    """

    ending: Ending
    patch: str
    verdict: Verdict
    error: PatchwrightError | None = None


class Attempt:
    """One attempt at a task.

    Args:
        ground: What all attempts stand on.
        number: Which attempt this is, counted from 1.
        sampling: How this attempt's answers are drawn.
        reflections: What earlier attempts learned.
    """

    def __init__(self, ground: Ground, number: int, sampling: Sampling, reflections: Sequence[str]) -> None:
        self._ground = ground
        self._sampling = sampling
        self._reflections = reflections
        # A small model repeats a wrong body that it sees, and writes a right one from what it promises;
        # every second attempt shows it the bodies all the same, for faults that only they explain.
        self._small = ground.form.name == "staged"
        self._shows_bodies = not self._small or number % 2 == 0
        keep = ground.settings.tests.keep_edits
        self._takes_back = keep == "helpful" or (keep == "auto" and self._small)
        self._kept_scratch: Callable[[], Collection[str]] = tuple
        self.vain: list[str] = []
        """Changes that were taken back."""
        reserve = sampling.max_tokens
        self.history = History(ground.record, ground.capabilities.context_window, reserve)

    async def run(self) -> Outcome:
        """Take the attempt from a clean sandbox to its verdict; the sandbox is gone afterwards.

        Raises:
            SandboxError: No sandbox could be started at all.
        """
        ground = self._ground
        sandbox = ground.new_sandbox()
        error: PatchwrightError | None = None
        try:
            await ground.control.guard(self._start(sandbox, ground.repository.tree))
            try:
                ending = await self._loop(sandbox)
            except PatchwrightError as stopped:
                error = stopped
                ending = Ending("given up", str(stopped))
            with tempfile.TemporaryDirectory(prefix="patchwright-", ignore_cleanup_errors=True) as folder:
                tree = Path(folder) / "tree"
                tree.mkdir()
                patch = await self._patch(sandbox, tree)
            await sandbox.close()
            verdict = NOTHING_GAINED
            if patch and not isinstance(error, Interrupted | Terminated):
                try:
                    verdict = await self._judge(patch)
                except PatchwrightError as unjudged:
                    # The patch stays, without evidence: whoever asked for it can still look at it.
                    error = error or unjudged
            return Outcome(ending, patch, verdict, error)
        finally:
            await asyncio.shield(sandbox.close())

    async def _start(self, sandbox: Sandbox, tree: Path) -> None:
        began = time.monotonic()
        info = await sandbox.start(tree)
        self._ground.record(
            SandboxStarted(
                sandbox=info.kind,
                image=info.image,
                digest=info.digest,
                supervisor=info.supervisor,
                user=info.user,
                isolation=info.isolation,
                seconds=time.monotonic() - began,
            )
        )

    def _workspace(self, sandbox: Sandbox) -> Workspace:
        settings = self._ground.settings
        return Workspace(
            sandbox=sandbox,
            limits=Limits(
                command_timeout=settings.sandbox.command_timeout,
                command_timeout_cap=settings.sandbox.max_command_timeout,
            ),
            test_command=settings.tests.command,
        )

    async def _loop(self, sandbox: Sandbox) -> Ending:
        ground = self._ground
        workspace = self._workspace(sandbox)
        workspace.current_diff = lambda: self._diff(sandbox)
        self._kept_scratch = lambda: workspace.kept_scratch
        await self._establish_baseline(workspace)
        workspace.base_report = ground.baseline.report
        workspace.files = ground.repository.files()
        system = prompts.SYSTEM.format(form=ground.form.instructions(ground.commands))
        tests = ground.baseline.text
        if suspects := await describe(workspace, ground.baseline.suspects, bodies=self._shows_bodies):
            tests += f"\n{suspects}\n"
        first = prompts.statement(ground.task.statement, workspace.files, tests, self._reflections)
        self.history.extend(Message(role="system", content=system), Message(role="user", content=first))
        loop = Loop(
            model=ground.model,
            form=ground.form,
            commands=ground.commands,
            workspace=workspace,
            history=self.history,
            record=ground.record,
            sampling=self._sampling,
            control=ground.control,
            budgets=ground.budgets,
            max_steps=ground.settings.limits.steps,
            meter=ground.meter,
            grammar=ground.capabilities.grammar,
            after_change=(lambda: self._after_change(workspace))
            if ground.settings.tests.after_edit
            else None,
        )
        return await loop.run()

    async def _establish_baseline(self, workspace: Workspace) -> None:
        baseline, control = self._ground.baseline, self._ground.control
        if baseline.report is not None:
            return
        report, text = await control.guard(run_tests(workspace, self._ground.task.targets))
        baseline.report = report
        if report.failed:
            baseline.text = f"The tests before any change:\n{text}\n"
            suspects = await control.guard(find_suspects(workspace, self._ground.task.targets))
            baseline.suspects = tuple(suspects)
        self._ground.record(TestsReported(origin="base", report=report))
        if report.broken:
            self._ground.record(Notice(level="warning", text=f"The tests did not run: {report.broken}"))

    async def _after_change(self, workspace: Workspace) -> AfterChange:
        """Run what failed at the base after a change, and the whole when all of that passes."""
        base = self._ground.baseline.report
        if base is None or not base.failed or base.broken:
            return AfterChange("", satisfied=False)
        needed = wanted(base)
        report, text = await run_tests(workspace, needed)
        mended = [test for test in needed if report.passes(test)]
        if report.broken or len(mended) < len(needed):
            self._ground.record(TestsReported(origin="action", report=report))
            text = f"Tests after this change:\n{text}"
            if self._takes_back and workspace.changes and not mended:
                self.vain.append(workspace.changes[-1].what)
                workspace.count_try(workspace.changes[-1].symbol)
                await Undo().execute(workspace)
                workspace.changed = bool(workspace.changes)
                text += "\n\nIt made no failing test pass, so the change was taken back. Try another."
                return AfterChange(text, satisfied=False, taken_back=True)
            return AfterChange(text, satisfied=False)
        report, text = await run_tests(workspace, self._ground.task.targets)
        self._ground.record(TestsReported(origin="action", report=report))
        verdict = compare(base, report)
        return AfterChange(f"Tests after this change:\n{text}", satisfied=verdict.resolved)

    async def _diff(self, sandbox: Sandbox) -> str:
        with tempfile.TemporaryDirectory(prefix="patchwright-", ignore_cleanup_errors=True) as folder:
            return await self._export(sandbox, Path(folder))

    async def _export(self, sandbox: Sandbox, tree: Path) -> str:
        await sandbox.export(tree)
        return await asyncio.to_thread(self._ground.repository.patch, tree)

    async def _patch(self, sandbox: Sandbox, tree: Path) -> str:
        try:
            patch = await self._export(sandbox, tree)
        except (SandboxError, RepositoryError) as error:
            self._ground.record(Notice(level="error", text=f"The work of this attempt is lost: {error}"))
            return ""
        kept = self._kept_scratch()
        left_out = [path for path in scratch_in(patch, self._ground.repository.files()) if path not in kept]
        if left_out:
            text = f"Left out of the patch, since they look like scratch: {listed(left_out, 10)}."
            self._ground.record(Notice(level="info", text=text))
        return without(patch, left_out)

    async def _judge(self, patch: str) -> Verdict:
        """Judge the patch alone: files that git ignores may have helped the agent, but help nobody else."""
        repository, base = self._ground.repository, self._ground.baseline.report
        if base is None or base.broken:
            return NOTHING_GAINED

        async def tests(workspace: Workspace) -> TestReport:
            report, _ = await run_tests(workspace, self._ground.task.targets)
            self._ground.record(TestsReported(origin="final", report=report))
            return report

        async def in_a_fresh_sandbox(
            judged: Path, run: Callable[[Workspace], Coroutine[object, object, TestReport]]
        ) -> TestReport:
            sandbox = self._ground.new_sandbox()
            try:
                await self._ground.control.guard(sandbox.start(judged))
                workspace = self._workspace(sandbox)
                workspace.base_report = base
                return await self._ground.control.guard(run(workspace))
            finally:
                await asyncio.shield(sandbox.close())

        with tempfile.TemporaryDirectory(prefix="patchwright-", ignore_cleanup_errors=True) as folder:
            tree = Path(folder) / "tree"
            await asyncio.to_thread(shutil.copytree, repository.tree, tree, symlinks=True)
            await asyncio.to_thread(repository.apply, patch, tree)
            return await judge(
                repository.tree,
                tree,
                base,
                lambda judged: in_a_fresh_sandbox(judged, tests),
                lambda judged, modules: in_a_fresh_sandbox(
                    judged, lambda workspace: run_examples(workspace, modules)
                ),
            )
