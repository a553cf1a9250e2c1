"""The loop of one attempt, over a real sandbox and with a scripted model."""

import json
from itertools import pairwise

import pytest

from agent.loop import MAX_MALFORMED_IN_A_ROW
from agent.models.base import Capabilities
from trajectories.errors import ModelRejected, ModelUnavailable
from trajectories.events import (
    ActionFinished,
    ActionStarted,
    AnswerMalformed,
    AttemptEnded,
    ModelAnswered,
    ModelFailed,
    PromptCompacted,
    PromptExtended,
    SandboxStarted,
    TestsReported,
)
from trajectories.messages import Answer, Usage

HAND = {"tests": {"after_edit": False}}


async def test_an_answer_without_an_action_is_corrected_and_counted(run, broken, do, fix) -> None:
    done = await run(broken, ["I would rather talk.", fix])
    assert done.result.malformed == 1
    (fault,) = done.of(AnswerMalformed)
    assert "no fenced block" in fault.sentence
    second = done.model.requests[1].messages
    assert second[-2].content == "I would rather talk."
    assert second[-1].content == fault.sentence
    assert done.result.status == "resolved"


async def test_an_answer_that_was_cut_off_is_told_the_limit(run, untested, fix) -> None:
    cut = Answer(text="I think and think", finish_reason="length")
    done = await run(untested, [cut, fix], {"model": {"max_tokens": 77}, "limits": {"steps": 1}})
    assert "cut off at 77 tokens" in done.of(AnswerMalformed)[0].sentence


async def test_four_malformed_answers_in_a_row_end_the_attempt(run, untested) -> None:
    done = await run(untested, ["no"] * 10)
    assert MAX_MALFORMED_IN_A_ROW == 4
    assert len(done.model.requests) == done.result.malformed == 4
    assert done.of(AttemptEnded)[0].reason == "4 answers in a row held no valid action."
    assert done.result.exit_status == 1


async def test_a_good_answer_starts_the_count_of_malformed_ones_anew(run, untested, do) -> None:
    done = await run(
        untested,
        ["no", "no", "no", do("open", path="calc.py"), "no", "no", "no", do("submit")] * 2,
        {"limits": {"steps": 9}},
    )
    assert done.result.malformed == 7
    assert done.of(AttemptEnded)[0].reason == "The limit of 9 steps is used up."


async def test_the_same_action_with_the_same_result_is_warned_of_and_then_ends_the_attempt(
    run, untested, do
) -> None:
    look = do("open", path="calc.py")
    done = await run(untested, [look] * 9)
    seen = [event.observation for event in done.of(ActionFinished)]
    assert len(seen) == 4
    assert "exactly this before" not in seen[0]
    assert "a second time" in seen[1]
    assert "a third time" in seen[2]
    assert "repeated the same action 4 times" in done.of(AttemptEnded)[0].reason
    assert done.result.status == "unresolved"


async def test_a_repetition_makes_the_next_answer_freer_and_a_new_action_cools_it_down(
    run, untested, do
) -> None:
    look = do("open", path="calc.py")
    other = do("search_dir", text="add")
    done = await run(untested, [look, look, look, other, do("submit"), do("submit")])
    assert [request.sampling.temperature for request in done.model.requests] == [0, 0, 0.4, 0.8, 0, 0]


async def test_looking_again_after_each_edit_is_no_repetition(run, untested, do) -> None:
    edits = [
        do("edit", path="calc.py", search=f"a - b{'' if n == 0 else f' - {n}'}", replace=f"a - b - {n + 1}")
        for n in range(5)
    ]
    look = do("bash", command="python3 --version")
    script = [step for edit in edits for step in (edit, look)]
    done = await run(untested, script, {**HAND, "limits": {"steps": 10}})
    assert "steps" in done.of(AttemptEnded)[0].reason
    assert not any("exactly this" in event.observation for event in done.of(ActionFinished))


async def test_an_edit_and_its_undo_over_and_over_is_a_repetition(run, untested, do, fix) -> None:
    wrong = do("edit", path="calc.py", search="a - b", replace="a * b")
    done = await run(untested, [wrong, do("undo")] * 9, HAND)
    assert "repeated the same action" in done.of(AttemptEnded)[0].reason


