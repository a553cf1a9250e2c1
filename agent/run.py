"""One run, from a task to a result on disk: what the command line, the TUI and a Python caller all call."""

import asyncio
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aci import COMMANDS
from aci.command import Command
from aci.debugging import TraceFunction
from aci.formats import FORMATS, Format
from aci.several import EditMany
from agent.budget import budgets
from agent.calls import Meter
from agent.control import Control
from agent.episode import run_episode
from agent.ground import Baseline, Ground
from agent.models.base import Capabilities, Model
from agent.models.choose import choose as choose_model
from agent.models.retry import Retrying
from agent.models.weights import KNOWN
from agent.settings import Settings
from agent.strategies import SAMPLING
from agent.task import Task
from envs.choose import choose as choose_sandbox
from envs.repository import Repository
from trajectories.errors import ModelError, PatchwrightError, UsageError
from trajectories.events import Event, ModelFailed, Notice, RunEnded, RunStarted
from trajectories.messages import Usage
from trajectories.result import Result
from trajectories.store import RunDirectory

SAMPLING_WINDOW = 8192
"""Tokens of each slot of an embedded server that draws several answers at once."""

Observer = Callable[[Event], None]
"""Sees each event of a run after it was written."""


async def resolve(
    task: Task,
    settings: Settings,
    *,
    observers: Sequence[Observer] = (),
    control: Control | None = None,
    model: Model | None = None,
    progress: Callable[[str], None] = lambda _: None,
    apply: bool = False,
) -> Result:
    """Resolve a task and record the run under `settings.runs.directory`.

    Args:
        task: What is to be solved.
        settings: How.
        observers: Called with each event, in order, after it was written.
        control: Stops the run from outside.
        model: Answers; by default the one that the settings name.
        progress: Told in words what happens outside of the run's events: a slow start, the patch's way home.
        apply: Apply the patch of a resolved task to the work tree that the task names.

    Returns:
        The result, which is also in the run's `result.json`, with the patch in `patch.diff`.

    Raises:
        UsageError: The task or the settings can't be used; nothing was started and nothing written.
        PatchwrightError: No sandbox or no model could be had; nothing was written either.
    """
    if not task.statement.strip():
        raise UsageError("The issue is empty; give its text, a file that holds it, or - for standard input.")
    if apply and not Path(task.repository).is_dir():
        raise UsageError(f"--apply needs a repository on this machine, and {task.repository!r} is none.")
    control = control or Control()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="patchwright-"))
    model = model or _model(settings, progress)
    try:
        repository = await _prepared(task, settings, folder)
        chosen = await choose_sandbox(settings.sandbox, progress=progress)
        capabilities = await control.guard(model.open())
        with RunDirectory.create(Path(settings.runs.directory), task.id) as run:
            for observer in observers:
                run.subscribe(observer)
            run.append(_started(task, settings, repository, run.run_id, model, capabilities))
            for notice in [*_notices(repository), *chosen.notices]:
                run.append(notice)
            meter = Meter()
            form = choose_format(settings.model.format, capabilities)
            ground = Ground(
                task=task,
                settings=settings,
                repository=repository,
                new_sandbox=lambda: chosen.new(run.run_id),
                model=_retrying(model, settings, meter, run.append),
                capabilities=_limited(capabilities, settings),
                form=form,
                commands=commands(form),
                record=run.append,
                control=control,
                budgets=budgets(settings.limits.tokens, settings.limits.cost, settings.limits.seconds),
                meter=meter,
                baseline=Baseline(),
            )
            result = await run_episode(ground, run.run_id)
            result = result.model_copy(update={"seconds": time.monotonic() - began})
            run.write_patch(result.patch)
            run.write_result(result)
            run.append(RunEnded(result=result))
        if apply and result.status == "resolved":
            changed = await asyncio.to_thread(repository.apply, result.patch, Path(task.repository))
            progress(f"Applied to the work tree: {', '.join(changed)}.")
        elif apply and result.patch:
            progress(
                "Not applied, because the task is not resolved; look at the patch and apply it yourself."
            )
        return result
    finally:
        await asyncio.shield(model.close())
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def commands(form: Format) -> list[type[Command]]:
    """Return the commands that an agent is offered.

    A small model is spared the form of several changes, and the values of a trace, which it does not follow.
    """
    spared = (EditMany, TraceFunction) if form.name == "staged" else ()
    return [command for command in COMMANDS.values() if command not in spared]


def choose_format(name: str, capabilities: Capabilities) -> Format:
    """Return the way to talk to a model: the one named, or the strictest that its server supports."""
    if name != "auto":
        return FORMATS[name]
    if capabilities.tool_calls:
        return FORMATS["native"]
    return FORMATS["staged" if capabilities.json_schema else "fenced"]


def _model(settings: Settings, progress: Callable[[str], None]) -> Model:
    chosen = settings.model
    sampling = settings.strategy.name in SAMPLING
    told = -1

    def fetched(done: int, total: int) -> None:
        nonlocal told
        if (tenths := 10 * done // max(1, total)) > told:
            told = tenths
            progress(f"Fetching the model: {10 * tenths} % of {total / 1e6:,.0f} MB.")

    return choose_model(
        chosen.name,
        api_base=chosen.api_base or None,
        timeout=chosen.timeout,
        context=chosen.context_window or (SAMPLING_WINDOW if sampling else 16384),
        slots=settings.strategy.samples if sampling else 1,
        runs=Path(settings.runs.directory),
        progress=fetched,
    )


async def _prepared(task: Task, settings: Settings, folder: Path) -> Repository:
    return await asyncio.to_thread(
        Repository.prepare, task.repository, folder, ref=task.ref, history=settings.repository.history
    )


def _limited(capabilities: Capabilities, settings: Settings) -> Capabilities:
    return capabilities._replace(context_window=settings.model.context_window or capabilities.context_window)


def _retrying(model: Model, settings: Settings, meter: Meter, record: Callable[[Event], object]) -> Retrying:
    def on_failure(error: ModelError, usage: Usage, retry_in: float | None) -> None:
        meter.add(usage)
        record(ModelFailed(error=str(error), usage=usage, retry_in=retry_in))

    return Retrying(model, budget=settings.model.retry_seconds, on_failure=on_failure)


def _started(
    task: Task,
    settings: Settings,
    repository: Repository,
    run_id: str,
    model: Model,
    capabilities: Capabilities,
) -> RunStarted:
    return RunStarted(
        run_id=run_id,
        task_id=task.id,
        statement=task.statement,
        repository=repository.source,
        base_commit=repository.base_commit,
        config={**settings.model_dump(mode="json"), "capabilities": capabilities._asdict()},
        versions={
            "patchwright": _version("patchwright"),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "model": model.name,
            **({"weights": KNOWN[model.name].sha256} if model.name in KNOWN else {}),
        },
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def _notices(repository: Repository) -> list[Notice]:
    notices = []
    if changed := repository.changed_in_worktree:
        some = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
        text = f"Uncommitted changes ({some}) are left out: the agent works on {repository.ref}."
        notices.append(Notice(level="warning", text=text))
    if modules := repository.submodules:
        text = f"Submodules are left empty: {', '.join(modules[:5])}."
        notices.append(Notice(level="warning", text=text))
    return notices


__all__ = ["Observer", "PatchwrightError", "resolve"]
