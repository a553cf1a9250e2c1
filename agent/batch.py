"""A batch: many tasks side by side, each a run of its own; what is finished stays finished.

OUT/
    batch.json           what the batch is about; another batch is refused this folder
    predictions.jsonl    one line for each finished task, appended; a patch a line, as scoring reads them
    failures.jsonl       what failed for reasons of the machine or the model: tried again next time
    runs/                the trajectory of each run
    lock                 held while a process works here
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from agent.control import Control
from agent.run import resolve
from agent.settings import Settings
from agent.task import Task
from trajectories.errors import (
    EngineUnavailable,
    ExitStatus,
    ImageUnavailable,
    PatchwrightError,
    StoreError,
    UsageError,
)
from trajectories.messages import Usage
from trajectories.result import Result

_MOST_TRIES = 3
_NO_FAULT_OF_THE_AGENT = frozenset({ExitStatus.ENVIRONMENT, ExitStatus.MODEL})


class Job(NamedTuple):
    """One task of a batch.

    Attributes:
        id: Its name in the benchmark.
        statement: The issue's text.
        prepare: Makes the repository in a folder.
        settings: How this task is resolved.
    """

    id: str
    statement: str
    prepare: Callable[[Path], object]
    settings: Settings


class Predicted(BaseModel):
    """A finished task: one line of `predictions.jsonl`.

    Attributes:
        instance_id: The benchmark's name for the task.
        model_name_or_path: The model, as the user named it.
        model_patch: The unified diff, or "".
        strategy: How the task was gone about.
        run: The run's folder under `runs`.
        status: What the tests that the agent may see say of the patch.
        calls: Calls of the model.
        tokens: Prompt and completion tokens, the cached ones included.
        usage: All that was counted of the model.
        steps: Actions that were executed.
        seconds: Wall-clock time of the run.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    instance_id: str
    model_name_or_path: str
    model_patch: str
    strategy: str
    run: str
    status: str
    calls: int
    tokens: int
    usage: Usage
    steps: int
    seconds: float


class Failed(BaseModel):
    """A task without a prediction, for no fault of the agent's: one line of `failures.jsonl`."""

    model_config = ConfigDict(frozen=True)

    instance_id: str
    reason: str
    tries: int


class Finished(NamedTuple):
    """What a batch has so far.

    Attributes:
        predicted: One for each finished task, in the order of the jobs.
        failed: Tasks that have none, for no fault of the agent's.
    """

    predicted: tuple[Predicted, ...]
    failed: tuple[Failed, ...]


