"""`patchwright score`: judges predictions for a benchmark by its sealed tests."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Judge predictions for a benchmark by its sealed tests.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Judge predictions for a benchmark by its sealed tests."""


@app.command()
def humanevalfix(
    predictions: Annotated[
        str,
        typer.Option(
            help="JSON lines with instance_id and model_patch or files; gold or buggy try the scoring."
        ),
    ],
    data: Annotated[
        str, typer.Option(help="JSON lines of one language, or the hub's bigcode/humanevalpack.")
    ] = "bigcode/humanevalpack",
    language: Annotated[str, typer.Option(help="python, js, java, go, cpp or rust.")] = "python",
    setting: Annotated[str, typer.Option(help="What the agent was told: docstring or tests.")] = "docstring",
    limit: Annotated[int, typer.Option(min=0, help="Only the first tasks; 0 takes all.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Sandboxes at once.")] = 2,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker, local or unsafe.")] = None,
    image: Annotated[
        str | None, typer.Option(help="The container's image; the language's own by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for instances.jsonl and results.json.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The results as JSON on standard output.")] = False,
) -> None:
    """Score predictions for HumanEvalFix and print the share that is right.

    The exit status is 0 when every prediction got a verdict, whatever it is, and 3 when the machine is to
    blame for some that got none.
    """
    import asyncio  # noqa: PLC0415

    from aci.rendering import harmless  # noqa: PLC0415
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.score import Request, score_humanevalfix  # noqa: PLC0415
    from agent.settings import load  # noqa: PLC0415
    from trajectories.errors import ExitStatus  # noqa: PLC0415
    from trajectories.scores import render  # noqa: PLC0415

    loaded = load({"sandbox.kind": sandbox, "sandbox.image": image})
    for notice in loaded.notices:
        say(notice)
    request = Request(
        data=data,
        language=language,
        setting=setting,
        predictions=predictions,
        limit=limit,
        workers=workers,
        out=out,
    )
    results = asyncio.run(score_humanevalfix(request, loaded.settings.sandbox, progress=say))
    text = results.model_dump_json(indent=2) + "\n" if json else harmless(render(results))
    sys.stdout.write(text)
    raise typer.Exit(int(ExitStatus.ENVIRONMENT) if results.infrastructure else 0)
