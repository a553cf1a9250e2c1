"""A workspace over a real sandbox, and the golden files that hold what a model sees."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from aci import COMMANDS, Observation, Workspace
from envs.unsafe import UnsafeSandbox

GOLDEN = Path(__file__).parent / "golden"
# Read at once: the session's own world drops such variables.
WRITE_GOLDEN = os.environ.get("PATCHWRIGHT_GOLDEN") == "write"

MakeWorkspace = Callable[..., Awaitable[Workspace]]
Golden = Callable[[str, str], None]


@pytest.fixture
async def make_workspace(tmp_path: Path) -> AsyncIterator[MakeWorkspace]:
    """Start sandboxes over real files: `await make_workspace({"a.py": "x = 1\\n"})`."""
    sandboxes: list[UnsafeSandbox] = []

    async def make(files: Mapping[str, str | bytes] | None = None, **settings: Any) -> Workspace:
        tree = tmp_path / f"tree{len(sandboxes)}"
        tree.mkdir()
        for path, content in (files or {}).items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        sandbox = UnsafeSandbox()
        sandboxes.append(sandbox)
        await sandbox.start(tree)
        return Workspace(sandbox, **settings)

    yield make
    for sandbox in sandboxes:
        await sandbox.close()


@pytest.fixture
def act() -> Callable[..., Awaitable[Observation]]:
    """Execute a command by name: `await act(workspace, "open", path="a.py")`."""

    async def execute(workspace: Workspace, name: str, /, **arguments: Any) -> Observation:
        return await COMMANDS[name](**arguments).execute(workspace)

    return execute


@pytest.fixture
def golden() -> Golden:
    """Compare a text with a golden file; with PATCHWRIGHT_GOLDEN=write, write it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if WRITE_GOLDEN:
            path.write_text(text + "\n", encoding="utf-8")
        assert re.sub(r"\s+\Z", "", path.read_text(encoding="utf-8")) == text.rstrip(), (
            f"golden file {path.name}"
        )

    return compare