class Batch:
    """The folder of a batch, held by this process.

    Args:
        folder: Where it is or will be.
        about: What makes this batch this batch; the same folder never holds two. What stands under "tasks"
            is a digest, and is not told.
    """

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self._folder = folder
        self._about = about

    @property
    def predictions(self) -> Path:
        """The file of predictions."""
        return self._folder / "predictions.jsonl"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for as long as the context lasts.

        Raises:
            UsageError: Another process works there, or it holds another batch.
            StoreError: It can't be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"{self._folder} can't be written ({error.strerror}); name another --out."
            ) from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UsageError(
                    f"Another process works in {self._folder}; wait for it, or name another --out."
                ) from None
            self._check_what_it_is_about()
            yield
        finally:
            os.close(lock)

    def _check_what_it_is_about(self) -> None:
        file = self._folder / "batch.json"
        wanted = json.loads(json.dumps(self._about))
        if not file.exists():
            file.write_text(json.dumps(wanted, indent=2) + "\n", "utf-8")
            return
        try:
            there = json.loads(file.read_text("utf-8"))
        except ValueError:
            raise UsageError(f"{file} is no JSON; remove it if the folder may be used anew.") from None
        differing = sorted(key for key in {*there, *wanted} if there.get(key) != wanted.get(key))
        if differing:
            told = [_difference(key, there.get(key), wanted.get(key)) for key in differing]
            raise UsageError(f"{self._folder} holds another batch: {', '.join(told)}; name another --out.")

    def read(self) -> dict[str, Predicted]:
        """Return the finished tasks by their ids; a last line that a crash cut short is left out."""
        found: dict[str, Predicted] = {}
        try:
            lines = self.predictions.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return found
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                one = Predicted.model_validate(json.loads(line))
            except ValueError:
                if number == len(lines):
                    continue
                raise UsageError(
                    f"Line {number} of {self.predictions} is no prediction; "
                    "remove it, and the task is done again."
                ) from None
            found[one.instance_id] = one
        return found

    async def run(
        self,
        jobs: Sequence[Job],
        *,
        workers: int,
        control: Control,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Finished:
        """Do the jobs that have no prediction yet.

        Args:
            jobs: All tasks of the batch.
            workers: How many are worked at at once.
            control: Stops the batch from outside.
            progress: Told in a sentence how each task ended.

        Raises:
            PatchwrightError: The batch was stopped, or nothing can be run at all.
        """
        with self.held():
            known = self.read()
            self._end_the_last_line()
            failed: dict[str, Failed] = {}
            waiting = [job for job in jobs if job.id not in known]
            places = asyncio.Semaphore(workers)
            controls: set[Control] = set()

            async def one(job: Job) -> None:
                async with places:
                    control.check()
                    mine = Control()
                    controls.add(mine)
                    try:
                        done = await self._tried(job, mine)
                    finally:
                        controls.discard(mine)
                    if isinstance(done, Predicted):
                        known[job.id] = done
                        self._append(self.predictions, done)
                    else:
                        failed[job.id] = done
                        self._append(self._folder / "failures.jsonl", done)
                    progress(_told(done, len(known) + len(failed), len(jobs)))

            tasks = [asyncio.create_task(one(job)) for job in waiting]
            stopping = asyncio.create_task(_stopped(control, controls))
            try:
                await asyncio.gather(*tasks)
            finally:
                stopping.cancel()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, stopping, return_exceptions=True)
        predicted = tuple(known[job.id] for job in jobs if job.id in known)
        return Finished(predicted, tuple(failed[job.id] for job in jobs if job.id in failed))

    async def _tried(self, job: Job, control: Control) -> Predicted | Failed:
        """Do one job; what fails for reasons of the machine is tried again."""
        reason = ""
        for _ in range(_MOST_TRIES):
            with TemporaryDirectory(prefix="patchwright-task-", ignore_cleanup_errors=True) as folder:
                repository = Path(folder) / "repository"
                await asyncio.to_thread(job.prepare, repository)
                task = Task(id=job.id, statement=job.statement, repository=str(repository))
                runs = job.settings.runs.model_copy(update={"directory": str(self._folder / "runs")})
                settings = job.settings.model_copy(update={"runs": runs})
                try:
                    result = await resolve(task, settings, control=control)
                except PatchwrightError as error:
                    control.check()
                    # What no task can be started without is not missing for this one alone.
                    if isinstance(error, UsageError | EngineUnavailable | ImageUnavailable):
                        raise
                    reason = str(error)
                    continue
            control.check()
            if result.exit_status not in _NO_FAULT_OF_THE_AGENT:
                return _predicted(job, settings, result)
            reason = result.reason
        return Failed(instance_id=job.id, reason=reason, tries=_MOST_TRIES)

    def _end_the_last_line(self) -> None:
        """Cut off a last line that has no end, so that the next one begins a line of its own."""
        with self.predictions.open("a+b") as file:
            file.seek(0)
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)

    def _append(self, file: Path, line: BaseModel) -> None:
        with file.open("ab") as opened:
            # ASCII only: bytes of a patch that are not UTF-8 are lone surrogates here.
            opened.write(json.dumps(line.model_dump(mode="json")).encode("ascii") + b"\n")
            opened.flush()
            os.fsync(opened.fileno())


def _difference(key: str, there: Any, wanted: Any) -> str:
    """Say in words how what a folder is about differs from what is asked for."""
    if key == "tasks":
        return "its tasks are others"
    if isinstance(there, dict) and isinstance(wanted, dict):
        parts = sorted(part for part in {*there, *wanted} if there.get(part) != wanted.get(part))
        return ", ".join(_difference(f"{key}.{part}", there.get(part), wanted.get(part)) for part in parts)
    return f"its {key} is {_value(there)}, not {_value(wanted)}"


def _value(value: Any) -> str:
    return "unknown" if value is None else repr(value)


async def _stopped(control: Control, controls: set[Control]) -> None:
    """Pass a request to stop on to all runs."""
    while control.stopped is None:
        await asyncio.sleep(0.2)
    for one in set(controls):
        one.stop(control.stopped)


def _predicted(job: Job, settings: Settings, result: Result) -> Predicted:
    return Predicted(
        instance_id=job.id,
        model_name_or_path=settings.model.name,
        model_patch=result.patch,
        strategy=settings.strategy.name,
        run=result.run_id,
        status=result.status,
        calls=result.usage.calls,
        tokens=result.usage.tokens,
        usage=result.usage,
        steps=result.steps,
        seconds=round(result.seconds, 3),
    )


def _told(done: Predicted | Failed, count: int, total: int) -> str:
    if isinstance(done, Failed):
        return f"{count}/{total} {done.instance_id}: no prediction, {done.reason}"
    patch = "a patch" if done.model_patch else "no patch"
    return (
        f"{count}/{total} {done.instance_id}: {patch}, visible tests {done.status}, "
        f"{done.calls} calls, {done.tokens:,} tokens, {done.seconds:.0f} s"
    )
