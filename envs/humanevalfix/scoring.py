"""Scores candidates: each in a fresh sandbox that nobody was in before, with the sealed tests only there.

Resolved, unresolved and a failure of the infrastructure are three different things. What the machine is to
blame for is tried again and never counted against a candidate; what a candidate does to itself, such as
ending its process early, is never blamed on the machine.
"""

import asyncio
import json
import shlex
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.predictions import Prediction
from envs.humanevalfix.programs import ASSEMBLE, Program, Secret
from envs.humanevalfix.programs.base import NO_SYNTAX, WRONG_ANSWER
from envs.humanevalfix.toolchains import Need, missing, needs
from envs.sandbox import CommandResult, Sandbox
from trajectories.errors import SandboxError
from trajectories.scores import Reason, Score

MOST_TRIES = 3
WALL_FACTOR = 20
WALL_LEAST = 120.0
"""A step may take its CPU seconds times the factor by the wall clock, and at least this long."""
STARVED_SHARE = 0.25
"""Of the wall clock: who waited longer for a CPU was starved, not slow."""


class Judgement(NamedTuple):
    """What was found of one candidate.

    Attributes:
        reason: Why the verdict is what it is.
        detail: The last words of the program, or what is missing.
        cpu_seconds: CPU time of building and running.
        seconds: Wall-clock time of the same.
        tries: How often it was tried.
    """

    reason: Reason
    detail: str = ""
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    tries: int = 1


class StepReport(BaseModel):
    """What the measuring program says of one step."""

    exit: int | None
    cpu: float
    seconds: float
    waited: float
    timed_out: bool
    out: str
    err: str


class Scorer:
    """Scores candidates of any language.

    Args:
        new_sandbox: Makes a sandbox that is not started yet.
    """

    def __init__(self, new_sandbox: Callable[[], Sandbox]) -> None:
        self._new_sandbox = new_sandbox
        self._there: set[Need] = set()

    async def score(self, candidate: str, sealed: Sealed) -> Judgement:
        """Score one candidate.

        Args:
            candidate: The whole text of the function's file.
            sealed: What decides.
        """
        judgement = Judgement(Reason.SANDBOX_LOST)
        for tries in range(1, MOST_TRIES + 1):
            judgement = (await self._try(candidate, sealed))._replace(tries=tries)
            if judgement.reason not in (Reason.STARVED, Reason.SANDBOX_LOST):
                break
        return judgement

    async def score_all(self, predictions: Sequence[Prediction], workers: int) -> AsyncIterator[Score]:
        """Score predictions side by side and yield each score as it is known.

        Args:
            predictions: What is handed in.
            workers: How many sandboxes there may be at once.
        """
        places = asyncio.Semaphore(workers)

        async def one(prediction: Prediction) -> Score:
            async with places:
                return await self._scored(prediction)

        running = [asyncio.create_task(one(prediction)) for prediction in predictions]
        try:
            for done in asyncio.as_completed(running):
                yield await done
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _scored(self, prediction: Prediction) -> Score:
        sealed = prediction.problem.sealed
        if prediction.text is None:
            judgement = Judgement(Reason.NO_PREDICTION, prediction.note, tries=0)
        else:
            judgement = await self.score(prediction.text, sealed)
        return Score(
            instance_id=sealed.id,
            sample=prediction.sample,
            verdict=judgement.reason.verdict,
            reason=judgement.reason,
            detail=judgement.detail,
            bug_type=sealed.bug_type,
            cpu_seconds=round(judgement.cpu_seconds, 3),
            seconds=round(judgement.seconds, 3),
            tries=judgement.tries,
            calls=prediction.calls,
            tokens=prediction.tokens,
        )

    async def _try(self, candidate: str, sealed: Sealed) -> Judgement:
        secret = Secret.fresh()
        program = ASSEMBLE[sealed.language](candidate, sealed, secret)
        sandbox = self._new_sandbox()
        try:
            with tempfile.TemporaryDirectory(prefix="patchwright-score-") as folder:
                write_program(program, secret, Path(folder))
                await sandbox.start(Path(folder))
            wanted = tuple(need for need in needs(sealed) if need not in self._there)
            if lacking := await missing(sandbox, wanted) if wanted else ():
                return Judgement(Reason.TOOLCHAIN_MISSING, ", ".join(lacking))
            self._there.update(wanted)
            return judge(await sandbox.run(command(), _patience(program)), program, secret)
        except SandboxError as lost:
            return Judgement(Reason.SANDBOX_LOST, str(lost))
        finally:
            await sandbox.close()


