"""The result of a run, as written to `result.json` and returned to a Python caller."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from trajectories.messages import Usage


class Refuted(BaseModel):
    """A test that the agent wrote and that the evidence contradicts.

    Attributes:
        test: Its id, or its file where the runner tells of nothing smaller.
        reason: What contradicts it, to be read after "it".
    """

    model_config = ConfigDict(frozen=True)

    test: str
    reason: str


class Evidence(BaseModel):
    """What speaks for or against the patch, from tests that the agent may see.

    Attributes:
        failing_before: Tests that failed at the base commit.
        fixed: Those of them that pass with the patch.
        still_failing: Those of them that still fail.
        broken: Tests that passed at the base and fail with the patch.
        passed: How many tests pass with the patch.
        refuted: Tests that the agent wrote and that count neither for the patch nor against it.
        summary: The same in one sentence.
    """

    model_config = ConfigDict(frozen=True)

    failing_before: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    passed: int = 0
    refuted: tuple[Refuted, ...] = ()
    summary: str = "No tests were run."


class Result(BaseModel):
    """How a run ended.

    Attributes:
        status: "resolved" only when the evidence says so; "limit", "interrupted" and "failed" runs may
            still hold a patch.
        reason: Why it ended, in one sentence.
        patch: The unified diff against the base commit, or "".
        attempt: The attempt that the patch is from, counted from 1; None without a patch.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    task_id: str
    status: Literal["resolved", "unresolved", "limit", "interrupted", "failed"]
    exit_status: int
    reason: str
    patch: str = ""
    evidence: Evidence = Evidence()
    attempt: int | None = None
    attempts: int = 0
    steps: int = 0
    malformed: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0
