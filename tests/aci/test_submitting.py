from collections.abc import Awaitable, Callable
from typing import Any

from aci import Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]


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
