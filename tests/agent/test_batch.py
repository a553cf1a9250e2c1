"""A batch keeps what is finished, does again what the machine failed, and never mixes with another one."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.batch import Batch, Finished, Job
from agent.control import Control
from agent.settings import Settings
from envs.fresh import commit_folder
from trajectories.errors import Interrupted, UsageError

PROGRAM = "def double(a):\n    return a + 2\n\n\nassert double(2) == 4\nassert double(5) == 10\n"
ABOUT = {"benchmark": "three", "model": {"name": "scripted"}}


def prepare(folder: Path) -> None:
    folder.mkdir()
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    commit_folder(folder, "a fault")


@pytest.fixture
def jobs(tmp_path: Path) -> Callable[..., list[Job]]:
    """Make jobs that need no answer of a model: `jobs("a", "b")`."""
    script = tmp_path / "none.json"
    script.write_text("[]", encoding="utf-8")

    def make(*names: str, **sandbox: str) -> list[Job]:
        settings = Settings.model_validate(
            {
                "model": {"name": f"scripted:{script}", "retry_seconds": 0},
                "sandbox": {"kind": "unsafe", **sandbox},
                "strategy": {"name": "repair"},
                "tests": {"command": "python3 main.py"},
            }
        )
        return [Job(name, f"`double` in main.py is wrong ({name}).", prepare, settings) for name in names]

    return make


async def run(folder: Path, jobs: list[Job], told: list[str] | None = None, workers: int = 2) -> Finished:
    say = (lambda text: None) if told is None else told.append
    return await Batch(folder, ABOUT).run(jobs, workers=workers, control=Control(), progress=say)


async def test_each_task_has_a_line_and_a_run_of_its_own(tmp_path, jobs) -> None:
    done = await run(tmp_path / "out", jobs("a", "b", "c"))
    assert [one.instance_id for one in done.predicted] == ["a", "b", "c"]
    lines = (tmp_path / "out" / "predictions.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["instance_id"] for line in lines} == {"a", "b", "c"}
    for one in done.predicted:
        assert one.status == "resolved"
        assert "+    return" in one.model_patch
        assert (tmp_path / "out" / "runs" / one.run / "events.jsonl").exists()


async def test_what_is_finished_is_not_done_again(tmp_path, jobs) -> None:
    first = await run(tmp_path / "out", jobs("a", "b"))
    told: list[str] = []
    second = await run(tmp_path / "out", jobs("a", "b", "c"), told)
    assert [one.run for one in second.predicted[:2]] == [one.run for one in first.predicted]
    assert len(told) == 1
    assert told[0].startswith("3/3 c: a patch")


async def test_a_line_that_a_crash_cut_short_is_done_again(tmp_path, jobs) -> None:
    await run(tmp_path / "out", jobs("a", "b"), workers=1)
    file = tmp_path / "out" / "predictions.jsonl"
    first, second = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text(first + second[:40], encoding="utf-8")
    done = await run(tmp_path / "out", jobs("a", "b"))
    assert [one.instance_id for one in done.predicted] == ["a", "b"]
    assert len([json.loads(line) for line in file.read_text("utf-8").splitlines()]) == 2


async def test_a_spoiled_line_is_named(tmp_path, jobs) -> None:
    await run(tmp_path / "out", jobs("a", "b"), workers=1)
    file = tmp_path / "out" / "predictions.jsonl"
    second = file.read_text("utf-8").splitlines(keepends=True)[1]
    file.write_text("junk\n" + second, encoding="utf-8")
    with pytest.raises(UsageError, match=r"Line 1 of .* is no prediction"):
        await run(tmp_path / "out", jobs("a", "b"))
    assert file.read_text("utf-8") == "junk\n" + second


async def test_another_batch_is_refused_the_folder(tmp_path, jobs) -> None:
    await run(tmp_path / "out", jobs("a"))
    other = Batch(tmp_path / "out", {**ABOUT, "benchmark": "four"})
    with pytest.raises(UsageError, match="holds another batch: its benchmark is 'three', not 'four'"):
        await other.run(jobs("a"), workers=1, control=Control())


async def test_a_refused_folder_is_told_what_differs_in_words(tmp_path, jobs) -> None:
    about = {"tasks": "8c1f", "model": {"name": "one", "seed": 0}, "limits": {"steps": 3}}
    with Batch(tmp_path / "out", about).held():
        pass
    other = {"tasks": "77ab", "model": {"name": "two", "seed": 0}, "limits": {"steps": 3}}
    with pytest.raises(UsageError) as refused, Batch(tmp_path / "out", other).held():
        pass
    assert str(refused.value).endswith(
        "holds another batch: its model.name is 'one', not 'two', its tasks are others; name another --out."
    )


async def test_two_processes_do_not_work_in_one_folder(tmp_path, jobs) -> None:
    with Batch(tmp_path / "out", ABOUT).held(), pytest.raises(UsageError, match="Another process works in"):
        await run(tmp_path / "out", jobs("a"))


async def test_a_model_that_fails_leaves_no_prediction_and_the_task_is_done_next_time(tmp_path, jobs) -> None:
    script = tmp_path / "broken.json"
    script.write_text(json.dumps([{"error": "rejected", "message": "no"}] * 9), encoding="utf-8")
    (job,) = jobs("a")
    model = job.settings.model.model_copy(update={"name": f"scripted:{script}"})
    strategy = job.settings.strategy.model_copy(update={"name": "sample"})
    failing = job._replace(settings=job.settings.model_copy(update={"model": model, "strategy": strategy}))
    done = await run(tmp_path / "out", [failing])
    assert done.predicted == ()
    assert (done.failed[0].instance_id, done.failed[0].tries) == ("a", 3)
    assert (tmp_path / "out" / "failures.jsonl").exists()
    again = await run(tmp_path / "out", [job])
    assert again.predicted[0].status == "resolved"


async def test_a_request_to_stop_ends_the_batch_and_keeps_what_is_finished(tmp_path, jobs) -> None:
    control = Control()

    def progress(text: str) -> None:
        control.stop(Interrupted("Interrupted by Ctrl-C."))

    with pytest.raises(Interrupted):
        await Batch(tmp_path / "out", ABOUT).run(
            jobs("a", "b", "c", "d"), workers=1, control=control, progress=progress
        )
    kept = (tmp_path / "out" / "predictions.jsonl").read_text("utf-8").splitlines()
    assert 1 <= len(kept) < 4
    done = await run(tmp_path / "out", jobs("a", "b", "c", "d"))
    assert len(done.predicted) == 4


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.agent.test_batch import ABOUT, Batch, Control, Job, Settings, prepare
settings = Settings.model_validate_json({settings!r})
jobs = [Job(name, "`double` in main.py is wrong.", prepare, settings) for name in "abc"]
told = lambda text: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(Batch(Path({out!r}), ABOUT).run(jobs, workers=1, control=Control(), progress=told))
"""


def test_a_batch_that_was_killed_goes_on_where_it_was(tmp_path, jobs) -> None:
    settings = jobs("a")[0].settings.model_dump_json()
    root = str(Path(__file__).parents[2])
    out = tmp_path / "out"
    program = KILLED.format(root=root, settings=settings, out=str(out))
    killed = subprocess.run([sys.executable, "-c", program], check=False, env={**os.environ}, cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL
    first = json.loads((out / "predictions.jsonl").read_text("utf-8"))
    done = asyncio.run(run(out, jobs("a", "b", "c")))
    assert [one.instance_id for one in done.predicted] == ["a", "b", "c"]
    assert done.predicted[0].run == first["run"]
