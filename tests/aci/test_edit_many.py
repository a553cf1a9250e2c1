"""Several places in one action: all of them or none, as one step of the undo history."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci import COMMANDS, Workspace
from aci.formats import FORMATS, Pending
from aci.hunks import Hunk, parse_hunks, render_hunks
from aci.several import EditMany
from aci.viewing import Refused
from trajectories.messages import Answer

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

CALC = """\
import os


def add(a, b, verbose):
    if verbose:
        print(a)
    return a + b


def mul(a, b):
    result = 0
    for _ in range(b):
        result = add(result, a, False)
    return result
"""
FILES = {"calc.py": CALC, "use.py": "from calc import mul\n\nprint(mul(1, 2))\n"}
CHANGES = """\
calc.py
<<<<<<< SEARCH
def add(a, b, verbose):
    if verbose:
        print(a)
=======
def add(a, b):
>>>>>>> REPLACE
<<<<<<< SEARCH
result = add(result, a, False)
=======
result = add(result, a)
>>>>>>> REPLACE
use.py
<<<<<<< SEARCH
from calc import mul
=======
from calc import mul
from extra import limit
>>>>>>> REPLACE
extra.py
<<<<<<< SEARCH
=======
limit = 1
>>>>>>> REPLACE
"""


async def data_of(workspace: Workspace) -> dict[str, str]:
    listed = (await workspace.probe("ls")).output.split()
    return {path: (await workspace.read(path)).data.decode() for path in listed}


async def test_places_in_several_files_are_changed_and_undone_together(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace(FILES)
    seen = await act(workspace, "edit_many", changes=CHANGES)
    assert seen.changed == ("calc.py", "use.py", "extra.py")
    after = await data_of(workspace)
    assert after["extra.py"] == "limit = 1\n"
    assert "def add(a, b):\n    return a + b\n" in after["calc.py"]
    assert "result = add(result, a)\n" in after["calc.py"]
    golden("edit_many", seen.text)
    undone = await act(workspace, "undo")
    assert undone.text == "Undone in calc.py, use.py, extra.py: 4 places at once."
    assert undone.changed == seen.changed
    assert await data_of(workspace) == FILES


async def test_one_bad_hunk_changes_nothing_and_says_which_and_why(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace(FILES)
    bad = CHANGES.replace("a, False)\n=", "a,  False)\n=").replace("calc import mul\n=", "math import mul\n=")
    seen = await act(workspace, "edit_many", changes=bad)
    assert seen.failed
    assert await data_of(workspace) == FILES
    assert workspace.changes == []
    golden("edit_many_missed", seen.text)


async def test_the_gate_judges_what_all_hunks_make_together(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "def f(x, y):\n    print(y)\n    return x\n"})
    parameter = Hunk("a.py", "def f(x, y):", "def f(x):")
    use = Hunk("a.py", "    print(y)\n", "")
    assert (await act(workspace, "edit_many", changes=render_hunks([parameter]))).failed
    assert not (await act(workspace, "edit_many", changes=render_hunks([parameter, use]))).failed
    assert (await data_of(workspace))["a.py"] == "def f(x):\n    return x\n"


async def test_an_error_in_the_outcome_names_its_file_and_shows_it(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace(FILES)
    seen = await act(workspace, "edit_many", changes=CHANGES.replace("limit = 1", "limits = 1"))
    assert seen.failed
    assert await data_of(workspace) == FILES
    golden("edit_many_refused", seen.text)


async def test_a_file_that_can_not_be_written_takes_the_others_back(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "a\n", "b.txt": "b\n"})
    hunks = [Hunk("a.txt", "a", "x"), Hunk("new.txt", "", "new"), Hunk("b.txt/c.txt", "", "y")]
    seen = await act(workspace, "edit_many", changes=render_hunks(hunks))
    assert seen.failed
    assert await data_of(workspace) == {"a.txt": "a\n", "b.txt": "b\n"}
    assert workspace.changes == []


async def test_undo_takes_back_all_files_or_none(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "a\n", "b.txt": "b\n"})
    hunks = [Hunk("a.txt", "a", "x"), Hunk("b.txt", "b", "y")]
    await act(workspace, "edit_many", changes=render_hunks(hunks))
    await act(workspace, "bash", command="echo z >> b.txt")
    seen = await act(workspace, "undo")
    assert seen.failed
    assert "b.txt was changed by something else since (2 places at once)" in seen.text
    assert await data_of(workspace) == {"a.txt": "x\n", "b.txt": "y\nz\n"}


@pytest.mark.parametrize(
    ("hunks", "said"),
    [
        ([Hunk("a.txt", "one\ntwo", "x"), Hunk("a.txt", "two\nthree", "y")], "It overlaps hunk 1"),
        ([Hunk("a.txt", "one", "x"), Hunk("a.txt", "same", "y")], "stands there 2 times:\n4:same\n5:same"),
        ([Hunk("a.txt", "one", "one")], "Its old and new lines are the same."),
        ([Hunk("a.txt", "", "x")], "It has no old lines, and a.txt exists"),
        ([Hunk("n.txt", "", "x"), Hunk("n.txt", "", "y")], "An earlier hunk makes this file"),
        ([Hunk("none.txt", "x", "y")], "There is no file none.txt in the repository."),
        ([Hunk("../a.txt", "", "y")], "outside"),
    ],
    ids=["overlap", "ambiguous", "same", "exists", "made twice", "missing", "outside"],
)
async def test_a_hunk_that_does_not_fit_is_explained(
    make_workspace: Make, act: Act, hunks: list[Hunk], said: str
) -> None:
    before = {"a.txt": "one\ntwo\nthree\nsame\nsame\n"}
    workspace = await make_workspace(before)
    seen = await act(workspace, "edit_many", changes=render_hunks(hunks))
    assert seen.failed
    assert said in seen.text
    assert await data_of(workspace) == before


async def test_two_spellings_of_a_file_are_one_file(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "one\ntwo\n"})
    await act(workspace, "bash", command="ln -s a.txt link")
    hunks = [Hunk("link", "two", "2"), Hunk("./a.txt", "one", "1")]
    assert (await act(workspace, "edit_many", changes=render_hunks(hunks))).changed == ("a.txt",)
    assert (await workspace.read("a.txt")).data == b"1\n2\n"


@pytest.mark.parametrize(
    ("data", "hunks", "expected"),
    [
        (b"a\r\nb\r\nc\r\n", [("a", "x\ny"), ("c", "z")], b"x\r\ny\r\nb\r\nz\r\n"),
        (b"a\r\nb\nc", [("a\nb", ""), ("c", "z\nz")], b"z\nz"),
        (b"\xef\xbb\xbfa\nb\n", [("b", ""), ("a", "z")], b"\xef\xbb\xbfz\n"),
        ("\xe9\nb\n".encode("utf-16"), [("b", "\u20ac")], "\xe9\n\u20ac\n".encode("utf-16")),
        (b"\ta\n\tb\n", [("\ta", "\tx")], b"\tx\n\tb\n"),
        (b"let a = b\n", [("a", "")], b"let  = b\n"),
    ],
    ids=["crlf", "mixed", "bom", "utf-16", "tabs", "within a line"],
)
async def test_untouched_bytes_survive_many_edits(
    make_workspace: Make, act: Act, data: bytes, hunks: list[tuple[str, str]], expected: bytes
) -> None:
    workspace = await make_workspace({"a.txt": data})
    changes = render_hunks([Hunk("a.txt", search, replace) for search, replace in hunks])
    seen = await act(workspace, "edit_many", changes=changes)
    assert not seen.failed, seen.text
    assert (await workspace.read("a.txt")).data == expected


@pytest.mark.parametrize(
    "text",
    [
        "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE",
        "`a.py`\n```python\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```",
        "### a.py:\n\n<<<<<<<\nx\n=======\ny\n>>>>>>>\n\n",
        "First the call.\nFile: a.py\n<<<<< HEAD\r\nx\r\n=====\r\ny\r\n>>>>> new\r\n",
    ],
)
def test_the_habits_of_models_are_understood(text: str) -> None:
    assert parse_hunks(text) == [Hunk("a.py", "x", "y")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no hunk in the changes."),
        ("a.py\nx = 1", "There is no hunk in the changes."),
        ("<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE", "Hunk 1 names no file."),
        ("a.py\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE", "Hunk 1 lacks its line `=======`."),
        ("a.py\n<<<<<<< SEARCH\nx\n=======\ny", "Hunk 1 lacks its line `>>>>>>>`."),
        (
            "a.rst\n<<<<<<< SEARCH\nx\n=======\n=======\ny\n>>>>>>> REPLACE",
            "Write this hunk with longer ones: `<<<<<<<<< SEARCH`, `=========` and `>>>>>>>>> REPLACE`.",
        ),
        ("a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\nb.py", '"b.py" stands behind the last hunk'),
    ],
)
def test_hunks_in_a_wrong_form_are_told_the_right_one(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_hunks(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


LINES = st.sampled_from(
    ["x", "", "  y", "=======", "<<<<<<< SEARCH", ">>>>>>> REPLACE", "========", "```", "-a"]
)
PATHS = st.sampled_from(["a.py", "src/b c.py", "-x", "d-1.txt"])


def texts(*, least: int) -> st.SearchStrategy[str]:
    # A text of one empty line can't be told from none.
    return st.lists(LINES, min_size=least, max_size=4).map("\n".join).filter(lambda text: text or not least)


@given(st.lists(st.builds(Hunk, PATHS, texts(least=0), texts(least=0)), min_size=1, max_size=4))
def test_hunks_are_read_back_as_they_were_written(hunks: list[Hunk]) -> None:
    assert parse_hunks(render_hunks(hunks)) == hunks


@given(st.lists(LINES | PATHS | st.text(max_size=10), max_size=14).map("\n".join))
def test_no_text_raises_anything_but_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        assert parse_hunks(text)


@pytest.mark.parametrize("form", ["```edit_many\n{}```", "```edit_many\n<changes>\n{}</changes>\n```"])
def test_hunks_stand_in_a_fenced_block_as_they_are(form: str) -> None:
    answer = Answer(text="Both at once.\n\n" + form.format(CHANGES))
    actions = FORMATS["fenced"].parse(answer, tuple(COMMANDS.values()))
    assert not isinstance(actions, Pending)
    (command,) = [action.command for action in actions]
    assert isinstance(command, EditMany)
    assert parse_hunks(command.changes) == parse_hunks(CHANGES)