async def test_each_request_extends_the_prompt_of_the_one_before(run, untested, do, fix) -> None:
    done = await run(untested, [do("open", path="calc.py"), "no", do("run_tests"), fix, do("submit")])
    prompts = [request.messages for request in done.model.requests]
    assert len(prompts) == 5
    for earlier, later in pairwise(prompts):
        assert later[: len(earlier)] == earlier
        assert len(later) == len(earlier) + 2
    recorded = [message for event in done.of(PromptExtended) for message in event.messages]
    assert tuple(recorded[: len(prompts[-1])]) == prompts[-1]
    assert not done.of(PromptCompacted)


async def test_the_first_prompt_holds_the_issue_the_files_the_failing_tests_and_the_suspects(
    run, broken, fix
) -> None:
    done = await run(broken, [fix])
    system, statement = done.model.requests[0].messages
    assert (system.role, statement.role) == ("system", "user")
    assert "`rewrite`" in system.content
    for part in ("Sums are wrong.", "calc.py\n", "2 failed, 1 passed", "calc.py:1 add", "returned -1"):
        assert part in statement.content


async def test_tests_after_an_edit_end_the_attempt_as_soon_as_they_are_green(run, broken, fix, do) -> None:
    done = await run(broken, [fix, do("submit")])
    assert len(done.model.requests) == 1
    (ended,) = done.of(AttemptEnded)
    assert ended.reason == "The tests that failed pass now, and none that passed is broken."
    assert ended.reward == 1.0
    assert "Fixed: " in done.of(ActionFinished)[0].observation
    assert [event.origin for event in done.of(TestsReported)] == ["base", "action", "final"]
    assert done.result.exit_status == 0


async def test_an_edit_that_mends_one_test_and_breaks_another_does_not_end_the_attempt(
    run, broken, do
) -> None:
    both = do("edit", path="calc.py", search="return a - b", replace="return a + b if a < 50 else 0")
    spoil = do("edit", path="calc.py", search="return a * 2", replace="return a")
    done = await run(broken, [spoil, both, do("submit")])
    first, second, _ = done.of(ActionFinished)
    assert "Tests after this change:" in first.observation
    assert "Broken by the changes: " in second.observation
    assert done.result.status == "unresolved"
    (lost,) = done.result.evidence.broken
    assert lost.endswith("test_double")


async def test_without_after_edit_no_test_runs_until_the_patch_is_judged(run, broken, fix, do) -> None:
    done = await run(broken, [fix, do("submit")], HAND)
    assert [event.origin for event in done.of(TestsReported)] == ["base", "final"]
    assert done.of(AttemptEnded)[0].reason == "The agent submitted its patch."
    assert done.result.status == "resolved"


async def test_an_edit_that_helps_no_test_is_taken_back_where_only_helpful_ones_are_kept(
    run, broken, do, fix
) -> None:
    useless = do("edit", path="calc.py", search="return a - b", replace="return a * b")
    done = await run(broken, [useless, fix], {"tests": {"keep_edits": "helpful"}})
    first, second = done.of(ActionFinished)
    assert "the change was taken back" in first.observation
    # The second edit finds the text that the first one replaced.
    assert not second.failed
    assert done.result.status == "resolved"


async def test_every_edit_is_kept_by_default_from_a_model_that_is_not_small(run, broken, do) -> None:
    useless = do("edit", path="calc.py", search="return a - b", replace="return a * b")
    done = await run(broken, [useless, do("submit")])
    assert "taken back" not in done.of(ActionFinished)[0].observation
    assert "+    return a * b" in done.result.patch


async def test_a_small_model_is_asked_for_the_text_in_a_message_of_its_own(run, broken) -> None:
    place = {
        "thought": "It subtracts.",
        "action": {"command": "rewrite", "arguments": {"path": "calc.py", "symbol": "add"}},
    }
    body = "```python\ndef add(a, b):\n    return a + b\n```"
    done = await run(broken, [json.dumps(place), body], capabilities=Capabilities(json_schema=True))
    first, second = done.model.requests
    assert "response_format" in first.request
    assert second.request == {}
    assert second.messages[-1].content.startswith("Write the text for this `rewrite`")
    assert second.messages[: len(first.messages)] == first.messages
    (action,) = done.of(ActionStarted)
    assert action.arguments["content"] == "def add(a, b):\n    return a + b\n"
    assert done.result.status == "resolved"
    # The body at fault is not shown to a model that would copy it.
    assert "return a - b" not in first.messages[1].content


