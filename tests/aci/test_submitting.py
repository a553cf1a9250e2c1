from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

FIX = """\
diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1 +1 @@
-x
+y
"""


def made(path: str, line: str = "x = 1") -> str:
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1 @@\n+{line}\n"


def patch(text: str) -> Callable[[], Awaitable[str]]:
    async def current() -> str:
        return text

    return current


async def test_an_empty_patch_is_sent_back_once(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch("\n"))
    first, second = await act(workspace, "submit"), await act(workspace, "submit")
    assert first.failed
    assert not first.submitted
    assert first.text.startswith("Nothing is changed yet, so there is nothing to submit.")
    assert second.submitted


async def test_a_patch_is_submitted(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch("--- a\n+++ b\n"))
    seen = await act(workspace, "submit")
    assert seen.submitted
    assert not seen.failed


async def test_without_a_way_to_see_the_patch_submit_goes_through(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    assert (await act(workspace, "submit")).submitted
    assert (await act(workspace, "diff")).failed


async def test_the_diff_is_shown_harmless_and_capped(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch("+\x1b[2J\n"))
    assert (await act(workspace, "diff")).text == "+\\x1b[2J"
    workspace.current_diff = patch("+x\n" * 10_000)
    assert len((await act(workspace, "diff")).text) < 10_200
    workspace.current_diff = patch("")
    assert (await act(workspace, "diff")).text == "Nothing is changed yet."


async def test_scratch_files_are_told_once_and_then_left_out(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    text = FIX + made("reproduce.py") + made("src/a.py.orig") + made("src/new.py")
    workspace = await make_workspace(current_diff=patch(text))
    workspace.files = ["src/a.py"]
    first = await act(workspace, "submit")
    assert first.failed
    assert not first.submitted
    golden("submit_scratch", first.text)
    second = await act(workspace, "submit")
    assert second.submitted
    assert second.text == "Submitted without reproduce.py, src/a.py.orig."
    assert workspace.kept_scratch == frozenset()


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("all", {"reproduce.py", "debug me.txt"}),
        ("reproduce.py", {"reproduce.py"}),
        ("./reproduce.py, src/new.py", {"reproduce.py", "src/new.py"}),
        ("debug me.txt", {"debug me.txt"}),
    ],
)
async def test_scratch_files_are_kept_on_request(
    make_workspace: Make, act: Act, keep: str, kept: set[str]
) -> None:
    text = FIX + made("reproduce.py") + made("debug me.txt") + made("src/new.py")
    workspace = await make_workspace(current_diff=patch(text))
    workspace.files = ["src/a.py"]
    await act(workspace, "submit")
    assert (await act(workspace, "submit", keep=keep)).submitted
    assert workspace.kept_scratch == kept


async def test_a_file_to_keep_that_is_not_there_is_asked_for_again(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch(FIX + made("reproduce.py")))
    seen = await act(workspace, "submit", keep="reproduction.py")
    assert seen.failed
    assert not seen.submitted
    assert seen.text == (
        "Not submitted: no new file is called reproduction.py. Those that look like scratch: reproduce.py."
    )


async def test_new_scratch_is_told_even_after_other_scratch_was(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch(FIX + made("reproduce.py")))
    assert not (await act(workspace, "submit")).submitted
    workspace.current_diff = patch(FIX + made("reproduce.py") + made("debug.py"))
    assert not (await act(workspace, "submit")).submitted
    assert (await act(workspace, "submit")).submitted


async def test_a_patch_of_scratch_alone_is_as_good_as_empty(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch(made("reproduce.py")))
    seen = await act(workspace, "submit")
    assert not seen.submitted
    assert seen.text.startswith("Nothing is changed but new files that look like scratch: reproduce.py.")
    assert (await act(workspace, "submit")).submitted


async def test_the_diff_marks_scratch(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(current_diff=patch(FIX + made("reproduce.py")))
    seen = (await act(workspace, "diff")).text
    assert seen.startswith(
        "(These new files look like scratch; `submit` leaves them out: reproduce.py.)\ndiff"
    )
    workspace.current_diff = patch(FIX)
    assert (await act(workspace, "diff")).text == FIX.rstrip()
