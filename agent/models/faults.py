"""Tells the faults of model servers apart: which are worth another try, which never are."""

import json
import math
import re
import time
from email.utils import parsedate_to_datetime

from trajectories.errors import ContextExhausted, ModelError, ModelRejected, ModelUnavailable

RETRY_AFTER_CAP = 300.0
"""Seconds; a server that asks for a longer pause is asked again after this one."""

_DETAIL_CHARACTERS = 300

_OVERFLOW = re.compile(
    r"context_length_exceeded|maximum context length|exceed_context_size|"
    r"exceeds? the (?:available |model'?s? )?(?:maximum )?context|"
    r"context (?:size|window|length) (?:has been )?exceeded|"
    r"(?:longer|larger) than the (?:maximum )?(?:model|context)|prompt is too long|input is too long|"
    r"exceeds? (?:the )?(?:model'?s )?(?:max_model_len|context (?:window|length|size))|"
    r"input token count .{0,40}exceeds|too many (?:input )?tokens in the prompt",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content_policy_violation|ResponsibleAIPolicyViolation|content management policy",
    re.IGNORECASE,
)
_OUT_OF_MONEY = re.compile(
    r"insufficient_quota|billing_hard_limit|credit balance is too low|payment required", re.I
)
_SECRET = re.compile(r"\b(?:sk|key|hf|gsk|xai|pplx)[-_][A-Za-z0-9_\-]{8,}|(?<=Bearer )[^\s\"',]+")


class ContentFiltered(ModelRejected):
    """The provider's content filter refused the prompt."""


def redact(text: str, key: str | None = None) -> str:
    """Return the text without the key and without anything else that looks like one."""
    if key:
        text = text.replace(key, "[redacted]")
    return _SECRET.sub("[redacted]", text)


def failure(
    where: str, status: int, text: str, *, retry_after: float | None = None, key: str | None = None
) -> ModelError:
    """Return the error that a status and a server's text stand for.

    Args:
        where: Names the model and its place at the start of the message.
        status: The HTTP status.
        text: The body, or the library's message.
        retry_after: Seconds the server asked to wait.
        key: The secret that must not appear in the message.
    """
    detail = _detail(text, key)
    if _OVERFLOW.search(text):
        return ContextExhausted(
            f"{where} has no room for this prompt ({detail}); shorten it or serve a larger context."
        )
    if _FILTERED.search(text) and status < 500:
        return ContentFiltered(f"{where} refused the prompt by its content filter ({detail}).")
    if status == 401:
        return ModelRejected(f"{where} refused the key ({detail}); set a valid one.")
    if status == 402 or _OUT_OF_MONEY.search(text):
        return ModelRejected(f"{where} has no credit left ({detail}); top the account up.")
    if status == 403:
        return ModelRejected(f"{where} is not allowed for this key ({detail}); use another key or model.")
    if status == 404:
        return ModelRejected(f"{where} is not there ({detail}); check the model's name and the API base.")
    if status in {408, 409, 425, 429} or status >= 500:
        return ModelUnavailable(f"{where} answered {status} ({detail}); try again later.", retry_after)
    return ModelRejected(f"{where} refused the request with {status} ({detail}); check the model's settings.")


def read_retry_after(value: str | None) -> float | None:
    """Return a Retry-After header's seconds, at most `RETRY_AFTER_CAP`; None when it can't be read."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            # The header names a moment of the calendar, so this is the one place for the wall clock.
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)


def _detail(text: str, key: str | None) -> str:
    """One short printable line of what the server said."""
    text = _message(text)
    match = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    line = redact(match.group(1) if match else text, key)
    line = " ".join("".join(char if char.isprintable() else " " for char in line).split())
    if len(line) > _DETAIL_CHARACTERS:
        line = line[:_DETAIL_CHARACTERS] + "..."
    return line or "no text"


def _message(text: str) -> str:
    """Return the sentence inside the JSON that most servers wrap it in, else the text as it is."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    while isinstance(body, dict):
        body = next((body[name] for name in ("error", "message", "detail") if body.get(name)), None)
    return body if isinstance(body, str) else text