async def test_a_limit_of_steps_ends_the_attempt_with_its_own_status(run, untested, do) -> None:
    done = await run(
        untested, [do("open", path="calc.py"), do("search_dir", text="add")] * 2, {"limits": {"steps": 2}}
    )
    assert (done.result.status, done.result.exit_status) == ("limit", 5)
    assert done.result.reason == "The limit of 2 steps is used up."


async def test_a_limit_of_tokens_ends_the_whole_run(run, untested, do) -> None:
    costly = Answer(
        text=do("open", path="calc.py"), usage=Usage(calls=1, prompt_tokens=900, completion_tokens=100)
    )
    done = await run(untested, [costly] * 9, {"limits": {"tokens": 1000, "attempts": 3}})
    assert len(done.model.requests) == 1
    assert (done.result.exit_status, done.result.attempts) == (5, 1)
    assert "1,000 tokens" in done.result.reason


async def test_a_limit_of_money_ends_the_whole_run(run, untested, do) -> None:
    costly = Answer(text=do("open", path="calc.py"), usage=Usage(calls=1, prompt_tokens=1, cost=0.3))
    other = costly.model_copy(update={"text": do("search_dir", text="add")})
    done = await run(untested, [costly, other, costly], {"limits": {"cost": 0.5}})
    assert len(done.model.requests) == 2
    assert done.result.exit_status == 5
    assert done.result.usage.cost == pytest.approx(0.6)


async def test_a_model_that_fails_leaves_the_patch_so_far(run, broken, fix, do) -> None:
    done = await run(broken, [fix, ModelRejected("The key is wrong.")], {**HAND, "limits": {"attempts": 3}})
    assert "+    return a + b" in done.result.patch
    # What the patch is worth is found out all the same.
    assert done.result.status == "resolved"
    assert (done.folder / "patch.diff").read_text() == done.result.patch


async def test_a_model_that_fails_before_anything_is_mended_fails_the_run(run, broken, do) -> None:
    half = do("edit", path="calc.py", search="return a - b", replace="return a * b")
    done = await run(broken, [half, ModelUnavailable("Nobody answers.")], {"limits": {"attempts": 3}})
    assert (done.result.status, done.result.exit_status) == ("failed", 4)
    assert done.result.reason == "Nobody answers."
    assert "+    return a * b" in done.result.patch
    (failed,) = done.of(ModelFailed)
    assert failed.retry_in is None
    assert done.result.usage.failed_calls == 1


async def test_every_answer_is_recorded_with_a_hash_of_its_request(run, untested, do, fix) -> None:
    done = await run(untested, [do("open", path="calc.py"), fix, do("submit")])
    answers = done.of(ModelAnswered)
    assert len({answer.request_hash for answer in answers}) == len(answers) == 3
    assert [answer.usage.calls for answer in answers] == [1, 1, 1]


async def test_a_sandbox_that_is_lost_in_a_step_leaves_the_patch_so_far(
    run, broken, do, fix, base_image, engine
) -> None:
    names: list[str] = []

    def kill(_: object) -> str:
        (container,) = engine.containers.list(filters={"label": f"patchwright.run={names[0]}"})
        container.kill()
        return do("open", path="calc.py")

    def watch(event: object) -> None:
        if isinstance(event, SandboxStarted):
            assert event.sandbox == "docker"
        if run_id := getattr(event, "run_id", ""):
            names.append(run_id)

    done = await run(
        broken,
        [fix, kill],
        {**HAND, "sandbox": {"kind": "docker"}},
        observer=watch,
    )
    assert "+    return a + b" in done.result.patch
    assert done.result.status == "resolved"
    assert not engine.containers.list(all=True, filters={"label": f"patchwright.run={names[0]}"})