def command() -> str:
    """Return the shell command that runs a program which `write_program` has put into a folder."""
    text = resources.files("envs.humanevalfix").joinpath("measure_program.py").read_text("utf-8")
    return f"python3 -I -S -c {shlex.quote(text)}"


def write_program(program: Program, secret: Secret, folder: Path) -> None:
    """Put a program's files into a folder that a sandbox starts with."""
    for path, text in program.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="surrogateescape")
    steps = [
        {"command": step.command, "cpu": step.cpu_seconds, "environment": dict(step.environment)}
        for step in program.steps
    ]
    config = {
        "steps": steps,
        "unneeded": program.unneeded,
        "outside": secret.outside,
        "wall_factor": WALL_FACTOR,
        "wall_least": WALL_LEAST,
    }
    (folder / "steps.json").write_text(json.dumps(config), encoding="utf-8")


def _patience(program: Program) -> float:
    return sum(max(WALL_LEAST, step.cpu_seconds * WALL_FACTOR) for step in program.steps) + 30


def judge(result: CommandResult, program: Program, secret: Secret) -> Judgement:
    """Return what the measuring program's output says of a candidate."""
    try:
        lines = [line for line in result.output.splitlines() if line.strip()]
        reports = [StepReport.model_validate(step) for step in json.loads(lines[-1])]
    except (ValueError, TypeError, IndexError, ValidationError):
        if result.timed_out:
            return Judgement(Reason.STARVED, "nothing was reported in time", seconds=result.seconds)
        # The sandbox lives and the measuring program does not: the candidate has ended or disturbed it.
        return Judgement(Reason.ERROR, "it broke the process that measured it", seconds=result.seconds)
    if not reports:
        return Judgement(Reason.ERROR, "nothing was run", seconds=result.seconds)
    last, step = reports[-1], program.steps[len(reports) - 1]
    reason = _reason(last, builds=step.builds, limit=step.cpu_seconds)
    if reason is Reason.PASSED and not (
        len(reports) == len(program.steps) and last.out.rstrip().endswith("\n" + secret.mark)
    ):
        reason = Reason.ENDED_EARLY
    detail = "" if reason is Reason.PASSED else _last_words(last)
    cpu, seconds = sum(report.cpu for report in reports), sum(report.seconds for report in reports)
    return Judgement(reason, detail.replace(secret.inside, "sealed"), cpu, seconds)


def _reason(report: StepReport, *, builds: bool, limit: int) -> Reason:
    if report.timed_out:
        waited = report.waited if report.waited >= 0 else report.seconds - report.cpu
        return Reason.STARVED if waited >= STARVED_SHARE * report.seconds else Reason.WALL_LIMIT
    if report.exit == 0:
        return Reason.PASSED
    # The kernel counts the limit in ticks and what was used exactly: on a loaded machine these differ.
    if report.exit == -signal.SIGXCPU or (report.exit == -signal.SIGKILL and report.cpu >= limit / 2):
        return Reason.CPU_LIMIT
    if builds or report.exit == NO_SYNTAX:
        return Reason.COMPILE_ERROR
    if report.exit in (WRONG_ANSWER, -signal.SIGABRT):
        return Reason.WRONG_ANSWER
    # A failed assertion of Rust is a panic like any other.
    return Reason.WRONG_ANSWER if "panicked at 'assertion failed" in report.err else Reason.ERROR


def _last_words(report: StepReport) -> str:
    said = (report.err.strip() or report.out.strip())[-1000:]
    if report.timed_out:
        used = f"{report.cpu:.1f} s of CPU, {report.waited:.1f} s waiting for one"
        return f"{report.seconds:.0f} s by the clock, {used}"
    return said
