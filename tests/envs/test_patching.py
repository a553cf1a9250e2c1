import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envs import patching
from envs.junk import is_junk
from envs.repository import Repository
from trajectories.errors import RepositoryError, UsageError

GitRepo = Callable[..., Path]
Tree = dict[bytes, tuple[str, bytes]]


@pytest.fixture
def repository(git_repo: GitRepo, tmp_path: Path) -> Repository:
    source = git_repo({"a.txt": "one\ntwo\nthree\n", "src/b.py": "x = 1\n", ".gitignore": "*.log\nbuild/\n"})
    return Repository.prepare(source, tmp_path / "run")


@pytest.fixture
def exported(repository: Repository, tmp_path: Path) -> Path:
    folder = tmp_path / "exported"
    shutil.copytree(repository.tree, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return folder


def read_tree(top: Path) -> Tree:
    found: Tree = {}
    root = os.fsencode(top)
    for folder, folders, files in os.walk(root):
        if b".git" in folders:
            folders.remove(b".git")
        for name in (*files, *folders):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, root)
            if os.path.islink(path):
                found[relative] = ("link", os.readlink(path))
            elif os.path.isfile(path):
                executable = os.stat(path).st_mode & 0o100
                with open(path, "rb") as stream:
                    found[relative] = ("exec" if executable else "file", stream.read())
    return found


def write_tree(top: Path, tree: Tree) -> None:
    for path, (kind, data) in tree.items():
        full = os.path.join(os.fsencode(top), path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if kind == "link":
            os.symlink(data, full)
            continue
        with open(full, "wb") as stream:
            stream.write(data)
        os.chmod(full, 0o755 if kind == "exec" else 0o644)


def fit_together(paths: set[bytes]) -> list[bytes]:
    """Drop paths below other paths, and names that differ from a git folder's in case only."""
    fitting: list[bytes] = []
    for path in sorted(paths):
        if not any(path.startswith(other + b"/") for other in fitting):
            fitting.append(path)
    return fitting


ODD_NAMES = (
    b'a,b,dir,-x,--,a b,a\nb,a\tb,"q",back\\slash,:(top)x,:x,*,?,[a],!x,#x'
    b", lead,trail ,\xff\xfe,\xc3\xa4,git~1,a\rb"
)
NAMES = st.one_of(
    st.sampled_from(ODD_NAMES.split(b",")),
    st.binary(min_size=1, max_size=6).filter(
        lambda name: not set(name) & {0, 47} and name not in (b".", b"..") and name.lower() != b".git"
    ),
).filter(lambda name: not is_junk(name))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
LINES = st.lists(
    st.sampled_from([b"one", b"two", b"", b"\xe4", b"\xef\xbb\xbfx", b"caf\xc3\xa9"]), max_size=8
)
CONTENTS = st.one_of(
    LINES.map(b"\n".join),
    LINES.map(lambda lines: b"\n".join([*lines, b""])),
    LINES.map(lambda lines: b"\r\n".join([*lines, b""])),
    LINES.map(b"\r".join),
    st.binary(max_size=300),
)
FILES = st.one_of(
    st.tuples(st.sampled_from(["file", "exec"]), CONTENTS),
    st.tuples(st.just("link"), st.binary(min_size=1, max_size=20).filter(lambda data: 0 not in data)),
)
TREES = st.dictionaries(PATHS, FILES, max_size=6).map(
    lambda tree: {path: tree[path] for path in fit_together(set(tree))}
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=TREES, after=TREES, keep=st.booleans())
def test_applying_the_patch_to_the_base_gives_the_exported_tree(
    before: Tree, after: Tree, keep: bool
) -> None:
    if keep:
        together = {**before, **after}
        after = {path: together[path] for path in fit_together(set(together))}
    before = {**before, b"always.txt": ("file", b"x\n")}
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name, "source"), Path(name, "exported")
        write_tree(source, before)
        subprocess.run(["git", "init", "-q"], cwd=source, check=True)
        settings_ = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.protectNTFS=false")
        subprocess.run(["git", *settings_, "add", "-Af"], cwd=source, check=True)
        subprocess.run(["git", *settings_, "commit", "-qm", "x"], cwd=source, check=True)
        repository = Repository.prepare(source, Path(name, "run"))
        assert read_tree(repository.tree) == before
        target.mkdir()
        write_tree(target, after)
        patch = repository.patch(target)
        repository.apply(patch, repository.tree)
        assert read_tree(repository.tree) == read_tree(target)


