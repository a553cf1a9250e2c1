"""The command line: each command is one call of the public API.

Nothing heavy is imported before a command needs it, so that `patchwright --help` answers at once; a test
holds this file to that.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from agent.commands import batch, memory, score
from trajectories.errors import Interrupted, UsageError

EPILOG = (
    "Exit status: 0 resolved, 1 not resolved, 2 bad use, 3 environment, 4 model, 5 limit, 130 interrupted, "
    "143 terminated."
)

app = typer.Typer(
    name="patchwright",
    help="Resolves issues in git repositories: an agent works in a sandbox, tests judge what it did.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(batch.app, name="batch")
app.add_typer(memory.app, name="memory")
app.add_typer(score.app, name="score")

ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="embedded, or a litellm name such as openai/gpt-5-mini.")
]
SandboxOption = Annotated[str | None, typer.Option(help="auto, docker, local or unsafe.")]
ImageOption = Annotated[str | None, typer.Option(help="The container's image.")]
StepsOption = Annotated[int | None, typer.Option("--max-steps", help="Steps of one attempt.")]
AttemptsOption = Annotated[int | None, typer.Option("--attempts", help="Attempts at the task.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of the first attempt.")]
StrategyOption = Annotated[
    str | None, typer.Option(help="react, react+reflexion, single, sample, sample+select, repair or auto.")
]
FormatOption = Annotated[str | None, typer.Option("--format", help="auto, native, fenced, json or staged.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder that runs are recorded in.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Events as JSON lines on standard output.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show observations whole.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show only how it ended.")]


@app.command()
def resolve(
    issue: Annotated[
        str, typer.Argument(help="A file with the issue's text, the text itself, or - for stdin.")
    ],
    repo: Annotated[str, typer.Option("--repo", "-r", help="Path or URL of the git repository.")] = ".",
    ref: Annotated[str, typer.Option(help="Commit, branch or tag to start from.")] = "HEAD",
    failing_test: Annotated[
        list[str] | None, typer.Option(help="A test that must pass afterwards; can be given again.")
    ] = None,
    model: ModelOption = None,
    api_base: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")] = None,
    format_: FormatOption = None,
    strategy: StrategyOption = None,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    network: Annotated[bool | None, typer.Option(help="Let commands reach the network.")] = None,
    max_steps: StepsOption = None,
    attempts: AttemptsOption = None,
    seed: SeedOption = None,
    test_command: Annotated[
        str | None, typer.Option(help="Runs the tests, instead of what is found.")
    ] = None,
    out: OutOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Apply the patch of a resolved issue here.")] = False,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Resolve an issue and print the patch."""
    from agent.task import Task  # noqa: PLC0415

    flags = {
        "model.name": model,
        "model.api_base": api_base,
        "model.format": format_,
        "model.seed": seed,
        "strategy.name": strategy,
        "sandbox.kind": sandbox,
        "sandbox.image": image,
        "sandbox.network": network,
        "limits.steps": max_steps,
        "limits.attempts": attempts,
        "tests.command": test_command,
        "tests.targets": tuple(failing_test) if failing_test else None,
        "runs.directory": str(out) if out else None,
    }
    loaded = _load(flags, target=Path(repo) if Path(repo).is_dir() else None)
    statement = _statement(issue)
    task = Task(
        id=Task.id_from(statement),
        statement=statement,
        repository=repo,
        ref=ref,
        targets=loaded.tests.targets,
    )
    raise typer.Exit(_run(task, loaded, json=json, verbosity=verbose - quiet, apply=apply))


