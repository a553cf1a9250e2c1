"""Which new files of a patch are left-over scratch, and a patch without them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.repository import Repository
from envs.scratch import scratch_in, sections, without

GitRepo = Callable[..., Path]
PatchOf = Callable[[Mapping[str, str | bytes]], str]

BASE = {
    "pkg/__init__.py": "",
    "pkg/core.py": "x = 1\n",
    "tests/test_core.py": "",
    "tests/data/old.bak": "",
    "README.md": "",
}


@pytest.fixture
def patch_of(git_repo: GitRepo, tmp_path: Path) -> PatchOf:
    repository = Repository.prepare(git_repo(BASE), tmp_path / "run")

    def make(files: Mapping[str, str | bytes]) -> str:
        exported = tmp_path / "exported"
        shutil.copytree(repository.tree, exported, ignore=shutil.ignore_patterns(".git"))
        for path, content in files.items():
            target = exported / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return repository.patch(exported)

    return make


SCRATCH = [
    "reproduce.py", "reproduce_issue_12.py", "repro.sh", "test_fix.py", "fix_test.py", "quick_test.js",
    "debug.log", "debug_output.txt", "tmp.py", "temp_check.py", "scratch.rb", "try_it.py", "check_fix.py",
    "verify_fix.py", "bug1234.py", "issue_99.py", "mre.py", "demo_bug.py", "apply_fix.py", "fix.patch",
    "changes.diff", "run.log", "a.out", "pkg/core.py.orig", "pkg/core.py.rej", "pkg/core.py~",
    "pkg/.core.py.swp", "pkg/core.py.bak", "pkg/#core.py#", "pkg/.#core.py", "nohup.out", "core.4711",
    ".DS_Store", "docs/.DS_Store", "with space/core.py.orig", "caf\u00e9.log", 'quo"te.log', "tab\t.log",
]  # fmt: skip
MEANT = [
    "pkg/new.py", "pkg/debug.py", "pkg/reproduce.py", "tests/test_new.py", "tests/reproduce_test.py",
    "tests/data/new.bak", "tests/data/sample.log", "tests/expected.out", "tests/fix.patch", "conftest.py",
    "setup.cfg", "LICENSE", "docs/issue_templates.md", "testing.py", "checks.py", "pkg/core/engine.py",
    "fixtures.py", "temperature.py", "contest.py", "demos.md",
]  # fmt: skip


def test_scratch_is_told_from_what_is_meant(patch_of: PatchOf) -> None:
    patch = patch_of(dict.fromkeys([*SCRATCH, *MEANT], "text\n") | {"pkg/core.py": "x = 2\n"})
    assert sorted(scratch_in(patch, list(BASE))) == sorted(SCRATCH)


def test_the_patch_without_scratch_is_the_one_that_never_had_it(patch_of: PatchOf, tmp_path: Path) -> None:
    fix: dict[str, str | bytes] = {
        "pkg/core.py": "x = 2\n",
        "pkg/caf\u00e9.py": "y = 1\n",
        "data.bin": b"\0\xff" * 99,
    }
    noise: dict[str, str | bytes] = {
        "tmp.bin": b"\0\xfe" * 99,
        "repro.py": "diff --git a/x b/x\n",
        "caf\u00e9.log": "",
    }
    clean = patch_of(fix)
    shutil.rmtree(tmp_path / "exported")
    patch = patch_of(fix | noise)
    scratch = scratch_in(patch, list(BASE))
    assert sorted(scratch) == ["caf\u00e9.log", "repro.py", "tmp.bin"]
    assert without(patch, scratch) == clean
    assert without(patch, ()) == patch


def test_a_file_that_the_rest_of_the_patch_names_is_no_scratch(patch_of: PatchOf) -> None:
    files = {
        "pkg/core.py": "import fix_encoding\nsource = open('tmp.txt')\n",
        "fix_encoding.py": "x = 1\n",
        "tmp.txt": "",
        "debug_it.py": "import check_it\n",
        "check_it.py": "",
    }
    # What only scratch imports is scratch itself.
    assert scratch_in(patch_of(files), list(BASE)) == ("check_it.py", "debug_it.py")


def test_a_project_with_tests_at_its_top_may_get_another(patch_of: PatchOf) -> None:
    patch = patch_of({"test_new.py": ""})
    assert scratch_in(patch, list(BASE)) == ("test_new.py",)
    assert scratch_in(patch, [*BASE, "test_old.py"]) == ()
    # The new file itself does not count as one that was there.
    assert scratch_in(patch, [*BASE, "test_new.py"]) == ("test_new.py",)


def test_a_file_that_was_there_before_is_never_left_out(git_repo: GitRepo, tmp_path: Path) -> None:
    repository = Repository.prepare(git_repo({"reproduce.py": "x = 1\n", "a.orig": "a\n"}), tmp_path / "run")
    (repository.tree / "reproduce.py").write_text("x = 2\n")
    (repository.tree / "a.orig").unlink()
    patch = repository.patch(repository.tree)
    assert len(sections(patch)) == 2
    assert scratch_in(patch, repository.files()) == ()


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["diff --git ", "a/x b/x", "\n", '"', "\\", "@@", "+"])).map("".join)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    parts = sections(text)
    assert "".join(part.text for part in parts) == text[text.find("diff --git ") :] or not text.startswith(
        "diff"
    )
    scratch_in(text, ["a"])
