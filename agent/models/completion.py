"""Reads a chat completion, as any OpenAI-compatible server writes it, into an `Answer`."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn

from agent.models.faults import failure
from trajectories.errors import ModelUnavailable
from trajectories.messages import Answer, Choice, Message, ToolCall, Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]

_FINISH: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}
_UNFINISHED = frozenset({"abort", "aborted", "error", "cancelled", "insufficient_system_resource"})

_ABSURD = 1e6
"""No token has a logarithm beyond this; a server that says so is not believed."""

_CHARACTERS_PER_TOKEN = 3.5
"""For servers that report no usage; code has shorter tokens than prose."""


def clean(text: str) -> str:
    """Return the text without what no file, terminal or JSON parser takes: NULs and lone surrogates.

    A pair of surrogates that two JSON escapes made becomes the character it stands for.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "")


def estimate_tokens(text: str) -> int:
    """Guess how many tokens a text has, a little too many rather than too few."""
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def read_answer(
    body: Any,
    *,
    model: str,
    where: str,
    prompt: Sequence[Message],
    free: bool = False,
    key: str | None = None,
) -> Answer:
    """Return the answer that a decoded response body holds.

    Args:
        body: The body as `json.loads` gave it: anything at all.
        model: The model's name, used when the server does not say its own.
        where: Names the model and its place at the start of error messages.
        prompt: What was asked; only for the token count of a server that reports none.
        free: The call costs nothing; else its price is unknown.
        key: The secret that must not appear in an error message.

    Raises:
        ModelUnavailable: The body holds no complete answer.
        ModelRejected: The body is an error that no other try cures.
        ContextExhausted: The body says that the prompt does not fit.
    """
    if not isinstance(body, Mapping):
        _broken(where, f"answered with a JSON {type(body).__name__} instead of an object")
    if body.get("error"):
        raise failure(where, _status_of(body["error"]), json.dumps(body["error"]), key=key)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        _broken(where, "answered without any choice")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, Mapping):
        _broken(where, "answered with a choice that holds no message")
    calls = _tool_calls(message.get("tool_calls"), where)
    text = continued(_text(message), prompt)
    finish = _finish(choice, where)
    if calls and finish == "stop":
        finish = "tool_calls"
    reported = body.get("model")
    usage = _usage(body, prompt, text, calls, free=free)
    several: tuple[Choice, ...] = ()
    if len(choices) > 1 or choice.get("logprobs"):
        several = tuple(_choice(one, where, prompt) for one in choices)
        # llama.cpp counts only the first of several answers.
        counted = max(usage.completion_tokens, sum(one.tokens for one in several))
        usage = usage.model_copy(update={"completion_tokens": counted})
    return Answer(
        text=text,
        tool_calls=calls,
        finish_reason=finish,
        usage=usage,
        model=clean(reported) if isinstance(reported, str) and reported else model,
        choices=several,
    )


def continued(text: str, prompt: Sequence[Message]) -> str:
    """Return what a model added to an answer that we had begun: llama.cpp repeats the beginning, vLLM not."""
    begun = prompt[-1].content if prompt and prompt[-1].role == "assistant" else ""
    return text.removeprefix(begun)


def _finish(choice: Mapping[str, Any], where: str) -> FinishReason:
    reason = choice.get("finish_reason")
    if not isinstance(reason, str) or reason in _UNFINISHED:
        _broken(where, f"broke its answer off (finish_reason {reason!r})")
    return _FINISH.get(reason, "stop")


def _choice(choice: Any, where: str, prompt: Sequence[Message]) -> Choice:
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping):
        _broken(where, "answered with a choice that holds no message")
    text = continued(_text(message), prompt)
    logprobs = choice.get("logprobs")
    parts = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    numbers = [
        part["logprob"]
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, Mapping) and _is_number(part.get("logprob"))
    ]
    return Choice(
        text=text,
        finish_reason=_finish(choice, where),
        tokens=len(numbers) or estimate_tokens(text),
        logprob=math.fsum(numbers) if numbers else None,
    )


def filtered(model: str, *, free: bool = False) -> Answer:
    """Return the answer that stands for a prompt which the provider's content filter refused."""
    return Answer(
        text="", finish_reason="content_filter", usage=Usage(calls=1, cost=0.0 if free else None), model=model
    )


def _broken(where: str, what: str) -> NoReturn:
    raise ModelUnavailable(f"{where} {what}; another try may help.")


def _status_of(error: Any) -> int:
    """An error inside a 200 is worth another try unless it brings a status that says otherwise."""
    code = error.get("code", error.get("status")) if isinstance(error, Mapping) else None
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    return code if isinstance(code, int) and 400 <= code < 600 else 502


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        content = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str) or not content:
        refusal = message.get("refusal")
        content = refusal if isinstance(refusal, str) else ""
    return clean(content)


def _tool_calls(calls: Any, where: str) -> tuple[ToolCall, ...]:
    """Take the calls over as they are: whether name and arguments make sense is judged where they are run."""
    if not calls:
        return ()
    if not isinstance(calls, list):
        _broken(where, "answered with tool calls that are no list")
    read = []
    for number, call in enumerate(calls):
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping):
            _broken(where, "answered with a tool call that names no function")
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else json.dumps(arguments)
        read.append(
            ToolCall(
                id=clean(str(call.get("id") or f"call_{number}")),
                name=clean(str(function.get("name") or "")),
                arguments=clean(arguments),
            )
        )
    return tuple(read)


def _usage(
    body: Mapping[str, Any], prompt: Sequence[Message], text: str, calls: Sequence[ToolCall], *, free: bool
) -> Usage:
    usage = body.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    prompt_tokens = _count(usage.get("prompt_tokens"))
    completion_tokens = _count(usage.get("completion_tokens"))
    if not prompt_tokens:
        prompt_tokens = sum(estimate_tokens(message.content) for message in prompt)
        completion_tokens = estimate_tokens(text + "".join(call.arguments for call in calls))
    details = usage.get("prompt_tokens_details")
    timings = body.get("timings")
    cached = 0
    if isinstance(details, Mapping) and details.get("cached_tokens") is not None:
        cached = _count(details["cached_tokens"])
    elif "prompt_cache_hit_tokens" in usage:
        cached = _count(usage["prompt_cache_hit_tokens"])
    elif isinstance(timings, Mapping):
        cached = _count(timings.get("cache_n"))
    return Usage(
        calls=1,
        prompt_tokens=prompt_tokens,
        cached_tokens=min(cached, prompt_tokens),
        completion_tokens=completion_tokens,
        cost=0.0 if free else None,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _ABSURD


def _count(number: Any) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0
