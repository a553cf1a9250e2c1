"""Any OpenAI-compatible chat completions endpoint, over a thin client with deadlines of its own."""

import asyncio
import contextlib
import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from agent.models.base import Capabilities, Sampling
from agent.models.completion import clean, filtered, read_answer
from agent.models.faults import ContentFiltered, failure, read_retry_after, redact
from trajectories.errors import ModelRejected, ModelUnavailable, UsageError
from trajectories.messages import Answer, Message

MAX_BODY_BYTES = 8 * 1024 * 1024
"""The largest response that is read; `max_tokens` keeps honest answers far below."""

MAX_CHOICES = 16
"""Answers to one prompt that a server of ample capacity is asked for at once."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PROBE_TOOL = {
    "type": "function",
    "function": {
        "name": "noop",
        "description": "Does nothing.",
        "parameters": {"type": "object", "properties": {}},
    },
}


class HttpModel:
    """A model behind an OpenAI-compatible endpoint: vLLM, llama.cpp, SGLang, a gateway.

    Args:
        name: As the user named it.
        api_base: Where the API begins, e.g. "http://127.0.0.1:8000/v1".
        model: The model's name at the endpoint; by default `name`.
        api_key: Sent as a bearer token; never part of a message of ours.
        timeout: Seconds for one whole call, from connecting to the last byte.
        connect_timeout: Seconds until the endpoint must have taken the connection.
        free: Its calls cost nothing, as on hardware of one's own; else their price is unknown.
        capabilities: Says what it can do; None finds it out in `open`.
    """

    def __init__(
        self,
        name: str,
        api_base: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        timeout: float = 600.0,
        connect_timeout: float = 10.0,
        free: bool = False,
        capabilities: Capabilities | None = None,
    ) -> None:
        self.name = name
        self._base = api_base.rstrip("/")
        self._host = urlsplit(self._base)
        if self._host.scheme not in {"http", "https"} or not self._host.hostname:
            raise UsageError(
                f"The API base {api_base!r} is no URL; write one such as http://127.0.0.1:8000/v1."
            )
        self._model = model or name
        self._key = api_key
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._free = free
        self._known = capabilities
        self._vllm = False
        self._client: httpx.AsyncClient | None = None
        # A password in the URL is as secret as the key.
        shown = urlunsplit(self._host._replace(netloc=self._host.netloc.rpartition("@")[2], query=""))
        self._where = f"Model {name!r} at {shown}"

    async def open(self) -> Capabilities:
        """Reach the endpoint and find out the context window and what it can do.

        Raises:
            UsageError: The endpoint serves other models, or wants a key and none is set.
            ModelError: It can't be reached or refuses the key.
        """
        listing = await self._describe()
        self._vllm = vllm = any(entry.get("owned_by") == "vllm" for entry in listing)
        if self._known is not None:
            return self._known
        window, slots = await self._context_window(listing)
        llama = slots > 0
        # llama.cpp constrains the decoding of any model; its tool calls depend on the chat template.
        tools = False if llama else await self._takes_tools()
        return Capabilities(
            tool_calls=tools,
            json_schema=llama or vllm,
            context_window=window,
            grammar=llama,
            prefill=llama or vllm,
            choices=slots if llama else MAX_CHOICES if vllm else 1,
        )

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return one complete answer; see `Model.query`."""
        payload: dict[str, Any] = {
            "model": self._model,
            "messages": [message.to_openai() for message in messages],
            "max_tokens": sampling.max_tokens,
            "stream": False,
        }
        if sampling.temperature is not None:
            payload["temperature"] = sampling.temperature
        if sampling.seed is not None:
            payload["seed"] = sampling.seed
        payload |= request
        if self._vllm and messages and messages[-1].role == "assistant":
            payload |= {"continue_final_message": True, "add_generation_prompt": False}
        try:
            body = await self._call("POST", f"{self._base}/chat/completions", _cleaned(payload))
        except ContentFiltered:
            return filtered(self._model, free=self._free)
        return read_answer(
            body, model=self._model, where=self._where, prompt=messages, free=self._free, key=self._key
        )

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _describe(self) -> list[dict[str, Any]]:
        """Return the endpoint's list of models, empty when it keeps none."""
        try:
            body = await self._call("GET", f"{self._base}/models")
        except ModelRejected as error:
            cause = error.__cause__
            if not isinstance(cause, _RefusedError) or cause.status not in {401, 403}:
                return []
            if self._key is not None:
                raise
            raise UsageError(f"{self._where} wants a key; give it one with --api-key.") from error
        data = body.get("data") if isinstance(body, Mapping) else None
        listing = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
        names = [str(entry.get("id")) for entry in listing]
        # llama.cpp answers to any name, vLLM only to its own.
        if any(entry.get("owned_by") == "vllm" for entry in listing) and self._model not in names:
            near = difflib.get_close_matches(self._model, names, 1, 0.0)[0]
            raise UsageError(f"{self._where} serves no {self._model!r}; name {near!r} instead.")
        return listing

    async def _context_window(self, listing: Sequence[Mapping[str, Any]]) -> tuple[int | None, int]:
        """Return the context window, and how many slots a llama.cpp server has; 0 for any other."""
        for entry in listing:
            if entry.get("id") == self._model and isinstance(entry.get("max_model_len"), int):
                return entry["max_model_len"], 0
        with contextlib.suppress(ModelRejected, ModelUnavailable):
            props = await self._call("GET", f"{self._base.removesuffix('/v1')}/props")
            settings = props.get("default_generation_settings") if isinstance(props, Mapping) else None
            if isinstance(settings, Mapping) and isinstance(settings.get("n_ctx"), int):
                slots = props.get("total_slots")
                return settings["n_ctx"], slots if isinstance(slots, int) and slots > 0 else 1
        return None, 0

    async def _takes_tools(self) -> bool:
        """Ask for one token with a tool at hand: vLLM without the right flags refuses."""
        payload = {
            "model": self._model,
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 1,
            "tools": [_PROBE_TOOL],
        }
        try:
            await self._call("POST", f"{self._base}/chat/completions", payload)
        except (ModelRejected, ModelUnavailable):
            return False
        return True

    async def _call(self, method: str, url: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Make one request and return its decoded body, or raise the error that fits."""
        try:
            # The client's own timeouts start anew with each byte; only this one stops a body that trickles.
            async with asyncio.timeout(self._timeout):
                status, headers, data = await self._transfer(method, url, payload)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise ModelUnavailable(
                f"{self._where} gave no complete answer within {self._timeout:g} s; "
                "raise the model's timeout or lower max_tokens."
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            detail = redact(str(error), self._key) or "timed out"
            raise ModelUnavailable(
                f"{self._where} takes no connection ({detail}); is its server running?"
            ) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            detail = redact(str(error), self._key) or type(error).__name__
            raise ModelUnavailable(
                f"{self._where} broke the connection off ({detail}); try again."
            ) from error
        text = data.decode("utf-8", "replace")
        if not 200 <= status < 300:
            wait = read_retry_after(headers.get("retry-after"))
            raise failure(self._where, status, text, retry_after=wait, key=self._key) from _RefusedError(
                status
            )
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            kind = "a web page" if text.lstrip()[:1] == "<" else "no JSON"
            raise ModelUnavailable(
                f"{self._where} answered {status} with {kind}; try again, or check the API base."
            ) from error

    async def _transfer(
        self, method: str, url: str, payload: Mapping[str, Any] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        content = None if payload is None else json.dumps(payload).encode("ascii")
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = bytearray()
        async with self._connection().stream(method, url, content=content, headers=headers) as response:
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_BODY_BYTES:
                    raise ModelUnavailable(
                        f"{self._where} answered with more than {MAX_BODY_BYTES:,} bytes; lower max_tokens."
                    )
            return response.status_code, response.headers, bytes(data)

    def _connection(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout, pool=None),
                limits=httpx.Limits(max_connections=None),
                # A proxy from the environment must never see what is meant for this machine.
                trust_env=self._host.hostname not in _LOOPBACK,
            )
        return self._client


class _RefusedError(Exception):
    """The cause of an error that a status stands for."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


def _cleaned(value: Any) -> Any:
    """Return JSON data with every string made fit to be sent: servers refuse a lone surrogate."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
