"""Searches of a repository with everything in it that breaks searches elsewhere."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from aci import Observation, Workspace
from envs.unsafe import UnsafeSandbox

Act = Callable[..., Awaitable[Observation]]

FOUND = {
    "-n", ".github/ci.yml", "a.py", "big.txt", "caf\\xe9/n\\xe9.txt", "keep.log", "long.js", "many.txt",
    "nested/inner.py", '"new\\nline/x\\ny.txt"', "sub/keep.tmp", "with space/b c.txt",
}  # fmt: skip

IGNORED = ("build/out.py", "x.log", "node_modules/m/index.js", "sub/a.tmp", "sub/cache/deep/c.py")
SEARCHED = {
    ".github/ci.yml": "run: needle\n",
    "a.py": "import x\n\n\nclass Report:\n    def render(self):\n        return needle(1)\n",
    "keep.log": "needle\n",
    "sub/keep.tmp": "needle\n",
    "with space/b c.txt": "needle\n",
    "new\nline/x\ny.txt": "needle in newline\n",
    "-n": "needle with a dash\n",
    "long.js": "x" * 10_000 + "needle" + "y" * 10_000 + "\n",
    "many.txt": "needle\n" * 400,
}


def wild_tree(folder: Path, *, git: bool) -> Path:
    """Make the tree below a hidden folder, ignored files included; with `git` as a repository's work tree."""
    tree = folder / ".hidden" / "tree"
    files = {
        **SEARCHED,
        **dict.fromkeys(IGNORED, "needle\n"),
        ".gitignore": "build/\n*.log\n!keep.log\nnode_modules\n# a comment\n\\#odd\n[\n",
        "sub/.gitignore": "*.tmp\n!/keep.tmp\ncache/\n",
        **{f"f/d{number % 3}/f{number:03}.txt": "hay\nneedle\n" for number in range(120)},
    }
    for path, text in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    odd = os.fsencode(tree) + b"/caf\xe9"
    os.mkdir(odd)
    with open(odd + b"/n\xe9.txt", "wb") as file:
        file.write(b"needle caf\xe9\n")
    (tree / "image.bin").write_bytes(b"needle\0\1\2")
    with (tree / "sparse.bin").open("wb") as file:
        file.truncate(12 * 1024 * 1024)
    (tree / "big.txt").write_bytes(b"some text line\n" * 750_000 + b"needle at the end\n")
    (tree / "out").symlink_to("/etc/passwd")
    (tree / "folder").symlink_to("f")
    (tree / "loop").symlink_to(".")
    nested = tree / "nested"
    nested.mkdir()
    (nested / "inner.py").write_text("needle = 1\n")
    if git:
        commands = "git init -q . && git init -q nested && git add -A -- ':!nested' ':!big.txt' && "
        commands += "git -c user.name=a -c user.email=a@b commit -qm x && git add -f sub/a.tmp"
        subprocess.run(commands, shell=True, cwd=tree, check=True, capture_output=True)
    return tree


@pytest.fixture(scope="module")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with busybox's programs under their names, as an image without GNU's has them."""
    package = tmp_path_factory.mktemp("busybox")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("Debian's busybox-static can't be downloaded here")
    subprocess.run(["apt-get", "download", "busybox-static"], cwd=package, capture_output=True, check=False)
    found = next(package.glob("*.deb"), None)
    if found is None:
        pytest.skip("Debian's busybox-static can't be downloaded")
    subprocess.run(["dpkg-deb", "--extract", str(found), str(package / "files")], check=True)
    program = next((package / "files").glob("**/bin/busybox"))
    names = subprocess.run([str(program), "--list"], capture_output=True, text=True, check=True).stdout
    folder = package / "programs"
    folder.mkdir()
    for name in names.split():
        (folder / name).symlink_to(program)
    return str(folder)


@pytest.fixture(scope="module", params=["git", "no git"])
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wild_tree(tmp_path_factory.mktemp("wild"), git=request.param == "git")


@pytest_asyncio.fixture(params=["gnu", "busybox"])
async def wild(
    request: pytest.FixtureRequest, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Workspace]:
    """The wild repository, searched by GNU's programs and by busybox's, by git's word and by our reading."""
    if request.param == "busybox":
        git = shutil.which("git")
        programs = Path(request.getfixturevalue("busybox"))
        if git is not None and not (programs / "git").exists():
            (programs / "git").symlink_to(git)
        monkeypatch.setenv("PATH", str(programs))
    sandbox = UnsafeSandbox()
    await sandbox.start(tree)
    yield Workspace(sandbox)
    await sandbox.close()


