import json
from collections.abc import Callable
from typing import Any

import pytest

from aci import COMMANDS
from aci.formats import FORMATS, Action, Malformed
from aci.formats.constrained import schema
from trajectories.messages import Answer, ToolCall

EVERY = tuple(COMMANDS.values())
FENCED, NATIVE, JSON = FORMATS["fenced"], FORMATS["native"], FORMATS["json"]
Golden = Callable[[str, str], None]


def call(name: str, arguments: str, id_: str = "call_1") -> ToolCall:
    return ToolCall(id=id_, name=name, arguments=arguments)


def said(text: str) -> Answer:
    return Answer(text=text)


@pytest.mark.parametrize("name", FORMATS)
def test_the_instructions_are_compact(name: str, golden: Golden) -> None:
    text = FORMATS[name].instructions(EVERY)
    # Measured, a token of such text is 3.7 characters: under 475 tokens.
    assert len(text) < 1750
    golden(f"instructions_{name}", text)


@pytest.mark.parametrize("name", FORMATS)
def test_only_the_allowed_commands_are_told_and_taken(name: str) -> None:
    some = (COMMANDS["open"], COMMANDS["submit"])
    assert "bash" not in FORMATS[name].instructions(some)
    assert "bash" not in json.dumps(FORMATS[name].request(some))
    with pytest.raises(Malformed, match='no command "bash"'):
        NATIVE.parse(Answer(text="", tool_calls=(call("bash", '{"command": "ls"}'),)), some)


FENCED_ANSWERS: list[tuple[str, str, dict[str, Any]]] = [
    ("```bash\nls -la\nmake test\n```", "bash", {"command": "ls -la\nmake test", "timeout": None}),
    ("```bash\ntimeout: 300\nmake test\n```", "bash", {"command": "make test", "timeout": 300}),
    ("```sh\n$ ls\n```", "bash", {"command": "ls", "timeout": None}),
    ("```bash\nopen src/a.py 3\n```", "open", {"path": "src/a.py", "line": 3}),
    ("```bash\ndiff a b\n```", "bash", {"command": "diff a b", "timeout": None}),
    ("```\nopen src/a.py 3\n```", "open", {"path": "src/a.py", "line": 3}),
    ("```open src/a.py\n```", "open", {"path": "src/a.py"}),
    ("```open\nsrc/a.py\n```", "open", {"path": "src/a.py"}),
    ("```goto\n12\n```", "goto", {"line": 12}),
    ("```create src/x.py\nimport os\n```", "create", {"path": "src/x.py", "content": "import os"}),
    ("```create\npath: a.md\n<content>\n```sh\nls\n```\n</content>\n```", "create",
     {"path": "a.md", "content": "```sh\nls\n```"}),
    ('```search_dir\ntext: "a b"\n```', "search_dir", {"text": "a b", "folder": "."}),
    ("```edit\nfile_path: a.py\nold_str: x\nnew_str: y\n```", "edit",
     {"path": "a.py", "search": "x", "replace": "y"}),
    ("```edit\npath: a.py\nsearch: |\n  x = 1\n  y\nreplace: |\n  x = 2\n```", "edit",
     {"path": "a.py", "search": "x = 1\ny", "replace": "x = 2"}),
    ("```edit\npath: a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```", "edit",
     {"path": "a.py", "search": "x", "replace": "y"}),
    ('```json\n{"name": "open", "arguments": {"path": "a.py"}}\n```', "open", {"path": "a.py"}),
    ('```aci\nedit("a.py", "x", replace="y\\n")\n```', "edit",
     {"path": "a.py", "search": "x", "replace": "y\n"}),
    ("```python\nx = 1\n```\nso\n```submit\n```", "submit", {}),
    ("```submit", "submit", {}),
    ("~~~diff\n~~~", "diff", {}),
    ("I am done.\nsubmit", "submit", {}),
    ('{"command": "open", "arguments": {"path": "z"}}', "open", {"path": "z"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "arguments"), FENCED_ANSWERS, ids=[text for text, _, _ in FENCED_ANSWERS]
)
def test_a_block_that_can_mean_one_thing_only_is_understood(
    text: str, name: str, arguments: dict[str, Any]
) -> None:
    action = FENCED.parse(said(text), EVERY)
    assert action.command.name == name
    assert action.command == COMMANDS[name](**arguments)
    assert action.note == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Your answer has no fenced block."),
        ("I think so.", "Your answer has no fenced block."),
        ("```python\nx\n```", 'There is no command "python"; did you mean bash(command, timeout=null)?'),
        ("```view\nx\n```", 'There is no command "view"; did you mean open(path, line=null, symbol="")?'),
        ("```edt\nx\n```", 'There is no command "edt"; did you mean edit(path, search, replace)?'),
        ("```\nhello\n```", "The block names no command"),
        ("```diff\n-a\n+b\n```", "write an `edit` block"),
        ("```edit\npath: a\n```", "`edit` needs the field search, replace; you gave only path."),
        ("```edit\npath: a\n<search>\nx\n```", "The field search of `edit` has no closing line </search>."),
        (
            "```insert\npath: a\nline: ten\ncontent: x\n```",
            "The field line of `insert` must be a whole number, not 'ten'.",
        ),
        ("```edit\nwhat is this\n```", 'The line "what is this" is no field of `edit`.'),
    ],
)
def test_a_malformed_block_is_told_the_right_form_with_its_own_words(text: str, sentence: str) -> None:
    with pytest.raises(Malformed) as told:
        FENCED.parse(said(text), EVERY)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_of_several_blocks_the_first_is_run_and_the_rest_forgotten() -> None:
    answer = said("First this.\n```open\npath: a.py\n```\nObservation: 12 lines\n```submit\n```")
    action = FENCED.parse(answer, EVERY)
    assert action == Action(
        "First this.",
        COMMANDS["open"](path="a.py"),
        None,
        "(Only the first of your 2 actions was run; give one at a time.)",
    )
    assert FENCED.reply(answer).content == "First this.\n```open\npath: a.py\n```"
    assert FENCED.observe(action, answer, "seen").content.endswith("give one at a time.)\nseen")


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_that_was_cut_off_is_told_so(name: str) -> None:
    text = {
        "fenced": "```create\npath: a\n<content>\nx",
        "json": '{"thought": "a',
        "staged": '{"thought": "a',
        "native": "I will",
    }[name]
    with pytest.raises(Malformed, match="cut off"):
        FORMATS[name].parse(Answer(text=text, finish_reason="length"), EVERY)


