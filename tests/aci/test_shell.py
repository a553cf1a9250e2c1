from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Limits, Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("command", "text", "exit_code"),
    [
        ("echo hi", "hi", 0),
        ("true", "(The command succeeded and printed nothing.)", 0),
        ("false", "(exit code 1, no output)", 1),
        ("echo hi; exit 3", "hi\n(exit code 3)", 3),
        ("printf '\\033[31mred\\033[0m\\a\\342\\200\\256'", "red\\x07\\u202e", 0),
        ("printf 'a\\r\\nb\\n'", "a\nb", 0),
        ("printf '\\377'", "\\xff", 0),
        ("cat", "(The command succeeded and printed nothing.)", 0),
        ("echo 'a  b'; echo '  c'", "a  b\n  c", 0),
    ],
)
async def test_output_is_shown_as_given(
    make_workspace: Make, act: Act, command: str, text: str, exit_code: int
) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "bash", command=command)
    assert (seen.text, seen.exit_code, seen.failed) == (text, exit_code, exit_code != 0)


async def test_a_timeout_keeps_what_was_printed(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "bash", command="echo begin; exec sleep 60", timeout=1)
    assert seen.failed
    golden("bash_timeout", seen.text)
    assert (await act(workspace, "bash", command="echo next")).text == "next"


async def test_a_timeout_is_capped(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(limits=Limits(command_timeout_cap=1))
    seen = await act(workspace, "bash", command="exec sleep 60", timeout=9999)
    assert seen.text == "(Stopped after 1 s without any output.)"


async def test_a_long_output_loses_its_middle(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "bash", command="seq 1 100000")
    assert len(seen.text) < 10_200
    assert seen.text.startswith("1\n2\n")
    assert seen.text.endswith("\n100000")
    assert "characters in" in seen.text


async def test_the_working_directory_is_told_when_it_changes(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"src/a.py": ""})
    assert (
        await act(workspace, "bash", command="cd src && ls")
    ).text == "a.py\n(Working directory: /workspace/src)"
    assert (await act(workspace, "bash", command="ls")).text == "a.py"


async def test_the_commands_of_the_aci_leave_the_shell_as_it_is(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"src/a.py": "x = 1\n", "test_a.py": "def test_a(): pass\n"})
    await act(workspace, "bash", command="cd src; export A=b; f() { echo f; }")
    await act(workspace, "search_dir", text="x")
    await act(workspace, "run_tests")
    assert (await act(workspace, "bash", command="f; echo $A; ls; env | grep -c PYTHONDONT")).text.startswith(
        "f\nb\na.py"
    )


async def test_an_empty_command_is_refused(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    assert (await act(workspace, "bash", command=" \n")).text == "The command is empty."
