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
    # Measured, a token of such text is 3.7 characters: under 600 tokens.
    assert len(text) < 2200
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
    (action,) = FENCED.parse(said(text), EVERY)
    assert action.command.name == name
    assert action.command == COMMANDS[name](**arguments)
    assert action.note == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Your answer was empty; it has no fenced block."),
        ("I think so.", "Your answer has no fenced block."),
        ("```python\nx\n```", 'There is no command "python"; did you mean bash(command, timeout=null)?'),
        ("```read\nx\n```", 'There is no command "read"; did you mean open(path, line=null, symbol="")?'),
        ("```edt\nx\n```", 'There is no command "edt"; did you mean edit(path, search, replace)?'),
        ("```\nhello\n```", "The block names no command"),
        ("```diff\n-a\n+b\n```", "write an `edit` block"),
        (
            "```edit\npath: a\n```",
            "`edit` needs the fields search, replace; you gave only path. "
            'The right form is edit(path="a", search=<text>, replace=<text>).',
        ),
        (
            "```edit\npath: a\n<search>\nx\n</search>\n<search>\ny\n</search>\n```",
            "The field search is given twice in one `edit`; one at a time.",
        ),
        # What comes after a mistake was written in the belief that it works.
        ("```edit\npath: a\n```\n```submit\n```", "`edit` needs the fields search, replace"),
        ("```edit\npath: a\n<search>\nx\n```", "The field search of `edit` has no closing line </search>."),
        (
            "```insert\npath: a\nline: ten\ncontent: x\n```",
            'The field line of `insert` must be a whole number, not "ten". '
            'The right form is insert(path="a", line=<a whole number>, content="x").',
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
    (action,) = FENCED.parse(answer, EVERY)
    assert action == Action(
        "First this.",
        COMMANDS["open"](path="a.py"),
        None,
        "(Only the first of your 2 actions was run; give one at a time.)",
    )
    assert FENCED.reply(answer).content == "First this.\n```open\npath: a.py\n```"
    assert FENCED.observe(action, "seen").content.endswith("give one at a time.)\nseen")


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
    (action,) = NATIVE.parse(answer, EVERY)
    assert action == Action("I look.", COMMANDS["open"](path="a.py"), "abc")
    assert NATIVE.reply(answer).tool_calls == (call("open", '{"path": "a.py"}', "abc"),)
    assert NATIVE.observe(action, "seen").to_openai() == {
        "role": "tool",
        "content": "seen",
        "tool_call_id": "abc",
    }


def test_a_broken_native_call_stays_fit_for_the_history() -> None:
    answer = Answer(text="", tool_calls=(call("my tool!", '{"path": ', ""),))
    with pytest.raises(Malformed) as told:
        NATIVE.parse(answer, EVERY)
    (kept,) = NATIVE.reply(answer).tool_calls
    assert kept.name == "my_tool_"
    assert json.loads(kept.arguments) == {"unreadable": '{"path": '}
    assert kept.id.startswith("call_")
    (message,) = NATIVE.correct(answer, told.value)
    assert (message.role, message.tool_call_id) == ("tool", kept.id)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ('{"path": "a"', "are no JSON object"),
        ("[]", "are no JSON object"),
        (
            "{}",
            "`edit` needs the fields path, search, replace. "
            "The right form is edit(path=<text>, search=<text>, replace=<text>).",
        ),
        (
            '{"path": "a", "search": "b", "replace": "c", "all": true}',
            '`edit` has no field all. The right form is edit(path="a", search="b", replace="c").',
        ),
        (
            '{"path": {}, "search": "b", "replace": "c"}',
            "The field path of `edit` must be text, not {}. "
            'The right form is edit(path=<text>, search="b", replace="c").',
        ),
        (
            '{"path": "a", "search": "b", "replace": 1.50}',
            "The field replace of `edit` must be text, not 1.5.",
        ),
        (
            '{"path": "a", "search": "\\ud800", "replace": ""}',
            "The field search of `edit` holds half a surrogate pair, which no file can hold.",
        ),
    ],
)
def test_wrong_arguments_are_told_the_right_form(arguments: str, sentence: str) -> None:
    with pytest.raises(Malformed) as told:
        NATIVE.parse(Answer(text="", tool_calls=(call("edit", arguments),)), EVERY)
    assert sentence in str(told.value)


def test_a_tool_call_left_in_the_text_is_taken() -> None:
    answer = said('I look.\n<tool_call>\n{"name": "open", "arguments": {"path": "a.py"}}\n</tool_call>')
    assert NATIVE.parse(answer, EVERY) == (Action("I look.", COMMANDS["open"](path="a.py")),)
    assert NATIVE.reply(answer).tool_calls == ()
    assert NATIVE.correct(answer, Malformed("x"))[0].role == "user"


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
    (action,) = JSON.parse(said(text), EVERY)
    assert (action.thought, action.command.name, action.command.path) == ("t", "open", "a")


def test_a_json_string_may_hold_raw_line_breaks() -> None:
    text = '{"thought": "t", "action": {"command": "bash", "arguments": {"command": "a\nb\t"}}}'
    assert JSON.parse(said(text), EVERY)[0].command == COMMANDS["bash"](command="a\nb\t")


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