def test_a_native_call_is_answered_under_its_id() -> None:
    answer = Answer(
        text=" I look. ", tool_calls=(call("open", '{"path": "a.py"}', "abc"),), finish_reason="tool_calls"
    )
    action = NATIVE.parse(answer, EVERY)
    assert action == Action("I look.", COMMANDS["open"](path="a.py"), "abc")
    assert NATIVE.reply(answer).tool_calls == (call("open", '{"path": "a.py"}', "abc"),)
    assert NATIVE.observe(action, answer, "seen").to_openai() == {
        "role": "tool",
        "content": "seen",
        "tool_call_id": "abc",
    }


def test_of_several_native_calls_the_first_is_run_and_kept() -> None:
    answer = Answer(text="", tool_calls=(call("undo", "{}", "1"), call("submit", "{}", "2")))
    action = NATIVE.parse(answer, EVERY)
    assert action.command.name == "undo"
    assert action.note == "(Only the first of your 2 tool calls was run; make one at a time.)"
    assert [kept.id for kept in NATIVE.reply(answer).tool_calls] == ["1"]


def test_a_broken_native_call_stays_fit_for_the_history() -> None:
    answer = Answer(text="", tool_calls=(call("my tool!", '{"path": ', ""),))
    with pytest.raises(Malformed):
        NATIVE.parse(answer, EVERY)
    (kept,) = NATIVE.reply(answer).tool_calls
    assert kept.name == "my_tool_"
    assert json.loads(kept.arguments) == {"unreadable": '{"path": '}
    assert kept.id.startswith("call_")
    assert NATIVE.observe(None, answer, "wrong").tool_call_id == kept.id


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ('{"path": "a"', "are no JSON object"),
        ("[]", "are no JSON object"),
        (
            "{}",
            "`edit` needs the field path, search, replace. The right form is edit(path, search, replace).",
        ),
        ('{"path": "a", "search": "b", "replace": "c", "all": true}', "`edit` has no field all."),
        ('{"path": {}, "search": "b", "replace": "c"}', "The field path of `edit` must be text, not '{}'."),
    ],
)
def test_wrong_arguments_are_told_the_right_form(arguments: str, sentence: str) -> None:
    with pytest.raises(Malformed) as told:
        NATIVE.parse(Answer(text="", tool_calls=(call("edit", arguments),)), EVERY)
    assert sentence in str(told.value)


