"""The sandbox that isolates nothing: it works in a copy, hides what it can and cleans up."""

import sys
from pathlib import Path

import pytest

from envs.unsafe import UnsafeSandbox
from trajectories.errors import SandboxError, SandboxLost


async def test_the_unsafe_sandbox_works_in_a_copy_and_leaves_nothing(project: Path, tmp_path: Path) -> None:
    sandbox = UnsafeSandbox()
    info = await sandbox.start(project)
    assert (info.kind, "nothing is isolated" in info.isolation) == ("unsafe", True)
    result = await sandbox.run("echo new > a.txt; cat .git/HEAD; setsid sleep 1000 & pwd", 10)
    assert result.output.startswith("ref: refs/heads/main\n")
    assert result.cwd == "/workspace"
    await sandbox.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "new\n"
    assert (project / "a.txt").read_text() == "hello\n"
    folder = sandbox.tree.parent
    await sandbox.close()
    await sandbox.close()
    assert not folder.exists()
    with pytest.raises(SandboxLost):
        await sandbox.run("true", 1)


async def test_the_unsafe_sandbox_hides_the_hosts_variables(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", "sk-canary")
    sandbox = UnsafeSandbox()
    await sandbox.start(project)
    try:
        assert "canary" not in (await sandbox.run("env; cat /proc/$PPID/environ", 10)).output
    finally:
        await sandbox.close()


@pytest.mark.parametrize(
    ("python", "said"),
    [("/does/not/exist", "can't be started: .*No such file"), ("/bin/false", "ended at once")],
)
async def test_an_unsafe_sandbox_that_does_not_start_says_why_and_cleans_up(
    python: str, said: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SandboxError, match=said):
        await UnsafeSandbox().start(project)
    assert list(tmp_path.iterdir()) == []


async def test_an_unsafe_sandbox_of_a_missing_tree_says_so(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="can't be copied"):
        await UnsafeSandbox().start(tmp_path / "nothing")
