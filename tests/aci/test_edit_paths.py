"""No path, however it is spelled, lets an editing command touch what lies outside of the repository."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aci import Workspace
from aci.hunks import Hunk, render_hunks

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]

SECRET = "secret = 1\n"
# {out} is a folder outside of the repository that holds canary.py; the links lead there.
PATHS = [
    "{out}/canary.py",
    "/{out}/canary.py",
    "//{out}//canary.py",
    "..{out}/canary.py",
    "../../../../../../../../../..{out}/canary.py",
    "sub/../../../../../../../../../../..{out}/canary.py",
    "./../outside/canary.py",
    "../outside/canary.py",
    "sub/../../outside/canary.py",
    "sub/./.././../outside/canary.py",
    "missing/../../outside/canary.py",
    "/workspace/../outside/canary.py",
    "/workspace/sub/../../outside/canary.py",
    "/workspace/../../../../../../../../..{out}/canary.py",
    "file_link",
    "./file_link",
    "sub/../file_link",
    "folder_link/canary.py",
    "./folder_link/./canary.py",
    "folder_link/../outside/canary.py",
    "up_link/outside/canary.py",
    "chain_link",
    "sub/deep_link/canary.py",
    "root_link{out}/canary.py",
    "/proc/self/root{out}/canary.py",
    "/proc/self/cwd/../outside/canary.py",
    "/proc/1/root{out}/canary.py",
    "/proc/thread-self/root{out}/canary.py",
    "proc_link{out}/canary.py",
    "~/canary.py",
    "~root/canary.py",
    "$OUT/canary.py",
    "`echo {out}`/canary.py",
    "$(echo {out})/canary.py",
    "file://{out}/canary.py",
    "{out}/canary.py\0.txt",
    "sub/x.py\0/../../../outside/canary.py",
    "\0",
    "{out}/canary.py\n",
    "\u2025/outside/canary.py",
    "\uff0e\uff0e/outside/canary.py",
    "..\\outside\\canary.py",
    "{out}/",
    "..",
    "/",
    "/dev/stdout",
    "/dev/fd/1",
    "loop_link",
    "pipe",
]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary.py").write_text(SECRET)
    return folder


@pytest.fixture
async def workspace(make_workspace: Make, act: Act, outside: Path) -> Workspace:
    workspace = await make_workspace({"sub/x.py": "secret = 1\n"})
    links = {
        "file_link": f"{outside}/canary.py", "folder_link": str(outside), "up_link": str(outside.parent),
        "chain_link": "file_link", "sub/deep_link": "../folder_link", "root_link": "/",
        "proc_link": "/proc/self/root", "loop_link": "loop_link",
    }  # fmt: skip
    made = " && ".join(f"ln -s '{target}' {link}" for link, target in links.items())
    assert (await act(workspace, "bash", command=f"{made} && mkfifo pipe")).exit_code == 0
    return workspace


def state_of(folder: Path) -> dict[str, str]:
    return {
        os.path.join(at, name): Path(at, name).read_text()
        for at, _, names in os.walk(folder)
        for name in names
    }


@pytest.mark.parametrize("spelled", PATHS)
async def test_no_path_leads_an_edit_out_of_the_repository(
    workspace: Workspace, act: Act, outside: Path, spelled: str
) -> None:
    path = spelled.replace("{out}", str(outside))
    before = state_of(outside)
    actions: list[tuple[str, dict[str, Any]]] = [
        ("edit", {"path": path, "search": "secret = 1", "replace": "secret = 2"}),
        ("edit_lines", {"path": path, "first": 1, "last": 1, "content": "secret = 2"}),
        ("insert", {"path": path, "line": 0, "content": "x = 2"}),
        ("rewrite", {"path": path, "symbol": "secret", "content": "def secret():\n    return 2\n"}),
        ("edit_many", {"changes": render_hunks([Hunk(path, "secret = 1", "secret = 2")])}),
    ]
    for name, arguments in actions:
        seen = await act(workspace, name, **arguments)
        assert seen.failed, (name, seen.text)
        assert "\n" not in seen.text or name == "edit_many"
    await act(workspace, "create", path=path, content="x = 2\n")
    await act(workspace, "create", path=f"{path}/new.py", content="x = 2\n")
    await act(workspace, "edit_many", changes=render_hunks([Hunk(path, "", "x = 2")]))
    assert state_of(outside) == before
    while workspace.changes:
        assert not (await act(workspace, "undo")).failed
    assert state_of(outside) == before


async def test_a_file_swapped_for_a_link_since_is_not_undone_through_it(
    workspace: Workspace, act: Act, outside: Path
) -> None:
    assert not (await act(workspace, "edit", path="sub/x.py", search="1", replace="2")).failed
    (outside / "canary.py").write_text("secret = 2\n")
    await act(workspace, "bash", command=f"ln -sf {outside}/canary.py sub/x.py")
    assert (await act(workspace, "undo")).failed
    assert (outside / "canary.py").read_text() == "secret = 2\n"
