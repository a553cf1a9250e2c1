"""Tests of the estimates: against counting by hand, and for what must hold whatever the counts are."""

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajectories.estimates import bootstrap, pass_at_k, wilson

counts = st.integers(1, 2000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize("samples", range(1, 8))
def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_sample(samples: int) -> None:
    for solved in range(samples + 1):
        right = [True] * solved + [False] * (samples - solved)
        for k in range(1, samples + 1):
            draws = [any(draw) for draw in combinations(right, k)]
            assert pass_at_k(samples, solved, k) == pytest.approx(fmean(draws))


@given(counts)
def test_pass_at_1_is_the_share(count: tuple[int, int]) -> None:
    solved, total = count
    assert pass_at_k(total, solved, 1) == pytest.approx(solved / total)


@given(counts, st.data())
def test_pass_at_k_grows_with_k(count: tuple[int, int], data: st.DataObject) -> None:
    solved, total = count
    k = data.draw(st.integers(1, total))
    assert 0 <= pass_at_k(total, solved, 1) <= pass_at_k(total, solved, k) + 1e-12 <= 1 + 1e-9


@pytest.mark.parametrize(("samples", "solved", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0), (0, 0, 1)])
def test_counts_that_contradict_each_other_are_refused(samples: int, solved: int, k: int) -> None:
    with pytest.raises(ValueError, match="that can't be"):
        pass_at_k(samples, solved, k)


@given(counts, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_wilson_holds_the_share_and_stays_between_0_and_1(count: tuple[int, int], confidence: float) -> None:
    solved, total = count
    low, high = wilson(solved, total, confidence)
    assert 0 <= low <= solved / total <= high <= 1
    assert low < high


@given(counts)
def test_wilson_of_the_unsolved_mirrors_that_of_the_solved(count: tuple[int, int]) -> None:
    solved, total = count
    one, other = wilson(solved, total), wilson(total - solved, total)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)
    assert one.high == pytest.approx(1 - other.low, abs=1e-12)


@given(counts)
def test_wilson_narrows_with_more_confidence_given_up_and_more_problems(count: tuple[int, int]) -> None:
    solved, total = count
    sure, plain = wilson(solved, total, 0.99), wilson(solved, total, 0.8)
    more = wilson(solved * 10, total * 10, 0.99)
    assert sure.low <= plain.low
    assert plain.high <= sure.high
    assert more.high - more.low < sure.high - sure.low


@pytest.mark.parametrize(("solved", "total"), [(62, 164), (1, 10), (54, 55)])
def test_at_the_ends_of_wilson_the_share_is_just_as_far_off_as_allowed(solved: int, total: int) -> None:
    share = solved / total
    for end in wilson(solved, total):
        assert abs(share - end) == pytest.approx(1.959964 * (end * (1 - end) / total) ** 0.5, rel=1e-5)


def test_of_no_problem_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 9))
def test_a_bootstrap_stays_between_the_least_and_the_most(values: list[float], seed: int) -> None:
    low, high = bootstrap(values, seed=seed, rounds=50)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_a_bootstrap_is_the_same_for_the_same_seed_and_near_wilson() -> None:
    values = [1.0] * 62 + [0.0] * 102
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
    assert bootstrap(values, seed=3) != bootstrap(values, seed=4)
    assert bootstrap(values) == pytest.approx(wilson(62, 164), abs=0.02)


def test_a_bootstrap_of_nothing_and_a_confidence_of_1_are_refused() -> None:
    with pytest.raises(ValueError, match="no problems"):
        bootstrap([])
    with pytest.raises(ValueError, match="not between 0 and 1"):
        wilson(1, 2, 1.0)
