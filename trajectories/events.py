"""The records of a trajectory: one frozen event for each thing that happened, told apart by `kind`.

Screens, JSON output, replay, resume and statistics read these events and nothing else. A change of meaning
raises `SCHEMA_VERSION`; readers refuse a newer version rather than guess.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from trajectories.messages import Choice, Message, ToolCall, Usage
from trajectories.reflections import Change
from trajectories.result import Refuted, Result

SCHEMA_VERSION = 1

BUILD = "build"
"""Stands in a report for all tests, when the code under test does not compile."""

TEST_RUN = "test run"
"""Stands in a report for a run as a whole, judged by its exit code or failed outside of any test."""

_PARTS = ("::", ".", "/", "#", " > ")


class TestReport(BaseModel):
    """The outcome of one test run.

    Attributes:
        runner: The runner that was used, e.g. "pytest".
        command: The shell command that ran the tests.
        passed: Ids of the passing tests.
        failed: Ids of the failing tests, errors at collection included.
        skipped: Ids of the skipped tests.
        seconds: Wall-clock time.
        broken: Why there is no outcome at all (nothing collected, runner missing, timed out), or "".
    """

    __test__ = False
    model_config = ConfigDict(frozen=True)

    runner: str
    command: str
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0
    broken: str = ""

    @property
    def green(self) -> bool:
        """Tests ran and none failed."""
        return bool(self.passed) and not self.failed and not self.broken

    def knows(self, test: str) -> bool:
        """Say whether a test of another run has its place in this one: by itself, or in what failed whole."""
        if test in {*self.passed, *self.failed, *self.skipped}:
            return True
        if {BUILD, TEST_RUN, self.command} & {*self.failed}:
            return True
        return test.startswith(tuple(whole + mark for whole in self.failed for mark in _PARTS))

    def passes(self, test: str) -> bool:
        """Say whether a test of another run passes in this one.

        What failed as a whole there, as a file that can't be imported, a package or a build, has tests here
        in its place: all of them must pass.
        """
        if test in self.passed:
            return True
        if test in self.failed or test in self.skipped:
            return False
        if test in {BUILD, TEST_RUN, self.command}:
            return self.green
        parts = tuple(test + mark for mark in _PARTS)
        return any(one.startswith(parts) for one in self.passed) and not any(
            one.startswith(parts) for one in self.failed
        )


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    time: float = 0.0
    """Seconds since the epoch; stamped by the store."""
    sequence: int = 0
    """Position in the log, counted from 0; stamped by the store."""


class RunStarted(_Event):
    """A run began: everything needed to know what ran and to run it again."""

    kind: Literal["run_started"] = "run_started"
    schema_version: int = SCHEMA_VERSION
    run_id: str
    task_id: str
    statement: str
    repository: str
    base_commit: str
    config: dict[str, Any]
    versions: dict[str, str]


class AttemptStarted(_Event):
    """An attempt began, from a clean sandbox."""

    kind: Literal["attempt_started"] = "attempt_started"
    attempt: int
    temperature: float | None
    seed: int | None


class SandboxStarted(_Event):
    """A sandbox is ready for commands."""

    kind: Literal["sandbox_started"] = "sandbox_started"
    sandbox: str
    image: str
    digest: str
    supervisor: str
    user: str
    isolation: str
    seconds: float


class PromptExtended(_Event):
    """Messages that were added to the prompt; the prompt is the sum of these since the attempt began."""

    kind: Literal["prompt_extended"] = "prompt_extended"
    messages: tuple[Message, ...]


class PromptCompacted(_Event):
    """Messages that were replaced to make room: `elided` messages from `start` on became `replacement`."""

    kind: Literal["prompt_compacted"] = "prompt_compacted"
    start: int
    elided: int
    replacement: tuple[Message, ...]


class QuestionAsked(_Event):
    """The model is asked something apart from the conversation: the whole prompt of the next answer."""

    kind: Literal["question_asked"] = "question_asked"
    messages: tuple[Message, ...]


class ModelAnswered(_Event):
    """The model gave an answer."""

    kind: Literal["model_answered"] = "model_answered"
    request_hash: str
    model: str
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str
    usage: Usage
    seconds: float
    choices: tuple[Choice, ...] = ()


class ModelFailed(_Event):
    """One call of the model failed; `retry_in` says when the next try comes, None that there is none."""

    kind: Literal["model_failed"] = "model_failed"
    error: str
    usage: Usage
    retry_in: float | None


class AnswerMalformed(_Event):
    """The answer held no valid action; `sentence` is what the model is told."""

    kind: Literal["answer_malformed"] = "answer_malformed"
    sentence: str


class ActionStarted(_Event):
    """An action is about to be executed: written before it runs, so that a crash shows what was in flight."""

    kind: Literal["action_started"] = "action_started"
    step: int
    thought: str
    command: str
    arguments: dict[str, Any]


class ActionFinished(_Event):
    """An action was executed."""

    kind: Literal["action_finished"] = "action_finished"
    step: int
    observation: str
    failed: bool
    changed: tuple[str, ...] = ()
    exit_code: int | None = None
    seconds: float


class TestsReported(_Event):
    """Tests ran: at the base, by an action, or over the final patch."""

    __test__ = False
    kind: Literal["tests_reported"] = "tests_reported"
    origin: Literal["base", "action", "final"]
    report: TestReport


class Judged(BaseModel):
    """A candidate as the visible tests judged it.

    Attributes:
        source: Where it comes from, e.g. "specification" or "repair".
        text: The function's new body, or the edit in a few words.
        status: What its trial said: "passed", "failed", "error", "timeout", "starved", or "untried".
        passed: How many of the visible checks it passes.
        failed: How many it fails.
        message: Its first failure, in one line.
        behaviour: A number that candidates share which behave alike; 0 where that is not known.
        weight: What speaks for it.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    text: str
    status: str
    passed: int = 0
    failed: int = 0
    message: str = ""
    behaviour: int = 0
    weight: float = 0.0


