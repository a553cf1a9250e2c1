"""Budgets."""

from agent.budget import CostBudget, TimeBudget, TokenBudget, budgets
from trajectories.messages import Usage


def test_tokens_of_prompts_and_answers_together_are_limited() -> None:
    budget = TokenBudget(1000)
    assert budget.spent(Usage(prompt_tokens=900, completion_tokens=99)) == ""
    assert budget.spent(Usage(prompt_tokens=900, completion_tokens=100)) == (
        "The limit of 1,000 tokens is used up."
    )


def test_money_is_limited_and_an_unknown_price_counts_as_none() -> None:
    budget = CostBudget(0.5)
    assert budget.spent(Usage(cost=0.49)) == ""
    assert budget.spent(Usage(cost=0.5)) == "The limit of $0.50 is used up."
    assert budget.spent(Usage(cost=None)) == ""


def test_time_is_counted_from_the_budgets_making() -> None:
    now = [100.0]
    budget = TimeBudget(60, clock=lambda: now[0])
    now[0] = 159.9
    assert budget.spent(Usage()) == ""
    now[0] = 160.0
    assert budget.spent(Usage()) == "The limit of 60 seconds is used up."


def test_nothing_is_limited_by_zero() -> None:
    assert budgets(0, 0.0, 0.0) == []
    assert [type(budget) for budget in budgets(1, 1.0, 1.0)] == [TokenBudget, CostBudget, TimeBudget]


async def test_time_that_is_used_up_ends_the_whole_run(run, untested, do) -> None:
    done = await run(untested, [do("open", path="calc.py")], {"limits": {"seconds": 1e-9, "attempts": 3}})
    assert (done.result.exit_status, done.result.attempts) == (5, 1)
    assert not done.model.requests


async def test_what_one_attempt_used_counts_for_the_next(run, untested, do) -> None:
    from trajectories.messages import Answer  # noqa: PLC0415

    def answer(name: str) -> Answer:
        usage = Usage(calls=1, prompt_tokens=400)
        return Answer(text=do(name), usage=usage)

    settings = {"limits": {"tokens": 1000, "attempts": 3, "steps": 2}, "memory": {"reflections": 0}}
    done = await run(untested, [answer("submit")] * 9, settings)
    assert len(done.model.requests) == 3
    assert (done.result.attempts, done.result.exit_status) == (2, 5)