def test_several_native_calls_are_actions_in_their_order_each_answered_under_its_id() -> None:
    answer = Answer(
        text="Both.",
        tool_calls=(call("open", '{"path": "a.py"}', "1"), call("open", '{"path": "b.py"}', "2")),
    )
    actions = NATIVE.parse(answer, EVERY)
    assert actions == (
        Action("Both.", COMMANDS["open"](path="a.py"), "1"),
        Action("", COMMANDS["open"](path="b.py"), "2"),
    )
    assert [kept.id for kept in NATIVE.reply(answer).tool_calls] == ["1", "2"]
    assert [NATIVE.observe(action, "x").tool_call_id for action in actions] == ["1", "2"]


def test_no_call_of_an_answer_is_run_when_one_is_malformed() -> None:
    answer = Answer(
        text="",
        tool_calls=(call("undo", "{}", "1"), call("edit", '{"path": "a.py"}', "2"), call("diff", "", "3")),
    )
    with pytest.raises(Malformed) as told:
        NATIVE.parse(answer, EVERY)
    first, second, third = NATIVE.correct(answer, told.value)
    assert second.content == (
        "Tool call 2 of 3, so none was run: `edit` needs the fields search, replace; you gave only path. "
        'The right form is edit(path="a.py", search=<text>, replace=<text>).'
    )
    assert first.content == third.content
    assert first.content == "Not run, because another tool call of this answer was malformed."
    assert [message.tool_call_id for message in (first, second, third)] == ["1", "2", "3"]


def test_whole_calls_of_an_answer_that_was_cut_off_are_not_run() -> None:
    answer = Answer(text="", tool_calls=(call("undo", "{}"),), finish_reason="length")
    with pytest.raises(Malformed, match=r"Your answer was cut off; .* No tool call of it was run"):
        NATIVE.parse(answer, EVERY)


def test_calls_with_one_id_or_none_are_told_apart_in_the_history() -> None:
    answer = Answer(text="", tool_calls=tuple(call("undo", "{}", id_) for id_ in ("x", "x", "", "")))
    actions = NATIVE.parse(answer, EVERY)
    kept = [kept.id for kept in NATIVE.reply(answer).tool_calls]
    assert len(set(kept)) == 4
    assert [action.call_id for action in actions] == kept


def test_a_flood_of_calls_is_refused_and_kept_out_of_the_history() -> None:
    answer = Answer(text="", tool_calls=tuple(call("undo", "{}", str(n)) for n in range(40)))
    with pytest.raises(Malformed, match="You made 40 tool calls in one answer; none was run") as told:
        NATIVE.parse(answer, EVERY)
    assert len(NATIVE.reply(answer).tool_calls) == len(NATIVE.correct(answer, told.value)) == 8


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("view", {"path": "a.py"}, COMMANDS["open"](path="a.py")),
        ("execute_bash", {"command": "ls"}, COMMANDS["bash"](command="ls")),
        ("functions.bash", {"cmd": "ls"}, COMMANDS["bash"](command="ls")),
        (
            "str_replace",
            {"path": "a.py", "old_str": "x", "new_str": "y"},
            COMMANDS["edit"](path="a.py", search="x", replace="y"),
        ),
        (
            "str_replace_editor",
            {"command": "view", "path": "a.py", "view_range": [7, 90], "old_str": None},
            COMMANDS["open"](path="a.py", line=7),
        ),
        (
            "str_replace_editor",
            {"command": "insert", "path": "a.py", "insert_line": 3, "new_str": "y"},
            COMMANDS["insert"](path="a.py", line=3, content="y"),
        ),
        ("open", {"path": "`a.py`", "line": "12"}, COMMANDS["open"](path="a.py", line=12)),
        ("open", {"path": "a.py", "line": None}, COMMANDS["open"](path="a.py")),
        ("search_dir", {"text": 404}, COMMANDS["search_dir"](text="404")),
        ("create", {"path": "a.py", "content": ["x", "y"]}, COMMANDS["create"](path="a.py", content="x\ny")),
    ],
)
def test_what_can_mean_one_thing_only_is_taken(name: str, arguments: Any, command: Any) -> None:
    answer = Answer(text="", tool_calls=(call(name, json.dumps(arguments)),))
    assert [action.command for action in NATIVE.parse(answer, EVERY)] == [command]


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("grep", {"pattern": "x.*"}, 'There is no command "grep"; did you mean search_dir(text, '),
        ("finish", {}, 'There is no command "finish"; did you mean submit(keep="")?'),
        ("write_file", {"path": "a", "content": "b"}, "did you mean create(path, content)?"),
        ("goto", {"line": True}, "must be a whole number, not true."),
        ("goto", {"line": "10-20"}, 'must be a whole number, not "10-20".'),
        ("goto", {"line": 1.5}, "must be a whole number, not 1.5."),
        (
            "view",
            {"path": "a.py", "view_range": [1, 2]},
            "`open` has no field view_range. The right form is open(",
        ),
    ],
)
def test_what_might_mean_something_else_is_refused(name: str, arguments: Any, sentence: str) -> None:
    with pytest.raises(Malformed) as told:
        NATIVE.parse(Answer(text="", tool_calls=(call(name, json.dumps(arguments)),)), EVERY)
    assert sentence in str(told.value)


