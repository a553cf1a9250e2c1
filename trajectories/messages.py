"""What goes to a model and what comes back, as plain data that every floor shares."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class ToolCall(BaseModel):
    """One native tool call: the call's id, the command's name and its arguments as raw JSON text."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str


class Message(BaseModel):
    """One message of a conversation, in the roles of the OpenAI chat format."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None

    def to_openai(self) -> dict[str, Any]:
        """Return the message as the chat completions API takes it."""
        message: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in self.tool_calls
            ]
        if self.tool_call_id is not None:
            message["tool_call_id"] = self.tool_call_id
        return message


class Usage(BaseModel):
    """Tokens and money of one or more model calls.

    `cached_tokens` counts the part of `prompt_tokens` that the server took from its prefix cache.
    `cost` is in US dollars; None says that the price is unknown, which is not the same as free.
    """

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        unknown = self.cost is None or other.cost is None
        return Usage(
            calls=self.calls + other.calls,
            failed_calls=self.failed_calls + other.failed_calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=None if unknown else (self.cost or 0.0) + (other.cost or 0.0),
        )

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together, the cached ones included."""
        return self.prompt_tokens + self.completion_tokens


class Choice(BaseModel):
    """One of several answers that a model gave to the same prompt in one call.

    Attributes:
        text: What it says.
        finish_reason: "length" when it was cut off.
        tokens: Tokens of the text, as the server counted them, or as estimated.
        logprob: Sum of the natural logarithms of the tokens' probabilities, or None when unknown.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    finish_reason: str = "stop"
    tokens: int = 0
    logprob: float | None = None


class Answer(BaseModel):
    """One complete answer of a model."""

    model_config = ConfigDict(frozen=True)

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"] = "stop"
    usage: Usage = Field(default_factory=Usage)
    model: str = ""
    """The model's own name for itself, as the server reported it."""
    choices: tuple[Choice, ...] = ()
    """All answers, the first one included, when several were asked for."""
