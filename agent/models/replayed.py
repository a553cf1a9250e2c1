"""A model that gives again what another model answered in a recorded run."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.models.base import Capabilities, Sampling
from agent.models.request import request_hash
from trajectories.errors import ModelRejected, UsageError
from trajectories.events import (
    EVENT,
    SCHEMA_VERSION,
    AttemptStarted,
    Event,
    ModelAnswered,
    PromptCompacted,
    PromptExtended,
    QuestionAsked,
    RunStarted,
)
from trajectories.messages import Answer, Message

_EXCERPT = 60


class _Recorded(NamedTuple):
    """One recorded call: its hash and the prompt as the events tell it."""

    request_hash: str
    prompt: tuple[Message, ...]


class ReplayedModel:
    """Serves the recorded answers of a run by the hash of the request.

    A request that was recorded several times gets its answers in the order of the record.
    """

    def __init__(self, events: Sequence[Event], *, name: str = "replay") -> None:
        self.name = name
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        self._calls: list[_Recorded] = []
        self._served = 0
        self._capabilities = Capabilities()
        prompt: list[Message] = []
        apart: tuple[Message, ...] | None = None
        for event in events:
            match event:
                case RunStarted():
                    self._capabilities = _recorded_capabilities(event.config)
                case AttemptStarted():
                    prompt = []
                case PromptExtended():
                    prompt.extend(event.messages)
                case PromptCompacted():
                    prompt[event.start : event.start + event.elided] = event.replacement
                case QuestionAsked():
                    apart = event.messages
                case ModelAnswered():
                    asked = tuple(prompt) if apart is None else apart
                    self._calls.append(_Recorded(event.request_hash, asked))
                    apart = None
                    self._answers[event.request_hash].append(_answer(event))

    @classmethod
    def from_file(cls, path: Path, *, name: str | None = None) -> "ReplayedModel":
        """Read a run's `events.jsonl`, given as the file or as the run's folder.

        Raises:
            UsageError: There is no such file, or it holds something else.
        """
        file = path / "events.jsonl" if path.is_dir() else path
        try:
            lines = file.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"The run {str(path)!r} can't be read ({error}); name a run's folder."
            ) from error
        # What follows the last line break is a line that a crash cut short, or nothing.
        events = [_event(line, number, file) for number, line in enumerate(lines[:-1], 1)]
        return cls(events, name=name or f"replay:{path}")

    async def open(self) -> Capabilities:
        """Return what the recorded model could do, as far as the record says."""
        return self._capabilities

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return the recorded answer to this request.

        Raises:
            ModelRejected: It was not recorded, or not as often.
        """
        digest = request_hash(messages, sampling, request)
        answers = self._answers.get(digest)
        if not answers:
            raise ModelRejected(f"Model {self.name!r}: {self._difference(digest, messages)}.")
        self._served += 1
        return answers.popleft()

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _difference(self, digest: str, messages: Sequence[Message]) -> str:
        if digest in self._answers:
            return "this request was asked more often than the run recorded it"
        call = self._served + 1
        if self._served >= len(self._calls):
            return f"the run recorded {len(self._calls)} calls and this is one more"
        prompt = self._calls[self._served].prompt
        for number, (now, then) in enumerate(zip(messages, prompt, strict=False), 1):
            if now != then:
                where = f"message {number} ({now.role}){_where(now, then)}"
                return f"call {call} differs from the record in {where}"
        if len(messages) != len(prompt):
            return f"call {call} has {len(messages)} messages where the record has {len(prompt)}"
        return f"call {call} has the recorded messages but another sampling, tools or response format"


def _event(line: str, number: int, file: Path) -> Event:
    try:
        event = EVENT.validate_json(line)
    except ValidationError as error:
        raise UsageError(f"Line {number} of {str(file)!r} is no event of a run; name another run.") from error
    if isinstance(event, RunStarted) and event.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"The run {str(file)!r} is in version {event.schema_version} of the format and this Patchwright "
            f"reads {SCHEMA_VERSION}; upgrade it."
        )
    return event


def _answer(event: ModelAnswered) -> Answer:
    return Answer.model_validate(
        {
            "text": event.text,
            "tool_calls": event.tool_calls,
            "finish_reason": event.finish_reason,
            "usage": event.usage,
            "model": event.model,
            "choices": event.choices,
        }
    )


def _recorded_capabilities(config: Mapping[str, Any]) -> Capabilities:
    """The loop shapes its requests by these, so a replay needs the ones of the run."""
    recorded = config.get("capabilities")
    if not isinstance(recorded, Mapping):
        return Capabilities()
    return Capabilities(**{field: recorded[field] for field in Capabilities._fields if field in recorded})


def _where(now: Message, then: Message) -> str:
    if now.role != then.role:
        return f": its role was {then.role!r}"
    if now.content == then.content:
        return ": other tool calls"
    at = next(
        (index for index, (a, b) in enumerate(zip(now.content, then.content, strict=False)) if a != b),
        min(len(now.content), len(then.content)),
    )
    end = at + _EXCERPT
    return f" at character {at}: {now.content[at:end]!r} instead of {then.content[at:end]!r}"