class CandidatesJudged(_Event):
    """Candidates were tried; `chosen` is the index of the one that became the patch, None for none yet."""

    kind: Literal["candidates_judged"] = "candidates_judged"
    path: str
    symbol: str
    candidates: tuple[Judged, ...]
    chosen: int | None
    reason: str


class FunctionTraced(_Event):
    """A failing check was followed through a function; `text` shows its blocks with their values."""

    kind: Literal["function_traced"] = "function_traced"
    path: str
    symbol: str
    check: str
    text: str


class Notice(_Event):
    """Something the user should know."""

    kind: Literal["notice"] = "notice"
    level: Literal["info", "warning", "error"]
    text: str


class ReflectionAdded(_Event):
    """A failed attempt left a reflection for the next one."""

    kind: Literal["reflection_added"] = "reflection_added"
    attempt: int
    text: str
    id: str = ""


class ReflectionRecalled(_Event):
    """Long-term memory had a reflection that fits the task; attempts are told it."""

    kind: Literal["reflection_recalled"] = "reflection_recalled"
    id: str
    text: str


class ReflectionJudged(_Event):
    """An attempt was the first of the episode to be told a reflection; `before` and `after` are rewards."""

    kind: Literal["reflection_judged"] = "reflection_judged"
    attempt: int
    id: str
    before: float
    after: float
    change: Change


class TestsRefuted(_Event):
    """Tests that an attempt wrote contradict the evidence; they are not counted against its patch."""

    __test__ = False
    kind: Literal["tests_refuted"] = "tests_refuted"
    attempt: int
    tests: tuple[Refuted, ...]


class AttemptEnded(_Event):
    """An attempt ended; `reward` is the evaluator's scalar from 0 to 1."""

    kind: Literal["attempt_ended"] = "attempt_ended"
    attempt: int
    reason: str
    reward: float
    evidence: str
    patch: str


class RunEnded(_Event):
    """The run ended with a result."""

    kind: Literal["run_ended"] = "run_ended"
    result: Result


Event = Annotated[
    RunStarted
    | AttemptStarted
    | SandboxStarted
    | PromptExtended
    | PromptCompacted
    | QuestionAsked
    | ModelAnswered
    | ModelFailed
    | AnswerMalformed
    | ActionStarted
    | ActionFinished
    | TestsReported
    | CandidatesJudged
    | FunctionTraced
    | Notice
    | ReflectionAdded
    | ReflectionRecalled
    | ReflectionJudged
    | TestsRefuted
    | AttemptEnded
    | RunEnded,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Validates and serialises any event."""
