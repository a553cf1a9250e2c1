"""Long-term memory: what is kept, what goes first, and what a crash or another process can do to it."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.errors import StoreError, UsageError
from trajectories.memory import FILE, Memory
from trajectories.redaction import Redactor
from trajectories.reflections import Reflection, change, worth

ROOT = str(Path(__file__).parents[2])


def reflection(id_: str, **fields: object) -> Reflection:
    made = {"id": id_, "time": 1.0, "repository": "host/one", "task": "A task", "text": "Look.", **fields}
    return Reflection.model_validate(made)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory", 3)


def test_what_was_kept_is_read_by_repository_and_oldest_first(memory) -> None:
    assert memory.all() == []
    assert not memory.path.exists()
    for id_, time, repository in (("b", 2.0, "host/one"), ("a", 1.0, "host/one"), ("c", 0.0, "host/two")):
        memory.add(reflection(id_, time=time, repository=repository))
    assert [one.id for one in memory.all()] == ["c", "a", "b"]
    assert [one.id for one in memory.all("host/one")] == ["a", "b"]
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600


def test_a_reflection_counts_what_became_of_the_attempts_that_were_told_it(memory) -> None:
    memory.add(reflection("a", reward_before=0.25))
    assert memory.find("a").reward_after is None
    for before, after in ((0.25, 0.5), (0.5, 0.5), (0.5, 0.0)):
        memory.judge("a", before, after)
    one = memory.find("a")
    assert (one.shown, one.helped, one.worsened) == (3, 1, 1)
    assert (one.reward_before, one.reward_after) == (0.5, 0.0)
    memory.judge("gone", 0.0, 1.0)
    assert [one.id for one in memory.all()] == ["a"]


def test_the_one_worth_least_of_its_repository_makes_room(memory) -> None:
    memory.add(reflection("other", repository="host/two", shown=1, worsened=1))
    memory.add(reflection("helped", time=0.0, shown=1, helped=1))
    memory.add(reflection("harmful", time=9.0, shown=2, worsened=1))
    memory.add(reflection("untried", time=1.0))
    memory.add(reflection("new", time=10.0))
    assert {one.id for one in memory.all("host/one")} == {"helped", "untried", "new"}
    memory.add(reflection("newer", time=11.0))
    assert {one.id for one in memory.all("host/one")} == {"helped", "new", "newer"}
    assert {one.id for one in memory.all("host/two")} == {"other"}


def test_a_new_one_is_kept_even_where_all_others_helped(memory) -> None:
    for number in range(3):
        memory.add(reflection(f"h{number}", time=number, shown=1, helped=1))
    memory.add(reflection("new", time=5.0))
    assert {one.id for one in memory.all()} == {"h1", "h2", "new"}


counts = st.integers(0, 5)
written = st.builds(
    lambda number, time, helped, worsened, same: reflection(
        str(number), time=float(time), helped=helped, worsened=worsened, shown=helped + worsened + same
    ),
    st.integers(0, 10**6), st.integers(0, 9), counts, counts, counts,
)  # fmt: skip


@given(st.lists(written, min_size=1, unique_by=lambda one: one.id))
def test_the_order_of_forgetting(reflections: list[Reflection]) -> None:
    first = min(reflections, key=worth)
    if any(one.harmful for one in reflections):
        assert first.harmful  # never one that is untried, or helped, before one that made things worse
        assert all(
            (first.helped - first.worsened) / first.shown <= (one.helped - one.worsened) / one.shown
            for one in reflections
            if one.shown
        )
    elif not first.shown:
        assert not any(one.shown and one.helped == one.worsened for one in reflections)
    alike = [one for one in reflections if worth(one)[:2] == worth(first)[:2]]
    assert first.time == min(one.time for one in alike)


def test_rewards_are_compared() -> None:
    assert [change(0.5, after) for after in (0.0, 0.5, 1.0)] == ["worse", "same", "better"]


@settings(max_examples=25, deadline=None)
@given(text=st.text(), repository=st.text(), task=st.text())
def test_any_text_is_kept_as_it_is(tmp_path_factory, text, repository, task) -> None:
    memory = Memory(tmp_path_factory.mktemp("m"), 3, Redactor())
    clean = Redactor().text
    memory.add(reflection("a", text=text, repository=repository, task=task))
    one = memory.all(repository)[0]
    assert (one.text, one.repository, one.task) == (clean(text), clean(repository), clean(task))


def test_bytes_of_a_path_that_are_not_utf8_are_kept(memory) -> None:
    memory.add(reflection("a", repository="/srv/caf\udce9"))
    assert memory.all("/srv/caf\udce9")[0].repository == "/srv/caf\udce9"


def test_secrets_are_not_written(tmp_path) -> None:
    memory = Memory(tmp_path, 3, Redactor(["hunter2-hunter2"]))
    key = "ghp_" + "a1" * 20
    memory.add(reflection("a", text=f"Use hunter2-hunter2, not {key}.", task=key, repository=f"host/{key}"))
    held = memory.path.read_bytes()
    assert b"hunter2-hunter2" not in held
    assert key.encode() not in held
    assert memory.all(f"host/{key}")[0].text == "Use [redacted], not [redacted]."


def test_an_id_is_found_by_its_beginning_when_that_is_its_alone(memory) -> None:
    memory.add(reflection("abc1"))
    memory.add(reflection("abd2"))
    assert memory.find("abc").id == "abc1"
    with pytest.raises(UsageError, match="2 reflections begin with 'ab'; give more of the id"):
        memory.find("ab")
    for nothing in ("x", ""):
        with pytest.raises(UsageError, match="There is no reflection"):
            memory.find(nothing)
    assert memory.forget("abc1") == 1
    assert memory.forget("abc1") == 0
    assert memory.forget() == 1
    assert memory.all() == []


def test_a_file_that_is_no_memory_is_named(tmp_path) -> None:
    memory = Memory(tmp_path, 3)
    memory.path.write_bytes(b"no database" * 100)
    for use in (memory.all, memory.forget, lambda: memory.add(reflection("a"))):
        with pytest.raises(StoreError, match=r"memory\.sqlite can't be used .*move the file away"):
            use()
    memory.path.unlink()
    memory.path.mkdir()
    with pytest.raises(StoreError, match="can't be used"):
        memory.add(reflection("a"))


def test_a_record_that_is_none_and_a_newer_file_are_refused(memory) -> None:
    memory.add(reflection("a"))
    with sqlite3.connect(memory.path) as database:
        database.execute("UPDATE reflections SET record = '{}'")
    database.close()
    with pytest.raises(StoreError, match="can't be used"):
        memory.all()
    with sqlite3.connect(memory.path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match="newer Patchwright"):
        memory.all()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from trajectories.memory import Memory
from trajectories.reflections import Reflection
memory = Memory(Path({folder!r}), 10_000)
for number in range(int({count})):
    id = f"{name}-{{number}}"
    memory.add(Reflection(id=id, time=number, repository="r", task="t", text="x" * 5000))
    memory.judge(id, 0.0, 1.0)
    print(id, flush=True)
"""


