"""Every provider that has no file of its own, through litellm."""

import asyncio
import contextlib
import difflib
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from agent.models.base import Capabilities, Sampling
from agent.models.completion import clean, filtered, read_answer
from agent.models.faults import ContentFiltered, failure, read_retry_after, redact
from trajectories.errors import ModelError, ModelRejected, ModelUnavailable, UsageError
from trajectories.messages import Answer, Message

_OWN_CREDENTIALS = ("AWS_", "VERTEX", "GOOGLE_APPLICATION")
"""Variables of providers that also take credentials from files and machines, which litellm does not see."""

_EXAMPLE = "openai/gpt-5-mini"


class LitellmModel:
    """A model of a hosted provider, named as litellm names it, e.g. "anthropic/claude-sonnet-4-5".

    Args:
        name: As the user named it.
        api_key: The provider's key; by default it is read from the provider's environment variable.
        api_base: Another place of the provider's API.
        timeout: Seconds for one whole call.
    """

    def __init__(
        self,
        name: str,
        *,
        api_key: str | None = None,
        api_base: str | None = None,
        timeout: float = 600.0,
    ) -> None:
        self.name = name
        self._key = api_key
        self._base = api_base
        self._timeout = timeout
        self._where = f"Model {name!r}"

    async def open(self) -> Capabilities:
        """Check name and key, and look up what the model can do; no call is made.

        Raises:
            UsageError: The provider is unknown or its key is missing.
        """
        litellm = await asyncio.to_thread(_load)
        try:
            _, provider, *_ = litellm.get_llm_provider(self.name)
        except litellm.exceptions.BadRequestError as error:
            raise UsageError(
                f"Model {self.name!r} names no provider that litellm knows; "
                f"{_nearest(litellm, self.name)} or write provider/model, e.g. {_EXAMPLE}."
            ) from error
        self._require_key(litellm)
        return Capabilities(
            tool_calls=_ask(litellm.supports_function_calling, self.name, provider),
            json_schema=_ask(litellm.supports_response_schema, self.name, provider),
            context_window=_window(litellm, self.name),
        )

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return one complete answer; see `Model.query`."""
        litellm = await asyncio.to_thread(_load)
        _users.add(self)
        call: dict[str, Any] = {
            "model": self.name,
            "messages": [
                message.model_copy(update={"content": clean(message.content)}).to_openai()
                for message in messages
            ],
            "max_tokens": sampling.max_tokens,
            "timeout": self._timeout,
            "num_retries": 0,
            "max_retries": 0,
            # Some models refuse a seed or a temperature: they get none instead of failing.
            "drop_params": True,
            "api_key": self._key,
            "api_base": self._base,
            **request,
        }
        if sampling.temperature is not None:
            call["temperature"] = sampling.temperature
        if sampling.seed is not None:
            call["seed"] = sampling.seed
        if "tools" in call:
            # Its bridge to MCP servers needs a package more, for any tool, and none of ours is one of those.
            call["_skip_mcp_handler"] = True
        try:
            # Its own timeout starts anew with each byte; only this one stops a body that trickles.
            async with asyncio.timeout(self._timeout):
                response = await litellm.acompletion(**call)
        except TimeoutError as error:
            raise ModelUnavailable(
                f"{self._where} gave no complete answer within {self._timeout:g} s; "
                "raise the model's timeout or lower max_tokens."
            ) from error
        except Exception as error:  # noqa: BLE001 - its providers raise errors of a hundred libraries
            try:
                raise self._failure(litellm, error) from error
            except ContentFiltered:
                return filtered(self.name)
        return self._answer(litellm, response, messages)

    async def close(self) -> None:
        """Close litellm's connections if no other model uses them: they belong to the whole process."""
        if self not in _users:
            return
        _users.remove(self)
        if not _users and _loaded is not None:
            with contextlib.suppress(Exception):
                await _loaded.close_litellm_async_clients()

    def _require_key(self, litellm: ModuleType) -> None:
        if self._key:
            return
        missing = litellm.validate_environment(self.name).get("missing_keys") or []
        # An address has a default; credentials of a cloud come by ways that litellm does not look at.
        keys = [key for key in missing if "KEY" in key and not key.startswith(_OWN_CREDENTIALS)]
        if keys:
            raise UsageError(
                f"Model {self.name!r} needs a key: set the environment variable {' and '.join(keys)}."
            )

    def _failure(self, litellm: ModuleType, error: Exception) -> ModelError:
        """Return the error of ours that one of litellm's stands for."""
        text = str(error)
        body = getattr(error, "body", None)
        if isinstance(body, Mapping) and body.get("code"):
            # Its messages drop the code, which says more than the text.
            text = f"{text} [{body['code']}]"
        if isinstance(error, ImportError) or "No module named" in text:
            return ModelRejected(f"{self._where} needs another package ({redact(text)[:200]}); install it.")
        status = getattr(error, "status_code", None)
        if isinstance(error, litellm.exceptions.Timeout):
            status = 408
        elif isinstance(error, litellm.exceptions.ContextWindowExceededError):
            text = f"context_length_exceeded: {text}"
        elif isinstance(error, litellm.exceptions.ContentPolicyViolationError):
            text = f"content_policy_violation: {text}"
            status = 400
        wait = read_retry_after(_header(error, "retry-after"))
        if not isinstance(status, int):
            status = 502
        found = failure(self._where, status, text, retry_after=wait, key=self._secret())
        if status == 404:
            return ModelRejected(f"{found} {_nearest(litellm, self.name).capitalize()}.")
        return found

    def _answer(self, litellm: ModuleType, response: Any, messages: Sequence[Message]) -> Answer:
        body = response.model_dump()
        answer = read_answer(body, model=self.name, where=self._where, prompt=messages, key=self._secret())
        cost: float | None
        try:
            cost = float(litellm.completion_cost(completion_response=response, model=self.name))
        except Exception:  # noqa: BLE001 - it raises whatever an unknown price leads it to
            cost = None
        usage = body.get("usage")
        if not (isinstance(usage, Mapping) and usage.get("prompt_tokens")):
            # Without a count of tokens any price is made up.
            cost = None
        return answer.model_copy(update={"usage": answer.usage.model_copy(update={"cost": cost})})

    def _secret(self) -> str | None:
        """The key as it may stand in an error message."""
        if self._key:
            return self._key
        provider = self.name.partition("/")[0].upper().replace("-", "_")
        return os.environ.get(f"{provider}_API_KEY")


