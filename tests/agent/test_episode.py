"""Several attempts at one task: what the next one is told, and whose patch is handed back."""

import json

from agent.models.base import Capabilities
from agent.reflection import MAX_CHARACTERS, MAX_TOKENS
from trajectories.errors import ContextExhausted, ModelRejected
from trajectories.events import (
    AttemptEnded,
    AttemptStarted,
    Notice,
    ReflectionAdded,
    RunEnded,
    RunStarted,
    SandboxStarted,
    TestsReported,
)
from trajectories.reader import read_events, read_result

HAND = {"after_edit": False}


async def test_a_reflection_on_a_failed_attempt_reaches_the_next_ones_first_prompt(run, untested, do) -> None:
    give_up = [do("submit"), do("submit")]
    script = [*give_up, "Look at calc.add,\n  not at double.", *give_up]
    done = await run(untested, script, {"limits": {"attempts": 2}})
    question = done.model.requests[2].messages
    assert (
        "This attempt ended without resolving the issue. The agent submitted its patch."
        in question[-1].content
    )
    assert question[: len(done.model.requests[1].messages)] == done.model.requests[1].messages
    (reflection,) = done.of(ReflectionAdded)
    assert reflection.text == "Look at calc.add, not at double."
    first, second = done.model.requests[0].messages, done.model.requests[3].messages
    assert "Earlier attempts failed" not in first[1].content
    assert (
        "Earlier attempts failed. What was learned from them:\n- Look at calc.add, not" in second[1].content
    )
    assert second[0] == first[0]
    assert len(second) == 2


async def test_a_reflection_is_bounded_in_what_it_may_write_and_in_what_is_kept(run, untested, do) -> None:
    give_up = [do("submit"), do("submit")]
    done = await run(untested, [*give_up, "word " * 1000, *give_up], {"limits": {"attempts": 2}})
    assert done.model.requests[2].sampling.max_tokens == MAX_TOKENS
    assert len(done.of(ReflectionAdded)[0].text) <= MAX_CHARACTERS


async def test_only_the_newest_reflections_are_told(run, untested, do) -> None:
    give_up = [do("submit"), do("submit")]
    script = [*give_up, "First.", *give_up, "Second.", *give_up, "Third.", *give_up]
    done = await run(untested, script, {"limits": {"attempts": 4}, "memory": {"reflections": 2}})
    told = done.model.requests[9].messages[1].content
    assert "- Second.\n- Third.\n" in told
    assert "First." not in told
    assert len(done.of(ReflectionAdded)) == 3


async def test_without_memory_the_next_attempt_is_told_nothing(run, untested, do) -> None:
    settings = {"limits": {"attempts": 2}, "memory": {"reflections": 0}}
    done = await run(untested, [do("submit")] * 4, settings)
    assert len(done.model.requests) == 4
    assert done.model.requests[2].messages == done.model.requests[0].messages


async def test_an_empty_reflection_is_said_and_left_out(run, untested, do) -> None:
    give_up = [do("submit"), do("submit")]
    done = await run(untested, [*give_up, "  ", *give_up], {"limits": {"attempts": 2}})
    assert any("nothing to say" in notice.text for notice in done.of(Notice))
    assert "Earlier attempts" not in done.model.requests[3].messages[1].content


async def test_each_attempt_starts_from_a_clean_sandbox_and_draws_more_freely(run, broken, do, fix) -> None:
    spoil = do("bash", command="echo 'x = (' > calc.py; echo > left.txt")
    done = await run(
        broken,
        [spoil, do("submit"), "It was spoilt.", do("bash", command="ls"), fix],
        {"limits": {"attempts": 2}, "model": {"seed": 7}},
    )
    assert [(event.temperature, event.seed) for event in done.of(AttemptStarted)] == [(0.0, 7), (0.3, 8)]
    assert done.result.status == "resolved"
    assert (done.result.attempt, done.result.attempts) == (2, 2)
    assert "left.txt" not in done.result.patch
    assert [event.reward for event in done.of(AttemptEnded)] == [0.0, 1.0]
    # Two attempts and two judgements; the tests before any change are run once.
    assert [event.origin for event in done.of(TestsReported)].count("base") == 1
    assert len(done.of(SandboxStarted)) == 2


async def test_a_resolved_attempt_is_the_last(run, broken, fix) -> None:
    done = await run(broken, [fix], {"limits": {"attempts": 3}})
    assert (done.result.attempts, done.result.attempt) == (1, 1)


