"""A model that answers from a script: for tests, demonstrations and bug reports."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.models.base import Capabilities, Sampling
from agent.models.completion import estimate_tokens
from trajectories.errors import ContextExhausted, ModelError, ModelRejected, ModelUnavailable, UsageError
from trajectories.messages import Answer, Message, Usage

Line = str | Answer | BaseException | Callable[[Sequence[Message]], "str | Answer"]
"""One answer of a script: a text, a whole answer, an error to raise, or a function of the messages."""

_PLAIN = Capabilities()
_ERRORS: dict[str, type[ModelError]] = {
    "unavailable": ModelUnavailable,
    "rejected": ModelRejected,
    "context": ContextExhausted,
}


class Request(NamedTuple):
    """One call as the model got it."""

    messages: tuple[Message, ...]
    sampling: Sampling
    request: dict[str, Any]


class ScriptedModel:
    """Gives the answers of a script, one after the other, and keeps the requests.

    Attributes:
        requests: Every call so far.
    """

    def __init__(
        self,
        script: Sequence[Line],
        *,
        name: str = "scripted",
        capabilities: Capabilities = _PLAIN,
    ) -> None:
        self.name = name
        self.requests: list[Request] = []
        self._script = tuple(script)
        self._capabilities = capabilities

    @classmethod
    def from_file(cls, path: Path, *, name: str | None = None) -> "ScriptedModel":
        """Read a script: JSON lines, or one JSON list.

        Each item is a text, an object with the fields of `Answer`, or `{"error": "unavailable", "message":
        ...}` where the error is "unavailable", "rejected" or "context".

        Raises:
            UsageError: The file can't be read, or an item is none of these.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"The script {str(path)!r} can't be read ({error}); name a file of answers."
            ) from error
        lines = [_line(item, path, number) for number, item in _items(text, path)]
        return cls(lines, name=name or f"scripted:{path}")

    async def open(self) -> Capabilities:
        """Return the capabilities that were given."""
        return self._capabilities

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return the script's next answer.

        Raises:
            ModelRejected: The script is at its end.
        """
        self.requests.append(Request(tuple(messages), sampling, dict(request)))
        if len(self.requests) > len(self._script):
            raise ModelRejected(
                f"Model {self.name!r} has answers for {len(self._script)} calls and was asked once more; "
                "add an answer to the script."
            )
        line = self._script[len(self.requests) - 1]
        if isinstance(line, BaseException):
            raise line
        answer = line if isinstance(line, str | Answer) else line(messages)
        if isinstance(answer, str):
            answer = Answer(text=answer)
        if not answer.usage.calls:
            usage = Usage(
                calls=1,
                prompt_tokens=sum(estimate_tokens(message.content) for message in messages),
                completion_tokens=estimate_tokens(answer.text),
            )
            answer = answer.model_copy(update={"usage": usage})
        return answer if answer.model else answer.model_copy(update={"model": self.name})

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


def _items(text: str, path: Path) -> list[tuple[int, Any]]:
    """Return each item with its number: the line's in JSON lines, the item's in a list."""
    try:
        # A file of one line with a list in it is a list all the same.
        if text.lstrip().startswith("["):
            return list(enumerate(json.loads(text), 1))
    except ValueError as error:
        raise UsageError(f"The script {str(path)!r} is no JSON list ({error}); mend it.") from error
    items = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                items.append((number, json.loads(line)))
            except ValueError as error:
                raise UsageError(
                    f"Line {number} of the script {str(path)!r} is no JSON ({error}); mend it."
                ) from error
    return items


def _line(item: Any, path: Path, number: int) -> Line:
    if isinstance(item, str):
        return item
    try:
        if isinstance(item, dict) and "error" in item:
            message = str(item.get("message", f"The script says so at item {number}."))
            if item["error"] == "unavailable":
                return ModelUnavailable(message, item.get("retry_after"))
            return _ERRORS[item["error"]](message)
        return Answer.model_validate(item)
    except (KeyError, TypeError, ValidationError) as error:
        raise UsageError(
            f"Item {number} of the script {str(path)!r} is no text, no answer and no error; mend it."
        ) from error