def files_of(text: str) -> dict[str, int]:
    groups = re.findall(r"^(.+) \(([\d,]+) lines?\)$", text, re.M)
    return {path: int(count.replace(",", "")) for path, count in groups}


async def test_the_programs_are_those_that_are_meant(wild: Workspace, request: pytest.FixtureRequest) -> None:
    grep = await wild.grep()
    assert (grep == "posix") == ("busybox" in request.node.name)


async def test_every_file_that_counts_is_found_and_no_other(wild: Workspace, act: Act) -> None:
    seen = await act(wild, "search_dir", text="needle")
    total = int(re.match(r"([\d,]+) lines in ([\d,]+) files", seen.text)[1].replace(",", ""))
    files = int(re.match(r"([\d,]+) lines in ([\d,]+) files", seen.text)[2].replace(",", ""))
    # Git counts an ignored file that it tracks; without git that can't be known.
    tracked = int((await wild.probe("[ ! -d .git ]")).exit_code)
    assert (total, files) == (len(FOUND) + 120 + 399 + tracked, len(FOUND) + 120 + tracked)
    assert re.search(r"and 8\d more files; by folder: f/ \(85\), ", seen.text)
    assert seen.text.count("\n") < 130
    # By halves, so that every file is shown.
    shown = {}
    for text in ("needle with", "needle in", "needle at", "needle(", "needle caf", "run: needle", "needle ="):
        shown |= files_of((await act(wild, "search_dir", text=text)).text)
    assert set(shown) == {
        "-n", '"new\\nline/x\\ny.txt"', "big.txt", "a.py", "caf\\xe9/n\\xe9.txt", ".github/ci.yml",
        "nested/inner.py",
    }  # fmt: skip
    assert "image.bin" not in seen.text
    assert "sparse.bin" not in seen.text


async def test_lines_are_exact_whatever_they_hold(wild: Workspace, act: Act) -> None:
    assert "1:needle café" in (await act(wild, "search_dir", text="needle caf")).text
    seen = await act(wild, "search_file", text="needle", path="long.js")
    assert "1:[9900 characters+] " in seen.text
    assert "[+9906 characters]" in seen.text
    assert len(seen.text) < 500
    seen = await act(wild, "search_dir", text="xneedley")
    assert "1:[9899 characters+] " in seen.text
    seen = await act(wild, "search_file", text="needle", path="many.txt")
    assert seen.text.startswith("400 lines of many.txt:\n1:needle\n")
    assert seen.text.endswith("\n50:needle\n(350 more; search a longer text)")
    seen = await act(wild, "search_file", text="needle at", path="big.txt")
    assert seen.text.startswith("1 line of big.txt:\n750001:needle at the end\n")


async def test_an_ignored_folder_is_searched_when_it_is_named(wild: Workspace, act: Act) -> None:
    for path in ("build", "node_modules", "sub/cache/deep"):
        seen = await act(wild, "search_dir", text="needle", folder=path)
        assert seen.text.startswith(f"1 line in 1 file of {path}:"), seen.text
    assert not (await act(wild, "search_file", text="needle", path="x.log")).failed


