"""What a benchmark's scoring found, as `results.json` holds it and as it is shown.

Results are made of the raw lines alone, so they can be made again from `instances.jsonl`. A failure of the
infrastructure is no verdict: it is counted apart and stands in no denominator.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict

from trajectories.estimates import Interval, bootstrap, pass_at_k, wilson


class Verdict(StrEnum):
    """What is known of a prediction."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    INFRASTRUCTURE = "infrastructure"


class Reason(StrEnum):
    """Why a verdict is what it is."""

    PASSED = "passed"
    WRONG_ANSWER = "wrong answer"
    ERROR = "error"
    COMPILE_ERROR = "compile error"
    CPU_LIMIT = "cpu limit"
    WALL_LIMIT = "wall limit"
    ENDED_EARLY = "ended early"
    NO_PREDICTION = "no prediction"
    STARVED = "starved"
    SANDBOX_LOST = "sandbox lost"
    TOOLCHAIN_MISSING = "toolchain missing"

    @property
    def verdict(self) -> Verdict:
        """The verdict that this reason leads to."""
        if self is Reason.PASSED:
            return Verdict.RESOLVED
        if self in (Reason.STARVED, Reason.SANDBOX_LOST, Reason.TOOLCHAIN_MISSING):
            return Verdict.INFRASTRUCTURE
        return Verdict.UNRESOLVED


class Score(BaseModel):
    """What became of one prediction: one line of `instances.jsonl`.

    Attributes:
        instance_id: The benchmark's name for the instance.
        sample: Which of the instance's predictions this is, counted from 0.
        verdict: What is known of it.
        reason: Why.
        detail: The last words of the program, or which toolchain is missing; may hold text of sealed tests.
        bug_type: The kind of the instance's fault.
        cpu_seconds: CPU time of building and running.
        seconds: Wall-clock time of the same.
        tries: How often it was tried; more than once only after a failure of the infrastructure.
        calls: Calls of the model that made the prediction, where it says so.
        tokens: Tokens of those calls, prompt and answer together, where it says so.
    """

    model_config = ConfigDict(frozen=True)

    instance_id: str
    sample: int = 0
    verdict: Verdict
    reason: Reason
    detail: str = ""
    bug_type: str = ""
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    tries: int = 1
    calls: int | None = None
    tokens: int | None = None


class Rate(BaseModel):
    """A share of problems.

    Attributes:
        name: What it is the share of, e.g. "pass@1" or a bug type.
        problems: Problems with a verdict.
        value: The share, or None without problems.
        low: Lower end of the interval of 95 %.
        high: Its upper end.
        interval: How the interval was made.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    problems: int
    value: float | None
    low: float
    high: float
    interval: Literal["wilson", "bootstrap"]


class Results(BaseModel):
    """The results of a benchmark: `results.json`.

    Attributes:
        schema_version: Raised when a field changes its meaning.
        benchmark: Which one.
        language: The language of its problems.
        setting: What the agent was told; results of different settings can't be compared.
        predictions: Where the predictions came from.
        total: How many predictions were to be scored.
        resolved: How many are right.
        unresolved: How many are not.
        infrastructure: How many have no verdict, because of the machine.
        reasons: How many predictions for each reason.
        rates: pass@k for each k that was drawn, beginning with 1.
        bug_types: pass@1 for each kind of fault.
        scores: Each prediction.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = 1
    benchmark: str
    language: str
    setting: str
    predictions: str = ""
    total: int
    resolved: int
    unresolved: int
    infrastructure: int
    reasons: Mapping[str, int]
    rates: tuple[Rate, ...]
    bug_types: tuple[Rate, ...]
    scores: tuple[Score, ...]


