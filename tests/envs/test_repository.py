import http.server
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs import hostgit
from envs.repository import Repository
from trajectories.errors import RepositoryError, UsageError


def git(folder: Path, *arguments: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "a.txt").write_bytes(b"one\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    (folder / "a.txt").write_bytes(b"two\r\n")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("/etc/hostname")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    git(folder, "tag", "-a", "-m", "a tag", "v1")
    git(folder, "switch", "-q", "-c", "later")
    (folder / "a.txt").write_bytes(b"the fix\n")
    git(folder, "commit", "-qam", "third")
    git(folder, "switch", "-q", "trunk")
    return folder


def test_the_tree_is_the_commit_byte_for_byte(source: Path, tmp_path: Path) -> None:
    repository = Repository.prepare(source, tmp_path / "run")
    assert (repository.tree / "a.txt").read_bytes() == b"two\r\n"
    assert stat.S_IMODE((repository.tree / "run.sh").stat().st_mode) & 0o111
    assert os.readlink(repository.tree / "link") == "/etc/hostname"
    assert repository.base_commit == git(source, "rev-parse", "HEAD")
    assert repository.files() == ["a.txt", "link", "run.sh"]


def test_git_works_in_the_tree_and_finds_it_clean(source: Path, tmp_path: Path) -> None:
    tree = Repository.prepare(source, tmp_path / "run").tree
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "branch", "--show-current") == "main"
    assert git(tree, "log", "--format=%s") == "second"
    assert git(tree, "remote") == ""
    assert git(tree, "config", "user.name") == "Patchwright"
    (tree / "a.txt").write_text("three\n")
    assert "+three" in git(tree, "diff")


def test_a_copy_of_the_tree_is_clean_without_reading_it_again(source: Path, tmp_path: Path) -> None:
    tree = Repository.prepare(source, tmp_path / "run").tree
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    assert git(copy, "diff-files", "--name-only") == ""


