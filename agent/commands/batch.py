"""`patchwright batch`: lets the agent work through a benchmark, and scores what it hands in."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Work through a benchmark and score what comes out.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Work through a benchmark and score what comes out."""


@app.command()
def humanevalfix(
    out: Annotated[Path, typer.Option(help="The batch's folder; what is finished there is kept.")],
    data: Annotated[
        str, typer.Option(help="JSON lines of one language, or the hub's bigcode/humanevalpack.")
    ] = "bigcode/humanevalpack",
    language: Annotated[str, typer.Option(help="python, js, java, go, cpp or rust.")] = "python",
    setting: Annotated[str, typer.Option(help="What the agent is told: docstring or tests.")] = "docstring",
    limit: Annotated[int, typer.Option(min=0, help="Only so many tasks; 0 takes all.")] = 0,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Draw them by the seed.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Tasks at once.")] = 1,
    strategy: Annotated[str | None, typer.Option(help="How a task is gone about; auto by default.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="The model.")] = None,
    attempts: Annotated[int | None, typer.Option("--attempts", help="Attempts at each task.")] = None,
    max_steps: Annotated[int | None, typer.Option("--max-steps", help="Steps of one attempt.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the first attempt.")] = None,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker, local or unsafe.")] = None,
    image: Annotated[str | None, typer.Option(help="The image; the language's own by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The results as JSON on standard output.")] = False,
) -> None:
    """Fix the tasks of HumanEvalFix and print the share that the sealed tests call right.

    Broken off and started again it goes on where it was. The exit status is 0 when every task got a verdict,
    whatever it is, and 3 when the machine or the model is to blame for some that got none.
    """
    import asyncio  # noqa: PLC0415

    from aci.rendering import harmless  # noqa: PLC0415
    from agent.control import Control, signals_stop  # noqa: PLC0415
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.humanevalfix import Report, Request, render_report, run_humanevalfix  # noqa: PLC0415
    from agent.settings import load  # noqa: PLC0415
    from trajectories.errors import ExitStatus  # noqa: PLC0415

    flags = {
        "model.name": model,
        "model.seed": seed,
        "strategy.name": strategy or "auto",
        "limits.attempts": attempts,
        "limits.steps": max_steps,
        "sandbox.kind": sandbox,
        "sandbox.image": image,
    }
    loaded = load(flags)
    for notice in loaded.notices:
        say(notice)
    request = Request(data, out, language, setting, limit, shuffle, workers)
    control = Control()

    async def program() -> Report:
        with signals_stop(control):
            return await run_humanevalfix(request, loaded.settings, control=control, progress=say)

    report = asyncio.run(program())
    text = report.results.model_dump_json(indent=2) + "\n" if json else harmless(render_report(report))
    sys.stdout.write(text)
    complete = not report.results.infrastructure and not report.finished.failed
    raise typer.Exit(0 if complete else int(ExitStatus.ENVIRONMENT))
