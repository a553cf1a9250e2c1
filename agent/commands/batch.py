"""`patchwright batch`: lets the agent work through a benchmark, and scores what it hands in."""

import sys
from typing import TYPE_CHECKING, Any

import typer

from agent.commands.options import (
    AttemptsOption,
    DataOption,
    HubOption,
    ImageOption,
    JsonOption,
    LanguageOption,
    LimitOption,
    ModelOption,
    OutOption,
    PythonOption,
    SandboxOption,
    SeedOption,
    SettingOption,
    ShuffleOption,
    StepsOption,
    StrategyOption,
    TasksOption,
)

if TYPE_CHECKING:
    from agent.benchmark import Request

app = typer.Typer(help="Work through a benchmark and score what comes out.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Work through a benchmark and score what comes out."""


@app.command()
def humanevalfix(
    out: OutOption,
    data: HubOption = "bigcode/humanevalpack",
    language: LanguageOption = "python",
    setting: SettingOption = "docstring",
    limit: LimitOption = 0,
    shuffle: ShuffleOption = False,
    workers: TasksOption = 1,
    strategy: StrategyOption = None,
    model: ModelOption = None,
    attempts: AttemptsOption = None,
    max_steps: StepsOption = None,
    seed: SeedOption = None,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    json: JsonOption = False,
) -> None:
    """Fix the tasks of HumanEvalFix and print the share that the sealed tests call right.

    Broken off and started again it goes on where it was. The exit status is 0 when every task got a verdict,
    whatever it is, and 3 when the machine or the model is to blame for some that got none.
    """
    from agent.benchmark import Request  # noqa: PLC0415
    from envs.benchmarks import HUMANEVALFIX  # noqa: PLC0415

    request = Request(HUMANEVALFIX, data, out, language, setting, limit, shuffle, workers)
    _work(request, _flags(strategy, model, attempts, max_steps, seed, sandbox, image), json=json)


@app.command()
def quixbugs(
    out: OutOption,
    data: DataOption,
    language: PythonOption = "python",
    setting: SettingOption = "docstring",
    limit: LimitOption = 0,
    shuffle: ShuffleOption = False,
    workers: TasksOption = 1,
    strategy: StrategyOption = None,
    model: ModelOption = None,
    attempts: AttemptsOption = None,
    max_steps: StepsOption = None,
    seed: SeedOption = None,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    json: JsonOption = False,
) -> None:
    """Fix the programs of QuixBugs and print the share that the sealed tests call right.

    It goes on where it was and ends as `batch humanevalfix` does.
    """
    from agent.benchmark import Request  # noqa: PLC0415
    from envs.benchmarks import QUIXBUGS  # noqa: PLC0415

    request = Request(QUIXBUGS, data, out, language, setting, limit, shuffle, workers)
    _work(request, _flags(strategy, model, attempts, max_steps, seed, sandbox, image), json=json)


def _flags(
    strategy: str | None,
    model: str | None,
    attempts: int | None,
    max_steps: int | None,
    seed: int | None,
    sandbox: str | None,
    image: str | None,
) -> dict[str, Any]:
    return {
        "model.name": model,
        "model.seed": seed,
        "strategy.name": strategy,
        "limits.attempts": attempts,
        "limits.steps": max_steps,
        "sandbox.kind": sandbox,
        "sandbox.image": image,
    }


def _work(request: "Request", flags: dict[str, Any], *, json: bool) -> None:
    import asyncio  # noqa: PLC0415

    from aci.rendering import harmless  # noqa: PLC0415
    from agent.benchmark import Report, render_report, run_benchmark  # noqa: PLC0415
    from agent.control import Control, signals_stop  # noqa: PLC0415
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.settings import load, names  # noqa: PLC0415
    from trajectories.errors import ExitStatus  # noqa: PLC0415

    loaded = load(flags)
    if not names(loaded, "strategy.name"):
        loaded = load({**flags, "strategy.name": "auto"})
    for notice in loaded.notices:
        say(notice)
    control = Control()

    async def program() -> Report:
        with signals_stop(control):
            return await run_benchmark(request, loaded.settings, control=control, progress=say)

    report = asyncio.run(program())
    text = report.results.model_dump_json(indent=2) + "\n" if json else harmless(render_report(report))
    sys.stdout.write(text)
    complete = not report.results.infrastructure and not report.finished.failed
    raise typer.Exit(0 if complete else int(ExitStatus.ENVIRONMENT))
