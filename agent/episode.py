"""An episode: attempts at one task, with reflections in between, until one is resolved or all are used."""

from collections.abc import Sequence
from typing import NamedTuple

from agent import prompts
from agent.attempt import Attempt
from agent.ground import Ground, Outcome
from agent.memory import EpisodeMemory, long_term
from agent.models.base import Sampling
from agent.reflection import reflect
from agent.strategies import STRATEGIES
from agent.task import title_of
from trajectories.errors import (
    ContextExhausted,
    ExitStatus,
    Interrupted,
    LimitReached,
    ModelError,
    PatchwrightError,
    SandboxError,
    Terminated,
)
from trajectories.events import AttemptEnded, AttemptStarted, Notice, TestsRefuted
from trajectories.result import Evidence, Result

TEMPERATURE_STEP = 0.3
HOTTEST = 0.9


class Numbered(NamedTuple):
    """An outcome and the attempt it is from, counted from 1."""

    number: int
    outcome: Outcome


async def run_episode(ground: Ground, run_id: str) -> Result:
    """Attempt the task until it is resolved or a limit is hit; return the best patch of all attempts.

    Nothing raised on purpose escapes: an error becomes the result's status, with the patch so far.
    """
    tried: list[Numbered] = []
    refuted: dict[str, str] = {}
    error: PatchwrightError | None = None
    strategy = STRATEGIES[ground.settings.strategy.name]()
    last = ground.settings.limits.attempts if strategy.repeats else 1
    memory = _memory(ground, run_id, used=strategy.reflects)
    memory.recall(ground.task.statement)
    for number in range(1, last + 1):
        sampling = _sampling(ground, number)
        ground.record(AttemptStarted(attempt=number, temperature=sampling.temperature, seed=sampling.seed))
        told = memory.tell()
        if refuted and strategy.reflects and ground.settings.memory.reflections:
            tests = ", ".join(f"{test} ({reason})" for test, reason in refuted.items())
            told = told._replace(attempts=(*told.attempts, prompts.REFUTED.format(tests=tests)))
        attempt = Attempt(ground, strategy, number, sampling, told)
        try:
            outcome = await attempt.run()
        except PatchwrightError as stopped:
            error = stopped
            break
        before = tried[-1].outcome.verdict.reward if tried else 0.0
        tried.append(Numbered(number, outcome))
        if wrong := outcome.verdict.evidence.refuted:
            ground.record(TestsRefuted(attempt=number, tests=wrong))
            refuted.update({one.test: one.reason for one in wrong})
        ground.record(
            AttemptEnded(
                attempt=number,
                reason=outcome.ending.sentence,
                reward=outcome.verdict.reward,
                evidence=outcome.verdict.evidence.summary,
                patch=outcome.patch,
            )
        )
        if _had_its_chance(outcome):
            memory.judge(number, before, outcome.verdict.reward)
        error = outcome.error
        if outcome.verdict.resolved or _final(outcome):
            break
        if number < last and strategy.reflects and ground.settings.memory.reflections:
            try:
                if text := await _reflection(ground, attempt, outcome, sampling):
                    memory.add(number, text, outcome.verdict.reward)
            except PatchwrightError as stopped:
                error = stopped
                break
    return _result(ground, run_id, tried, error)


def _sampling(ground: Ground, number: int) -> Sampling:
    """Return how attempt `number` draws its answers: each one freer than the one before."""
    settings = ground.settings.model
    warmer = settings.temperature + TEMPERATURE_STEP * (number - 1)
    temperature = max(settings.temperature, min(HOTTEST, warmer))
    return Sampling(round(temperature, 2), settings.seed + number - 1, settings.max_tokens)


def _final(outcome: Outcome) -> bool:
    """Say whether no further attempt makes sense after this one."""
    if outcome.ending.kind == "limit":
        return True
    if isinstance(outcome.error, ContextExhausted):
        return False  # the next attempt begins with a short prompt again
    return isinstance(outcome.error, Interrupted | Terminated | LimitReached | ModelError)


