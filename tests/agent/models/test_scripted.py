"""`ScriptedModel`, in Python and from a file."""

import json

import pytest

from agent.models.base import Capabilities, Sampling
from agent.models.scripted import ScriptedModel
from trajectories.errors import ContextExhausted, ModelRejected, ModelUnavailable, UsageError
from trajectories.messages import Answer, ToolCall, Usage


async def ask(model: ScriptedModel, prompt) -> Answer:
    return await model.query(prompt, Sampling(), {})


async def test_a_script_in_python_gives_texts_answers_errors_and_what_functions_say(prompt) -> None:
    whole = Answer(text="b", usage=Usage(calls=1, prompt_tokens=3))
    model = ScriptedModel(["a", whole, ModelUnavailable("busy"), lambda messages: messages[-1].content])
    assert (await ask(model, prompt)).text == "a"
    assert (await ask(model, prompt)).usage.prompt_tokens == 3
    with pytest.raises(ModelUnavailable, match="busy"):
        await ask(model, prompt)
    assert (await ask(model, prompt)).text == "The sum is wrong."


async def test_a_script_at_its_end_says_how_long_it_was(prompt) -> None:
    model = ScriptedModel(["a"])
    await ask(model, prompt)
    with pytest.raises(ModelRejected, match="for 1 calls and was asked once more"):
        await ask(model, prompt)


async def test_requests_are_kept(prompt) -> None:
    model = ScriptedModel(["a"])
    await model.query(prompt, Sampling(seed=3), {"tools": []})
    assert model.requests[0].messages == tuple(prompt)
    assert model.requests[0].sampling.seed == 3
    assert model.requests[0].request == {"tools": []}


async def test_tokens_are_estimated_and_free(prompt) -> None:
    usage = (await ask(ScriptedModel(["a" * 35]), prompt)).usage
    assert (usage.calls, usage.completion_tokens, usage.cost) == (1, 10, 0.0)


async def test_capabilities_are_as_given() -> None:
    given = Capabilities(tool_calls=True, context_window=100)
    assert await ScriptedModel([], capabilities=given).open() == given


ITEMS = [
    "plain",
    {
        "text": "calls",
        "tool_calls": [{"id": "1", "name": "open", "arguments": "{}"}],
        "finish_reason": "tool_calls",
    },
    {"error": "unavailable", "message": "busy", "retry_after": 2},
    {"error": "context"},
]


@pytest.mark.parametrize("form", ["lines", "list"])
async def test_a_file_of_lines_or_one_list_is_a_script(tmp_path, prompt, form) -> None:
    path = tmp_path / "script.jsonl"
    text = "\n".join(map(json.dumps, ITEMS)) + "\n\n" if form == "lines" else json.dumps(ITEMS, indent=1)
    path.write_text(text, encoding="utf-8")
    model = ScriptedModel.from_file(path)
    assert model.name == f"scripted:{path}"
    assert (await ask(model, prompt)).text == "plain"
    assert (await ask(model, prompt)).tool_calls == (ToolCall(id="1", name="open", arguments="{}"),)
    with pytest.raises(ModelUnavailable, match="busy") as caught:
        await ask(model, prompt)
    assert caught.value.retry_after == 2
    with pytest.raises(ContextExhausted):
        await ask(model, prompt)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"a"\nnonsense\n', "Line 2"),
        ('"a"\n3\n', "Item 2"),
        ('{"error": "explosion"}', "Item 1"),
        ('{"finish_reason": "stop"}', "Item 1"),
        ('["a",', "no JSON list"),
    ],
)
def test_a_broken_script_is_refused_with_its_place(tmp_path, text, says) -> None:
    path = tmp_path / "script"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        ScriptedModel.from_file(path)


def test_a_missing_script_is_named(tmp_path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ScriptedModel.from_file(tmp_path / "nowhere.jsonl")
