"""Properties of the formats: what is written is read back, and no answer breaks the reader."""

import contextlib
import json
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from aci import COMMANDS, Command, Observation, Workspace
from aci.formats import FORMATS, Action, Malformed, Pending, constrained, fenced, native, staged
from aci.formats.kinds import Kind, item_fields, kind_of
from trajectories.messages import Answer, Message, ToolCall


class Place(BaseModel):
    """One of several small objects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: str = Field(description="What to find.")
    replace: str = Field(description="What to put there.")
    every: bool = Field(default=False, description="All of them.")


class Everything(Command):
    """Hold a field of each kind that a command may have."""

    name: ClassVar[str] = "everything"
    block: ClassVar[str] = "body"

    path: str = Field(description="A text.")
    count: int = Field(description="A number.")
    strict: bool = Field(description="A flag.")
    mode: Literal["fast", "slow"] = Field(description="A choice.")
    places: tuple[Place, ...] = Field(description="Objects.")
    names: list[str] = Field(default=[], description="Texts.")
    lines: list[int] = Field(default_factory=lambda: [1], description="Numbers.")
    word: Literal["a", "b"] | None = Field(default=None, description="A choice or nothing.")
    note: str | None = Field(default=None, description="A text or nothing.")
    regex: bool = Field(default=True, description="A flag with a default.")
    ratio: float | None = Field(default=None, description="A fraction or nothing.")
    limit: int = Field(default=5, ge=1, le=9, description="A number within bounds.")
    body: str = Field(default="", description="Program text.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Do nothing."""
        return Observation(text="")


EVERY = (*COMMANDS.values(), Everything)
NAMES = [command.name for command in EVERY]
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
PATH = TEXT.filter(lambda text: text.strip()[:1] not in {"`", "'", '"'})


