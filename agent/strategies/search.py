"""The search for a function that passes the visible tests: candidates come in, trials and votes sort them."""

import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from aci.command import Command
from aci.editing import EditLines
from aci.grammars import language_of
from aci.probing import make_probes
from aci.repair import find_repairs, proposals
from aci.testing import run_tests
from aci.tracing import render_trace, trace_function
from aci.trials import Trial, try_texts
from agent.evaluator import compare
from agent.loop import Ending
from agent.models.base import Sampling
from agent.strategies import generation
from agent.strategies.base import Desk
from agent.strategies.candidates import Candidate, Pool
from agent.strategies.targets import Target
from trajectories.events import ActionFinished, ActionStarted, CandidatesJudged, FunctionTraced, TestsReported

_T = TypeVar("_T")

MAX_REPAIRS = 12
MAX_UNVERIFIED = 200
UNVERIFIED_SECONDS = 25.0
_EVIDENCE_LINES = 3


class Search:
    """Candidates for one function, and what is known of them.

    Attributes:
        pool: The candidates.
        exposed: Some visible test fails before any change; else the tests can't tell a repair from the fault.
    """

    def __init__(self, desk: Desk, target: Target) -> None:
        self.pool = Pool(target)
        self.exposed = False
        self._desk = desk
        self._probes: list[str] = []
        self._rounds = 0
        self._edits: list[Candidate] | None = None

    async def look(self) -> None:
        """Try the function as it is: which tests fail, and what it answers to the probes."""
        workspace, target = self._desk.workspace, self.pool.target
        name = target.function.name
        self._probes = await self._guarded(make_probes(workspace, target.path, name))
        (trial,) = await self._trials([self.pool.original])
        self.pool.tried([self.pool.original], [trial])
        self.exposed = trial.status != "passed"

    async def repair(self) -> None:
        """Add the single edits that make the failing tests pass; without one, nothing tells them apart."""
        if not self.exposed:
            return
        target = self.pool.target
        tests = self._desk.ground.task.targets
        repairs = await self._guarded(
            find_repairs(self._desk.workspace, target.path, target.function.name, tests)
        )
        found = []
        for one in repairs[:MAX_REPAIRS]:
            body = generation.body_in(target, one.text)
            if body is not None:
                found.append(self.pool.candidate("repair", body, one.what))
        await self._try(self.pool.add(found))

    async def echo(self) -> None:
        """Where no visible test shows the fault: add single edits that answer as a written body does.

        Of the many edits nothing tells the right one; but one that behaves as a body behaves which was
        written without sight of the faulty one has two independent witnesses.
        """
        if self.exposed or not self._probes:
            return
        written = {
            one.behaviour
            for one in self.pool.candidates
            if one.source == "specification" and one.passes and one.behaviour
        }
        written.discard(self.pool.original.behaviour)
        if not written:
            return
        target = self.pool.target
        if self._edits is None:
            found = []
            for one in proposals(
                target.path, target.document.text, target.function.name, limit=MAX_UNVERIFIED
            ):
                body = generation.body_in(target, one.text)
                if body is not None:
                    found.append(self.pool.candidate("repair", body, one.what))
            self._edits = self.pool.strangers(found)
            self.pool.tried(self._edits, await self._trials(self._edits, UNVERIFIED_SECONDS))
        alike = [one for one in self._edits if one.passes and one.behaviour in written]
        self.pool.add(self.pool.strangers(alike)[:MAX_REPAIRS])

    async def specify(self, count: int, temperature: float) -> None:
        """Add bodies written from the function's promise alone."""
        sampling = self._sampling(temperature)
        await self._try(
            self.pool.add(await generation.from_specification(self._desk, self.pool, count, sampling))
        )

    async def correct(self, count: int, temperature: float) -> None:
        """Add bodies written with the wrong one and its failures in view."""
        trial = self.pool.original.trial
        evidence = [trial.message][:_EVIDENCE_LINES] if trial is not None and trial.message else []
        if self._tells_values and (trace := await self._traced()):
            evidence = [trace]
        sampling = self._sampling(temperature)
        await self._try(
            self.pool.add(await generation.corrections(self._desk, self.pool, evidence, count, sampling))
        )

    @property
    def _tells_values(self) -> bool:
        """The values in the failing function are shown to models that gain by them."""
        ground = self._desk.ground
        when = ground.settings.strategy.traces
        return when == "always" or (when == "auto" and ground.form.name != "staged")

    async def _traced(self) -> str:
        """Return what the function does in its first failing check, and record it; "" where none does."""
        target = self.pool.target
        path, symbol = target.path, target.function.name
        if language_of(path) != "python":
            return ""
        tests = self._desk.ground.task.targets
        trace = await self._guarded(trace_function(self._desk.workspace, path, symbol, tests=tests))
        if trace is None:
            return ""
        text = render_trace(trace, target.document.text)
        self._desk.ground.record(FunctionTraced(path=path, symbol=symbol, check=trace.check, text=text))
        return text

    async def plain(self, temperature: float) -> None:
        """Add what the model answers to the issue and the function alone, untried."""
        sampling = self._sampling(temperature)
        self.pool.add(await generation.plain(self._desk, self.pool, sampling))

    def report(self, chosen: Candidate | None, reason: str) -> None:
        """Record all candidates and which of them is taken."""
        target, candidates = self.pool.target, self.pool.candidates
        self._desk.ground.record(
            CandidatesJudged(
                path=target.path,
                symbol=target.function.name,
                candidates=tuple(candidate.judged() for candidate in candidates),
                chosen=None if chosen is None else candidates.index(chosen),
                reason=reason,
            )
        )

    async def take(self, chosen: Candidate | None, reason: str) -> Ending:
        """Put a candidate into the work tree, by an action like any other, and run the tests on it."""
        self.report(chosen, reason)
        if chosen is None:
            return Ending("given up", f"No candidate for {self.pool.target.function.name}: {reason}")
        edit = _as_edit(self.pool.target, chosen)
        if not await self._act(edit, reason):
            return Ending("given up", f"The chosen candidate could not be written: {reason}")
        ground, base = self._desk.ground, self._desk.ground.baseline.report
        report, _ = await self._guarded(run_tests(self._desk.workspace, ground.task.targets))
        ground.record(TestsReported(origin="action", report=report))
        if base is not None and compare(base, report).resolved:
            return Ending("green", "The tests that failed pass now, and none that passed is broken.")
        return Ending("submitted", reason)

    async def _act(self, command: Command, thought: str) -> bool:
        ground = self._desk.ground
        ground.meter.steps += 1
        step = ground.meter.steps
        arguments = command.model_dump(mode="json")
        ground.record(ActionStarted(step=step, thought=thought, command=command.name, arguments=arguments))
        began = time.monotonic()
        observation = await self._guarded(command.execute(self._desk.workspace))
        ground.record(
            ActionFinished(
                step=step,
                observation=observation.text,
                failed=observation.failed,
                changed=observation.changed,
                exit_code=observation.exit_code,
                seconds=time.monotonic() - began,
            )
        )
        self._desk.workspace.changed = self._desk.workspace.changed or bool(observation.changed)
        return not observation.failed

    async def _try(self, candidates: Sequence[Candidate]) -> None:
        if candidates:
            self.pool.tried(candidates, await self._trials(candidates))

    async def _trials(self, candidates: Sequence[Candidate], total: float = 0.0) -> list[Trial]:
        texts = [candidate.text for candidate in candidates]
        path, tests = self.pool.target.path, self._desk.ground.task.targets
        return await self._guarded(
            try_texts(
                self._desk.workspace,
                path,
                texts,
                tests=tests,
                probes=self._probes,
                total_seconds=total,
            )
        )

    def _sampling(self, temperature: float) -> Sampling:
        """Return how the next round is drawn: from a seed of its own, so that no round repeats another."""
        self._rounds += 1
        seed = self._desk.sampling.seed
        return self._desk.sampling._replace(
            temperature=temperature, seed=None if seed is None else 1000 * seed + 100 * self._rounds
        )

    async def _guarded(self, work: Coroutine[Any, Any, _T]) -> _T:
        return await self._desk.ground.control.guard(work)


def _as_edit(target: Target, chosen: Candidate) -> EditLines:
    """Return the smallest edit of whole lines that makes the file the candidate's."""
    old, new = target.document.text.splitlines(keepends=True), chosen.text.splitlines(keepends=True)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # Lines that only come in, or only go, are told with a neighbour, since an edit replaces lines by lines.
    if len(old) - tail == head or len(new) - tail == head:
        head, tail = (head - 1, tail) if head else (head, tail - 1)
    return EditLines(
        path=target.path, first=head + 1, last=len(old) - tail, content="".join(new[head : len(new) - tail])
    )
