"""The ReAct loop of one attempt: ask, parse, act, observe, until something ends it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from aci.command import Command, Observation
from aci.formats import Action, Format, Malformed, Pending
from aci.offers import offer
from aci.rewriting import Rewrite
from aci.workspace import Workspace
from agent.breaker import LoopBreaker
from agent.budget import Budget
from agent.calls import Meter, call
from agent.control import Control
from agent.history import History
from agent.models.base import Model, Sampling
from agent.standing import Standing
from trajectories.events import (
    ActionFinished,
    ActionStarted,
    AnswerMalformed,
    Event,
    TestsReported,
)
from trajectories.messages import Answer, Message

CONSTRAINED = frozenset({"json", "staged"})
MAX_MALFORMED_IN_A_ROW = 4
HEAT = 0.4
HOTTEST = 1.0


class Ending(NamedTuple):
    """Why an attempt ended.

    Attributes:
        kind: "submitted" by the agent, "green" when the evaluator is satisfied, "limit" when a budget of the
            whole run is used up, "steps" when the attempt's own are, "given up" when the attempt can't go on.
        sentence: The same for a reader.
    """

    kind: Literal["submitted", "green", "limit", "steps", "given up"]
    sentence: str


@dataclass
class Loop:
    """One attempt, from the first prompt to its ending.

    Attributes:
        model: Answers the conversation.
        form: How the model writes its actions.
        commands: What it may do.
        workspace: Where it does it.
        history: The conversation so far: the system prompt and the statement.
        record: Takes each event the moment it exists.
        sampling: How answers are drawn.
        control: Requests to stop from outside.
        budgets: Limits of the whole run.
        max_steps: Limit of this attempt.
        meter: Counts usage over the whole run.
        after_change: Looks at what an accepted change did to the tests; its text joins the observation.
        grammar: The model's server takes a grammar, which then holds the program text in its form.
        step: Steps taken so far: actions, and answers that held none.
        repeated: How often the latest action, or malformed answer, was a repetition.
        breaker: Tells repetitions.
    """

    model: Model
    form: Format
    commands: Sequence[type[Command]]
    workspace: Workspace
    history: History
    record: Callable[[Event], object]
    sampling: Sampling
    control: Control
    budgets: Sequence[Budget]
    max_steps: int
    meter: Meter
    after_change: "Callable[[], Awaitable[AfterChange]] | None" = None
    grammar: bool = False
    step: int = 0
    repeated: int = 0
    breaker: LoopBreaker = field(default_factory=LoopBreaker)

    async def run(self) -> Ending:
        """Take steps until one of them, or a limit, ends the attempt.

        Raises:
            PatchwrightError: The model or the sandbox failed for good, or the run was asked to stop.
        """
        malformed = 0
        while self.step < self.max_steps:
            if ending := self._limit():
                return ending
            answer = await self._ask(self._request())
            try:
                actions = self.form.parse(answer, self.commands)
                if isinstance(actions, Pending):
                    self.history.extend(self.form.reply(answer), Message(role="user", content=actions.ask))
                    # A small model that has just written JSON would else write it again.
                    answer = await self._ask({"grammar": actions.grammar} if self.grammar else {})
                    actions = (actions.complete(answer),)
            except Malformed as fault:
                self.step += 1
                malformed += 1
                self._correct(answer, fault)
                if malformed == MAX_MALFORMED_IN_A_ROW:
                    return Ending("given up", f"{malformed} answers in a row held no valid action.")
                continue
            malformed = 0
            if ending := await self._act_all(actions, answer):
                return ending
        return Ending("steps", f"The limit of {self.max_steps} steps is used up.")

    def _limit(self) -> Ending | None:
        for budget in self.budgets:
            if sentence := budget.spent(self.meter.usage):
                return Ending("limit", sentence)
        if not self.history.fits():
            return Ending("given up", "The conversation no longer fits the model's context window.")
        return None

    def _request(self) -> dict[str, Any]:
        offered = offer(self.commands, self.workspace)
        # Native tools stand in the prompt: a list that changes would cost the server its cached prefix.
        if self.form.name in CONSTRAINED:
            return self.form.request(offered.commands, offered.choices)
        return self.form.request(self.commands)

    async def _ask(self, request: Mapping[str, Any]) -> Answer:
        answer = await call(
            self.model,
            self.history.messages,
            self._heated(),
            request,
            control=self.control,
            meter=self.meter,
            record=self.record,
        )
        self.history.count(answer.usage)
        return answer

    def _heated(self) -> Sampling:
        """Return how to draw the next answer: more freely after a repetition, which greedy goes on with."""
        heat = max(self.repeated, self.workspace.rounds)
        if not heat or self.sampling.temperature is None:
            return self.sampling
        temperature = min(HOTTEST, self.sampling.temperature + HEAT * heat)
        return self.sampling._replace(temperature=round(temperature, 2))

    def _correct(self, answer: Answer, fault: Malformed) -> None:
        sentence = str(fault)
        if answer.finish_reason == "length":
            limit = self.sampling.max_tokens
            sentence = f"Your answer was cut off at {limit} tokens; answer more briefly. {sentence}"
        count = self.breaker.count_malformed(answer)
        self.repeated = count - 1
        if count > 1:
            sentence = self.breaker.reminder(count, sentence, self.form.example)
        self.meter.malformed += 1
        self.record(AnswerMalformed(sentence=sentence))
        told = self.form.correct(answer, Malformed(sentence, fault.call))
        self.history.extend(self.form.reply(answer), *told)

    async def _act_all(self, actions: Sequence[Action], answer: Answer) -> Ending | None:
        """Take the actions of one answer in their order, as far as they make sense."""
        standing, ending, reason = Standing(), None, ""
        waiting, heard = list(actions), [self.form.reply(answer)]
        try:
            while waiting:
                action = waiting[0]
                reason = standing.objection(action.command)
                if not reason and self.step == self.max_steps:
                    reason = f"the limit of {self.max_steps} steps is used up"
                if reason:
                    break
                text, ending = await self._act(action, standing)
                # The message of the first action brings the answer itself into the history.
                self.history.extend(*heard, self.form.observe(waiting.pop(0), text))
                heard = []
                if ending is not None:
                    reason = "the attempt ended before it"
                    break
            return ending
        finally:
            # Each call in the history needs its answer, even when the sandbox broke in the middle.
            if waiting and not heard:
                reason = reason or "the run was stopped"
                told = [self.form.observe(action, f"Not run, because {reason}.") for action in waiting]
                self.history.extend(*told)

    async def _act(self, action: Action, standing: Standing) -> tuple[str, Ending | None]:
        """Execute one action; return what the model is told, and the ending if that is one."""
        command = action.command
        self.step += 1
        self.meter.steps += 1
        self.record(
            ActionStarted(
                step=self.step,
                thought=action.thought,
                command=command.name,
                arguments=command.model_dump(mode="json"),
            )
        )
        began = time.monotonic()
        observation = await self.control.guard(command.execute(self.workspace))
        seconds = time.monotonic() - began
        self._note_change(command, observation)
        after = await self._after(observation)
        standing.note(command, observation, taken_back=after.taken_back)
        text = observation.text + (f"\n\n{after.text}" if after.text else "")
        count = self.breaker.count(command, text, changed=bool(observation.changed))
        self.repeated = count - 1
        if count > 1:
            text += f"\n\n{self.breaker.warning(count)}"
        self.record(
            ActionFinished(
                step=self.step,
                observation=text,
                failed=observation.failed,
                changed=observation.changed,
                exit_code=observation.exit_code,
                seconds=seconds,
            )
        )
        if observation.tests is not None:
            self.record(TestsReported(origin="action", report=observation.tests))
        return text, self._ending(observation, after, count)

    def _ending(self, observation: Observation, after: "AfterChange", count: int) -> Ending | None:
        if observation.submitted:
            return Ending("submitted", "The agent submitted its patch.")
        if after.satisfied:
            return Ending("green", "The tests that failed pass now, and none that passed is broken.")
        if self.breaker.exhausted(count):
            return Ending(
                "given up", f"The agent repeated the same action {count} times with the same result."
            )
        return None

    def _note_change(self, command: Command, observation: Observation) -> None:
        workspace = self.workspace
        # A shell command may have changed anything; asking git each time would cost more than it tells.
        workspace.changed = workspace.changed or bool(observation.changed) or command.name == "bash"
        if observation.failed and isinstance(command, Rewrite):
            workspace.count_try(command.symbol)
        workspace.files += [path for path in observation.changed if path not in workspace.files]

    async def _after(self, observation: Observation) -> "AfterChange":
        if self.after_change is None or observation.failed or not observation.changed:
            return AfterChange("", satisfied=False)
        return await self.control.guard(_awaited(self.after_change()))


class AfterChange(NamedTuple):
    """What the tests say after a change, whether that satisfies the evaluator, and if it was taken back."""

    text: str
    satisfied: bool
    taken_back: bool = False


async def _awaited(awaitable: Awaitable[AfterChange]) -> AfterChange:
    return await awaitable
