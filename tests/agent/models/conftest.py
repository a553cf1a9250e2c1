"""What the tests of models share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from agent.models.lease import process_start
from agent.models.weights import locate
from trajectories.errors import ModelError
from trajectories.messages import Message

Completion = Callable[..., dict[str, Any]]


@pytest.fixture
def prompt() -> list[Message]:
    return [
        Message(role="system", content="You mend programs."),
        Message(role="user", content="The sum is wrong."),
    ]


@pytest.fixture
def completion() -> Completion:
    """Builds the body of an ordinary answer; arguments replace what they name."""

    def build(
        text: str | None = "Done.",
        *,
        finish_reason: str | None = "stop",
        usage: dict[str, Any] | None = None,
        **message: Any,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "server-model",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": text, **message},
                }
            ],
        }
        return body if usage is None else body | {"usage": usage}

    return build


@pytest.fixture
def base(httpserver: HTTPServer) -> str:
    """The address of the test's own endpoint."""
    return httpserver.url_for("/v1")


@pytest.fixture
def wait_for_end() -> Callable[[int], None]:
    """Returns when a process has ended, be it a child of this one or not."""

    def wait(pid: int) -> None:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            while process_start(pid) is not None:
                os.sched_yield()

    return wait


@pytest.fixture(scope="session")
def weights() -> Path:
    """The small model's weights; without them there is nothing to test."""
    pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
    try:
        return locate("embedded:0.5b")
    except ModelError as error:
        pytest.skip(str(error))
