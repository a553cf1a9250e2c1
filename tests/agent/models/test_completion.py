"""Whatever a server sends, reading it gives an answer or one of our errors."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.completion import clean, read_answer
from agent.models.faults import failure, redact
from trajectories.errors import ModelError
from trajectories.messages import Answer, Message

PROMPT = [Message(role="user", content="x")]
TEXT = st.text(st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CALLS = JSON | st.lists(
    st.fixed_dictionaries({"id": JSON, "function": JSON | st.fixed_dictionaries({"name": JSON})})
)
LOGPROBS = JSON | st.fixed_dictionaries(
    {"content": st.lists(st.fixed_dictionaries({"logprob": JSON | st.floats()}))}
)
MESSAGES = JSON | st.fixed_dictionaries({"content": JSON, "tool_calls": CALLS, "refusal": JSON})
CHOICES = JSON | st.fixed_dictionaries(
    {"message": MESSAGES, "finish_reason": JSON | st.just("stop")}, optional={"logprobs": LOGPROBS}
)
BODIES = JSON | st.fixed_dictionaries(
    {"choices": JSON | st.lists(CHOICES, max_size=2)},
    optional={
        "error": JSON,
        "model": JSON,
        "usage": JSON | st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), JSON),
        "timings": JSON,
    },
)


@given(BODIES)
def test_any_body_is_an_answer_or_an_error_of_ours(body) -> None:
    try:
        answer = read_answer(body, model="m", where="Model m", prompt=PROMPT)
    except ModelError:
        return
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    assert answer.usage.cached_tokens <= answer.usage.prompt_tokens


def body(*texts: str, logprobs: tuple[float, ...] = ()) -> dict:
    listed = {"content": [{"logprob": one} for one in logprobs]}
    choices = [
        {"message": {"content": text}, "finish_reason": "stop", "logprobs": listed if logprobs else None}
        for text in texts
    ]
    return {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 2}}


def test_several_answers_to_one_prompt_are_all_read_and_all_counted() -> None:
    answer = read_answer(body("a", "b", logprobs=(-0.5, -1.0)), model="m", where="Model m", prompt=PROMPT)
    assert [choice.text for choice in answer.choices] == ["a", "b"]
    assert [choice.logprob for choice in answer.choices] == [-1.5, -1.5]
    # The server counted one of them.
    assert answer.usage.completion_tokens == 4
    assert answer.text == "a"


def test_a_single_answer_has_no_list_of_choices() -> None:
    assert read_answer(body("a"), model="m", where="Model m", prompt=PROMPT).choices == ()


@pytest.mark.parametrize("text", ["def f():\n    return 1", "    return 1"])
def test_an_answer_that_was_begun_is_told_without_its_beginning(text) -> None:
    prompt = [*PROMPT, Message(role="assistant", content="def f():\n")]
    answer = read_answer(body(text), model="m", where="Model m", prompt=prompt)
    assert answer.text == "    return 1"


@given(TEXT)
def test_cleaned_text_survives_every_encoding_and_cleaning_again(text) -> None:
    once = clean(text)
    assert once.encode().decode() == once
    assert "\x00" not in once
    assert clean(once) == once


@given(st.text(st.characters(codec="utf-8")))
def test_good_text_is_left_as_it_is(text) -> None:
    assert clean(text) == text.replace("\x00", "")


@given(TEXT, TEXT, st.integers(400, 599))
def test_no_error_shows_the_key_or_a_second_line(before, after, status) -> None:
    key = "hunter2-and-more"
    for text in (before + key + after, json.dumps({"error": {"message": before + key + after}})):
        message = str(failure("Model m", status, text, key=key))
        assert key not in message
        assert message.isprintable()


@pytest.mark.parametrize("text", ["sk-abcdefgh1234", "Bearer abc.def", "hf_abcdefgh1234"])
def test_what_looks_like_a_key_is_redacted_too(text) -> None:
    assert text.split()[-1] not in redact(f"bad {text}!")