def test_an_unchanged_tree_gives_no_patch(repository: Repository, exported: Path) -> None:
    assert repository.patch(exported) == ""
    assert repository.apply("", exported) == []


def test_what_tools_leave_behind_stays_out(repository: Repository, exported: Path) -> None:
    for path in (
        "src/__pycache__/b.cpython-311.pyc",
        "b.pyc",
        ".pytest_cache/v/cache",
        ".hypothesis/x",
        "x.egg-info/PKG-INFO",
        ".coverage",
        "debug.log",
        "build/out.bin",
    ):
        (exported / path).parent.mkdir(parents=True, exist_ok=True)
        (exported / path).write_bytes(b"junk")
    assert repository.patch(exported) == ""


def test_junk_that_the_base_tracks_belongs_to_the_patch(git_repo: GitRepo, tmp_path: Path) -> None:
    source = git_repo({"data/x.pyc": b"\0old", "keep.log": "old\n"})
    git_repo({".gitignore": "*.log\n"})
    repository = Repository.prepare(source, tmp_path / "run")
    (repository.tree / "data" / "x.pyc").write_bytes(b"\0new")
    (repository.tree / "keep.log").write_text("new\n")
    patch = repository.patch(repository.tree)
    assert "b/data/x.pyc" in patch
    assert "+new" in patch


def test_an_ignored_file_is_in_the_patch_when_it_is_named(repository: Repository, exported: Path) -> None:
    (exported / "build").mkdir()
    (exported / "build" / "made.py").write_text("x\n")
    (exported / "build" / "other.py").write_text("x\n")
    patch = repository.patch(exported, include=["build/made.py", "not/there"])
    assert "build/made.py" in patch
    assert "other" not in patch


def test_nested_repositories_are_plain_folders_without_their_git(
    repository: Repository, exported: Path
) -> None:
    nested = exported / "nested"
    nested.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=nested, check=True)
    (nested / "file.txt").write_text("x\n")
    (nested / "sub").mkdir()
    (nested / "sub" / ".GIT").write_text("gitdir: /etc")
    patch = repository.patch(exported)
    assert "nested/file.txt" in patch
    assert ".git" not in patch.lower()


def test_attributes_of_the_tree_hide_nothing(repository: Repository, exported: Path) -> None:
    (exported / ".gitattributes").write_text(
        "* -diff filter=evil ident eol=crlf working-tree-encoding=utf-16\n"
    )
    (exported / "a.txt").write_text("$Id$\n")
    patch = repository.patch(exported)
    assert "+$Id$\n" in patch
    assert "Binary" not in patch


def test_special_files_and_unreadable_names_are_passed_over(repository: Repository, exported: Path) -> None:
    os.mkfifo(exported / "pipe")
    (exported / "loop").symlink_to("loop")
    assert "loop" in repository.patch(exported)
    assert "pipe" not in repository.patch(exported)


def test_a_change_too_large_for_a_patch_is_named(
    repository: Repository, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patching, "MAX_PATCH_BYTES", 1024)
    (exported / "core").write_bytes(b"x" * 1000)
    (exported / "core2").write_bytes(b"y" * 1000)
    with pytest.raises(RepositoryError, match="core2"):
        repository.patch(exported)
    (exported / "core").write_bytes(b"x" * 2000)
    with pytest.raises(RepositoryError, match="'core'"):
        repository.patch(exported)


def patch_of(repository: Repository, exported: Path) -> str:
    (exported / "a.txt").write_text("one\nTWO\nthree\n")
    (exported / "src" / "new.py").write_text("y = 2\n")
    return repository.patch(exported)


