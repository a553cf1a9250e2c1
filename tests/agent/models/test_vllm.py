"""Serving a model in the foreground, with a small program called `vllm` in place of the real one."""

import asyncio
import json
import os
import signal
import stat
import sys

import httpx
import pytest

from agent.models.vllm import serve, serve_command, tool_parser
from trajectories.errors import ExitStatus, ModelError, UsageError

PROGRAM = """#!{python}
import json, os, signal, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(argv=sys.argv[1:], key=os.environ.get("VLLM_API_KEY"))).encode())

    def log_message(self, *args):
        pass

def end(*_):
    with open({ended!r}, "w") as file:
        file.write("cleanly")
    os._exit(0)

worker = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
with open({worker!r}, "w") as file:
    file.write(str(worker.pid))
if {behaviour!r} == "dies":
    worker.kill()
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
if {behaviour!r} == "silent":
    signal.pause()
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def vllm(tmp_path, monkeypatch):
    """Puts a program called vllm on the PATH."""

    def put(behaviour: str = "serves"):
        program = tmp_path / "bin" / "vllm"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            PROGRAM.format(
                python=sys.executable,
                ended=str(tmp_path / "ended"),
                worker=str(tmp_path / "worker"),
                behaviour=behaviour,
            ),
            encoding="utf-8",
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


@pytest.mark.parametrize(
    ("model", "parser"),
    [
        ("Qwen/Qwen2.5-Coder-32B-Instruct", "hermes"),
        ("Qwen/QwQ-32B", "hermes"),
        ("Qwen/Qwen3-32B", "hermes"),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3_coder"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3_json"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama4_pythonic"),
        ("NousResearch/Hermes-3-Llama-3.1-8B", "hermes"),
        ("mistralai/Devstral-Small-2507", "mistral"),
        ("deepseek-ai/DeepSeek-V3-0324", "deepseek_v3"),
        ("deepseek-ai/DeepSeek-V3.1", "deepseek_v31"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", None),
        ("openai/gpt-oss-20b", "openai"),
        ("zai-org/GLM-4.5-Air", "glm45"),
        ("bigcode/starcoder2-15b", None),
    ],
)
def test_a_family_has_its_parser_of_tool_calls(model, parser) -> None:
    assert tool_parser(model) == parser


def test_the_command_serves_on_loopback_with_prefix_caching_and_tools() -> None:
    assert serve_command("Qwen/Qwen3-Coder-30B-A3B-Instruct", context=65536) == [
        *("vllm", "serve", "Qwen/Qwen3-Coder-30B-A3B-Instruct", "--host", "127.0.0.1", "--port", "8000"),
        *("--enable-prefix-caching", "--max-model-len", "65536"),
        *("--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder"),
    ]


def test_a_model_of_an_unknown_family_is_served_without_tools() -> None:
    assert "--enable-auto-tool-choice" not in serve_command("bigcode/starcoder2-15b")


def test_the_other_engine_serves_a_file(tmp_path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"")
    command = serve_command(str(tmp_path / "m.gguf"), engine="llama", port=9)
    assert command[command.index("-m") + 1] == "agent.models.llama_server"
    assert command[command.index("--context") + 1] == "16384"
    with pytest.raises(UsageError, match="no model file 'nothing'"):
        serve_command("nothing", engine="llama")


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, ExitStatus.INTERRUPTED), (signal.SIGTERM, ExitStatus.TERMINATED)],
)
async def test_it_says_how_to_use_it_and_ends_cleanly_on_a_signal(
    vllm, tmp_path, unused_tcp_port, wait_for_end, number, status
) -> None:
    vllm()
    said: list[str] = []
    seen: dict[str, object] = {}

    def say(line: str) -> None:
        said.append(line)
        seen.update(json.loads(httpx.get(f"http://127.0.0.1:{unused_tcp_port}/").text))
        os.kill(os.getpid(), number)

    assert await serve("Qwen/Q", port=unused_tcp_port, api_key="sk-local-1", say=say) == status
    assert said == [
        f"Ready: use it with --model hosted_vllm/Qwen/Q --api-base http://127.0.0.1:{unused_tcp_port}/v1 "
        "and its key in HOSTED_VLLM_API_KEY."
    ]
    assert seen["key"] == "sk-local-1"
    assert "sk-local-1" not in seen["argv"]
    assert (tmp_path / "ended").read_text() == "cleanly"
    wait_for_end(int((tmp_path / "worker").read_text()))


@pytest.mark.model
async def test_the_embedded_model_is_served_the_same_way(weights, unused_tcp_port) -> None:
    replies: list[httpx.Response] = []

    def say(line: str) -> None:
        address = f"http://127.0.0.1:{unused_tcp_port}/props"
        keys = ("sk-local-1", "another")
        replies.extend(httpx.get(address, headers={"Authorization": f"Bearer {key}"}) for key in keys)
        os.kill(os.getpid(), signal.SIGTERM)

    status = await serve(
        "embedded:0.5b", engine="llama", port=unused_tcp_port, context=512, api_key="sk-local-1", say=say
    )
    assert status == ExitStatus.TERMINATED
    assert [reply.status_code for reply in replies] == [200, 401]
    assert replies[0].json()["default_generation_settings"]["n_ctx"] == 512


async def test_a_server_that_ends_by_itself_is_an_error(vllm, unused_tcp_port) -> None:
    vllm("dies")
    with pytest.raises(ModelError, match="ended by itself with status 7"):
        await serve("m", port=unused_tcp_port, say=print)


async def test_a_server_that_never_answers_is_given_up_and_ended(vllm, unused_tcp_port, tmp_path) -> None:
    vllm("silent")
    with pytest.raises(ModelError, match="did not answer within 1 s"):
        await serve("m", port=unused_tcp_port, start_seconds=1, say=print)
    assert (tmp_path / "ended").read_text() == "cleanly"


async def test_a_signal_while_it_starts_ends_it(vllm, unused_tcp_port, tmp_path) -> None:
    vllm("silent")
    task = asyncio.ensure_future(serve("m", port=unused_tcp_port, say=print))
    while not (tmp_path / "worker").exists():
        await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == ExitStatus.TERMINATED


async def test_a_missing_vllm_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match=r"pip install 'patchwright\[vllm\]'"):
        await serve("m", say=print)


async def test_a_port_that_is_taken_is_refused(vllm, httpserver) -> None:
    vllm()
    with pytest.raises(UsageError, match="choose another with --port"):
        await serve("m", host="127.0.0.1", port=httpserver.port, say=print)


async def test_an_address_that_others_reach_needs_a_key() -> None:
    with pytest.raises(UsageError, match="set --api-key"):
        await serve("m", host="0.0.0.0", say=print)
