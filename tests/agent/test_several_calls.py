"""Several tool calls in one answer: in order, each recorded and answered, none on ground that moved."""

import json
from typing import Any

import pytest

from agent.loop import MAX_MALFORMED_IN_A_ROW
from agent.models.base import Capabilities
from trajectories.events import ActionFinished, ActionStarted, AnswerMalformed, AttemptEnded, PromptExtended
from trajectories.messages import Answer, Message, ToolCall

TOOLS = Capabilities(tool_calls=True)
HAND = {"tests": {"after_edit": False}}
OPEN = ("open", {"path": "calc.py"})
FIND = ("find_file", {"pattern": "*.py"})
MISSING = ("open", {"path": "gone.py"})
WRONG = ("edit", {"path": "calc.py", "search": "nowhere", "replace": "x"})
FIX = ("edit", {"path": "calc.py", "search": "return a - b", "replace": "return a + b"})
USELESS = ("edit", {"path": "calc.py", "search": "return a - b", "replace": "return a * b"})
LINES = ("edit_lines", {"path": "calc.py", "first": 6, "last": 6, "content": "    return 2 * a"})
SUBMIT = ("submit", {})


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "So.") -> Answer:
    made = [
        ToolCall(id=f"id{n}", name=name, arguments=json.dumps(given))
        for n, (name, given) in enumerate(wanted)
    ]
    return Answer(text=text, tool_calls=tuple(made), finish_reason="tool_calls")


def answers_of(messages: tuple[Message, ...]) -> list[str]:
    """Return what the calls of the last answer were told, after checking that each was told something."""
    at = max(number for number, message in enumerate(messages) if message.role == "assistant")
    told = messages[at + 1 :]
    assert [message.tool_call_id for message in told] == [call.id for call in messages[at].tool_calls]
    assert all(message.role == "tool" for message in told)
    return [message.content for message in told]


async def test_several_calls_are_run_in_order_and_each_is_recorded_and_answered(run, untested) -> None:
    done = await run(untested, [calls(OPEN, FIND), calls(FIX, SUBMIT)], HAND, capabilities=TOOLS)
    kinds = [event for event in done.events if isinstance(event, ActionStarted | ActionFinished)]
    assert [(type(event).__name__, event.step) for event in kinds] == [
        (kind, step) for step in (1, 2, 3, 4) for kind in ("ActionStarted", "ActionFinished")
    ]
    assert [event.command for event in done.of(ActionStarted)] == ["open", "find_file", "edit", "submit"]
    assert [event.thought for event in done.of(ActionStarted)] == ["So.", "", "So.", ""]
    told = answers_of(done.model.requests[1].messages)
    assert told == [event.observation for event in done.of(ActionFinished)[:2]]
    assert done.of(AttemptEnded)[0].reason == "The agent submitted its patch."
    assert "+    return a + b" in done.result.patch


async def test_each_observation_joins_the_log_before_the_next_action_starts(run, untested) -> None:
    done = await run(untested, [calls(OPEN, FIND, SUBMIT), calls(SUBMIT)], HAND, capabilities=TOOLS)
    said = [
        "started" if isinstance(event, ActionStarted) else "told"
        for event in done.events
        if isinstance(event, ActionStarted)
        or (isinstance(event, PromptExtended) and event.messages[-1].role == "tool")
    ]
    assert said[:4] == ["started", "told", "started", "told"]


async def test_after_a_refused_edit_the_rest_of_the_calls_is_not_run(run, untested) -> None:
    done = await run(
        untested, [calls(WRONG, OPEN, SUBMIT), calls(SUBMIT), calls(SUBMIT)], HAND, capabilities=TOOLS
    )
    refused, *rest = answers_of(done.model.requests[1].messages)
    assert "Edit refused" in refused
    assert rest == ["Not run, because the `edit` before it failed or was taken back."] * 2
    assert [event.command for event in done.of(ActionStarted)][:2] == ["edit", "submit"]


