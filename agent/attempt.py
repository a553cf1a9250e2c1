"""One attempt: a clean sandbox, a strategy at work in it, the patch that comes out, the verdict on it."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Coroutine
from pathlib import Path

from aci.rendering import listed
from aci.suspects import find_suspects
from aci.testing import run_examples, run_tests
from aci.workspace import Limits, Workspace
from agent.evaluator import Verdict, judge
from agent.ground import Ground, Outcome
from agent.history import History
from agent.loop import Ending
from agent.memory import Told
from agent.models.base import Sampling
from agent.strategies.base import Desk, Strategy
from envs.sandbox import Sandbox
from envs.scratch import scratch_in, without
from trajectories.errors import Interrupted, PatchwrightError, RepositoryError, SandboxError, Terminated
from trajectories.events import Notice, SandboxStarted, TestReport, TestsReported
from trajectories.result import Evidence

NOTHING_GAINED = Verdict(resolved=False, reward=0.0, evidence=Evidence())


class Attempt:
    """One attempt at a task.

    Args:
        ground: What all attempts stand on.
        strategy: Changes the work tree.
        number: Which attempt this is, counted from 1.
        sampling: How this attempt's answers are drawn.
        told: What earlier attempts, and earlier tasks, learned.
    """

    def __init__(
        self,
        ground: Ground,
        strategy: Strategy,
        number: int,
        sampling: Sampling,
        told: Told,
    ) -> None:
        self._ground = ground
        self._strategy = strategy
        self._number = number
        self._sampling = sampling
        self._told = told
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
                ending = await self._work(sandbox)
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

    async def _work(self, sandbox: Sandbox) -> Ending:
        ground = self._ground
        workspace = self._workspace(sandbox)
        workspace.current_diff = lambda: self._diff(sandbox)
        self._kept_scratch = lambda: workspace.kept_scratch
        await self._establish_baseline(workspace)
        workspace.base_report = ground.baseline.report
        workspace.files = ground.repository.files()
        desk = Desk(ground, workspace, self.history, self._sampling, self._number, self._told, self.vain)
        return await self._strategy.work(desk)

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
