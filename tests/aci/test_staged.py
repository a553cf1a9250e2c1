"""The staged format: what to do as JSON, then the text as a code block."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci import COMMANDS
from aci.formats import FORMATS, Action, Malformed, Pending
from trajectories.messages import Answer

ALL = tuple(COMMANDS.values())
STAGED = FORMATS["staged"]
REWRITE = {"path": "a.py", "symbol": "f"}


def said(command: str, arguments: dict[str, object], thought: str = "why") -> Answer:
    return Answer(
        text=json.dumps({"thought": thought, "action": {"command": command, "arguments": arguments}})
    )


def test_a_command_without_text_is_an_action_at_once() -> None:
    action = STAGED.parse(said("open", {"path": "a.py", "line": 3}), ALL)
    assert action == (Action("why", COMMANDS["open"](path="a.py", line=3)),)


def test_a_command_with_text_asks_for_it_and_is_then_an_action() -> None:
    pending = STAGED.parse(said("rewrite", REWRITE), ALL)
    assert isinstance(pending, Pending)
    assert '"a.py"' in pending.ask
    assert "`rewrite`" in pending.ask
    action = pending.complete(Answer(text="Here:\n```python\ndef f():\n    return 1\n```\nDone."))
    assert action == Action("why", COMMANDS["rewrite"](**REWRITE, content="def f():\n    return 1\n"))


def test_a_text_without_a_block_is_taken_whole() -> None:
    pending = STAGED.parse(said("rewrite", REWRITE), ALL)
    assert isinstance(pending, Pending)
    assert (
        pending.complete(Answer(text="\ndef f():\n    return 1")).command.content
        == "def f():\n    return 1\n"
    )


def test_a_text_that_was_cut_off_or_is_json_again_is_malformed() -> None:
    pending = STAGED.parse(said("rewrite", REWRITE), ALL)
    assert isinstance(pending, Pending)
    with pytest.raises(Malformed, match="cut off"):
        pending.complete(Answer(text="```\ndef f", finish_reason="length"))
    with pytest.raises(Malformed, match="JSON again"):
        pending.complete(said("open", {"path": "a.py"}))


def test_text_that_comes_as_json_again_is_taken_where_it_is_there() -> None:
    pending = STAGED.parse(said("rewrite", REWRITE), ALL)
    assert isinstance(pending, Pending)
    code = "def f(): pass"
    for again in (said("rewrite", {**REWRITE, "content": code}), Answer(text=json.dumps({"code": code}))):
        assert pending.complete(again).command.content == code


def test_a_json_file_is_no_action_that_comes_again() -> None:
    pending = STAGED.parse(said("create", {"path": "a.json"}), ALL)
    assert isinstance(pending, Pending)
    action = pending.complete(Answer(text='```json\n{"content": "x", "n": 1}\n```'))
    assert action.command.content == '{"content": "x", "n": 1}\n'


def test_text_that_came_along_is_not_asked_for_again() -> None:
    action = STAGED.parse(said("rewrite", {**REWRITE, "content": "def f(): pass\n"}), ALL)
    assert not isinstance(action, Pending)


def test_wrong_arguments_are_told_before_the_text_is_written() -> None:
    with pytest.raises(Malformed, match="symbol"):
        STAGED.parse(said("rewrite", {"path": "a.py"}), ALL)


def test_the_schema_and_the_instructions_leave_the_text_out() -> None:
    schema = STAGED.request(ALL)["response_format"]["json_schema"]["schema"]
    alternatives = schema["properties"]["action"]["anyOf"]
    shown = {a["properties"]["command"]["const"]: a["properties"]["arguments"] for a in alternatives}
    assert set(shown) == set(COMMANDS)
    for name, command in COMMANDS.items():
        assert set(shown[name]["properties"]) == set(command.model_fields) - {command.block}
        assert set(shown[name]["required"]) == set(shown[name]["properties"])
    assert "rewrite(path, symbol)" in STAGED.instructions(ALL)


FENCES = st.sampled_from(["```", "````", "~~~"])


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=200), FENCES)
def test_any_text_in_a_block_comes_back_as_it_was(text: str, fence: str) -> None:
    if any(line.rstrip(" \t") == fence for line in text.split("\n")) or text.lstrip().startswith("{"):
        return
    pending = STAGED.parse(said("create", {"path": "a.py"}), ALL)
    assert isinstance(pending, Pending)
    body = text if text.endswith("\n") else text + "\n"
    action = pending.complete(Answer(text=f"{fence}python\n{body}{fence}\n"))
    assert action.command.content == body


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_answer_is_an_action_a_question_or_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(STAGED.parse(Answer(text=text), ALL), tuple | Pending)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(sorted(COMMANDS)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["thought", "action", "command", "arguments", "path", "content", "symbol", "line"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON, st.text(max_size=50))
def test_any_json_is_an_action_a_question_or_malformed(value: object, written: str) -> None:
    with contextlib.suppress(Malformed):
        found = STAGED.parse(Answer(text=json.dumps(value)), ALL)
        if isinstance(found, Pending):
            found = (found.complete(Answer(text=written)),)
        assert all(isinstance(action, Action) for action in found)