def test_a_patch_is_applied_to_the_users_work_tree(
    repository: Repository, exported: Path, git_repo: GitRepo, tmp_path: Path
) -> None:
    patch = patch_of(repository, exported)
    source = tmp_path / "repo"
    (source / "src" / "b.py").write_text("my own change\n")
    assert repository.apply(patch, source / "src") == ["a.txt", "src/new.py"]
    assert (source / "a.txt").read_text() == "one\nTWO\nthree\n"
    assert (source / "src" / "new.py").read_text() == "y = 2\n"
    assert (source / "src" / "b.py").read_text() == "my own change\n"


@pytest.mark.parametrize(
    ("path", "text"), [("a.txt", "one\nmine\nthree\n"), ("src/new.py", "mine\n"), ("a.txt", None)]
)
def test_a_conflict_with_the_users_changes_changes_nothing(
    path: str, text: str | None, repository: Repository, exported: Path, tmp_path: Path
) -> None:
    patch = patch_of(repository, exported)
    source = tmp_path / "repo"
    (source / path).unlink(missing_ok=True)
    if text is not None:
        (source / path).write_text(text)
    before = read_tree(source)
    with pytest.raises(UsageError, match="nothing was changed"):
        repository.apply(patch, source)
    assert read_tree(source) == before


def test_a_patch_fits_a_work_tree_with_converted_line_ends(git_repo: GitRepo, tmp_path: Path) -> None:
    source = git_repo({"a.txt": "one\ntwo\n", ".gitattributes": "*.txt text eol=crlf\n"})
    repository = Repository.prepare(source, tmp_path / "run")
    (source / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (repository.tree / "a.txt").write_bytes(b"one\nTWO\n")
    repository.apply(repository.patch(repository.tree), source)
    assert (source / "a.txt").read_bytes() == b"one\r\nTWO\r\n"


def created(path: str) -> str:
    header = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return header + "@@ -0,0 +1 @@\n+x\n"


@pytest.mark.parametrize(
    "path",
    [
        *("../escaped", "/escaped", "a/../../escaped", ".git/hooks/pre-commit", ".git/config", ".GIT/config"),
        *("nested/.git/config", "out/escaped", "out2/escaped"),
    ],
)
def test_a_patch_that_leaves_the_work_tree_is_refused(
    path: str, repository: Repository, tmp_path: Path
) -> None:
    source = tmp_path / "repo"
    (source / "nested").mkdir()
    (source / "out").symlink_to(tmp_path)
    (source / "out2").symlink_to("..")
    config = (source / ".git" / "config").read_bytes()
    for patch in (created(path), created("good.txt") + created(path)):
        with pytest.raises(UsageError, match="nothing was changed"):
            repository.apply(patch, source)
    assert not (source / "good.txt").exists()
    assert not (tmp_path / "escaped").exists()
    assert (source / ".git" / "config").read_bytes() == config
    assert not (source / ".git" / "hooks" / "pre-commit").exists()
    assert not list((source / "nested").iterdir())


def test_a_patch_that_makes_a_link_and_writes_through_it_is_refused(
    repository: Repository, tmp_path: Path
) -> None:
    link = f"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+{tmp_path}\n"
    with pytest.raises(UsageError):
        repository.apply(link + "\\ No newline at end of file\n" + created("l/escaped"), tmp_path / "repo")
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "repo" / "l").exists()


def test_text_that_is_no_patch_and_a_missing_target_are_refused(
    repository: Repository, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        repository.apply("hello\n", tmp_path / "repo")
    with pytest.raises(UsageError, match="no folder"):
        repository.apply(created("x"), tmp_path / "missing")


def test_a_patch_into_a_submodule_is_refused(git_repo: GitRepo, tmp_path: Path) -> None:
    source = git_repo({"a": "x\n"})
    command = ["git", "update-index", "--add", "--cacheinfo", "160000," + "1" * 40 + ",lib"]
    subprocess.run(command, cwd=source, check=True)
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"], cwd=source, check=True
    )
    repository = Repository.prepare(source, tmp_path / "run")
    (source / "lib").mkdir(exist_ok=True)
    with pytest.raises(UsageError, match="submodule"):
        repository.apply(created("lib/x"), source)
    assert not (source / "lib" / "x").exists()
