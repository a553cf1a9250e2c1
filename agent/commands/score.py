"""`patchwright score`: judges predictions for a benchmark by its sealed tests."""

import sys
from typing import TYPE_CHECKING

import typer

from agent.commands.options import (
    DataOption,
    FirstOption,
    HubOption,
    ImageOption,
    JsonOption,
    LanguageOption,
    PredictionsOption,
    PythonOption,
    SandboxesOption,
    SandboxOption,
    ScoresOption,
    SettingOption,
)

if TYPE_CHECKING:
    from agent.score import Request

app = typer.Typer(help="Judge predictions for a benchmark by its sealed tests.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Judge predictions for a benchmark by its sealed tests."""


@app.command()
def humanevalfix(
    predictions: PredictionsOption,
    data: HubOption = "bigcode/humanevalpack",
    language: LanguageOption = "python",
    setting: SettingOption = "docstring",
    limit: FirstOption = 0,
    workers: SandboxesOption = 2,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    out: ScoresOption = None,
    json: JsonOption = False,
) -> None:
    """Score predictions for HumanEvalFix and print the share that is right.

    The exit status is 0 when every prediction got a verdict, whatever it is, and 3 when the machine is to
    blame for some that got none.
    """
    from agent.score import Request  # noqa: PLC0415
    from envs.benchmarks import HUMANEVALFIX  # noqa: PLC0415

    request = Request(HUMANEVALFIX, predictions, data, language, setting, limit, workers, out)
    _score(request, sandbox, image, json=json)


@app.command()
def quixbugs(
    predictions: PredictionsOption,
    data: DataOption,
    language: PythonOption = "python",
    setting: SettingOption = "docstring",
    limit: FirstOption = 0,
    workers: SandboxesOption = 2,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    out: ScoresOption = None,
    json: JsonOption = False,
) -> None:
    """Score predictions for QuixBugs and print the share that is right.

    It ends as `score humanevalfix` does.
    """
    from agent.score import Request  # noqa: PLC0415
    from envs.benchmarks import QUIXBUGS  # noqa: PLC0415

    request = Request(QUIXBUGS, predictions, data, language, setting, limit, workers, out)
    _score(request, sandbox, image, json=json)


def _score(request: "Request", sandbox: str | None, image: str | None, *, json: bool) -> None:
    import asyncio  # noqa: PLC0415

    from aci.rendering import harmless  # noqa: PLC0415
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.score import score_benchmark  # noqa: PLC0415
    from agent.settings import load  # noqa: PLC0415
    from trajectories.errors import ExitStatus  # noqa: PLC0415
    from trajectories.scores import render  # noqa: PLC0415

    loaded = load({"sandbox.kind": sandbox, "sandbox.image": image})
    for notice in loaded.notices:
        say(notice)
    results = asyncio.run(score_benchmark(request, loaded.settings.sandbox, progress=say))
    text = results.model_dump_json(indent=2) + "\n" if json else harmless(render(results))
    sys.stdout.write(text)
    raise typer.Exit(int(ExitStatus.ENVIRONMENT) if results.infrastructure else 0)
