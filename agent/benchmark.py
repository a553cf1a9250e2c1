"""A batch over a benchmark: the agent sees instances, the scorer afterwards what is sealed."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from agent.batch import Batch, Finished, Job, Predicted
from agent.control import Control
from agent.score import Request as ScoreRequest
from agent.score import image_for, score_benchmark
from agent.settings import Settings
from envs.benchmarks import Benchmark
from envs.humanevalfix.instance import Instance, Setting, make_repository
from envs.humanevalfix.languages import LanguageName
from trajectories.scores import Results, render

_TICKS = 100
"""The kernel counts in hundredths of a second there, whatever its own clock does."""


@dataclass(frozen=True)
class Request:
    """What is to be done.

    Attributes:
        benchmark: Which benchmark.
        data: A file of JSON lines, or the data set's name on the hub where the benchmark is there.
        out: The batch's folder.
        language: The language of the tasks.
        setting: What the agent is told.
        limit: How many tasks; 0 takes all.
        shuffle: Draw them by the seed instead of taking the first.
        workers: How many tasks at once.
    """

    benchmark: Benchmark
    data: str
    out: Path
    language: str = "python"
    setting: str = Setting.DOCSTRING
    limit: int = 0
    shuffle: bool = False
    workers: int = 1


class Report(NamedTuple):
    """What came out.

    Attributes:
        results: The verdicts of the sealed tests.
        finished: What the agent handed in, and what failed for no fault of its own.
        cpu_seconds: CPU time that this machine spent while the batch ran, everything on it included.
        seconds: Wall-clock time of the batch, this time.
    """

    results: Results
    finished: Finished
    cpu_seconds: float
    seconds: float


async def run_benchmark(
    request: Request, settings: Settings, *, control: Control, progress: Callable[[str], None]
) -> Report:
    """Let the agent fix the tasks, then score what it handed in.

    The sealed tests are dropped before the first task begins and read anew when the last one has ended.

    Raises:
        UsageError: The data, the settings or the folder can't be used.
        PatchwrightError: The batch was stopped; what is finished is kept.
    """
    language = request.benchmark.language_named(request.language)
    problems = request.benchmark.problems(request.data, language, request.setting)
    instances = _chosen([problem.instance for problem in problems], request, settings.model.seed)
    del problems
    settings = _alone(settings)
    batch = Batch(request.out, _about(request, settings, instances))
    jobs = [_job(instance, settings, language) for instance in instances]
    began, spent = time.monotonic(), _cpu_seconds()
    finished = await batch.run(jobs, workers=request.workers, control=control, progress=progress)
    seconds, cpu = time.monotonic() - began, _cpu_seconds() - spent
    scoring = ScoreRequest(
        benchmark=request.benchmark,
        predictions=str(batch.predictions),
        data=request.data,
        language=language,
        setting=request.setting,
        workers=max(1, request.workers),
        out=request.out,
        only=tuple(done.instance_id for done in finished.predicted),
    )
    results = await score_benchmark(scoring, settings.sandbox, progress=progress)
    return Report(results, finished, cpu, seconds)


def render_report(report: Report) -> str:
    """Return the report as a table of plain text."""
    predicted = report.finished.predicted
    lines = [render(report.results).rstrip("\n")]
    if predicted:
        lines += ["", *_costs(predicted)]
        done = len(predicted)
        if report.seconds > 0:
            lines.append(
                f"this time: {report.seconds:,.0f} s by the clock, {report.cpu_seconds:,.0f} s of CPU time of"
                f" the whole machine, for what was not finished before of {done} tasks"
            )
    if report.finished.failed:
        lines += ["", "No prediction, for no fault of the agent's, and so in no share above:"]
        lines += [f"  {one.instance_id}: {one.reason}" for one in report.finished.failed]
    return "\n".join(lines) + "\n"


def _costs(predicted: Sequence[Predicted]) -> list[str]:
    rows = [
        ("tokens", [float(one.tokens) for one in predicted]),
        ("of them answered", [float(one.usage.completion_tokens) for one in predicted]),
        ("calls", [float(one.calls) for one in predicted]),
        ("steps", [float(one.steps) for one in predicted]),
        ("seconds", [one.seconds for one in predicted]),
    ]
    head = f"{predicted[0].strategy}, {predicted[0].model_name_or_path}: a task, over {len(predicted)} tasks"
    return [head, f"{'':<18}{'mean':>10}{'median':>10}{'most':>10}"] + [
        f"{name:<18}{fmean(values):>10,.1f}{median(values):>10,.1f}{max(values):>10,.1f}"
        for name, values in rows
    ]


def _chosen(instances: list[Instance], request: Request, seed: int) -> list[Instance]:
    if request.shuffle:
        random.Random(seed).shuffle(instances)  # noqa: S311  (a sample, no secret)
    return instances[: request.limit or None]


def _about(request: Request, settings: Settings, instances: Sequence[Instance]) -> dict[str, object]:
    """Return what two batches must share to be the same one."""
    memory = settings.memory
    digest = hashlib.sha256()
    for instance in instances:
        digest.update(instance.id.encode() + b"\0" + instance.statement.encode() + b"\0")
        for path, data in sorted(instance.files().items()):
            digest.update(path.encode() + b"\0" + data + b"\0")
    return {
        "benchmark": request.benchmark.name,
        "language": request.language,
        "setting": str(request.setting),
        "tasks": digest.hexdigest(),
        "model": settings.model.model_dump(mode="json"),
        "strategy": settings.strategy.model_dump(mode="json"),
        "limits": settings.limits.model_dump(mode="json"),
        "tests": settings.tests.model_dump(mode="json"),
        "memory": {"reflections": memory.reflections}
        | (memory.model_dump(mode="json") if memory.long_term == "on" else {}),
    }


def _alone(settings: Settings) -> Settings:
    """Keep what was learned from one task from another, unless that is asked for by name."""
    if settings.memory.long_term == "on":
        return settings
    memory = settings.memory.model_copy(update={"long_term": "off"})
    return settings.model_copy(update={"memory": memory})


def _job(instance: Instance, settings: Settings, language: LanguageName) -> Job:
    tests = settings.tests.model_copy(update={"command": instance.test_command})
    sandbox = settings.sandbox
    if sandbox.kind not in {"local", "unsafe"} and not sandbox.image:
        sandbox = sandbox.model_copy(update={"image": image_for(language)})
    changed = settings.model_copy(update={"tests": tests, "sandbox": sandbox})
    return Job(instance.id, instance.statement, partial(make_repository, instance), changed)


def _cpu_seconds() -> float:
    """Return the CPU time that this machine has spent since it started, idle time left out."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / _TICKS
