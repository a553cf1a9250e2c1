"""The identity of a request: what makes two calls of a model the same call."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.models.base import Sampling
from trajectories.messages import Message


def request_hash(messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]) -> str:
    """Return the sha256 (hex) that names this call in a trajectory.

    It covers everything that a model's answer may depend on and nothing else, as canonical JSON, so that
    the same call has the same hash in any process and on any machine.

    Args:
        messages: The prompt.
        sampling: How the answer is drawn.
        request: What is added to the call: `tools`, `response_format`.
    """
    call = {
        "messages": [message.to_openai() for message in messages],
        "sampling": sampling._asdict(),
        "request": dict(request),
    }
    # Escaped to ASCII, so that a lone surrogate in a prompt has a hash too.
    canonical = json.dumps(call, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
