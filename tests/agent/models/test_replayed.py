"""`ReplayedModel` and the hash that finds a recorded answer again."""

import pytest

from agent.models.base import Sampling
from agent.models.replayed import ReplayedModel
from agent.models.request import request_hash
from trajectories.errors import ModelRejected, UsageError
from trajectories.events import (
    EVENT,
    AttemptStarted,
    ModelAnswered,
    PromptCompacted,
    PromptExtended,
    RunStarted,
)
from trajectories.messages import Message, ToolCall, Usage


def answered(messages, text: str, *, sampling: Sampling | None = None, request=None, **more) -> ModelAnswered:
    return ModelAnswered(
        request_hash=request_hash(messages, sampling or Sampling(), request or {}),
        model="recorded",
        text=text,
        finish_reason=more.pop("finish_reason", "stop"),
        usage=Usage(calls=1, prompt_tokens=9),
        seconds=1.0,
        **more,
    )


def started(**more) -> RunStarted:
    return RunStarted(
        run_id="r",
        task_id="t",
        statement="s",
        repository="/r",
        base_commit="0",
        versions={},
        **{"config": {}} | more,
    )


def test_the_hash_depends_on_everything_that_an_answer_depends_on(prompt) -> None:
    same = request_hash(prompt, Sampling(), {"tools": [{"b": 1, "a": 2}]})
    assert same == request_hash(list(prompt), Sampling(), {"tools": [{"a": 2, "b": 1}]})
    others = [
        request_hash(prompt[:1], Sampling(), {"tools": [{"b": 1, "a": 2}]}),
        request_hash(prompt, Sampling(seed=1), {"tools": [{"b": 1, "a": 2}]}),
        request_hash(prompt, Sampling(), {"tools": []}),
    ]
    assert len({same, *others}) == 4


def test_any_text_has_a_hash() -> None:
    assert len(request_hash([Message(role="user", content="\ud800\x00é")], Sampling(), {})) == 64


async def test_an_answer_comes_back_as_it_was_recorded(prompt) -> None:
    call = ToolCall(id="1", name="open", arguments="{}")
    model = ReplayedModel([answered(prompt, "yes", tool_calls=(call,), finish_reason="tool_calls")])
    answer = await model.query(prompt, Sampling(), {})
    assert (answer.text, answer.tool_calls, answer.finish_reason) == ("yes", (call,), "tool_calls")
    assert (answer.usage.prompt_tokens, answer.model) == (9, "recorded")


async def test_a_request_recorded_twice_is_answered_in_order_and_no_third_time(prompt) -> None:
    model = ReplayedModel([answered(prompt, "one"), answered(prompt, "two")])
    assert (await model.query(prompt, Sampling(), {})).text == "one"
    assert (await model.query(prompt, Sampling(), {})).text == "two"
    with pytest.raises(ModelRejected, match="more often than the run recorded it"):
        await model.query(prompt, Sampling(), {})


async def test_a_request_that_differs_names_the_first_message_that_does(prompt) -> None:
    model = ReplayedModel([PromptExtended(messages=tuple(prompt)), answered(prompt, "yes")])
    changed = [prompt[0], Message(role="user", content="The sum is right.")]
    with pytest.raises(
        ModelRejected, match=r"call 1 .* message 2 \(user\) at character 11: 'right.' instead of 'wrong"
    ):
        await model.query(changed, Sampling(), {})


async def test_the_recorded_prompt_is_followed_through_compaction_and_attempts(prompt) -> None:
    long = [*prompt, Message(role="assistant", content="a"), Message(role="user", content="b")]
    short = [prompt[0], Message(role="user", content="elided"), long[3]]
    model = ReplayedModel(
        [
            AttemptStarted(attempt=1, temperature=0, seed=None),
            PromptExtended(messages=tuple(long)),
            answered(long, "one"),
            PromptCompacted(start=1, elided=2, replacement=(short[1],)),
            answered(short, "two"),
            AttemptStarted(attempt=2, temperature=0, seed=None),
            PromptExtended(messages=tuple(prompt)),
            answered(prompt, "three"),
        ]
    )
    assert (await model.query(long, Sampling(), {})).text == "one"
    with pytest.raises(ModelRejected, match=r"call 2 .* message 2 \(user\) at character 0: 'other'"):
        await model.query([short[0], Message(role="user", content="other"), short[2]], Sampling(), {})
    assert (await model.query(short, Sampling(), {})).text == "two"
    with pytest.raises(ModelRejected, match="call 3 has 1 messages where the record has 2"):
        await model.query(prompt[:1], Sampling(), {})
    with pytest.raises(ModelRejected, match="another sampling"):
        await model.query(prompt, Sampling(temperature=0.9), {})
    assert (await model.query(prompt, Sampling(), {})).text == "three"
    with pytest.raises(ModelRejected, match="recorded 3 calls and this is one more"):
        await model.query(long[:1], Sampling(), {})


async def test_a_run_is_read_from_its_folder_or_file_even_with_a_torn_last_line(tmp_path, prompt) -> None:
    lines = [EVENT.dump_json(event).decode() for event in (started(), answered(prompt, "yes"))]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines) + '\n{"kind": "model_answ', encoding="utf-8")
    for path in (tmp_path, file):
        model = ReplayedModel.from_file(path)
        assert (await model.query(prompt, Sampling(), {})).text == "yes"


async def test_the_replay_can_do_what_the_recorded_model_could() -> None:
    recorded = {"capabilities": {"tool_calls": True, "json_schema": False, "context_window": 4096}}
    capabilities = await ReplayedModel([started(config=recorded)]).open()
    assert (capabilities.tool_calls, capabilities.context_window) == (True, 4096)


def test_a_file_that_is_no_run_is_refused_with_the_line(tmp_path) -> None:
    (tmp_path / "events.jsonl").write_text('{"kind": "nonsense"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="Line 1"):
        ReplayedModel.from_file(tmp_path)


def test_a_run_of_a_newer_format_is_refused(tmp_path) -> None:
    text = EVENT.dump_json(started(schema_version=99)).decode()
    (tmp_path / "events.jsonl").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="version 99"):
        ReplayedModel.from_file(tmp_path)


def test_a_missing_run_is_named(tmp_path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ReplayedModel.from_file(tmp_path / "nowhere")
