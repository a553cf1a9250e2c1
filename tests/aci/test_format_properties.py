"""Properties of the formats: what is written is read back, and no answer breaks the reader."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci import COMMANDS, Command
from aci.formats import FORMATS, Action, Malformed, constrained, fenced, native
from trajectories.messages import Answer, ToolCall

EVERY = tuple(COMMANDS.values())
# Pieces that the grammars give a meaning to, so that random texts run into them.
PIECES = st.sampled_from(
    [
        "```", "````", "~~~", "```edit", "```bash", "```json",
        "\n", "\r\n", "\r", "\t", " ", "{", "}", '"', "'", ":",
        "<search>", "</search>", "<replace>", "</replace>", "<search 1>", "</search 1>", "<command>",
        "</command>", "<content>", "</content>", "path: a.py", "search:", "search: |",
        "line: 3", "timeout: 5",
        "command: ls", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", '{"command": "open"',
        '"arguments": {"path": "a"}}', '{"thought": "x", "action": {"command": "submit", "arguments": {}}}',
        "open a.py 3", 'open("a.py")', "submit", "goto", "null", "1e999", "\\ud800", "\\", "|", "$ ls", "#",
        "<tool_call>", "</tool_call>", "a", "\u00e9", "\u2028", "\0",
    ]
)  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=40),
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=8).map("\n".join),
)
VALUES: dict[Any, st.SearchStrategy[Any]] = {str: TEXT, int: st.integers(-5, 10**6), bool: st.booleans()}


@st.composite
def some_command(draw: st.DrawFn, kind: type[Command]) -> Command:
    arguments = {
        key: draw(VALUES.get(field.annotation, st.none() | st.integers(0, 1000)))
        for key, field in kind.model_fields.items()
    }
    return kind(**arguments)


@pytest.mark.parametrize("kind", EVERY, ids=COMMANDS)
@given(data=st.data())
def test_a_fenced_action_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    command = data.draw(some_command(kind))
    text = fenced.render(Action("I look.", command))
    action = FORMATS["fenced"].parse(Answer(text=text), EVERY)
    assert action == Action("I look.", command)
    assert FORMATS["fenced"].reply(Answer(text=text)).content == text


@pytest.mark.parametrize("kind", EVERY, ids=COMMANDS)
@given(data=st.data())
def test_a_json_action_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    action = Action(data.draw(TEXT), data.draw(some_command(kind)))
    assert FORMATS["json"].parse(Answer(text=constrained.render(action)), EVERY) == action


@pytest.mark.parametrize("kind", EVERY, ids=COMMANDS)
@given(data=st.data())
def test_a_native_call_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    action = Action(data.draw(TEXT).strip(), data.draw(some_command(kind)), "call_7")
    assert FORMATS["native"].parse(native.render(action), EVERY) == action


@pytest.mark.parametrize("name", FORMATS)
@given(text=TEXT | st.lists(TEXT, max_size=5).map("\n".join), finish=st.sampled_from(["stop", "length"]))
def test_no_text_raises_anything_but_malformed(name: str, text: str, finish: Any) -> None:
    answer = Answer(text=text, finish_reason=finish)
    style, action = FORMATS[name], None
    with contextlib.suppress(Malformed):
        action = style.parse(answer, EVERY)
    assert style.reply(answer).role == "assistant"
    assert style.observe(action, answer, "seen").content.endswith("seen")
    if action is not None:
        action.thought.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["path", "line", "command", "x"]) | TEXT, inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    name=st.sampled_from(list(COMMANDS)) | TEXT,
    arguments=JSON.map(json.dumps) | TEXT,
    call_id=st.text(max_size=5),
    text=TEXT,
)
def test_no_tool_call_raises_anything_but_malformed(
    name: str, arguments: str, call_id: str, text: str
) -> None:
    style, action = FORMATS["native"], None
    answer = Answer(text=text, tool_calls=(ToolCall(id=call_id, name=name, arguments=arguments),))
    with contextlib.suppress(Malformed):
        action = style.parse(answer, EVERY)
    kept = style.reply(answer).tool_calls
    assert len(kept) == 1
    assert isinstance(json.loads(kept[0].arguments), dict)
    assert style.observe(action, answer, "seen").tool_call_id == kept[0].id


@given(value=JSON)
def test_no_json_raises_anything_but_malformed(value: Any) -> None:
    for text in (
        json.dumps(value),
        json.dumps({"thought": 1, "action": value}),
        json.dumps({"command": "edit", "arguments": value}),
    ):
        with contextlib.suppress(Malformed):
            FORMATS["json"].parse(Answer(text=text), EVERY)
        with contextlib.suppress(Malformed):
            FORMATS["fenced"].parse(Answer(text=f"```json\n{text}\n```"), EVERY)
