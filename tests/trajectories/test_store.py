import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.errors import StoreError, UsageError
from trajectories.events import (
    SCHEMA_VERSION,
    ActionFinished,
    AttemptEnded,
    Event,
    ModelAnswered,
    Notice,
    RunEnded,
    RunStarted,
)
from trajectories.messages import ToolCall, Usage
from trajectories.reader import parse_event
from trajectories.redaction import Redactor
from trajectories.result import Result
from trajectories.store import RunDirectory, Tail, read_events, read_result, writer_of


def notice(text: str) -> Notice:
    return Notice(level="info", text=text)


def started() -> RunStarted:
    return RunStarted(
        run_id="r", task_id="t", statement="s", repository="/r", base_commit="c",
        config={"limits": [1, 2.5, None]}, versions={},
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs", "demo", redactor=Redactor(["canary-value"]))


def test_a_run_directory_is_named_by_time_and_task(tmp_path: Path) -> None:
    name = RunDirectory.create(tmp_path, "Django/django #12345: it's broken\n").run_id
    assert name.endswith("Z-django-django-12345-it-s-broken")
    assert RunDirectory.create(tmp_path, "../../..").run_id.endswith("Z-task")
    assert all(path.parent == tmp_path for path in tmp_path.iterdir())


def test_many_runs_in_one_second_get_directories_of_their_own(tmp_path: Path) -> None:
    runs = [RunDirectory.create(tmp_path, "same") for _ in range(20)]
    assert len({run.path for run in runs}) == 20


def test_events_are_stamped_and_read_back_as_they_were(run: RunDirectory) -> None:
    written = [
        run.append(started()),
        run.append(notice("hello")),
        run.append(notice("line\u2028sep\x00\x1b")),
    ]
    assert [event.sequence for event in written] == [0, 1, 2]
    assert all(event.time > 1.7e9 for event in written)
    assert list(read_events(run.path)) == written
    assert list(read_events(run.path / "events.jsonl")) == written


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=5))
def test_any_text_survives_the_log_lone_surrogates_too(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = RunDirectory.create(tmp_path_factory.mktemp("runs"), "x", redactor=Redactor())
    with run:
        written = [
            run.append(AttemptEnded(attempt=1, reason=text, reward=0.5, evidence="", patch=text))
            for text in texts
        ]
    assert list(read_events(run.path)) == written
    assert [event.patch for event in written if isinstance(event, AttemptEnded)] == texts


def test_secrets_reach_neither_the_log_nor_a_subscriber_nor_the_result(run: RunDirectory) -> None:
    seen: list[Event] = []
    run.subscribe(seen.append)
    call = ToolCall(id="1", name="bash", arguments=json.dumps({"command": "echo canary-value"}))
    answered = ModelAnswered(
        request_hash="h", model="m", text="sk-abcdefghij0123456789AB", tool_calls=(call,),
        finish_reason="stop", usage=Usage(), seconds=1.0,
    )  # fmt: skip
    written = run.append(answered)
    run.append(started().model_copy(update={"config": {"x": [{"canary-value": "canary-value"}]}}))
    result = Result(
        run_id="r",
        task_id="t",
        status="resolved",
        exit_status=0,
        reason="canary-value",
        patch="+canary-value\n",
    )
    run.append(RunEnded(result=result))
    run.write_result(result)
    run.write_patch(result.patch)
    assert seen[0] == written == next(read_events(run.path))
    everything = b"".join(path.read_bytes() for path in run.path.iterdir()) + repr(seen).encode()
    assert b"canary" not in everything
    assert b"sk-abc" not in everything


def test_a_patch_is_written_byte_for_byte_and_a_result_read_back(run: RunDirectory) -> None:
    patch = b"+caf\xe9\r\n+AKIAIOSFODNN7EXAMPLE\n".decode("utf-8", "surrogateescape")
    result = Result(run_id="r", task_id="t", status="limit", exit_status=5, reason="steps", patch=patch)
    assert read_result(run.path) is None
    run.write_result(result)
    run.write_patch("old")
    run.write_patch(patch)
    assert (run.path / "patch.diff").read_bytes() == b"+caf\xe9\r\n+AKIAIOSFODNN7EXAMPLE\n"
    assert read_result(run.path) == result
    assert sorted(path.name for path in run.path.iterdir()) == [
        "events.jsonl",
        "lock",
        "patch.diff",
        "result.json",
    ]
    (run.path / "result.json").write_text("{")
    with pytest.raises(UsageError, match="not a result"):
        read_result(run.path)


def test_a_second_writer_is_told_who_holds_the_run(run: RunDirectory) -> None:
    run.append(notice("x"))
    assert writer_of(run.path) == os.getpid()
    with pytest.raises(UsageError, match=rf"{run.run_id} is being written by process {os.getpid()}"):
        RunDirectory.open_existing(run.path)
    run.close()
    run.close()
    assert writer_of(run.path) is None
    assert writer_of(run.path / "missing") is None
    with pytest.raises(StoreError, match="closed"):
        run.append(notice("y"))


def test_another_process_is_told_who_holds_the_run(run: RunDirectory) -> None:
    run.append(notice("x"))
    code = "import sys, pathlib; from trajectories.store import RunDirectory as R"
    code += "; R.open_existing(pathlib.Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(run.path)], capture_output=True, text=True, check=False
    )
    assert f"process {os.getpid()}" in done.stderr


def test_a_reopened_run_goes_on_where_it_ended_without_the_torn_line(run: RunDirectory) -> None:
    run.append(started())
    run.append(notice("one"))
    run.close()
    with (run.path / "events.jsonl").open("ab") as stream:
        stream.write(b'{"kind":"notice","time":1.0,"text":"' + b"torn" * 40_000)
    assert len(list(read_events(run.path))) == 2
    with RunDirectory.open_existing(run.path) as again:
        assert again.append(notice("two")).sequence == 2
    assert [getattr(event, "text", "") for event in read_events(run.path)] == ["", "one", "two"]


