"""Tests of the results: what stands in which denominator, and the table that people read."""

from hypothesis import given
from hypothesis import strategies as st

from trajectories.scores import Reason, Results, Score, Verdict, render, summarize

ABOUT = {"benchmark": "humanevalfix", "language": "python", "setting": "docstring"}


def score(
    number: int, reason: Reason, *, kind: str = "value misuse", sample: int = 0, detail: str = ""
) -> Score:
    return Score(
        instance_id=f"Python/{number}", sample=sample, verdict=reason.verdict, reason=reason, detail=detail,
        bug_type=kind, cpu_seconds=0.5, tokens=100 if number % 2 else None,
    )  # fmt: skip


MIXED = [
    score(0, Reason.PASSED),
    score(2, Reason.WRONG_ANSWER),
    score(10, Reason.CPU_LIMIT, kind="missing logic"),
    score(1, Reason.TOOLCHAIN_MISSING, detail="rustc"),
    score(3, Reason.NO_PREDICTION),
]


def test_a_failure_of_the_infrastructure_is_in_no_denominator() -> None:
    results = summarize(MIXED, **ABOUT)
    assert (results.total, results.resolved, results.unresolved, results.infrastructure) == (5, 1, 3, 1)
    (rate,) = results.rates
    assert (rate.name, rate.problems, rate.value, rate.interval) == ("pass@1", 4, 0.25, "wilson")
    assert {kind.name: (kind.problems, kind.value) for kind in results.bug_types} == {
        "missing logic": (1, 0.0),
        "value misuse": (3, 1 / 3),
    }


def test_the_table_shows_every_share_with_its_interval_and_what_has_no_verdict() -> None:
    assert render(summarize(MIXED, **ABOUT)) == (
        "humanevalfix python, setting docstring: 1 resolved, 3 unresolved, 1 without a verdict\n"
        "\n"
        "                 problems   share  95 % interval\n"
        "pass@1                  4  25.0 %    4.6 to 69.9\n"
        "  missing logic         1   0.0 %    0.0 to 79.3\n"
        "  value misuse          3  33.3 %    6.1 to 79.2\n"
        "\n"
        "reason             count\n"
        "passed                 1\n"
        "wrong answer           1\n"
        "cpu limit              1\n"
        "no prediction          1\n"
        "toolchain missing      1\n"
        "\n"
        "CPU time a prediction: 0.50 s on average, 0.50 s at most\n"
        "tokens a prediction: 100.0 on average, of 1 that say so\n"
        "\n"
        "Without a verdict, because of this machine, and so in no share above:\n"
        "  Python/1: toolchain missing (rustc)\n"
    )


def test_several_samples_give_pass_at_k_with_a_bootstrap_over_problems() -> None:
    right, wrong = Reason.PASSED, Reason.ERROR
    scores = [score(0, reason, sample=place) for place, reason in enumerate([right, wrong, wrong, wrong])]
    scores += [score(1, reason, sample=place) for place, reason in enumerate([right, right, wrong, wrong])]
    results = summarize(scores, **ABOUT)
    assert [(rate.name, rate.value, rate.interval) for rate in results.rates] == [
        ("pass@1", (0.25 + 0.5) / 2, "bootstrap"),
        ("pass@4", 1.0, "bootstrap"),
    ]
    assert summarize(scores, **ABOUT, seed=0) == results


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.sampled_from(Reason)), max_size=40))
def test_results_can_be_made_again_from_raw_lines_in_any_order(found: list[tuple[int, int, Reason]]) -> None:
    scores = [score(number, reason, sample=sample) for number, sample, reason in found]
    latest = list({(one.instance_id, one.sample): one for one in scores}.values())
    results = summarize(scores, **ABOUT)
    again = [Score.model_validate_json(one.model_dump_json()) for one in reversed(latest)]
    assert summarize(again, **ABOUT) == results
    assert Results.model_validate_json(results.model_dump_json()) == results
    assert results.resolved + results.unresolved + results.infrastructure == results.total == len(latest)
    assert sum(results.reasons.values()) == results.total
    assert sum(kind.problems for kind in results.bug_types) == results.rates[0].problems
    assert render(results).endswith("\n")


def test_each_reason_has_one_verdict() -> None:
    assert {reason for reason in Reason if reason.verdict is Verdict.RESOLVED} == {Reason.PASSED}
    assert {reason for reason in Reason if reason.verdict is Verdict.INFRASTRUCTURE} == {
        Reason.STARVED, Reason.SANDBOX_LOST, Reason.TOOLCHAIN_MISSING,
    }  # fmt: skip
