import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Limits, Workspace
from envs.sandbox import OUTPUT_DIR

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
    assert seen.text == "(Stopped after 1 s without any output. No command may take longer.)"


@pytest.mark.parametrize(
    ("last", "left"),
    [(9_000, "characters in"), (100_000, "bytes left out")],
    ids=["by us", "by the sandbox's shell"],
)
async def test_a_long_output_loses_its_middle_and_is_kept_whole(
    make_workspace: Make, act: Act, last: int, left: str
) -> None:
    workspace = await make_workspace()
    whole = "".join(f"{number}\n" for number in range(1, last + 1))
    seen = await act(workspace, "bash", command=f"seq 1 {last}")
    assert len(seen.text) < 10_200
    head, mark, tail = re.split(r"\n(\[\.\.\. .* left out \.\.\.\])\n", seen.text)
    shown, note = tail.rsplit("\n", 1)
    assert whole.startswith(head + "\n")
    assert whole.endswith("\n" + shown + "\n")
    assert left in mark
    assert int(mark.split()[1].replace(",", "")) == pytest.approx(len(whole) - len(head) - len(shown), abs=3)
    kept = f"{OUTPUT_DIR}/1.txt"
    assert note == f"(All {len(whole):,} bytes are kept: `open` or `search_file` with path {kept}.)"
    assert workspace.outputs == [kept]
    assert (await workspace.sandbox.read(f"{OUTPUT_DIR}/1.txt", OUTPUT_DIR)).data == whole.encode()


async def test_what_does_not_fit_is_told_with_how_much_there_is(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "bash", command="yes 0123456789abcde | head -c 96000000")
    assert "(The first 67,108,864 of 96,000,000 bytes are kept: `open`" in seen.text


async def test_output_that_is_shown_whole_is_not_kept(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    assert len((await act(workspace, "bash", command="seq 1 2000")).text) == 8892
    seen = await act(workspace, "bash", command="seq 1 2500")
    assert f"with path {OUTPUT_DIR}/1.txt" in seen.text


async def test_a_progress_bar_of_megabytes_is_one_line(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "bash", command="yes 'step' | head -n 99999 | tr '\\n' '\\r'; echo done")
    assert re.match(r"\[\d+ overwritten lines\] s(te?)?p?\n\[\.\.\. 499,", seen.text), seen.text[:200]


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