async def test_after_an_edit_that_was_taken_back_the_rest_is_not_run(run, broken) -> None:
    script = [calls(USELESS, SUBMIT), calls(FIX)]
    settings = {"tests": {"after_edit": True, "keep_edits": "helpful"}}
    done = await run(broken, script, settings, capabilities=TOOLS)
    taken, rest = answers_of(done.model.requests[1].messages)
    assert "was taken back" in taken
    assert rest == "Not run, because the `edit` before it failed or was taken back."
    assert done.result.status == "resolved"


async def test_a_look_that_failed_stops_no_other(run, untested) -> None:
    done = await run(untested, [calls(MISSING, OPEN), calls(FIX, SUBMIT)], HAND, capabilities=TOOLS)
    assert [event.failed for event in done.of(ActionFinished)][:2] == [True, False]


async def test_line_numbers_from_before_a_change_of_the_file_are_not_used(run, untested) -> None:
    done = await run(untested, [calls(FIX, OPEN, LINES), calls(SUBMIT)], HAND, capabilities=TOOLS)
    told = answers_of(done.model.requests[1].messages)
    assert told[2] == (
        "Not run, because the lines of calc.py have other numbers since the change before it; "
        "look at them first."
    )
    assert "return 2 * a" not in done.result.patch


async def test_what_follows_the_end_of_an_attempt_is_not_run_but_answered(run, broken) -> None:
    done = await run(broken, [calls(FIX, WRONG, SUBMIT)], capabilities=TOOLS)
    assert [event.command for event in done.of(ActionStarted)] == ["edit"]
    messages = tuple(message for event in done.of(PromptExtended) for message in event.messages)
    assert answers_of(messages)[1:] == ["Not run, because the attempt ended before it."] * 2
    assert done.result.status == "resolved"


async def test_calls_beyond_the_limit_of_steps_are_not_run(run, untested) -> None:
    done = await run(
        untested, [calls(OPEN, FIND, SUBMIT)], {**HAND, "limits": {"steps": 2}}, capabilities=TOOLS
    )
    assert [event.command for event in done.of(ActionStarted)] == ["open", "find_file"]
    messages = tuple(message for event in done.of(PromptExtended) for message in event.messages)
    assert answers_of(messages)[2] == "Not run, because the limit of 2 steps is used up."


async def test_one_malformed_call_stops_all_of_its_answer(run, untested) -> None:
    done = await run(
        untested,
        [calls(FIX, ("edit", {"path": "calc.py"})), calls(SUBMIT), calls(SUBMIT)],
        HAND,
        capabilities=TOOLS,
    )
    assert done.result.patch == ""
    assert done.result.malformed == 1
    first, second = answers_of(done.model.requests[1].messages)
    assert first == "Not run, because another tool call of this answer was malformed."
    assert second == done.of(AnswerMalformed)[0].sentence


async def test_the_text_of_an_action_is_held_in_its_form_where_the_server_takes_a_grammar(
    run, broken
) -> None:
    place = {"command": "rewrite", "arguments": {"path": "calc.py", "symbol": "add"}}
    script = [json.dumps({"thought": "", "action": place}), "```\ndef add(a, b):\n    return a + b\n```"]
    done = await run(broken, script, capabilities=Capabilities(json_schema=True, grammar=True))
    first, second = (request.request for request in done.model.requests)
    assert set(first) == {"response_format"}
    assert set(second) == {"grammar"}
    assert done.result.status == "resolved"


@pytest.mark.parametrize("capabilities", [Capabilities(), TOOLS, Capabilities(json_schema=True)])
async def test_a_malformed_answer_that_is_repeated_is_told_otherwise_each_time(
    run, untested, capabilities
) -> None:
    done = await run(untested, ["I can't."] * MAX_MALFORMED_IN_A_ROW, capabilities=capabilities)
    first, *again = [event.sentence for event in done.of(AnswerMalformed)]
    assert len({first, *again}) == MAX_MALFORMED_IN_A_ROW
    assert "exactly this answer" not in first
    for sentence in again:
        assert sentence.startswith("You gave exactly this answer ")
        assert first in sentence
        assert "This is valid:" in sentence
    # Who always takes the likeliest word is made to take another.
    assert [request.sampling.temperature for request in done.model.requests] == [0, 0, 0.4, 0.8]
