"""Repositories whose configuration, attributes or nested repositories name a program: none may run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envs.repository import Repository
from trajectories.errors import PatchwrightError

ATTRIBUTES = "* filter=evil diff=evil merge=evil\n*.txt text eol=lf filter=evil diff=evil\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """The file that exists once any planted program was run."""
    return tmp_path / "canary"


@pytest.fixture
def evil(tmp_path: Path, canary: Path) -> str:
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{canary}'\nexit 0\n")
    script.chmod(0o755)
    return str(script)


def poison(git_folder: Path, evil: str) -> None:
    """Plant every setting and hook that can name a program."""
    hooks = git_folder / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        *("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "pre-applypatch"),
        *(
            "applypatch-msg",
            "post-applypatch",
            "fsmonitor-watchman",
            "pre-receive",
            "post-update",
            "pre-auto-gc",
        ),
    ):
        shutil.copy(evil, hooks / hook)
    with (git_folder / "config").open("a") as config:
        config.write(
            f"""
[core]
	fsmonitor = {evil}
	hooksPath = {hooks}
	pager = {evil}
	editor = {evil}
	sshCommand = {evil}
	gitProxy = {evil}
	alternateRefsCommand = {evil}
	askPass = {evil}
[diff]
	external = {evil}
[diff "evil"]
	textconv = {evil}
	command = {evil}
[merge "evil"]
	driver = {evil}
[filter "evil"]
	clean = {evil}
	smudge = {evil}
	process = {evil}
	required = true
[uploadpack]
	packObjectsHook = {evil}
[credential]
	helper = !{evil}
[gpg]
	program = {evil}
[alias]
	status = !{evil}
	rev-parse = !{evil}
[protocol "ext"]
	allow = always
[include]
	path = {git_folder}/included
"""
        )
    (git_folder / "included").write_text(f"[core]\n\tfsmonitor = {evil}\n")


@pytest.fixture
def hostile(tmp_path: Path, evil: str) -> Path:
    source = tmp_path / "hostile"
    source.mkdir()
    git(source, "init", "-q")
    (source / "a.txt").write_text("one\n")
    (source / ".gitattributes").write_text(ATTRIBUTES)
    git(source, "add", "-A")
    git(source, "commit", "-qm", "first")
    for nested in ("nested", "deep/er"):
        folder = source / nested
        folder.mkdir(parents=True)
        git(folder, "init", "-q")
        (folder / "b.txt").write_text("b\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "nested")
        poison(folder / ".git", evil)
    git(source, "add", "nested")
    git(source, "commit", "-qm", "a nested repository as a submodule")
    poison(source / ".git", evil)
    (source / ".git" / "info" / "attributes").write_text(ATTRIBUTES)
    (source / "a.txt").write_text("changed\n")
    return source


def test_the_plants_work_when_git_is_used_the_usual_way(hostile: Path, canary: Path) -> None:
    subprocess.run(["git", "diff"], cwd=hostile, check=False, capture_output=True)
    assert canary.exists()


def test_preparing_comparing_and_applying_run_nothing_that_was_planted(
    hostile: Path, canary: Path, evil: str, tmp_path: Path
) -> None:
    repository = Repository.prepare(hostile, tmp_path / "run", history=0)
    assert not canary.exists()
    assert "a.txt" in repository.changed_in_worktree
    exported = tmp_path / "exported"
    shutil.copytree(repository.tree, exported, symlinks=True)
    poison(exported / ".git", evil)
    (exported / "inner").mkdir()
    git(exported / "inner", "init", "-q")
    poison(exported / "inner" / ".git", evil)
    (exported / "inner" / "c.txt").write_text("c\n")
    (exported / ".gitattributes").write_text(ATTRIBUTES + "more\n")
    (exported / "new.txt").write_text("new\n")
    canary.unlink(missing_ok=True)
    patch = repository.patch(exported)
    assert "new.txt" in patch
    git(hostile, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "read-tree", "HEAD")
    canary.unlink(missing_ok=True)
    repository.apply(patch, hostile)
    assert (hostile / "new.txt").exists()
    assert not canary.exists()


def test_the_trees_own_git_folder_holds_nothing_of_the_sources(
    hostile: Path, evil: str, canary: Path, tmp_path: Path
) -> None:
    tree = Repository.prepare(hostile, tmp_path / "run").tree
    assert evil not in (tree / ".git" / "config").read_text()
    assert not (tree / ".git" / "hooks").exists()
    subprocess.run(["git", "status"], cwd=tree, check=True, capture_output=True)
    subprocess.run(["git", "diff", "HEAD"], cwd=tree, check=True, capture_output=True)
    assert not canary.exists()


def test_a_partial_clone_fetches_nothing_through_a_planted_transport(
    hostile: Path, evil: str, canary: Path, tmp_path: Path
) -> None:
    missing = subprocess.run(
        ["git", "-c", "core.fsmonitor=", "rev-parse", "HEAD:a.txt"],
        cwd=hostile, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (hostile / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
    for url in (f"ext::{evil}", str(hostile)):
        with (hostile / ".git" / "config").open("a") as config:
            config.write(
                f"""
[core]
	repositoryformatversion = 1
[extensions]
	partialClone = origin
[remote "origin"]
	url = {url}
	uploadpack = {evil}
	promisor = true
	partialclonefilter = blob:none
"""
            )
        with pytest.raises(PatchwrightError):
            Repository.prepare(hostile, tmp_path / str(len(url)))
        assert not canary.exists()


def test_a_git_file_that_points_elsewhere_runs_nothing(hostile: Path, canary: Path, tmp_path: Path) -> None:
    front = tmp_path / "front"
    front.mkdir()
    (front / ".git").write_text("gitdir: ../hostile/.git\n")
    Repository.prepare(front, tmp_path / "run")
    assert not canary.exists()
    (front / ".git").write_text("nonsense")
    with pytest.raises(PatchwrightError, match="neither a git folder"):
        Repository.prepare(front, tmp_path / "other")


def test_a_commit_with_a_git_folder_in_its_tree_is_not_checked_out(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")

    def made(*arguments: str, given: bytes) -> str:
        done = subprocess.run(["git", *arguments], cwd=source, check=True, capture_output=True, input=given)
        return done.stdout.decode().strip()

    blob = made("hash-object", "-w", "--stdin", given=b"#!/bin/sh\n")
    hooks = made("mktree", given=f"100755 blob {blob}\tpost-checkout\n".encode())
    folder = made("mktree", given=f"040000 tree {hooks}\thooks\n".encode())
    raw = b"40000 .git\0" + bytes.fromhex(folder)
    top = made("hash-object", "-w", "-t", "tree", "--stdin", "--literally", given=raw)
    commit = made("-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", top, given=b"")
    git(source, "update-ref", "HEAD", commit)
    with pytest.raises(PatchwrightError, match=r"checked out|read-tree"):
        Repository.prepare(source, tmp_path / "run")
    assert not os.path.exists(tmp_path / "run" / "tree" / ".git" / "hooks")
