"""The options that the commands of all benchmarks share, and what becomes of them."""

from pathlib import Path
from typing import Annotated

import typer

SettingOption = Annotated[str, typer.Option(help="What the agent is told: docstring or tests.")]
LanguageOption = Annotated[str, typer.Option(help="python, js, java, go, cpp or rust.")]
PythonOption = Annotated[str, typer.Option(help="python, the only one.")]
HubOption = Annotated[
    str, typer.Option(help="JSON lines of one language, or the hub's bigcode/humanevalpack.")
]
DataOption = Annotated[str, typer.Option(help="The programs as JSON lines.")]
SandboxOption = Annotated[str | None, typer.Option(help="auto, docker, local or unsafe.")]
ImageOption = Annotated[str | None, typer.Option(help="The image; the language's own by default.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The results as JSON on standard output.")]

OutOption = Annotated[Path, typer.Option(help="The batch's folder; what is finished there is kept.")]
LimitOption = Annotated[int, typer.Option(min=0, help="Only so many tasks; 0 takes all.")]
ShuffleOption = Annotated[bool, typer.Option("--shuffle", help="Draw them by the seed.")]
TasksOption = Annotated[int, typer.Option("--workers", min=1, help="Tasks at once.")]
StrategyOption = Annotated[
    str | None,
    typer.Option(help="How a task is gone about; auto where neither this nor a settings file names one."),
]
ModelOption = Annotated[str | None, typer.Option("--model", "-m", help="The model.")]
AttemptsOption = Annotated[int | None, typer.Option("--attempts", help="Attempts at each task.")]
StepsOption = Annotated[int | None, typer.Option("--max-steps", help="Steps of one attempt.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of the first attempt.")]

PredictionsOption = Annotated[
    str,
    typer.Option(help="JSON lines with instance_id and model_patch or files; gold or buggy try the scoring."),
]
FirstOption = Annotated[int, typer.Option("--limit", min=0, help="Only the first tasks; 0 takes all.")]
SandboxesOption = Annotated[int, typer.Option("--workers", min=1, help="Sandboxes at once.")]
ScoresOption = Annotated[
    Path | None, typer.Option("--out", help="Folder for instances.jsonl and results.json.")
]
