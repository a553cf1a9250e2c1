"""The contract of a model."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from trajectories.messages import Answer, Message


class Sampling(NamedTuple):
    """How to draw an answer.

    Attributes:
        temperature: 0 is greedy; None leaves it to the provider, which some models insist on.
        seed: Makes a local server's draw repeatable; None leaves it free.
        max_tokens: The longest answer, in tokens.
    """

    temperature: float | None = 0.0
    seed: int | None = None
    max_tokens: int = 1024


class Capabilities(NamedTuple):
    """What a model's server can do, found out rather than assumed where it can be.

    Attributes:
        tool_calls: Native tool calls work.
        json_schema: `response_format` with a JSON schema constrains the decoding.
        context_window: Tokens of prompt and answer together, or None when unknown.
        grammar: `grammar` constrains it by a grammar in llama.cpp's notation.
        prefill: An answer begun by us, as a last message of the assistant's, is gone on with.
        choices: Answers that one call gives to one prompt at once.
    """

    tool_calls: bool = False
    json_schema: bool = False
    context_window: int | None = None
    grammar: bool = False
    prefill: bool = False
    choices: int = 1


class Model(Protocol):
    """Something that answers a conversation."""

    name: str
    """As the user named it, e.g. "embedded" or "openai/gpt-5-mini"."""

    async def open(self) -> Capabilities:
        """Make the model ready (start or reach its server, check the key) and say what it can do.

        Raises:
            UsageError: The name is unknown or a key is missing.
            ModelError: The server can't be had.
        """
        ...

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return one complete answer; `request` adds `tools`, `response_format`, `stop` or `n` to the call.

        One call makes one request: retries are the business of `agent.models.retry` alone.

        Raises:
            ModelUnavailable: Another try may help.
            ModelRejected: No other try helps.
            ContextExhausted: The prompt does not fit.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and of a shared server. Safe to call twice."""
        ...
