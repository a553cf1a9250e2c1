"""`patchwright memory` as a user starts it."""

import json
from pathlib import Path

import pytest

from trajectories.memory import Memory
from trajectories.reflections import Reflection


@pytest.fixture
def memory(cli, tmp_path: Path) -> Memory:
    """A memory of two reflections, which the program's settings name."""
    folder = tmp_path / "memory"
    (cli.folder / "agent.toml").write_text(f"[memory]\ndirectory = {json.dumps(str(folder))}\n", "utf-8")
    store = Memory(folder, 9)
    for id_, text in (("abc1", "Look at \x1b[31mcalc.add."), ("abd2", "Run all tests.")):
        store.add(Reflection(id=id_, time=0, repository="host/o/r", task="Sums are wrong", text=text))
    store.judge("abc1", 0.0, 0.5)
    return store


def said(done) -> str:
    error: str = done.stderr.decode()
    assert "Traceback" not in error
    return error


def test_it_is_listed_by_default(cli, memory) -> None:
    done = cli("memory")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == (
        "host/o/r\n"
        "  abc1  told 1, helped 1, worsened 0  Sums are wrong\n"
        "  abd2  told 0, helped 0, worsened 0  Sums are wrong\n"
    )
    assert cli("memory", "list").stdout == done.stdout
    for words in (["memory", "--json"], ["memory", "list", "--json"]):
        assert [one["id"] for one in json.loads(cli(*words).stdout)] == ["abc1", "abd2"]


def test_one_is_shown_whole_and_made_harmless(cli, memory) -> None:
    done = cli("memory", "show", "abc")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "reward      0.00 before, 0.50 after" in text
    assert "written     1970-01-01 00:00 UTC" in text
    assert "\x1b" not in text
    assert "calc.add." in text
    (one,) = json.loads(cli("memory", "show", "abc", "--json").stdout)
    assert one["text"] == "Look at \x1b[31mcalc.add."


def test_one_or_all_are_forgotten(cli, memory) -> None:
    assert cli("memory", "forget", "abc").stdout == b"Forgot 1 reflection.\n"
    assert [one.id for one in memory.all()] == ["abd2"]
    assert json.loads(cli("memory", "forget", "--all", "--json").stdout) == {"forgotten": 1}
    assert cli("memory").stdout == b"Nothing is remembered yet.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "x"], "There is no reflection 'x' in memory; `patchwright memory` lists those there are."),
        (["show", "ab"], "2 reflections begin with 'ab'; give more of the id."),
        (["forget"], "Say what to forget: the id of one reflection, or --all, not both."),
        (["forget", "abc1", "--all"], "Say what to forget: the id of one reflection, or --all, not both."),
    ],
)
def test_bad_input_is_one_sentence_and_forgets_nothing(cli, memory, words, sentence) -> None:
    done = cli("memory", *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said(done) == f"patchwright: {sentence}\n"
    assert len(memory.all()) == 2


def test_a_file_that_is_no_memory_is_one_sentence(cli, memory) -> None:
    memory.path.write_bytes(b"no database" * 100)
    done = cli("memory")
    assert done.returncode == 3
    assert "move the file away to begin anew" in said(done)
