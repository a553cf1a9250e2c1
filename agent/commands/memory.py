"""`patchwright memory`: shows what was learned from earlier tasks, and forgets it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trajectories.memory import Memory
    from trajectories.reflections import Reflection

app = typer.Typer(help="Show or forget what was learned from earlier tasks.", invoke_without_command=True)

JsonOption = Annotated[bool, typer.Option("--json", help="The reflections as JSON on standard output.")]


@app.callback()
def root(context: typer.Context, json: JsonOption = False) -> None:
    """Show or forget what was learned from earlier tasks; without a command, list it."""
    if context.invoked_subcommand is None:
        list_(json)


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List all reflections, by repository, the newest last."""
    found = _memory().all()
    if json:
        _print_json(found)
        return
    if not found:
        _print("Nothing is remembered yet.")
        return
    lines: list[str] = []
    for repository in sorted({one.repository for one in found}):
        lines += ["", repository]
        lines += [f"  {one.id}  {_counted(one)}  {one.task}" for one in found if one.repository == repository]
    _print("\n".join(lines[1:]))


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The reflection's id, or how it begins.")],
    json: JsonOption = False,
) -> None:
    """Show one reflection whole."""
    from datetime import UTC, datetime  # noqa: PLC0415

    one = _memory().find(id_)
    if json:
        _print_json([one])
        return
    before, after = f"{one.reward_before:.2f}", one.reward_after
    rows = {
        "id": one.id,
        "written": f"{datetime.fromtimestamp(one.time, UTC):%Y-%m-%d %H:%M} UTC",
        "repository": one.repository,
        "task": one.task,
        "told": _counted(one),
        "reward": f"{before} before" + ("" if after is None else f", {after:.2f} after"),
    }
    _print("\n".join([*(f"{name:<11} {value}" for name, value in rows.items()), "", one.text]))


@app.command()
def forget(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The reflection's id, or how it begins.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Forget everything, of all repositories.")] = False,
    json: JsonOption = False,
) -> None:
    """Forget one reflection, or all of them."""
    from trajectories.errors import UsageError  # noqa: PLC0415

    if (id_ is None) != all_:
        raise UsageError("Say what to forget: the id of one reflection, or --all, not both.")
    memory = _memory()
    count = memory.forget() if id_ is None else memory.forget(memory.find(id_).id)
    if json:
        _print(f'{{"forgotten": {count}}}')
    else:
        _print(f"Forgot {count} reflection{'' if count == 1 else 's'}.")


def _memory() -> "Memory":
    from agent.diagnostics import say  # noqa: PLC0415
    from agent.memory import long_term  # noqa: PLC0415
    from agent.settings import load  # noqa: PLC0415

    loaded = load()
    for notice in loaded.notices:
        say(notice)
    return long_term(loaded.settings.memory)


def _counted(one: "Reflection") -> str:
    return f"told {one.shown}, helped {one.helped}, worsened {one.worsened}"


def _print_json(found: "list[Reflection]") -> None:
    import json  # noqa: PLC0415

    sys.stdout.write(json.dumps([one.model_dump(mode="json") for one in found], indent=2) + "\n")


def _print(text: str) -> None:
    from aci.rendering import harmless  # noqa: PLC0415

    sys.stdout.write(harmless(text) + "\n")
