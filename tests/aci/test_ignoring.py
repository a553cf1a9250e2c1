"""Our reading of .gitignore files next to git's own."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci.ignoring import Rules, _spec
from aci.listing import scope_of

NAMES = st.sampled_from(["a", "b", "build", "x.log", "keep.log", ".hid", "a b"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!", "#"]),
    st.sampled_from(["", "/", "**/"]),
    st.one_of(PATHS, st.sampled_from(["*.log", "*", "b*", "?", "[ab]", "build/**", "**/a", "a/*/b"])),
    st.sampled_from(["", "", "/", " "]),
)
RULES = st.lists(PATTERNS, max_size=5).map("\n".join)


def rules(files: Mapping[str, str]) -> Rules:
    return Rules({folder: _spec(text) for folder, text in files.items()})


def ignored_by_git(tree: Path, files: Mapping[str, str], paths: list[str]) -> set[str]:
    for folder, text in files.items():
        (tree / folder).mkdir(parents=True, exist_ok=True)
        (tree / folder / ".gitignore").write_text(text + "\n")
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    asked = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin"],
        cwd=tree, input="\0".join(paths) + "\0", capture_output=True, text=True, check=False,
    )  # fmt: skip
    return set(asked.stdout.split("\0")) - {""}


@settings(max_examples=60, deadline=None)
@given(top=RULES, inner=RULES, paths=st.lists(PATHS, min_size=1, max_size=8))
def test_files_are_ignored_as_git_ignores_them(top: str, inner: str, paths: list[str]) -> None:
    # A path can't lie in another one that is a file.
    paths = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    files = {"": top, "a/": inner}
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
        paths = [path for path in paths if not (Path(folder) / path).is_dir() and path != "a"]
        expected = ignored_by_git(Path(folder), files, paths)
    assert {path for path in paths if rules(files).ignores(path)} == expected


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("build/x.py", True),
        ("src/build/deep/x.py", True),
        ("a.log", True),
        ("keep.log", False),
        ("sub/a.log", False),
        ("sub/b.log", True),
        ("build/keep.log", True),
        ("buildx", False),
    ],
)
def test_a_deeper_file_and_a_later_line_decide_but_never_inside_an_ignored_folder(
    path: str, ignored: bool
) -> None:
    read = rules({"": "build/\n*.log\n!keep.log\n", "sub/": "!a.log\n"})
    assert read.ignores(path) is ignored


def test_one_bad_line_costs_no_other() -> None:
    assert rules({"": "!\n*.log\n///\n"}).ignores("a.log")


def test_folders_that_are_left_out_are_named_for_find_without_wildcards() -> None:
    read = Rules({"": _spec("*")}, ("a[1]*", "src/build", "it's"))
    assert read.prune(scope_of("src")) == "-path ./build -prune -o"
    assert read.prune(scope_of(".")).startswith("-path './a\\[1]\\*' -prune -o -path ./src/build -prune -o ")
    assert read.prune(scope_of("docs")) == "-name .git -prune -o"