def test_nothing_of_the_future_or_of_other_branches_is_in_the_tree(source: Path, tmp_path: Path) -> None:
    for history in (0, 1):
        tree = Repository.prepare(source, tmp_path / f"run{history}", ref="trunk", history=history).tree
        commits = {
            line.split()[0]
            for line in git(tree, "cat-file", "--batch-all-objects", "--batch-check").splitlines()
            if " commit " in line
        }
        inside = set(git(tree, "rev-list", "HEAD").split())
        assert commits == inside
        assert git(source, "rev-parse", "later") not in commits
        assert len(inside) == (1 if history else 2)
        assert git(tree, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
        assert not list((tree / ".git").rglob("FETCH_HEAD"))
        assert not (tree / ".git" / "logs").exists()


@pytest.mark.parametrize("ref", ["HEAD", "trunk", "refs/heads/trunk", "v1", "later~1", "short", "full"])
def test_every_way_to_name_a_commit_of_a_local_repository_works(
    ref: str, source: Path, tmp_path: Path
) -> None:
    wanted = git(source, "rev-parse", "trunk")
    ref = {"short": wanted[:8], "full": wanted}.get(ref, ref)
    assert Repository.prepare(source, tmp_path / "run", ref=ref).base_commit == wanted


def test_a_folder_within_the_repository_and_a_bare_one_and_a_linked_one_work(
    source: Path, tmp_path: Path
) -> None:
    wanted = git(source, "rev-parse", "trunk")
    (source / "inner").mkdir()
    assert Repository.prepare(source / "inner", tmp_path / "1").base_commit == wanted
    git(tmp_path, "clone", "-q", "--bare", str(source), "bare.git")
    bare = Repository.prepare(tmp_path / "bare.git", tmp_path / "2")
    assert (bare.base_commit, bare.dirty) == (wanted, False)
    git(source, "worktree", "add", "-q", "../linked", "later")
    linked = Repository.prepare(str(tmp_path / "linked"), tmp_path / "3")
    assert linked.base_commit == git(source, "rev-parse", "later")
    assert not linked.dirty
    assert Repository.prepare(source.as_uri(), tmp_path / "4").base_commit == wanted


def test_a_shallow_source_gives_its_commit(source: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", source.as_uri(), "shallow")
    for history in (0, 1):
        repository = Repository.prepare(tmp_path / "shallow", tmp_path / f"{history}", history=history)
        assert git(repository.tree, "status", "--porcelain") == ""


def test_a_repository_of_sha256_objects_works(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q", "--object-format=sha256")
    (source / "a").write_text("a\n")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "first")
    repository = Repository.prepare(source, tmp_path / "run")
    assert len(repository.base_commit) == 64
    (repository.tree / "a").write_text("b\n")
    assert "+b" in repository.patch(repository.tree)


def test_submodules_stay_empty_and_are_listed(source: Path, tmp_path: Path) -> None:
    inner = git(source, "rev-parse", "HEAD")
    git(source, "update-index", "--add", "--cacheinfo", f"160000,{inner},vendored/lib")
    git(source, "commit", "-qm", "with a submodule")
    repository = Repository.prepare(source, tmp_path / "run")
    assert repository.submodules == ("vendored/lib",)
    assert not repository.dirty
    folder = repository.tree / "vendored" / "lib"
    assert list(folder.iterdir()) == []
    (folder / "new.py").write_text("x\n")
    assert repository.patch(repository.tree) == ""


def test_a_large_file_pointer_stays_a_pointer(source: Path, tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"
    (source / "big.bin").write_bytes(pointer)
    git(source, "add", "-A")
    git(source, "commit", "-qm", "pointer")
    (source / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    git(source, "add", ".gitattributes")
    git(source, "commit", "-qm", "attributes")
    (source / "big.bin").write_bytes(b"real!")
    repository = Repository.prepare(source, tmp_path / "run")
    assert (repository.tree / "big.bin").read_bytes() == pointer
    assert not repository.dirty


def test_uncommitted_changes_are_seen_and_left_out(source: Path, tmp_path: Path) -> None:
    (source / "a.txt").write_text("mine\n")
    (source / "new.txt").write_text("mine\n")
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "x.pyc").write_bytes(b"")
    (source / ".git" / "info").mkdir(exist_ok=True)
    (source / ".git" / "info" / "exclude").write_text("*.log\n")
    (source / "x.log").write_text("x\n")
    before = git(source, "status", "--porcelain")
    repository = Repository.prepare(source, tmp_path / "run")
    assert repository.dirty
    assert repository.changed_in_worktree == ("a.txt", "new.txt")
    assert (repository.tree / "a.txt").read_bytes() == b"two\r\n"
    assert not (repository.tree / "new.txt").exists()
    assert git(source, "status", "--porcelain") == before


def test_a_work_tree_with_converted_line_ends_is_not_dirty(source: Path, tmp_path: Path) -> None:
    (source / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (source / "b.txt").write_bytes(b"lf\r\n")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "crlf")
    repository = Repository.prepare(source, tmp_path / "run")
    assert (repository.tree / "b.txt").read_bytes() == b"lf\n"
    assert not repository.dirty


def test_a_run_from_within_a_git_hook_is_not_led_astray(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    repository = Repository.prepare(source, tmp_path / "run")
    (repository.tree / "a.txt").write_text("new\n")
    assert "+new" in repository.patch(repository.tree)
    assert not (tmp_path / "index").exists()


def test_a_prepared_repository_can_be_reopened(source: Path, tmp_path: Path) -> None:
    repository = Repository.prepare(source, tmp_path / "run")
    (repository.tree / "a.txt").write_text("new\n")
    again = Repository.reopen(tmp_path / "run")
    assert again.base_commit == repository.base_commit
    assert again.patch(again.tree) == repository.patch(repository.tree)
    with pytest.raises(RepositoryError, match="start the run again"):
        Repository.reopen(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty"),
        ("/no/such/place", "There is no /no/such/place"),
        ("ext::sh -c touch%20canary", "not allowed"),
        ("fd::17", "not allowed"),
        ("ftp://example.org/x.git", "not allowed"),
        ("--upload-pack=touch canary", "looks like an option"),
        ("ssh://-oProxyCommand=touch/x", "names no host"),
        ("https:///x.git", "names no host"),
        ("git@-oProxyCommand=touch:x", "There is no"),
    ],
)
def test_what_is_no_repository_is_refused_in_one_sentence(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        Repository.prepare(name, tmp_path / "run")
    assert "\n" not in str(caught.value)


def test_a_folder_without_git_an_empty_repository_and_a_file_are_told_apart(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "file").write_text("x")
    with pytest.raises(UsageError, match="git init"):
        Repository.prepare(plain, tmp_path / "1")
    with pytest.raises(UsageError, match="is a file"):
        Repository.prepare(plain / "file", tmp_path / "2")
    git(plain, "init", "-q")
    with pytest.raises(UsageError, match="no commits yet"):
        Repository.prepare(plain, tmp_path / "3")
    (plain / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(UsageError, match="not a usable git repository"):
        Repository.prepare(plain, tmp_path / "4")


@pytest.mark.parametrize("ref", ["nope", "-x", "", "a\nb", "--all", "HEAD:a.txt", "HEAD~9"])
def test_an_unknown_ref_is_named(ref: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ref"):
        Repository.prepare(source, tmp_path / "run", ref=ref)


def test_another_users_repository_is_refused_with_the_cure(source: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository away")
    for folder, _, files in os.walk(source):
        for name in (".", *files):
            os.chown(Path(folder, name), 12345, 12345, follow_symlinks=False)
    with pytest.raises(UsageError, match=r"git config --global --add safe\.directory"):
        Repository.prepare(source, tmp_path / "run")


def test_credentials_never_stand_in_a_message(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"https://localhost:1/x\.git") as caught:
        Repository.prepare("https://user:hunter2hunter2@localhost:1/x.git", tmp_path / "run")
    assert "hunter2" not in str(caught.value)


def test_missing_git_is_said(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostgit.check_git.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="install git"):
        Repository.prepare(source, tmp_path / "run")
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.17.1\n")
    (tmp_path / "git").chmod(0o755)
    with pytest.raises(RepositoryError, match=r"2\.32 or newer"):
        Repository.prepare(source, tmp_path / "run")
    hostgit.check_git.cache_clear()


def test_a_folder_that_cannot_be_written_is_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryError, match="can't be kept in"):
        Repository.prepare(source, tmp_path / "file" / "run")


@pytest.fixture
def served(source: Path, tmp_path: Path) -> Iterator[str]:
    """The source over the dumb http protocol."""
    git(tmp_path, "clone", "-q", "--bare", str(source), "served.git")
    git(tmp_path / "served.git", "update-server-info")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://user:secretsecret@127.0.0.1:{server.server_port}/served.git"
    server.shutdown()
    server.server_close()


def test_a_url_is_fetched_and_leaves_no_credentials(served: str, source: Path, tmp_path: Path) -> None:
    repository = Repository.prepare(served, tmp_path / "run", ref="trunk", history=0)
    assert repository.base_commit == git(source, "rev-parse", "trunk")
    assert repository.submodules == ()
    assert not repository.dirty
    assert "secretsecret" not in repository.source
    found = subprocess.run(["grep", "-r", "secretsecret", str(tmp_path / "run")], check=False)
    assert found.returncode == 1
    with pytest.raises(UsageError, match="no ref 'nope'"):
        Repository.prepare(served, tmp_path / "other", ref="nope")
    with pytest.raises(RepositoryError, match=r"can't be fetched|asks for a login"):
        Repository.prepare(served.replace("served", "missing"), tmp_path / "third")