def write(folder: Path, name: str, count: int) -> "subprocess.Popen[str]":
    program = WRITER.format(root=ROOT, folder=str(folder), name=name, count=count)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_process_that_is_killed_between_or_in_writes_loses_nothing_that_it_had_written(
    tmp_path, after
) -> None:
    process = write(tmp_path, "w", 10_000)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(after)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    memory = Memory(tmp_path, 10_000)
    there = memory.all()
    assert len(told) <= len(there) <= len(told) + 1
    kept = {one.id: one for one in there}
    assert all(kept[id_].helped == 1 for id_ in told)
    memory.add(reflection("after", repository="r"))
    assert memory.find("after").text == "Look."


def test_two_processes_take_turns(tmp_path) -> None:
    writers = [write(tmp_path, name, 8) for name in ("one", "two")]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    there = Memory(tmp_path, 10_000).all()
    assert len(there) == 16
    assert all((one.shown, one.helped) == (1, 1) for one in there)


def test_the_file_is_sqlite_that_others_can_read(memory) -> None:
    memory.add(reflection("a"))
    assert memory.path.name == FILE
    database = sqlite3.connect(memory.path)
    ((record,),) = database.execute("SELECT record FROM reflections").fetchall()
    database.close()
    assert json.loads(record)["text"] == "Look."
