"""Serves a model of one's own in the foreground: by vLLM on a GPU, by llama.cpp on anything."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx

from agent.models.weights import KNOWN, locate
from trajectories.errors import ExitStatus, ModelError, UsageError

Engine = Literal["vllm", "llama"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_POLL_SECONDS = 0.2
_STOP_SECONDS = 20.0

_TOOL_PARSERS = (
    # The first that matches counts: fine-tunes carry the name of their base behind their own.
    (r"r1-distill", None),
    (r"xlam", "xlam"),
    (r"hermes", "hermes"),
    (r"qwen-?3(\.\d+)?-coder|qwen-?3\.[5-9]", "qwen3_coder"),
    (r"qwen-?[23]|qwq", "hermes"),
    (r"llama-?4", "llama4_pythonic"),
    (r"llama-?3", "llama3_json"),
    (r"(mi|mini|magi|dev|code)stral|mixtral", "mistral"),
    (r"deepseek-v3\.2", "deepseek_v32"),
    (r"deepseek-v3\.1", "deepseek_v31"),
    (r"deepseek-(v3|r1)", "deepseek_v3"),
    (r"gpt-oss", "openai"),
    (r"kimi-k2", "kimi_k2"),
    (r"glm-4\.7", "glm47"),
    (r"glm-4\.[56]", "glm45"),
    (r"granite-4", "granite4"),
    (r"granite-3", "granite"),
    (r"internlm", "internlm"),
    (r"phi-4-mini", "phi4_mini_json"),
    (r"minimax-m2", "minimax_m2"),
    (r"seed-oss", "seed_oss"),
    (r"olmo-3", "olmo3"),
)


def tool_parser(model: str) -> str | None:
    """Return vLLM's name for the way in which a family of models writes tool calls, or None if unknown."""
    return next((parser for family, parser in _TOOL_PARSERS if re.search(family, model.lower())), None)


def serve_command(
    model: str,
    *,
    engine: Engine = "vllm",
    host: str = "127.0.0.1",
    port: int = 8000,
    context: int | None = None,
    slots: int = 1,
) -> list[str]:
    """Return the command that serves a model; its key goes through the environment, never in here.

    Args:
        model: For vLLM a hub name or a folder; for llama "embedded", "embedded:0.5b" or a GGUF file.
        engine: "vllm" or "llama".
        host: The address to listen on.
        port: The port.
        context: Tokens of prompt and answer; None takes what the model has, with llama 16384.
        slots: Calls answered at the same time; vLLM decides that by itself.

    Raises:
        UsageError: There is no such file or embedded model.
        ModelError: The weights of an embedded model can't be had.
    """
    if engine == "llama":
        path = locate(model) if model in KNOWN else Path(model).expanduser().resolve()
        if not path.is_file():
            raise UsageError(f"There is no model file {model!r}; name a GGUF file or 'embedded'.")
        command = [sys.executable, "-P", "-m", "agent.models.llama_server", "--model", str(path)]
        command += ["--alias", model, "--host", host, "--port", str(port), "--slots", str(slots)]
        return [*command, "--context", str(context or 16384)]
    command = ["vllm", "serve", model, "--host", host, "--port", str(port), "--enable-prefix-caching"]
    if context is not None:
        command += ["--max-model-len", str(context)]
    parser = tool_parser(model)
    if parser is not None:
        command += ["--enable-auto-tool-choice", "--tool-call-parser", parser]
    return command


async def serve(
    model: str,
    *,
    engine: Engine = "vllm",
    host: str = "127.0.0.1",
    port: int = 8000,
    context: int | None = None,
    slots: int = 1,
    api_key: str | None = None,
    start_seconds: float = 1800.0,
    say: Callable[[str], None],
) -> ExitStatus:
    """Serve a model until SIGINT or SIGTERM; the server's own output goes to stderr.

    Args:
        model: See `serve_command`.
        engine: See `serve_command`.
        host: See `serve_command`.
        port: See `serve_command`.
        context: See `serve_command`.
        slots: See `serve_command`.
        api_key: What callers must know; required when others can reach the address.
        start_seconds: How long the server may take until it answers.
        say: Told in one sentence how the model is used, once it answers.

    Returns:
        The exit status that fits the signal which ended it.

    Raises:
        UsageError: The engine is not installed, the port is taken, or the address needs a key.
        ModelError: The server ended by itself or never answered.
    """
    if host not in _LOOPBACK and not api_key:
        raise UsageError(f"Others can reach {host!r}: set --api-key, or serve on 127.0.0.1.")
    if engine == "vllm" and shutil.which("vllm") is None:
        raise UsageError("There is no vllm on the PATH: pip install 'patchwright[vllm]' on a GPU machine.")
    _require_free(host, port)
    command = serve_command(model, engine=engine, host=host, port=port, context=context, slots=slots)
    stopped: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
    with _signals(stopped):
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            # stdout is for results.
            stdout=2,
            env=_environment(api_key),
            # A group of its own can be ended as a whole: vLLM has workers.
            start_new_session=True,
        )
        ended: asyncio.Future[int] = asyncio.ensure_future(process.wait())
        ready = asyncio.ensure_future(_answers(f"http://{host}:{port}/health", start_seconds))
        try:
            ends: list[asyncio.Future[Any]] = [stopped, ended]
            await asyncio.wait([*ends, ready], return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and not ended.done() and not stopped.done():
                if not ready.result():
                    raise ModelError(
                        f"The server of {model!r} did not answer within {start_seconds:g} s; see its output."
                    )
                say(_how_to_use(model, engine, host, port, api_key))
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                raise ModelError(
                    f"The server of {model!r} ended by itself with status {ended.result()}; see its output."
                )
            return stopped.result()
        finally:
            ready.cancel()
            await _stop(process, ended)


def _how_to_use(model: str, engine: Engine, host: str, port: int, api_key: str | None) -> str:
    # The name is what the server goes by; without that prefix, a known name would mean something else.
    line = f"Ready: use it with --model hosted_vllm/{model}"
    if engine == "llama" or (host, port) != ("127.0.0.1", 8000):
        line += f" --api-base http://{host}:{port}/v1"
    return f"{line} and its key in HOSTED_VLLM_API_KEY." if api_key else f"{line}."


def _environment(api_key: str | None) -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    # Any user of the machine can read a command line.
    environment.pop("VLLM_API_KEY", None)
    return environment | {"VLLM_API_KEY": api_key} if api_key else environment


def _require_free(host: str, port: int) -> None:
    """Refuse a port where another server would answer in the name of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"Nothing can be served on {host}:{port} ({error.strerror}); choose another with --port."
            ) from error


@contextlib.contextmanager
def _signals(stopped: asyncio.Future[ExitStatus]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    statuses = {signal.SIGINT: ExitStatus.INTERRUPTED, signal.SIGTERM: ExitStatus.TERMINATED}

    def stop(status: ExitStatus) -> None:
        if not stopped.done():
            stopped.set_result(status)

    for number, status in statuses.items():
        loop.add_signal_handler(number, stop, status)
    try:
        yield
    finally:
        for number in statuses:
            loop.remove_signal_handler(number)


async def _answers(url: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return True
            await asyncio.sleep(_POLL_SECONDS)
    return False


async def _stop(process: asyncio.subprocess.Process, ended: "asyncio.Future[int]") -> None:
    """End the server and its workers: asked first, killed when it does not go."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if number == signal.SIGTERM:
            await asyncio.wait({ended}, timeout=_STOP_SECONDS)
    await ended