def summarize(
    scores: Iterable[Score],
    *,
    benchmark: str,
    language: str,
    setting: str,
    predictions: str = "",
    seed: int = 0,
) -> Results:
    """Return the results of raw scores; the same scores in any order give the same results.

    Args:
        scores: One for each prediction; a later one of the same instance and sample replaces an earlier one.
        benchmark: See `Results`.
        language: See `Results`.
        setting: See `Results`.
        predictions: See `Results`.
        seed: Of the bootstrap.
    """
    latest = {(score.instance_id, score.sample): score for score in scores}
    ordered = tuple(latest[key] for key in sorted(latest, key=_natural))
    judged: dict[str, list[Score]] = {}
    for score in ordered:
        if score.verdict is not Verdict.INFRASTRUCTURE:
            judged.setdefault(score.instance_id, []).append(score)
    most = min((len(samples) for samples in judged.values()), default=1)
    drawn = sorted({1, *(k for k in (5, 10, 20, 50, 100) if k < most), most})
    kinds: dict[str, list[list[Score]]] = {}
    for samples in judged.values():
        kinds.setdefault(samples[0].bug_type, []).append(samples)
    reasons = [score.reason for score in ordered]
    verdicts = [score.verdict for score in ordered]
    return Results(
        benchmark=benchmark,
        language=language,
        setting=setting,
        predictions=predictions,
        total=len(ordered),
        resolved=verdicts.count(Verdict.RESOLVED),
        unresolved=verdicts.count(Verdict.UNRESOLVED),
        infrastructure=verdicts.count(Verdict.INFRASTRUCTURE),
        reasons={reason.value: reasons.count(reason) for reason in Reason if reason in reasons},
        rates=tuple(_rate(f"pass@{k}", list(judged.values()), k, seed) for k in drawn),
        bug_types=tuple(_rate(kind or "unknown", kinds[kind], 1, seed) for kind in sorted(kinds)),
        scores=ordered,
    )


def _natural(key: tuple[str, int]) -> tuple[str, int, str, int]:
    name, _, number = key[0].rpartition("/")
    return (name, int(number), "", key[1]) if number.isdecimal() else (name, -1, number, key[1])


def _rate(name: str, problems: Sequence[Sequence[Score]], k: int, seed: int) -> Rate:
    solved = [sum(score.verdict is Verdict.RESOLVED for score in samples) for samples in problems]
    if all(len(samples) == 1 for samples in problems):
        how: Literal["wilson", "bootstrap"] = "wilson"
        interval: Interval = wilson(sum(solved), len(problems))
        value = sum(solved) / len(problems) if problems else None
    else:
        how = "bootstrap"
        values = [pass_at_k(len(samples), count, k) for samples, count in zip(problems, solved, strict=True)]
        interval, value = bootstrap(values, seed=seed), fmean(values)
    return Rate(
        name=name, problems=len(problems), value=value, low=interval.low, high=interval.high, interval=how
    )


def render(results: Results) -> str:
    """Return the results as a table of plain text."""
    head = (
        f"{results.benchmark} {results.language}, setting {results.setting}: {results.resolved} resolved, "
        f"{results.unresolved} unresolved, {results.infrastructure} without a verdict"
    )
    rows = [(rate.name, *_columns(rate)) for rate in results.rates]
    rows += [(f"  {rate.name}", *_columns(rate)) for rate in results.bug_types]
    lines = [head, "", *_table(("", "problems", "share", "95 % interval"), rows)]
    scored = [score for score in results.scores if score.verdict is not Verdict.INFRASTRUCTURE]
    lines += [
        "",
        *_table(("reason", "count"), [(name, str(count)) for name, count in results.reasons.items()]),
    ]
    if scored:
        cpu = fmean(score.cpu_seconds for score in scored)
        most = max(score.cpu_seconds for score in scored)
        lines += [
            "",
            f"CPU time a prediction: {cpu:.2f} s on average, {most:.2f} s at most",
        ]
    for name in ("calls", "tokens"):
        known = [value for score in scored if (value := getattr(score, name)) is not None]
        if known:
            lines.append(f"{name} a prediction: {fmean(known):.1f} on average, of {len(known)} that say so")
    if results.infrastructure:
        lines += ["", "Without a verdict, because of this machine, and so in no share above:"]
        lines += [
            f"  {score.instance_id}: {score.reason}{f' ({score.detail})' if score.detail else ''}"
            for score in results.scores
            if score.verdict is Verdict.INFRASTRUCTURE
        ]
    return "\n".join(lines) + "\n"


def _columns(rate: Rate) -> tuple[str, str, str]:
    if rate.value is None:
        return "0", "-", "-"
    return str(rate.problems), f"{100 * rate.value:.1f} %", f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
