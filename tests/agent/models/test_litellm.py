"""`LitellmModel` against a real HTTP server that stands for a provider."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from werkzeug import Response

from agent.models.base import Sampling
from agent.models.litellm import LitellmModel
from trajectories.errors import ContextExhausted, ModelRejected, ModelUnavailable, UsageError

pytestmark = pytest.mark.filterwarnings("ignore")
"""litellm's own warnings are not ours to mend."""

KEY = "sk-very-secret-0123456789"
CHAT = "/v1/chat/completions"
TOOL = {
    "type": "function",
    "function": {"name": "open", "description": "d", "parameters": {"type": "object"}},
}


@pytest.fixture
async def model(base) -> AsyncIterator[LitellmModel]:
    model = LitellmModel("openai/gpt-4o", api_key=KEY, api_base=base, timeout=60)
    yield model
    await model.close()


def answer_with(httpserver, body: object, status: int = 200, **headers: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    httpserver.expect_request(CHAT).respond_with_data(
        text, status, headers=named, content_type="application/json"
    )


async def test_an_answer_comes_with_its_price(httpserver, model, completion, prompt) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": 900},
    }
    answer_with(httpserver, completion("Done.", usage=usage) | {"model": "gpt-4o"})
    answer = await model.query(prompt, Sampling(seed=3, max_tokens=50), {})
    assert (answer.text, answer.finish_reason) == ("Done.", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.cached_tokens) == (1000, 900)
    assert answer.usage.cost is not None
    assert answer.usage.cost > 0
    sent = httpserver.log[0][0].get_json()
    assert (sent["max_tokens"], sent["seed"], sent["temperature"]) == (50, 3, 0.0)


async def test_the_price_of_an_unknown_model_is_unknown(httpserver, base, completion, prompt) -> None:
    model = LitellmModel("openai/of-my-own", api_key=KEY, api_base=base)
    answer_with(httpserver, completion(usage={"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}))
    assert (await model.query(prompt, Sampling(), {})).usage.cost is None
    await model.close()


async def test_tools_need_no_package_more_and_send_nothing_of_litellms_own(
    httpserver, model, completion, prompt
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "open", "arguments": "{}"}}
    answer_with(httpserver, completion(None, finish_reason="tool_calls", tool_calls=[call]))
    answer = await model.query(prompt, Sampling(), {"tools": [TOOL]})
    assert [call.name for call in answer.tool_calls] == ["open"]
    sent = httpserver.log[0][0].get_json()
    assert sent["tools"] == [TOOL]
    assert set(sent) <= {"model", "messages", "tools", "max_tokens", "temperature", "extra_body"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": {"message": f"Incorrect API key: {KEY}"}}, ModelRejected),
        (404, {"error": {"message": "no such model"}}, ModelRejected),
        (400, {"error": {"message": "bad parameter"}}, ModelRejected),
        (400, {"error": {"message": "maximum context length is 8 tokens", "code": "x"}}, ContextExhausted),
        (429, {"error": {"message": "slow down"}}, ModelUnavailable),
        (500, {"error": {"message": "oops"}}, ModelUnavailable),
        (503, "<html>busy</html>", ModelUnavailable),
        (200, {"choices": []}, ModelUnavailable),
        (200, "<html>login</html>", ModelUnavailable),
    ],
)
async def test_faults_are_told_apart_in_one_request_each_and_nothing_is_printed(
    httpserver, model, prompt, capfd, status, body, error
) -> None:
    answer_with(httpserver, body, status)
    with pytest.raises(error) as caught:
        await model.query(prompt, Sampling(), {})
    assert type(caught.value) is error
    assert KEY not in str(caught.value)
    assert len(httpserver.log) == 1
    assert capfd.readouterr() == ("", "")


async def test_retry_after_is_found_in_litellms_error(httpserver, model, prompt) -> None:
    answer_with(httpserver, {"error": {"message": "slow down"}}, 429, Retry_After="17")
    with pytest.raises(ModelUnavailable) as caught:
        await model.query(prompt, Sampling(), {})
    assert caught.value.retry_after == 17


async def test_a_filtered_prompt_is_an_answer_that_says_so(httpserver, model, prompt) -> None:
    answer_with(httpserver, {"error": {"code": "content_policy_violation", "message": "no"}}, 400)
    assert (await model.query(prompt, Sampling(), {})).finish_reason == "content_filter"


async def test_closing_one_model_leaves_the_connections_of_another(
    httpserver, model, base, completion, prompt
) -> None:
    answer_with(httpserver, completion("still there"))
    other = LitellmModel("openai/gpt-4o", api_key=KEY, api_base=base)
    await model.query(prompt, Sampling(), {})
    await other.query(prompt, Sampling(), {})
    await other.close()
    await other.close()
    assert (await model.query(prompt, Sampling(), {})).text == "still there"


@pytest.fixture
def trickle(httpserver) -> Iterator[None]:
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    httpserver.expect_request(CHAT).respond_with_handler(lambda _: Response(drops(), 200))
    yield
    over.set()


@pytest.mark.usefixtures("trickle")
async def test_a_body_that_trickles_is_given_up_at_the_deadline(model, base, prompt) -> None:
    await model.open()
    hasty = LitellmModel("openai/gpt-4o", api_key=KEY, api_base=base, timeout=0.5)
    with pytest.raises(ModelUnavailable, match="no complete answer"):
        await hasty.query(prompt, Sampling(), {})


async def test_open_says_what_a_known_model_can_do(model) -> None:
    capabilities = await model.open()
    assert capabilities.tool_calls
    assert capabilities.json_schema
    assert capabilities.context_window == 128_000


async def test_open_takes_a_model_that_is_newer_than_the_list(base) -> None:
    capabilities = await LitellmModel("openai/gpt-99", api_key=KEY).open()
    assert capabilities.context_window is None


@pytest.mark.parametrize(
    ("name", "advice"),
    [("gpt-4o-mni", "name 'gpt-4o-mini'"), ("nowhere/zzzzzzzz", "check its spelling")],
)
async def test_open_refuses_an_unknown_provider_with_the_nearest_name(name, advice, capsys) -> None:
    with pytest.raises(UsageError, match=advice) as caught:
        await LitellmModel(name).open()
    assert repr(name) in str(caught.value)
    assert capsys.readouterr() == ("", "")


async def test_open_names_the_variable_of_a_missing_key(monkeypatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(UsageError, match="set the environment variable ANTHROPIC_API_KEY"):
        await LitellmModel("anthropic/claude-sonnet-4-5").open()


async def test_a_local_provider_needs_no_key() -> None:
    await LitellmModel("ollama/qwen2.5-coder").open()


def test_choosing_a_provider_does_not_import_litellm_yet() -> None:
    code = (
        "import sys; from agent.models.choose import choose; choose('openai/gpt-4o');"
        "sys.exit('litellm' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