OPEN_TWO = COMMANDS["open"](path="a.py", line=2)
FOREIGN: list[tuple[str, Any]] = [
    (
        "<function=open>\n<parameter=path>\na.py\n</parameter>\n<parameter=line>2</parameter>\n</function>",
        OPEN_TWO,
    ),
    ('<tool_call>\n{"name": "open", "arguments": {"path": "a.py", "line": 2}}\n</tool_call>', OPEN_TWO),
    (
        '<function_calls><invoke name="open"><parameter name="path">a.py</parameter>'
        '<parameter name="line">2</parameter></invoke></function_calls>',
        OPEN_TWO,
    ),
    ("<open>\n<path>a.py</path>\n<line>2</line>\n</open>", OPEN_TWO),
    ("<view><path>a.py</path><line>2</line></view>", OPEN_TWO),
    ("<command>\nopen a.py 2\n</command>", OPEN_TWO),
    ("<command>\nls -la && open x\n</command>", COMMANDS["bash"](command="ls -la && open x")),
    ("Action: open a.py 2", OPEN_TWO),
    ("**Action:** `open a.py --line 2`", OPEN_TWO),
    ('Action: open\nAction Input: {"path": "a.py", "line": 2}\nObservation: 3 lines', OPEN_TWO),
    ('{"name": "open", "arguments": {"path": "a.py", "line": 2}}', OPEN_TWO),
]


@pytest.mark.parametrize("form", [FENCED, NATIVE], ids=lambda form: form.name)
@pytest.mark.parametrize(("text", "command"), FOREIGN, ids=[text for text, _ in FOREIGN])
def test_a_call_in_the_form_of_another_system_is_taken(form: Any, text: str, command: Any) -> None:
    (action,) = form.parse(said(f"I look.\n{text}"), EVERY)
    assert (action.thought, action.command) == ("I look.", command)


@pytest.mark.parametrize(
    "text",
    [
        "<function=create><parameter=path>a.py</parameter><parameter=content>x = 1\nif x",
        "<create><path>a.py</path><content>x = 1\nif x",
        "<create><path>a.py</path><content>x = 1\nif x</create>",
        '<tool_call>{"name": "create", "arguments": {"path": "a.py", "content": "x',
        'Action: create\nAction Input: {"path": "a.py", "content": "x',
    ],
)
@pytest.mark.parametrize("form", [FENCED, NATIVE], ids=lambda form: form.name)
def test_a_foreign_call_without_its_end_is_not_run(form: Any, text: str) -> None:
    with pytest.raises(Malformed):
        form.parse(said(text), EVERY)


HEREDOCS: list[tuple[str, Any]] = [
    ("```create a.py <<'EOF'\nx = 1\nEOF\n```", COMMANDS["create"](path="a.py", content="x = 1")),
    ("```\ncreate a.py <<EOF\nx = 1\ny\nEOF\n```", COMMANDS["create"](path="a.py", content="x = 1\ny")),
    ("```sh\ncreate a.py <<EOF\nx = 1\nEOF\n```", COMMANDS["create"](path="a.py", content="x = 1")),
    ("```sh\ncat <<EOF\nx\nEOF\n```", COMMANDS["bash"](command="cat <<EOF\nx\nEOF")),
    ("```sh\ncat a.py\n```", COMMANDS["bash"](command="cat a.py")),
    (
        "```edit_lines a.py 3 4 <<END\nx\nEND\n```",
        COMMANDS["edit_lines"](path="a.py", first=3, last=4, content="x"),
    ),
]


@pytest.mark.parametrize(("text", "command"), HEREDOCS, ids=[text for text, _ in HEREDOCS])
def test_a_heredoc_holds_the_text_of_a_command(text: str, command: Any) -> None:
    (action,) = FENCED.parse(said(text), EVERY)
    assert action.command == command


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_wrong_form_costs_is_short(name: str) -> None:
    long = "x" * 100_000
    wrong = {"command": "edit", "arguments": {"path": long, "search": long, long: long}}
    text = json.dumps(wrong)
    answers = [
        said(long), said(text), said(f"```json\n{text}\n```"),
        said(f"```edit\n{long}\n```"), said(f"```{long}\n```"),
        Answer(text="", tool_calls=(call(long, long),)), Answer(text="", tool_calls=(call("edit", long),)),
        Answer(text="", tool_calls=(call("edit", json.dumps(wrong["arguments"])),)),
    ]  # fmt: skip
    for answer in answers:
        with pytest.raises(Malformed) as told:
            FORMATS[name].parse(answer, EVERY)
        assert len(str(told.value)) < 600


@pytest.mark.parametrize("name", ["fenced", "json"])
def test_the_example_of_a_format_is_valid(name: str) -> None:
    (action,) = FORMATS[name].parse(said(FORMATS[name].example), EVERY)
    assert action.command == COMMANDS["open"](path="src/a.py", line=1)