def _had_its_chance(outcome: Outcome) -> bool:
    """Say whether an attempt ended by itself, so that its reward says something of what it was told."""
    if outcome.verdict.resolved:
        return True
    ended = outcome.error is None or isinstance(outcome.error, ContextExhausted)
    return ended and outcome.ending.kind != "limit"


def _memory(ground: Ground, run_id: str, *, used: bool) -> EpisodeMemory:
    settings = ground.settings.memory
    # What small models say of their failures is mostly wrong, see docs/memory.md.
    small = ground.form.name == "staged"
    kept = settings.long_term == "on" or (settings.long_term == "auto" and not small)
    return EpisodeMemory(
        settings.reflections if used else 0,
        ground.record,
        run_id=run_id,
        repository=ground.repository.identity,
        task=title_of(ground.task.statement),
        store=long_term(settings) if kept else None,
    )


async def _reflection(ground: Ground, attempt: Attempt, outcome: Outcome, sampling: Sampling) -> str:
    """Return what a failed attempt leaves for the next one, or ""."""
    if isinstance(outcome.error, SandboxError) or not attempt.history.messages:
        return ""  # the sandbox failed, not the agent: there is nothing to learn for it
    if any(budget.spent(ground.meter.usage) for budget in ground.budgets):
        return ""
    if ground.form.name == "staged":
        # What a small model says of its failure is mostly wrong, and it believes what it reads.
        vain = ", ".join(dict.fromkeys(attempt.vain))
        return f"Taken back, because no failing test passed with it: {vain}." if vain else ""
    try:
        answer = await reflect(
            ground.model,
            attempt.history,
            outcome.verdict.evidence,
            outcome.ending.sentence,
            sampling,
            ground.control,
        )
    except ContextExhausted as error:
        ground.record(Notice(level="warning", text=f"There is no room to reflect on the attempt: {error}"))
        return ""
    ground.meter.add(answer.usage)
    if not answer.text:
        ground.record(Notice(level="warning", text="The model had nothing to say about the failed attempt."))
    return answer.text


def _result(ground: Ground, run_id: str, tried: Sequence[Numbered], error: PatchwrightError | None) -> Result:
    best = max(tried, key=_rank, default=None)
    last = tried[-1].outcome.ending if tried else None
    if best is not None and best.outcome.verdict.resolved:
        status, exit_status, reason = "resolved", ExitStatus.RESOLVED, best.outcome.verdict.evidence.summary
    elif error is not None:
        stopped = isinstance(error, Interrupted | Terminated)
        status, exit_status, reason = "interrupted" if stopped else "failed", error.exit_status, str(error)
    elif last is not None and last.kind in {"limit", "steps"}:
        status, exit_status, reason = "limit", ExitStatus.LIMIT, last.sentence
    else:
        status, exit_status = "unresolved", ExitStatus.UNRESOLVED
        reason = (
            best.outcome.verdict.evidence.summary if best and best.outcome.patch else "No patch was made."
        )
    has_patch = best is not None and bool(best.outcome.patch)
    return Result(
        run_id=run_id,
        task_id=ground.task.id,
        status=status,
        exit_status=exit_status,
        reason=reason,
        patch=best.outcome.patch if best else "",
        evidence=best.outcome.verdict.evidence if best else Evidence(),
        attempt=best.number if best and has_patch else None,
        attempts=len(tried),
        steps=ground.meter.steps,
        malformed=ground.meter.malformed,
        usage=ground.meter.usage,
    )


def _rank(tried: Numbered) -> tuple[bool, int, float, bool, int]:
    """Order attempts by evidence; a patch that breaks nothing beats one that does, an earlier one a later."""
    verdict = tried.outcome.verdict
    return (
        verdict.resolved,
        -len(verdict.evidence.broken),
        verdict.reward,
        bool(tried.outcome.patch),
        -tried.number,
    )