@app.command()
def demo(
    model: ModelOption = None,
    strategy: StrategyOption = None,
    sandbox: SandboxOption = None,
    image: ImageOption = None,
    max_steps: StepsOption = None,
    attempts: AttemptsOption = None,
    seed: SeedOption = None,
    format_: FormatOption = None,
    out: OutOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Resolve the example issue that comes with Patchwright."""
    from agent.demo import example_task  # noqa: PLC0415

    flags = {
        "model.name": model,
        "model.seed": seed,
        "model.format": format_,
        "strategy.name": strategy,
        "sandbox.kind": sandbox,
        "sandbox.image": image,
        "limits.steps": max_steps,
        "limits.attempts": attempts,
        "runs.directory": str(out) if out else None,
    }
    settings = _load(flags)
    with example_task() as task:
        raise typer.Exit(_run(task, settings, json=json, verbosity=verbose - quiet, apply=False))


@app.command()
def config() -> None:
    """Print every setting with its value and where it came from."""
    from agent.settings import load, render  # noqa: PLC0415

    _print(render(load()))


@app.command()
def doctor() -> None:
    """Check this machine and say how to mend what is missing."""
    from agent.doctor import examine, exit_status, render  # noqa: PLC0415

    checks = examine(_load({}))
    _print(render(checks))
    raise typer.Exit(int(exit_status(checks)))


@app.command()
def serve(
    model: Annotated[str, typer.Argument(help="A model's name on the hub, or embedded.")] = "embedded",
    engine: Annotated[Literal["vllm", "llama"], typer.Option(help="What runs the model.")] = "vllm",
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8000,
    context: Annotated[int | None, typer.Option(help="Tokens of prompt and answer together.")] = None,
) -> None:
    """Start a model server with settings that suit an agent, until Ctrl-C."""
    import asyncio  # noqa: PLC0415

    from agent.diagnostics import say  # noqa: PLC0415
    from agent.models.vllm import serve as serve_model  # noqa: PLC0415

    status = asyncio.run(serve_model(model, engine=engine, port=port, context=context, say=say))
    raise typer.Exit(int(status))


@app.command()
def aci(command: Annotated[str | None, typer.Argument(help="One command of the interface.")] = None) -> None:
    """Describe the commands that the agent may use."""
    from aci.help import describe  # noqa: PLC0415

    try:
        _print(describe(command))
    except KeyError as unknown:
        raise UsageError(str(unknown.args[0])) from None


@app.command()
def gc() -> None:
    """Remove containers that a killed run left behind, and only those."""
    from envs.engine import connect  # noqa: PLC0415
    from envs.images import sweep  # noqa: PLC0415

    removed = sweep(connect())
    _print(f"Removed {len(removed)} left-over container{'' if len(removed) == 1 else 's'}.")


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415

        _print(f"patchwright {version('patchwright')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options that stand before any command."""


def _load(flags: dict[str, Any], target: Path | None = None) -> Any:
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.settings import load  # noqa: PLC0415

    loaded = load(flags, target=target)
    for notice in loaded.notices:
        say(notice)
    return loaded.settings


def _statement(issue: str) -> str:
    """Return the issue's text: standard input for -, a file's content, or the argument itself."""
    if issue == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    path = Path(issue)
    try:
        is_file = path.is_file()
    except OSError:  # too long for a name, or with a NUL byte: a text
        is_file = False
    except ValueError:
        is_file = False
    if is_file:
        return path.read_text(encoding="utf-8", errors="replace")
    if "\n" not in issue and " " not in issue.strip() and ("/" in issue or issue.endswith((".md", ".txt"))):
        raise UsageError(
            f"There is no file {issue!r}; give an existing file, the issue's text, or - for stdin."
        )
    return issue


def _run(task: Any, settings: Any, *, json: bool, verbosity: int, apply: bool) -> int:
    import asyncio  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from agent.control import Control, signals_stop  # noqa: PLC0415
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.run import resolve as resolve_task  # noqa: PLC0415
    from agent.screen.lines import JsonLines  # noqa: PLC0415
    from agent.screen.live import Live  # noqa: PLC0415

    for_people = not json and sys.stdout.isatty()
    # Standard output is for the result: the patch, or events as JSON. A terminal is shown both in one place.
    live = Live(Console(stderr=not for_people, highlight=False, soft_wrap=True), verbosity)

    control = Control()

    async def program() -> int:
        with signals_stop(control):
            result = await resolve_task(
                task,
                settings,
                observers=[JsonLines()] if json else [live],
                control=control,
                progress=lambda text: say(text) if verbosity >= 0 else None,
                apply=apply,
            )
        if not json and not for_people:
            sys.stdout.buffer.write(result.patch.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
        return result.exit_status

    try:
        return asyncio.run(program())
    except asyncio.CancelledError:  # a second signal did not wait for a clean end
        raise control.stopped or Interrupted("Interrupted.") from None


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")


def main() -> None:
    """Run the command line and end the process with one of the documented exit statuses."""
    from agent.diagnostics import exit_status_of  # noqa: PLC0415

    sys.exit(exit_status_of(_program))


def _program() -> int:
    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


if __name__ == "__main__":
    main()
