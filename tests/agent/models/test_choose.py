"""Which model a name means."""

import json

import pytest

from agent.models.base import Sampling
from agent.models.choose import choose
from agent.models.embedded import EmbeddedModel
from agent.models.http import HttpModel
from agent.models.litellm import LitellmModel
from agent.models.replayed import ReplayedModel
from agent.models.scripted import ScriptedModel
from trajectories.errors import UsageError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("embedded", EmbeddedModel),
        ("embedded:0.5b", EmbeddedModel),
        ("/models/other.gguf", EmbeddedModel),
        ("hosted_vllm/Qwen/Qwen3-Coder", HttpModel),
        ("openai/gpt-5-mini", LitellmModel),
        ("gpt-5-mini", LitellmModel),
    ],
)
def test_a_name_means_a_kind_of_model(name, kind) -> None:
    model = choose(name)
    assert type(model) is kind
    assert model.name == name


def test_scripts_and_runs_are_named_by_their_files(tmp_path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text('"a"\n', encoding="utf-8")
    assert type(choose(f"scripted:{script}")) is ScriptedModel
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    (run / "events.jsonl").write_text("", encoding="utf-8")
    assert type(choose(f"replay:{run}")) is ReplayedModel
    assert choose("replay:r1", runs=tmp_path / "runs").name == "replay:r1"


@pytest.mark.parametrize("name", ["", " ", "embedded:7b", "scripted:/nowhere", "replay:/nowhere"])
def test_a_name_that_means_nothing_is_refused(name) -> None:
    with pytest.raises(UsageError):
        choose(name)


@pytest.mark.parametrize(
    ("name", "sent"),
    [("hosted_vllm/Qwen/Q", "Qwen/Q"), ("openai/x", "x"), ("x", "x"), ("embedded", "embedded")],
)
async def test_an_api_base_is_always_spoken_to_directly(
    httpserver, base, completion, prompt, name, sent
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data(json.dumps(completion()))
    model = choose(name, api_base=base)
    await model.query(prompt, Sampling(), {})
    await model.close()
    assert httpserver.log[0][0].get_json()["model"] == sent


async def test_a_vllm_server_is_found_through_the_environment(
    httpserver, base, completion, prompt, monkeypatch
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data(json.dumps(completion()))
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", base)
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "sk-local")
    model = choose("hosted_vllm/m")
    answer = await model.query(prompt, Sampling(), {})
    await model.close()
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer sk-local"
    assert answer.usage.cost == 0.0
