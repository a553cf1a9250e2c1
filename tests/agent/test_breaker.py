"""The loop breaker."""

from aci.searching import SearchDir
from aci.testing import RunTests
from aci.viewing import Open
from agent.breaker import LoopBreaker

LOOK = Open(path="a.py")


def test_the_same_action_with_the_same_observation_is_counted() -> None:
    breaker = LoopBreaker()
    assert [breaker.count(LOOK, "x") for _ in range(4)] == [1, 2, 3, 4]
    assert [breaker.exhausted(count) for count in (1, 2, 3, 4)] == [False, False, False, True]


def test_other_arguments_other_commands_and_other_observations_are_no_repetition() -> None:
    breaker = LoopBreaker()
    assert breaker.count(LOOK, "x") == 1
    assert breaker.count(Open(path="b.py"), "x") == 1
    assert breaker.count(SearchDir(text="a.py"), "x") == 1
    assert breaker.count(LOOK, "y") == 1
    assert breaker.count(LOOK, "x") == 2


def test_a_repetition_is_seen_through_times_and_addresses() -> None:
    breaker = LoopBreaker()
    assert breaker.count(RunTests(), "1 failed in 0.12s at 0x7f00") == 1
    assert breaker.count(RunTests(), "1 failed in 3.40s at 0x7fff") == 2
    assert breaker.count(RunTests(), "2 failed in 3.40s at 0x7fff") == 1


def test_a_new_change_makes_looking_again_no_repetition() -> None:
    breaker = LoopBreaker()
    assert breaker.count(RunTests(), "1 failed") == 1
    assert breaker.count(LOOK, "edited", changed=True) == 1
    assert breaker.count(RunTests(), "1 failed") == 1


def test_the_same_change_over_and_over_is_a_repetition_and_so_is_looking_at_it() -> None:
    breaker = LoopBreaker()
    counts = [(breaker.count(LOOK, "edited", changed=True), breaker.count(RunTests(), "x")) for _ in range(3)]
    assert counts == [(1, 1), (2, 2), (3, 3)]


def test_the_warning_says_which_time_it_was() -> None:
    said = [LoopBreaker.warning(count) for count in (2, 3, 4, 5)]
    assert [
        "second time" in said[0],
        "third time" in said[1],
        "4th time" in said[2],
        "5th time" in said[3],
    ] == [True] * 4


def test_an_observation_of_broken_unicode_is_counted_all_the_same() -> None:
    breaker = LoopBreaker()
    assert [breaker.count(LOOK, "\udce9"), breaker.count(LOOK, "\udce9")] == [1, 2]