_loaded: ModuleType | None = None
_users: set[LitellmModel] = set()
"""The models that have made a call and are not closed."""


def _load() -> ModuleType:
    """Import litellm, which takes seconds, and keep it quiet."""
    global _loaded  # noqa: PLW0603 - one module is loaded once
    if _loaded is None:
        # Else it asks the network for its price table, three times when there is none.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import litellm  # noqa: PLC0415 - only who uses it pays for it

        litellm.suppress_debug_info = True
        litellm.set_verbose = False
        litellm.telemetry = False
        # Its other transport leaves sessions open when a loop ends.
        litellm.disable_aiohttp_transport = True
        for logger in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        _loaded = litellm
    return _loaded


def _ask(question: Any, name: str, provider: str) -> bool:
    try:
        return bool(question(model=name, custom_llm_provider=provider))
    except Exception:  # noqa: BLE001 - an unknown model is no error here
        return False


def _window(litellm: ModuleType, name: str) -> int | None:
    try:
        info = litellm.get_model_info(name)
    except Exception:  # noqa: BLE001 - an unknown model is no error here
        return None
    window = info.get("max_input_tokens") or info.get("max_tokens")
    return window if isinstance(window, int) else None


def _nearest(litellm: ModuleType, name: str) -> str:
    """Say which known model the user may have meant."""
    known = sorted(map(str, litellm.model_cost))
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"name {near[0]!r}" if near else "check its spelling"


def _header(error: Exception, name: str) -> str | None:
    """Return a header of the response that led to the error, wherever litellm keeps it."""
    response = getattr(error, "response", None)
    for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
        value = headers.get(name) if headers is not None and hasattr(headers, "get") else None
        if value is not None:
            return str(value)
    return None
