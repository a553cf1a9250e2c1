"""`Retrying`, with a scripted model and a clock that only moves when somebody waits."""

import pytest

from agent.models.base import Sampling
from agent.models.retry import Backoff, Retrying
from agent.models.scripted import ScriptedModel
from trajectories.errors import ContextExhausted, ModelError, ModelRejected, ModelUnavailable
from trajectories.messages import Usage


class Time:
    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def build(script, time, **options) -> Retrying:
    options = {"jitter": lambda: 1.0} | options
    return Retrying(ScriptedModel(script), sleep=time.sleep, clock=lambda: time.now, **options)


def busy(retry_after: float | None = None) -> ModelUnavailable:
    return ModelUnavailable("busy", retry_after)


async def test_a_good_answer_needs_no_wait(time, prompt) -> None:
    assert (await build(["yes"], time).query(prompt, Sampling(), {})).text == "yes"
    assert time.waits == []


async def test_waits_double_up_to_the_longest(time, prompt) -> None:
    model = build([*[busy()] * 6, "yes"], time, first=1, longest=10)
    assert (await model.query(prompt, Sampling(), {})).text == "yes"
    assert time.waits == [1, 2, 4, 8, 10, 10]


async def test_waits_are_drawn_from_the_whole_range(time, prompt) -> None:
    draws = iter([0.0, 0.5])
    model = build([busy(), busy(), "yes"], time, jitter=lambda: next(draws), first=4)
    await model.query(prompt, Sampling(), {})
    assert time.waits == [0, 4]


async def test_the_servers_wish_is_the_least_wait(time, prompt) -> None:
    model = build([busy(30), "yes"], time, first=1)
    await model.query(prompt, Sampling(), {})
    assert time.waits == [31]


async def test_a_pause_is_kept_by_all_who_share_it(time, prompt) -> None:
    shared = Backoff()
    first = build([busy(30), "yes"], time, backoff=shared, budget=10)
    with pytest.raises(ModelUnavailable):
        await first.query(prompt, Sampling(), {})
    await build(["yes"], time, backoff=shared).query(prompt, Sampling(), {})
    assert time.waits == [30]


@pytest.mark.parametrize("error", [ModelRejected("no"), ContextExhausted("full"), ModelError("dead")])
async def test_what_no_try_cures_is_not_tried_again(time, prompt, error) -> None:
    model = build([error, "yes"], time)
    with pytest.raises(type(error)):
        await model.query(prompt, Sampling(), {})
    assert time.waits == []


async def test_the_budget_of_time_ends_the_tries(time, prompt) -> None:
    model = build([busy()] * 100, time, first=1, longest=10, budget=20)
    with pytest.raises(ModelUnavailable):
        await model.query(prompt, Sampling(), {})
    assert time.waits == [1, 2, 4, 8]


async def test_a_wish_beyond_the_budget_ends_the_tries_at_once(time, prompt) -> None:
    with pytest.raises(ModelUnavailable):
        await build([busy(300), "yes"], time, budget=100).query(prompt, Sampling(), {})
    assert time.waits == []


async def test_each_failed_call_is_told_with_the_wait_that_follows(time, prompt) -> None:
    told: list[tuple[str, Usage, float | None]] = []
    model = build(
        [busy(), ModelRejected("no")],
        time,
        on_failure=lambda error, usage, retry_in: told.append((str(error), usage, retry_in)),
    )
    with pytest.raises(ModelRejected):
        await model.query(prompt, Sampling(), {})
    failed = Usage(calls=1, failed_calls=1)
    assert told == [("busy", failed, 1), ("no", failed, None)]


async def test_each_query_has_its_own_budget(time, prompt) -> None:
    model = build([busy(), "one", busy(), "two"], time, budget=1.5)
    assert (await model.query(prompt, Sampling(), {})).text == "one"
    assert (await model.query(prompt, Sampling(), {})).text == "two"


async def test_open_and_close_are_the_models_own(time) -> None:
    model = build([], time)
    assert model.name == "scripted"
    assert (await model.open()).context_window is None
    await model.close()