async def test_the_patch_with_the_better_evidence_is_handed_back_whatever_its_place(run, broken, do) -> None:
    nothing = do("edit", path="calc.py", search="a - b", replace="a * b")
    half = do("edit", path="calc.py", search="a - b", replace="a + b if a < 9 else 0")
    harmful = do("bash", command="sed -i 's/a - b/a + b/; s/a \\* 2/a/' calc.py")
    submit = do("submit")
    done = await run(
        broken,
        [nothing, submit, half, submit, harmful, submit],
        {"limits": {"attempts": 3}, "memory": {"reflections": 0}, "tests": HAND},
    )
    assert [event.reward for event in done.of(AttemptEnded)] == [0.0, 0.5, 0.0]
    assert (done.result.status, done.result.attempt) == ("unresolved", 2)
    assert "a + b if a < 9" in done.result.patch
    assert not done.result.evidence.broken


async def test_of_equal_evidence_the_earlier_patch_is_handed_back(run, broken, do) -> None:
    one = do("edit", path="calc.py", search="a - b", replace="a * b")
    two = do("edit", path="calc.py", search="a - b", replace="b - a")
    done = await run(
        broken,
        [one, do("submit"), two, do("submit")],
        {"limits": {"attempts": 2}, "memory": {"reflections": 0}, "tests": HAND},
    )
    assert done.result.attempt == 1
    assert "+    return a * b" in done.result.patch


async def test_a_patch_is_handed_back_rather_than_none(run, broken, do) -> None:
    edit = do("edit", path="calc.py", search="a - b", replace="a * b")
    done = await run(
        broken,
        [do("submit"), do("submit"), edit, do("submit")],
        {"limits": {"attempts": 2}, "memory": {"reflections": 0}, "tests": HAND},
    )
    assert done.result.attempt == 2


async def test_a_model_that_fails_in_a_later_attempt_leaves_the_best_patch_so_far(run, broken, do) -> None:
    half = do("edit", path="calc.py", search="a - b", replace="a + b if a < 9 else 0")
    done = await run(
        broken,
        [half, do("submit"), ModelRejected("The key was taken away.")],
        {"limits": {"attempts": 3}, "memory": {"reflections": 0}, "tests": HAND},
    )
    assert (done.result.status, done.result.exit_status) == ("failed", 4)
    assert "a + b if a < 9" in done.result.patch
    assert done.result.attempt == 1


async def test_a_model_that_fails_to_reflect_leaves_the_patch(run, broken, do) -> None:
    half = do("edit", path="calc.py", search="a - b", replace="a + b if a < 9 else 0")
    done = await run(
        broken, [half, do("submit"), ModelRejected("Gone.")], {"limits": {"attempts": 2}, "tests": HAND}
    )
    assert done.result.exit_status == 4
    assert "a + b if a < 9" in done.result.patch


async def test_a_conversation_that_no_longer_fits_ends_its_attempt_and_not_the_run(
    run, broken, do, fix
) -> None:
    full = ContextExhausted("The prompt is too long.")
    done = await run(broken, [do("open", path="calc.py"), full, full, fix], {"limits": {"attempts": 2}})
    assert any("no room to reflect" in notice.text for notice in done.of(Notice))
    assert (done.result.status, done.result.attempt) == ("resolved", 2)


async def test_a_small_model_is_told_what_was_taken_back_instead_of_its_own_words(run, broken) -> None:
    place = {
        "thought": "",
        "action": {"command": "rewrite", "arguments": {"path": "calc.py", "symbol": "add"}},
    }
    wrong, right = ("```\ndef add(a, b):\n    return a " + sign + " b\n```" for sign in "*+")
    script = [json.dumps(place), wrong, json.dumps(place), right]
    done = await run(
        broken,
        script,
        {"limits": {"attempts": 2, "steps": 1}},
        capabilities=Capabilities(json_schema=True),
    )
    (told,) = done.of(ReflectionAdded)
    assert told.text == "Taken back, because no failing test passed with it: add rewritten."
    assert told.text in done.model.requests[2].messages[1].content
    assert done.result.status == "resolved"
    # Every second attempt sees the body.
    assert "return a - b" not in done.model.requests[0].messages[1].content
    assert "return a - b" in done.model.requests[2].messages[1].content


async def test_events_on_disk_are_the_ones_that_observers_saw_and_end_with_the_result(
    run, broken, fix
) -> None:
    done = await run(broken, [fix])
    written = list(read_events(done.folder))
    assert written == done.events
    assert [event.sequence for event in written] == list(range(len(written)))
    assert isinstance(written[0], RunStarted)
    assert isinstance(written[-1], RunEnded)
    assert read_result(done.folder) == done.result
    assert (done.folder / "patch.diff").read_text() == done.result.patch


async def test_a_patch_of_bytes_that_are_not_utf8_comes_back_byte_for_byte(run, broken, do) -> None:
    broken["calc.py"] = b"# caf\xe9\n" + broken["calc.py"].encode()
    broken["calc.py"] = b"# -*- coding: latin-1 -*-\n" + broken["calc.py"]
    done = await run(broken, [do("bash", command="LC_ALL=C sed -i 's/a - b/a + b/' calc.py"), do("submit")])
    assert done.result.status == "resolved"
    assert b" # caf\xe9\n" in (done.folder / "patch.diff").read_bytes()
