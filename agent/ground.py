"""What all attempts of an episode stand on, and what one of them leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aci.command import Command
from aci.formats import Format
from aci.suspects import Suspect
from agent.budget import Budget
from agent.calls import Meter
from agent.control import Control
from agent.evaluator import Verdict
from agent.loop import Ending
from agent.models.base import Capabilities, Model
from agent.settings import Settings
from agent.task import Task
from envs.repository import Repository
from envs.sandbox import Sandbox
from trajectories.errors import PatchwrightError
from trajectories.events import Event, TestReport


@dataclass
class Baseline:
    """What the tests say before any change, found once and shared by all attempts.

    Attributes:
        report: The report, or None while the tests have not run.
        text: How a model is told of it.
        suspects: The functions that failing tests point to.
    """

    report: TestReport | None = None
    text: str = ""
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What all attempts of an episode stand on.

    Attributes:
        task: What is to be solved.
        settings: How.
        repository: The repository at its base commit.
        new_sandbox: Makes a sandbox that is not started yet.
        model: Answers; its retries are its own.
        capabilities: What the model's server can do.
        form: How the model writes actions.
        commands: What it may do.
        record: Takes each event.
        control: Requests to stop.
        budgets: Limits of the whole run.
        meter: Counts what the run uses.
        baseline: The tests before any change.
    """

    task: Task
    settings: Settings
    repository: Repository
    new_sandbox: Callable[[], Sandbox]
    model: Model
    capabilities: Capabilities
    form: Format
    commands: Sequence[type[Command]]
    record: Callable[[Event], object]
    control: Control
    budgets: Sequence[Budget]
    meter: Meter
    baseline: Baseline


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        ending: Why.
        patch: The unified diff against the base commit, or "".
        verdict: What the evaluator says of it.
        error: What stopped the attempt from outside of it, or None.
    """

    ending: Ending
    patch: str
    verdict: Verdict
    error: PatchwrightError | None = None