def test_what_is_no_run_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run directory"):
        RunDirectory.open_existing(tmp_path)
    with pytest.raises(UsageError, match="can't be read"):
        list(read_events(tmp_path / "missing"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can be made"):
        RunDirectory.create(tmp_path / "file", "x")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{torn\n", "line 2 .* is corrupt"),
        (b"\xff\xfe\n", "line 2 .* is corrupt"),
        (b"[" * 100_000 + b"\n", "line 2 .* is corrupt"),
        (b"\n", "line 2 .* is corrupt"),
        (b'{"foreign": 1}\n', "line 2 .* is not an event of a Patchwright run"),
        (b"[1, 2]\n", "line 2 .* is not an event of a Patchwright run"),
        (b'{"kind": "of_the_future"}\n', "line 2 .* is not one this version knows"),
        (b'{"kind": "notice", "level": "shrill", "text": "x"}\n', "line 2 .* is not one this version knows"),
    ],
)
def test_a_bad_line_in_the_middle_is_named_by_its_number(line: bytes, said: str, run: RunDirectory) -> None:
    run.append(notice("one"))
    with (run.path / "events.jsonl").open("ab") as stream:
        stream.write(line)
    run.append(notice("two"))
    events = read_events(run.path)
    assert next(events).sequence == 0
    with pytest.raises(UsageError, match=said):
        next(events)


def test_a_log_of_a_newer_version_is_refused(run: RunDirectory) -> None:
    run.append(started().model_copy(update={"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(UsageError, match="newer Patchwright"):
        list(read_events(run.path))


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(min_value=0, max_value=100_000))
def test_every_prefix_of_a_log_reads_as_the_events_it_holds_whole(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = RunDirectory.create(tmp_path_factory.mktemp("runs"), "x", redactor=Redactor())
    with run:
        written = [run.append(notice("ä" * number)) for number in range(8)]
    data = (run.path / "events.jsonl").read_bytes()
    prefix = data[: cut % (len(data) + 1)]
    (run.path / "events.jsonl").write_bytes(prefix)
    assert list(read_events(run.path)) == written[: prefix.count(b"\n")]


@given(st.binary(max_size=200))
def test_random_bytes_are_an_event_or_a_usage_error(line: bytes) -> None:
    with pytest.raises(UsageError):
        parse_event(line, "line 1")


def test_a_failing_subscriber_is_dropped_and_the_run_goes_on(run: RunDirectory) -> None:
    seen: list[Event] = []

    def failing(event: Event) -> None:
        raise ValueError("screen gone")

    run.subscribe(failing)
    unsubscribe = run.subscribe(seen.append)
    run.append(notice("one"))
    run.append(notice("two"))
    unsubscribe()
    unsubscribe()
    run.append(notice("three"))
    texts = [event.text for event in read_events(run.path) if isinstance(event, Notice)]
    assert texts[0] == "one"
    assert "failing failed with ValueError: screen gone" in texts[1]
    assert texts[2:] == ["two", "three"]
    assert len(seen) == 3


def test_a_follower_sees_whole_events_once(run: RunDirectory, tmp_path: Path) -> None:
    tail = Tail(run.path)
    assert Tail(tmp_path / "nowhere" / "events.jsonl").read() == []
    assert tail.read() == []
    first = run.append(notice("one"))
    assert tail.read() == [first]
    assert tail.read() == []
    with (run.path / "events.jsonl").open("ab") as stream:
        stream.write(b'{"kind": "notice", "level": "info", ')
        stream.flush()
        assert tail.read() == []
        stream.write(b'"text": "late"}\nnonsense\n')
    with pytest.raises(UsageError, match="line 3"):
        tail.read()


def _write_until_killed(root: str, pipe: int) -> None:
    run = RunDirectory.create(Path(root), "victim", redactor=Redactor())
    for number in range(1_000_000):
        run.append(ActionFinished(step=number, observation="x" * 5000, failed=False, seconds=0.0))
        os.write(pipe, b".")


def test_a_killed_writer_loses_no_event_that_it_reported(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for count in (1, 7, 40):
        root = tmp_path / str(count)
        reading, writing = os.pipe()
        victim = context.Process(target=_write_until_killed, args=(str(root), writing))
        victim.start()
        os.close(writing)
        reported = 0
        while reported < count:
            reported += len(os.read(reading, 1))
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        while data := os.read(reading, 4096):
            reported += len(data)
        os.close(reading)
        (path,) = root.iterdir()
        events = list(read_events(path))
        assert len(events) - reported in (0, 1)
        assert [event.sequence for event in events] == list(range(len(events)))
        with RunDirectory.open_existing(path) as again:
            assert again.append(notice("resumed")).sequence == len(events)


def _fill_the_disk(root: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    run = RunDirectory.create(Path(root), "full", redactor=Redactor())
    for _ in range(6):
        run.append(notice("x" * 3000))
    with pytest.raises(StoreError, match="free some space"):
        run.append(notice("x" * 3000))
    data = (run.path / "events.jsonl").read_bytes()
    os._exit(0 if data.endswith(b"\n") and data.count(b"\n") == 6 else 1)


def test_a_full_disk_costs_only_the_event_that_did_not_fit(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_fill_the_disk, args=(str(tmp_path),))
    process.start()
    process.join()
    assert process.exitcode == 0
    (path,) = tmp_path.iterdir()
    assert len(list(read_events(path))) == 6
    with RunDirectory.open_existing(path) as again:
        assert again.append(notice("room again")).sequence == 6