async def test_find_file_counts_what_git_ignores_apart(wild: Workspace, act: Act) -> None:
    seen = await act(wild, "find_file", pattern="*.log")
    assert seen.text == "1 file in .:\nkeep.log\n(1 more that git ignores, e.g. x.log; name its folder)"
    seen = await act(wild, "find_file", pattern="out.py")
    assert seen.text == "1 file in ., ignored by git:\nbuild/out.py"
    assert (
        await act(wild, "find_file", pattern="*.py", folder="build")
    ).text == "1 file in build:\nbuild/out.py"
    seen = await act(wild, "find_file", pattern="f/**/f00?.txt")
    assert seen.text.startswith("10 files in .:\nf/d0/f000.txt\n")
    for pattern in ("x*y.txt", "new*/x*"):
        assert (await act(wild, "find_file", pattern=pattern)).text == '1 file in .:\n"new\\nline/x\\ny.txt"'
    assert (await act(wild, "find_file", pattern="n*.txt")).text == "1 file in .:\ncaf\\xe9/n\\xe9.txt"
    assert "ci.yml" in (await act(wild, "find_file", pattern="CI")).text


async def test_regular_expressions_find_lines(wild: Workspace, act: Act) -> None:
    seen = await act(wild, "search_dir", text=r"^need\w+? (?:at|in)\b \D+$", regex=True)
    assert files_of(seen.text) == {'"new\\nline/x\\ny.txt"': 1, "big.txt": 1}
    seen = await act(wild, "search_dir", text=r"RETURN \w+\([\d]\)", regex=True)
    assert seen.text.startswith(
        'No line matches "RETURN \\w+\\([\\d]\\)" exactly; this ignores upper and lower'
    )
    assert files_of(seen.text) == {"a.py": 1}
    seen = await act(wild, "search_file", text="needle$", path="many.txt", regex=True)
    assert seen.text.startswith("400 lines of many.txt:")
    seen = await act(wild, "search_dir", text="needle(", regex=True)
    assert seen.failed
    assert seen.text.startswith('The pattern "needle(" is not valid: ')
    assert seen.text.endswith("leave out `regex` to search for it literally.")


async def test_a_pattern_without_end_is_answered(wild: Workspace, act: Act) -> None:
    assert isinstance(wild.sandbox, UnsafeSandbox)
    (wild.sandbox.tree / "trap.txt").write_text("a" * 40 + "!\n")
    seen = await act(wild, "search_file", text="(a+)+$", path="trap.txt", regex=True)
    if await wild.grep() == "perl":
        assert seen.text.startswith('The pattern "(a+)+$" takes too long on some line;')
    assert seen.failed
    assert not (await act(wild, "search_dir", text="needle with")).failed


async def test_a_deleted_git_folder_changes_little(wild: Workspace, act: Act) -> None:
    before = (await act(wild, "search_dir", text="needle")).text
    await act(wild, "bash", command="rm -rf .git")
    after = (await act(wild, "search_dir", text="needle")).text
    # What git tracked in spite of its rules can't be known any more.
    assert len(files_of(before)) - len(files_of(after)) <= 1
    assert "node_modules" not in after


async def test_no_ignored_file_is_shown(wild: Workspace, act: Act) -> None:
    for path in set(IGNORED) - {"sub/a.tmp"}:
        name = path.rpartition("/")[2]
        assert (await act(wild, "find_file", pattern=name)).text.endswith(f"ignored by git:\n{path}")


async def test_searches_of_what_is_no_folder_say_so(wild: Workspace, act: Act) -> None:
    for name, arguments in (("search_dir", {"text": "x"}), ("find_file", {"pattern": "x"})):
        assert (await act(wild, name, folder="no\nwhere", **arguments)).failed
        seen = await act(wild, name, folder="/etc", **arguments)
        assert seen.text == "/etc lies outside the repository; use `bash` to search there."
    seen = await act(wild, "search_file", text="needle", path="sub")
    assert "of sub:" in seen.text
    assert "6:" in (await act(wild, "search_file", text="needle", path="a.py:3")).text
