"""The warm ruff: its answers, and that a dead, hung or babbling one is replaced without a word."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aci import Workspace, ruff_server
from aci.ruff_server import NoAnswer, RuffServer

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]


@pytest.fixture
def server() -> Iterator[RuffServer]:
    server = RuffServer(["F821"])
    yield server
    server.close()


def said(server: RuffServer, text: str, file_name: str = "edited.py") -> list[str]:
    return [item["message"] for item in server.check(file_name, text)]


def test_one_process_answers_all_questions(server: RuffServer) -> None:
    assert said(server, "x = y\n") == ["Undefined name `y`"]
    first = server.pid
    assert said(server, "x = '\U0001f600' + \u00e9\n") == ["Undefined name `\u00e9`"]
    assert said(server, "x: y\n", "edited.pyi") == ["Undefined name `y`"]
    assert said(server, "") == said(server, "x = 1\n") == []
    assert server.pid == first


def test_a_text_of_many_megabytes_goes_through(server: RuffServer) -> None:
    text = "".join(f"value_{number} = missing_{number % 50}\n" for number in range(60_000))
    assert len(said(server, text)) == 60_000


def test_a_dead_server_is_replaced(server: RuffServer) -> None:
    said(server, "x = 1\n")
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert said(server, "x = y\n") == ["Undefined name `y`"]
    assert server.pid != first


def test_a_hung_server_is_killed_and_replaced() -> None:
    server = RuffServer(["F821"], seconds=3)
    said(server, "x = 1\n")
    hung = server.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    # Too large for a pipe: both the writing and the reading would wait for ever.
    assert said(server, "# " + "x" * 300_000 + "\nx = y\n") == ["Undefined name `y`"]
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    server.close()


@pytest.mark.parametrize(
    "program",
    [
        "exit 1",
        "exec sleep 60",
        "printf 'Content-Length: x\\r\\n\\r\\n'; exec sleep 60",
        "printf 'Content-Length: 2\\r\\n\\r\\n{]'; exec sleep 60",
        "printf 'Length: 2\\r\\n\\r\\n{}'; exec sleep 60",
        "exec cat",
    ],
    ids=["ends", "silent", "no number", "no json", "no length", "echo"],
)
async def test_without_an_answer_an_edit_goes_through(
    make_workspace: Make, act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    fake = tmp_path / "ruff"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(ruff_server, "_ruff_binary", lambda: str(fake))
    server = RuffServer(["F821"], seconds=0.2)
    with pytest.raises(NoAnswer):
        server.check("edited.py", "x = y\n")
    assert server.pid is None
    _, thread = ruff_server.shared(("F821",))
    monkeypatch.setattr("aci.linting.shared", lambda rules: (server, thread))
    workspace = await make_workspace({"a.py": "x = 1\n"})
    seen = await act(workspace, "edit", path="a.py", search="x = 1", replace="x = y")
    assert not seen.failed
    assert "Undefined" not in seen.text


def test_no_configuration_of_the_user_or_a_repository_has_a_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path, tmp_path / ".config" / "ruff"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ruff.toml").write_text('lint.ignore = ["F821"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    server = RuffServer(["F821"])
    assert said(server, "x = y\n") == ["Undefined name `y`"]
    server.close()


def _ask_in_child(server: RuffServer, answers: "multiprocessing.SimpleQueue[Any]") -> None:
    answers.put((said(server, "x = z\n"), server.pid))
    server.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_starts_its_own(server: RuffServer) -> None:
    said(server, "x = 1\n")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_ask_in_child, args=(server, answers))
    child.start()
    found, pid = answers.get()
    child.join()
    assert found == ["Undefined name `z`"]
    assert pid != server.pid
    assert said(server, "x = y\n") == ["Undefined name `y`"]


async def test_nothing_of_the_repository_is_run_on_the_host(
    make_workspace: Make, act: Act, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    planted = f"open({str(canary)!r}, 'w')\n"
    workspace = await make_workspace(
        {"pkg/__init__.py": planted, "sitecustomize.py": planted, "conftest.py": planted, "a.py": planted}
    )
    seen = await act(workspace, "edit", path="a.py", search="open", replace="from pkg import gone\nopen")
    assert seen.failed
    assert not (await act(workspace, "insert", path="a.py", line=0, content="import pkg")).failed
    assert not canary.exists()


async def test_edits_at_the_same_time_share_the_server(make_workspace: Make, act: Act) -> None:
    workspaces = [await make_workspace({"a.py": f"x = {number}\n"}) for number in range(6)]
    seen = await asyncio.gather(
        *(
            act(workspace, "edit", path="a.py", search="x", replace="z" if number % 2 else "y.x")
            for number, workspace in enumerate(workspaces)
        )
    )
    assert [one.failed for one in seen] == [True, False] * 3