def values(kind: Kind, key: str = "") -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a kind."""
    plain: dict[str, st.SearchStrategy[Any]] = {
        # The quotes around a path are never meant.
        "text": PATH if key in {"path", "folder"} else TEXT,
        "whole": st.integers(kind.low - 5 if kind.low == 0 else kind.low, kind.high),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "flag": st.booleans(),
        "choice": st.sampled_from(kind.words or ("",)),
    }
    if kind.item is not None:
        found: st.SearchStrategy[Any] = st.lists(values(kind.item), min_size=kind.low, max_size=3)
    elif kind.model is not None:
        fields = item_fields(kind).items()
        found = st.fixed_dictionaries({inner: values(kind_of(field), inner) for inner, field in fields})
    else:
        found = plain[kind.name]
    return st.none() | found if kind.optional else found


def some_command(kind: type[Command]) -> st.SearchStrategy[Command]:
    fields = {key: values(kind_of(field), key) for key, field in kind.model_fields.items()}
    return st.fixed_dictionaries(fields).map(kind.model_validate)


# The machine may be busy with something else.
patient = settings(deadline=None)
each_command = pytest.mark.parametrize("kind", EVERY, ids=NAMES)


@each_command
@patient
@given(data=st.data())
def test_a_fenced_action_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    command = data.draw(some_command(kind))
    text = fenced.render(Action("I look.", command))
    assert FORMATS["fenced"].parse(Answer(text=text), EVERY) == (Action("I look.", command),)


@each_command
@patient
@given(data=st.data())
def test_the_history_keeps_a_fenced_action_whole(kind: type[Command], data: st.DataObject) -> None:
    if kind.name not in COMMANDS:
        return
    text = fenced.render(Action("I look.", data.draw(some_command(kind))))
    assert FORMATS["fenced"].reply(Answer(text=text)).content == text


@each_command
@patient
@given(data=st.data())
def test_a_json_action_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    action = Action(data.draw(TEXT), data.draw(some_command(kind)))
    assert FORMATS["json"].parse(Answer(text=constrained.render(action)), EVERY) == (action,)


@each_command
@patient
@given(data=st.data())
def test_a_staged_action_is_read_back_as_it_was_written(kind: type[Command], data: st.DataObject) -> None:
    action = Action(data.draw(TEXT), data.draw(some_command(kind)))
    first, text = staged.render(action)
    read = FORMATS["staged"].parse(Answer(text=first), EVERY)
    if not kind.block:
        assert read == (action,)
        return
    assert isinstance(read, Pending)
    written = getattr(action.command, kind.block)
    if written.lstrip().startswith("{"):
        # It is taken for an action, where it is one; see the test of JSON that comes twice.
        return
    # A code block ends in a line break, whether the text has one or not.
    expected = written if written.endswith("\n") or not written else written + "\n"
    got = read.complete(Answer(text=f"So:\n{text}"))
    assert got == action._replace(command=action.command.model_copy(update={kind.block: expected}))


@each_command
@patient
@given(data=st.data())
def test_native_calls_are_read_back_as_they_were_written(kind: type[Command], data: st.DataObject) -> None:
    commands = data.draw(st.lists(some_command(kind), min_size=1, max_size=3))
    thought = data.draw(TEXT).strip()
    actions = tuple(
        Action("" if number else thought, command, f"id{number}") for number, command in enumerate(commands)
    )
    assert FORMATS["native"].parse(native.render(*actions), EVERY) == actions


@each_command
def test_constrained_decoding_uses_only_what_every_server_takes(kind: type[Command]) -> None:
    known = {
        "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "anyOf",
        "enum", "const", "minimum", "maximum", "maxLength",
    }  # fmt: skip

    def check(schema: dict[str, Any]) -> None:
        assert set(schema) <= known
        if schema.get("type") == "object":
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
        for inner in (*schema.get("anyOf", ()), *schema.get("properties", {}).values()):
            check(inner)
        if "items" in schema:
            check(schema["items"])

    for name in ("json", "staged"):
        check(FORMATS[name].request((kind,))["response_format"]["json_schema"]["schema"])


def observed(name: str, answer: Answer) -> None:
    """Take an answer through all that a loop does with it."""
    style = FORMATS[name]
    reply = style.reply(answer)
    assert reply.role == "assistant"
    found: Sequence[Action] | Pending = ()
    fault = Malformed("")
    try:
        found = style.parse(answer, EVERY)
        if isinstance(found, Pending):
            found = (found.complete(answer),)
    except Malformed as raised:
        found, fault = (), raised
    told: Sequence[Message] = [style.observe(action, "seen") for action in found]
    for action in found:
        action.thought.encode()
        action.command.model_dump_json()
    if not found:
        told = style.correct(answer, fault)
        assert str(fault) in {message.content for message in told}
        assert 0 < len(str(fault)) < 700
    for message in told:
        message.content.encode()
    # Each call in the history has its answer, and nothing else has.
    answered = [message.tool_call_id for message in told if message.role == "tool"]
    assert answered == [call.id for call in reply.tool_calls][: len(answered)]
    assert len(answered) == len(reply.tool_calls)


@pytest.mark.parametrize("name", FORMATS)
@patient
@given(text=TEXT | st.lists(TEXT, max_size=5).map("\n".join), finish=st.sampled_from(["stop", "length"]))
def test_no_text_raises_anything_but_malformed(name: str, text: str, finish: Any) -> None:
    observed(name, Answer(text=text, finish_reason=finish))


def written(name: str, action: Action) -> str:
    if name == "fenced":
        return fenced.render(action)
    return staged.render(action)[0] if name == "staged" else constrained.render(action)


@pytest.mark.parametrize("name", ["fenced", "json", "staged"])
@settings(max_examples=200, deadline=None)
@given(data=st.data(), finish=st.sampled_from(["stop", "length"]))
def test_no_cut_or_changed_answer_raises_anything_but_malformed(
    name: str, data: st.DataObject, finish: Any
) -> None:
    text = written(name, Action("So.", data.draw(st.sampled_from(EVERY).flatmap(some_command))))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    kept = data.draw(st.sampled_from([text[:start], text[end:], text[:start] + text[end:], text + text]))
    at = data.draw(st.integers(0, len(kept)))
    changed = kept[:at] + data.draw(TEXT) + kept[at:]
    for broken in (kept, changed):
        observed(name, Answer(text=broken, finish_reason=finish))


@settings(max_examples=200, deadline=None)
@given(data=st.data(), finish=st.sampled_from(["tool_calls", "length"]))
def test_no_cut_or_changed_tool_call_raises_anything_but_malformed(data: st.DataObject, finish: Any) -> None:
    commands = data.draw(st.lists(st.sampled_from(EVERY).flatmap(some_command), min_size=1, max_size=3))
    calls = []
    for call in native.render(*(Action("", command) for command in commands)).tool_calls:
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(call.arguments))] * 2)))
        arguments = call.arguments[:start] + data.draw(TEXT) + call.arguments[end:]
        calls.append(
            call.model_copy(update={"arguments": data.draw(st.sampled_from([arguments, call.arguments]))})
        )
    observed("native", Answer(text="", tool_calls=tuple(calls), finish_reason=finish))


REPEATED = [
    "{", "[", '{"a":', '{"action":', "```", "```\n", "~~~bash\n", "```edit\n", "<search>\n", "<a></a>",
    "<open>", "<open><path>", "<tool_call>", "<tool_call>{}", "<tool_call>{}</tool_call>", "<function=open>",
    "<command>", "<function=open><parameter=path>", "Action: open\n", "Action: open\nAction Input: {\n",
    "<<<<<<< SEARCH\n", "=======\n", "*", " ", "\n", "\\", '"', "`", "a", "open(", "path: a\n", "path:\n",
    "- ", "\0", "\u2028",
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("piece", REPEATED, ids=repr)
def test_a_megabyte_of_repetition_is_read_in_time(name: str, piece: str) -> None:
    observed(name, Answer(text=piece * (1_000_000 // len(piece))))
    # Less inside a frame; what grows with the square of its length takes minutes at this size too.
    text = piece * (200_000 // len(piece))
    if name == "native":
        observed(name, Answer(text="", tool_calls=(ToolCall(id="", name=text, arguments=text),)))
        observed(name, Answer(text="", tool_calls=(ToolCall(id="", name="edit", arguments=text),)))
    if name == "fenced":
        observed(name, Answer(text=f"```edit\n{text}\n```"))
        observed(name, Answer(text=f"```\nopen {text}\n```"))
        observed(name, Answer(text=f"```everything\n{text}\n```"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["path", "line", "command", "x"]) | TEXT, inner, max_size=4)
    ),
    max_leaves=8,
)


@patient
@given(
    name=st.sampled_from(list(COMMANDS)) | TEXT,
    arguments=JSON.map(json.dumps) | TEXT,
    call_id=st.text(max_size=5),
    text=TEXT,
)
def test_no_tool_call_raises_anything_but_malformed(
    name: str, arguments: str, call_id: str, text: str
) -> None:
    answer = Answer(text=text, tool_calls=(ToolCall(id=call_id, name=name, arguments=arguments),))
    observed("native", answer)
    (kept,) = FORMATS["native"].reply(answer).tool_calls
    assert isinstance(json.loads(kept.arguments), dict)


@patient
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