def test_a_tool_call_left_in_the_text_is_taken() -> None:
    answer = said('I look.\n<tool_call>\n{"name": "open", "arguments": {"path": "a.py"}}\n</tool_call>')
    assert NATIVE.parse(answer, EVERY) == Action("I look.", COMMANDS["open"](path="a.py"))
    assert NATIVE.observe(None, answer, "x").role == "user"


def test_native_tools_describe_every_command_and_field() -> None:
    tools = {tool["function"]["name"]: tool["function"] for tool in NATIVE.request(EVERY)["tools"]}
    assert list(tools) == list(COMMANDS)
    assert tools["open"]["parameters"] == {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "File or folder, relative to the repository."},
            "line": {
                "type": "integer",
                "minimum": 0,
                "maximum": 1000000,
                "description": "Line to show.",
            },
            "symbol": {
                "type": "string",
                "description": "Function or class to show, such as Report.render.",
                "default": "",
            },
        },
        "required": ["path"],
        "additionalProperties": False,
    }
    for name, tool in tools.items():
        assert tool["description"], name
        for field in tool["parameters"]["properties"].values():
            assert field["description"], name
            assert "\n" not in field["description"]


@pytest.mark.parametrize(
    "text",
    [
        '{"thought": "t", "action": {"command": "open", "arguments": {"path": "a", "line": 1}}}',
        '{"thought": "t", "command": "open", "arguments": {"path": "a", "line": 1}}',
        '{"thought": "t", "command": "open", "path": "a", "line": 1}',
        '{"thought": "t", "name": "open", "arguments": "{\\"path\\": \\"a\\"}"}',
        '{"thought": "t", "open": {"path": "a"}}',
        '```json\n{"thought": "t", "action": {"command": "open", "arguments": {"path": "a"}}}\n```\nDone.',
    ],
)
def test_every_shape_of_a_json_action_is_taken(text: str) -> None:
    action = JSON.parse(said(text), EVERY)
    assert (action.thought, action.command.model_dump()["path"]) == ("t", "a")


def test_a_json_string_may_hold_raw_line_breaks() -> None:
    text = '{"thought": "t", "action": {"command": "bash", "arguments": {"command": "a\nb\t"}}}'
    assert JSON.parse(said(text), EVERY).command == COMMANDS["bash"](command="a\nb\t")


def test_json_without_an_action_is_told_the_right_form() -> None:
    with pytest.raises(Malformed, match="Your JSON object has the keys a, b but no action"):
        JSON.parse(said('{"a": 1, "b": 2}'), EVERY)
    with pytest.raises(Malformed, match='holds no JSON object; it began with "Sure!"'):
        JSON.parse(said("Sure!"), EVERY)


def test_the_schema_puts_the_thought_first_and_bounds_it() -> None:
    root = schema(EVERY)
    assert list(root["properties"]) == root["required"] == ["thought", "action"]
    assert root["properties"]["thought"]["maxLength"] == 400
    for action, command in zip(root["properties"]["action"]["anyOf"], EVERY, strict=True):
        assert list(action["properties"]) == action["required"] == ["command", "arguments"]
        assert action["properties"]["command"]["const"] == command.name
        arguments = action["properties"]["arguments"]
        assert list(arguments["properties"]) == arguments["required"] == list(command.model_fields)
        assert arguments["additionalProperties"] is action["additionalProperties"] is False


def test_choices_narrow_fields_of_that_name() -> None:
    choices = {"path": ["a.py", "b.py", "a.py"], "create.path": []}
    request = JSON.request(EVERY, choices)["response_format"]["json_schema"]
    assert request["strict"] is True
    actions = request["schema"]["properties"]["action"]["anyOf"]
    paths = {
        action["properties"]["command"]["const"]: action["properties"]["arguments"]["properties"].get("path")
        for action in actions
    }
    assert paths["edit"] == {"type": "string", "enum": ["a.py", "b.py"]}
    assert paths["create"] == {"type": "string"}
    assert paths["bash"] is None


@pytest.mark.parametrize("commands", [EVERY, EVERY[:1]], ids=["all", "one"])
def test_llama_cpp_takes_the_schema(commands: Any) -> None:
    xllamacpp = pytest.importorskip("xllamacpp")
    grammar = xllamacpp.json_schema_to_grammar(schema(commands, {"path": ['a "b".py']}))
    assert "thought" in grammar
