"""`HttpModel` against a real HTTP server: good answers, and every fault of a model server."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from agent.models import http as http_module
from agent.models.base import Capabilities, Sampling
from agent.models.http import MAX_CHOICES, HttpModel
from trajectories.errors import ContextExhausted, ModelRejected, ModelUnavailable, UsageError
from trajectories.messages import Message

KEY = "sk-very-secret-0123456789"
CHAT = "/v1/chat/completions"


@pytest.fixture
async def model(base: str) -> AsyncIterator[HttpModel]:
    model = HttpModel("hosted_vllm/m", base, model="m", api_key=KEY, timeout=20)
    yield model
    await model.close()


@pytest.fixture
async def raw() -> AsyncIterator[Callable[[bytes], Any]]:
    """Serves bytes that no HTTP library would: as they are, then the end of the connection."""
    servers = []

    async def start(reply: bytes) -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    yield start
    for server in servers:
        server.close()


def answer_with(httpserver: HTTPServer, body: object, status: int = 200, **headers: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request(CHAT).respond_with_data(
        text, status, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


async def test_an_answer_is_read_whole(httpserver, model, completion, prompt) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "edit", "arguments": '{"a": 1}'}}
    usage = {"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 48}}
    answer_with(
        httpserver, completion("Thinking.", finish_reason="tool_calls", tool_calls=[call], usage=usage)
    )
    answer = await model.query(prompt, Sampling(), {})
    assert answer.text == "Thinking."
    assert answer.finish_reason == "tool_calls"
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [
        ("c1", "edit", '{"a": 1}')
    ]
    assert (answer.usage.calls, answer.usage.prompt_tokens, answer.usage.cached_tokens) == (1, 50, 48)
    assert answer.usage.cost is None
    assert answer.model == "server-model"


async def test_the_request_holds_what_was_asked_and_always_a_token_limit(
    httpserver, model, completion, prompt
) -> None:
    answer_with(httpserver, completion())
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    await model.query(prompt, Sampling(temperature=None, seed=7, max_tokens=99), {"response_format": schema})
    request, _ = httpserver.log[0]
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.get_json() == {
        "model": "m",
        "messages": [message.to_openai() for message in prompt],
        "max_tokens": 99,
        "seed": 7,
        "stream": False,
        "response_format": schema,
    }


async def test_one_query_makes_one_request_even_when_it_fails(httpserver, model, prompt) -> None:
    answer_with(httpserver, "busy", 503)
    with pytest.raises(ModelUnavailable):
        await model.query(prompt, Sampling(), {})
    assert len(httpserver.log) == 1


# --- M1 and M2: no answer, slow answer ---------------------------------------------------------------------


@pytest.fixture
def trickle(httpserver: HTTPServer) -> Iterator[None]:
    """Answers at once and then sends a byte now and then, for ever."""
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    httpserver.expect_request(CHAT).respond_with_handler(lambda _: Response(drops(), 200))
    yield
    over.set()


@pytest.mark.usefixtures("trickle")
async def test_a_body_that_trickles_is_given_up_at_the_deadline(base, prompt) -> None:
    model = HttpModel("m", base, timeout=0.3)
    with pytest.raises(ModelUnavailable, match=r"no complete answer within 0.3 s"):
        await model.query(prompt, Sampling(), {})
    await model.close()


async def test_a_server_that_never_answers_is_given_up_at_the_deadline(httpserver, base, prompt) -> None:
    over = threading.Event()
    httpserver.expect_request(CHAT).respond_with_handler(lambda _: over.wait() and Response())
    model = HttpModel("m", base, timeout=0.2)
    with pytest.raises(ModelUnavailable, match="no complete answer"):
        await model.query(prompt, Sampling(), {})
    over.set()
    await model.close()


async def test_an_address_without_a_server_is_named(unused_tcp_port, prompt) -> None:
    model = HttpModel("m", f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(ModelUnavailable, match=f"127.0.0.1:{unused_tcp_port}/v1 takes no connection"):
        await model.query(prompt, Sampling(), {})
    await model.close()


# --- M3 and M4: overload, server errors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0.5", 0.5), ("9999", 300), ("-3", 0), ("soon", None)]
)
async def test_retry_after_is_read_and_capped(httpserver, model, prompt, header, seconds) -> None:
    answer_with(httpserver, {"error": {"message": "slow down"}}, 429, Retry_After=header)
    with pytest.raises(ModelUnavailable, match="slow down") as caught:
        await model.query(prompt, Sampling(), {})
    assert caught.value.retry_after == seconds


async def test_retry_after_may_be_a_date(httpserver, model, prompt, monkeypatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    answer_with(httpserver, "", 503, Retry_After=formatdate(1_000_042, usegmt=True))
    with pytest.raises(ModelUnavailable) as caught:
        await model.query(prompt, Sampling(), {})
    assert caught.value.retry_after == 42


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
async def test_a_passing_fault_is_worth_another_try(httpserver, model, prompt, status) -> None:
    answer_with(httpserver, "<html><head><title>Bad gateway</title></head><body>x</body></html>", status)
    with pytest.raises(ModelUnavailable, match=rf"answered {status} \(Bad gateway\)"):
        await model.query(prompt, Sampling(), {})


async def test_an_account_without_credit_is_not_asked_again(httpserver, model, prompt) -> None:
    answer_with(httpserver, {"error": {"code": "insufficient_quota", "message": "insufficient_quota"}}, 429)
    with pytest.raises(ModelRejected, match="credit"):
        await model.query(prompt, Sampling(), {})


# --- M5: refused for good ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refusal_is_final_and_never_shows_the_key(httpserver, model, prompt, status) -> None:
    body = {"error": {"message": f"Incorrect API key provided: {KEY} in 'Bearer {KEY}'"}}
    answer_with(httpserver, body, status)
    with pytest.raises(ModelRejected, match=r"\[redacted\]") as caught:
        await model.query(prompt, Sampling(), {})
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_key_that_the_server_echoes_in_an_error_of_a_200_is_redacted(
    httpserver, model, prompt
) -> None:
    answer_with(httpserver, {"error": {"message": f"upstream said {KEY}"}})
    with pytest.raises(ModelUnavailable) as caught:
        await model.query(prompt, Sampling(), {})
    assert KEY not in str(caught.value)


async def test_a_password_in_the_address_is_not_shown(prompt, unused_tcp_port) -> None:
    model = HttpModel("m", f"http://user:hunter22@127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(ModelUnavailable) as caught:
        await model.query(prompt, Sampling(), {})
    assert "hunter22" not in str(caught.value)
    await model.close()


# --- M6: context overflow ----------------------------------------------------------------------------------

OVERFLOWS = {
    "OpenAI": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. However, your messages "
                "resulted in 9000 tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
    ),
    "vLLM": (
        400,
        {
            "object": "error",
            "message": "The decoder prompt (length 9000) is longer than the maximum model length of 8192. "
            "Make sure that `max_model_len` is no smaller than the number of text tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (9000 tokens) exceeds the available context size (8192 tokens), try "
                "increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9000,
                "n_ctx": 8192,
            }
        },
    ),
    "llama.cpp before": (500, {"error": {"code": 500, "message": "Context size has been exceeded."}}),
    "Anthropic": (400, {"error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}}),
    "Gemini": (
        400,
        {"error": {"message": "The input token count (2000) exceeds the maximum number of tokens"}},
    ),
}


@pytest.mark.parametrize("server", OVERFLOWS)
async def test_a_prompt_that_does_not_fit_is_told_apart(httpserver, model, prompt, server) -> None:
    status, body = OVERFLOWS[server]
    answer_with(httpserver, body, status)
    with pytest.raises(ContextExhausted):
        await model.query(prompt, Sampling(), {})


# --- M7: content filter ------------------------------------------------------------------------------------


async def test_a_filtered_answer_says_so(httpserver, model, completion, prompt) -> None:
    answer_with(httpserver, completion("", finish_reason="content_filter"))
    assert (await model.query(prompt, Sampling(), {})).finish_reason == "content_filter"


async def test_a_filtered_prompt_gives_the_same_finish_reason(httpserver, model, prompt) -> None:
    answer_with(httpserver, {"error": {"code": "content_filter", "message": "filtered"}}, 400)
    answer = await model.query(prompt, Sampling(), {})
    assert (answer.text, answer.finish_reason, answer.usage.calls) == ("", "content_filter", 1)


# --- M8 and M9: cut off ------------------------------------------------------------------------------------


async def test_a_connection_that_ends_inside_the_body_is_no_answer(raw, prompt, completion) -> None:
    body = json.dumps(completion()).encode()
    base = await raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1) + body)
    model = HttpModel("m", base)
    with pytest.raises(ModelUnavailable, match="broke the connection off"):
        await model.query(prompt, Sampling(), {})
    await model.close()


async def test_a_reply_that_is_not_http_is_no_answer(raw, prompt) -> None:
    model = HttpModel("m", await raw(b"220 smtp ready\r\n"))
    with pytest.raises(ModelUnavailable, match="broke the connection off"):
        await model.query(prompt, Sampling(), {})
    await model.close()


@pytest.mark.parametrize("reason", [None, "abort", "error"])
async def test_an_answer_that_did_not_end_is_not_used(httpserver, model, completion, prompt, reason) -> None:
    answer_with(httpserver, completion("half an ans", finish_reason=reason))
    with pytest.raises(ModelUnavailable, match="broke its answer off"):
        await model.query(prompt, Sampling(), {})


# --- M11 to M13: odd bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!doctype html><title>Login</title>",
        "not json",
        '{"choices": [',
        "null",
        "[]",
        '"text"',
        {},
        {"choices": []},
        {"choices": None},
        {"choices": ["x"]},
        {"choices": [{"finish_reason": "stop"}]},
        {"choices": [{"finish_reason": "stop", "message": None}]},
        {"choices": [{"finish_reason": "tool_calls", "message": {"tool_calls": [None]}}]},
        {"choices": [{"finish_reason": "tool_calls", "message": {"tool_calls": {"id": 1}}}]},
        {"error": {"message": "upstream overloaded"}},
        {"error": "overloaded"},
        "[" * 100_000,
    ],
)
async def test_a_200_without_an_answer_is_worth_another_try(httpserver, model, prompt, body) -> None:
    answer_with(httpserver, body)
    with pytest.raises(ModelUnavailable):
        await model.query(prompt, Sampling(), {})


async def test_an_error_in_a_200_keeps_its_own_status(httpserver, model, prompt) -> None:
    answer_with(httpserver, {"error": {"code": 401, "message": "no such user"}})
    with pytest.raises(ModelRejected, match="no such user"):
        await model.query(prompt, Sampling(), {})


async def test_an_empty_text_is_handed_on_with_its_reason(httpserver, model, completion, prompt) -> None:
    answer_with(httpserver, completion(None, finish_reason="length"))
    answer = await model.query(prompt, Sampling(), {})
    assert (answer.text, answer.finish_reason) == ("", "length")


@pytest.mark.parametrize("arguments", ['{"path": ', "[1]", "", None, {"path": "a"}])
async def test_arguments_of_a_call_are_handed_on_as_text(
    httpserver, model, completion, prompt, arguments
) -> None:
    call = {"function": {"name": "nonsense", "arguments": arguments}}
    answer_with(httpserver, completion(None, finish_reason="stop", tool_calls=[call]))
    answer = await model.query(prompt, Sampling(), {})
    assert answer.finish_reason == "tool_calls"
    expected = (
        {None: ""}.get(arguments, arguments) if not isinstance(arguments, dict) else json.dumps(arguments)
    )
    assert answer.tool_calls[0].arguments == expected
    assert answer.tool_calls[0].id == "call_0"


async def test_content_in_parts_is_joined(httpserver, model, completion, prompt) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, None, {"type": "text", "text": "b"}]
    answer_with(httpserver, completion(parts))
    assert (await model.query(prompt, Sampling(), {})).text == "ab"


# --- M14: endless answer -----------------------------------------------------------------------------------


async def test_a_huge_answer_is_cut_off_while_it_is_read(httpserver, model, prompt) -> None:
    sent = 0

    def flood(_: Request) -> Response:
        def chunks() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(64):
                sent += 1
                yield b"x" * 1024 * 1024

        return Response(chunks(), 200)

    httpserver.expect_request(CHAT).respond_with_handler(flood)
    with pytest.raises(ModelUnavailable, match="more than 8,388,608 bytes"):
        await model.query(prompt, Sampling(), {})
    await model.close()
    assert sent < 64


# --- M15: text that no file takes --------------------------------------------------------------------------


async def test_answers_are_cleaned_of_nuls_and_lone_surrogates(httpserver, model, completion, prompt) -> None:
    content = '"a\\u0000b\\ud800c\\ud83d\\ude00\\u202e"'
    answer_with(httpserver, json.dumps(completion("?")).replace('"?"', content))
    text = (await model.query(prompt, Sampling(), {})).text
    assert text == "ab\ufffdc\U0001f600\u202e"
    assert text.encode().decode() == text


async def test_prompts_with_lone_surrogates_can_be_sent(httpserver, model, completion) -> None:
    answer_with(httpserver, completion())
    await model.query([Message(role="user", content="x\udcff\x00y")], Sampling(), {})
    assert httpserver.log[0][0].get_json()["messages"][0]["content"] == "x\ufffdy"


# --- M16: no usage -----------------------------------------------------------------------------------------


async def test_without_usage_tokens_are_estimated_and_the_price_is_unknown(
    httpserver, model, completion, prompt
) -> None:
    answer_with(httpserver, completion("x" * 35))
    usage = (await model.query(prompt, Sampling(), {})).usage
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens == 10
    assert usage.cost is None


@pytest.mark.parametrize(
    ("extra", "cached"),
    [
        ({"usage": {"prompt_tokens": 20, "completion_tokens": 1}, "timings": {"cache_n": 19}}, 19),
        ({"usage": {"prompt_tokens": 20, "completion_tokens": 1, "prompt_cache_hit_tokens": 12}}, 12),
        ({"usage": {"prompt_tokens": 20, "prompt_tokens_details": None, "completion_tokens": 1}}, 0),
        ({"usage": {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": 99}}}, 20),
        ({"usage": {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": "x"}}}, 0),
    ],
)
async def test_cached_tokens_are_found_wherever_servers_put_them(
    httpserver, model, completion, prompt, extra, cached
) -> None:
    answer_with(httpserver, completion() | extra)
    assert (await model.query(prompt, Sampling(), {})).usage.cached_tokens == cached


# --- open --------------------------------------------------------------------------------------------------


async def test_open_finds_the_window_and_the_tools_of_a_vllm_server(httpserver, model, completion) -> None:
    models = {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 32768}]}
    httpserver.expect_request("/v1/models").respond_with_json(models)
    answer_with(httpserver, completion())
    assert await model.open() == Capabilities(True, True, 32768, prefill=True, choices=MAX_CHOICES)


async def test_open_sees_that_a_vllm_server_was_started_without_tools(httpserver, model) -> None:
    models = {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]}
    httpserver.expect_request("/v1/models").respond_with_json(models)
    answer_with(httpserver, {"message": '"auto" tool choice requires --enable-auto-tool-choice'}, 400)
    assert await model.open() == Capabilities(False, True, 4096, prefill=True, choices=MAX_CHOICES)


async def test_open_finds_the_window_of_a_slot_of_llama_cpp(httpserver, model) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "x", "owned_by": "llamacpp"}]})
    props = {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 4}
    httpserver.expect_request("/props").respond_with_json(props)
    assert await model.open() == Capabilities(False, True, 2048, grammar=True, prefill=True, choices=4)


async def test_open_does_with_an_endpoint_that_tells_nothing(httpserver, model, completion) -> None:
    httpserver.no_handler_status_code = 404
    answer_with(httpserver, completion())
    assert await model.open() == Capabilities(tool_calls=True, json_schema=False, context_window=None)


async def test_open_names_the_nearest_model_of_a_vllm_server(httpserver, base) -> None:
    models = {"data": [{"id": "Qwen/Qwen2.5-Coder-7B-Instruct", "owned_by": "vllm"}]}
    httpserver.expect_request("/v1/models").respond_with_json(models)
    model = HttpModel("Qwen/Qwen2.5-Coder-7B", base)
    with pytest.raises(UsageError, match=r"name .Qwen/Qwen2\.5-Coder-7B-Instruct. instead"):
        await model.open()
    await model.close()


async def test_open_says_that_a_key_is_missing(httpserver, base) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({"error": "Unauthorized"}, 401)
    model = HttpModel("m", base)
    with pytest.raises(UsageError, match="wants a key"):
        await model.open()
    await model.close()


async def test_open_says_that_a_key_is_wrong(httpserver, model) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({"error": "Unauthorized"}, 401)
    with pytest.raises(ModelRejected, match="refused the key"):
        await model.open()


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://x/v1", "http://", ""])
def test_an_api_base_that_is_no_url_is_refused_at_once(address) -> None:
    with pytest.raises(UsageError, match="is no URL"):
        HttpModel("m", address)


async def test_a_proxy_of_the_environment_never_sees_loopback(
    httpserver, base, completion, prompt, monkeypatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    answer_with(httpserver, completion("direct"))
    model = HttpModel("m", base.replace("localhost", "127.0.0.1"))
    assert (await model.query(prompt, Sampling(), {})).text == "direct"
    await model.close()


async def test_closing_twice_is_safe_and_a_closed_model_opens_again(
    httpserver, model, completion, prompt
) -> None:
    answer_with(httpserver, completion())
    await model.close()
    await model.query(prompt, Sampling(), {})
    await model.close()
    await model.close()


def test_the_module_does_not_import_litellm() -> None:
    assert not hasattr(http_module, "litellm")
