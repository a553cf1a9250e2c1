from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Limits, Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

TREE: dict[str, str | bytes] = {
    "src/calc.py": "def add(a, b):\n    return a - b\n\n\ntotal = add(1, 2)\n",
    "src/other.py": "from calc import add\n",
    'docs/it\'s a "file".md': "add here\n",
    "docs/new\nline.md": "add there\n",
    "-n": "add with a dash\n",
    ".git/config": "add nothing\n",
    ".hidden/x.py": "add hidden\n",
    "data.bin": b"add\0\xff",
    "latin.txt": "caf\xe9 add\n".encode("latin-1"),
}


@pytest.fixture(params=["gnu", "other"])
async def searched(request: pytest.FixtureRequest, make_workspace: Make) -> Workspace:
    """Both ways to search: with GNU grep's options and without."""
    workspace = await make_workspace(TREE)
    workspace._grep = "" if request.param == "gnu" else "posix"
    return workspace


async def test_hits_are_grouped_by_file(searched: Workspace, act: Act, golden: Golden) -> None:
    seen = await act(searched, "search_dir", text="add")
    if searched._grep != "posix":
        golden("search_dir", seen.text)
    assert "src/calc.py (2 lines)\n1:def add(a, b):\n5:total = add(1, 2)" in seen.text
    assert """docs/it's a "file".md (1 line)\n1:add here""" in seen.text
    assert "-n (1 line)\n1:add with a dash" in seen.text
    assert "café add" in seen.text
    assert ".git" not in seen.text
    assert "data.bin" not in seen.text


@pytest.mark.parametrize("text", ["a - b", "add(a,", "-", "'", '"', "$(touch x)", "\\", "*"])
async def test_a_text_is_taken_literally(make_workspace: Make, act: Act, text: str) -> None:
    workspace = await make_workspace({"a.txt": f"x {text} y\nnothing\n"})
    seen = await act(workspace, "search_dir", text=text)
    assert seen.text == f"1 line in 1 file of .:\na.txt (1 line)\n1:x {text} y"


async def test_without_a_hit_upper_and_lower_case_are_ignored(searched: Workspace, act: Act) -> None:
    seen = await act(searched, "search_dir", text="DEF Add", folder="src")
    assert seen.text.startswith(
        'No line contains "DEF Add" exactly; this ignores upper and lower case.\n1 line in'
    )


async def test_many_hits_are_capped_with_advice(make_workspace: Make, act: Act, golden: Golden) -> None:
    files = {f"m{number}.txt": "needle\n" * 4 for number in range(8)}
    workspace = await make_workspace(files, limits=Limits(hits=6, hits_per_file=3, files=4))
    golden("search_dir_capped", (await act(workspace, "search_dir", text="needle")).text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": ""}, "The text is empty."),
        ({"text": "a\nb"}, 'A search looks at single lines; search for one of yours, e.g. "a".'),
        ({"text": "zzz"}, 'No line in . contains "zzz".'),
        ({"text": "x", "folder": "nowhere"}, "There is no folder nowhere in the repository"),
        ({"text": "x", "folder": "../.."}, "../.. lies outside the repository"),
        ({"text": "x", "folder": "/etc"}, "/etc lies outside the repository"),
    ],
)
async def test_a_search_that_can_find_nothing_says_why(
    searched: Workspace, act: Act, arguments: dict[str, str], said: str
) -> None:
    seen = await act(searched, "search_dir", **arguments)
    assert seen.failed
    assert seen.text.startswith(said)


async def test_a_file_named_as_the_folder_is_searched(searched: Workspace, act: Act) -> None:
    seen = await act(searched, "search_dir", text="total", folder="src/calc.py")
    assert "5:total = add(1, 2)" in seen.text


async def test_files_are_found_by_name(searched: Workspace, act: Act, golden: Golden) -> None:
    golden("find_file", (await act(searched, "find_file", pattern="*.md")).text)
    assert (await act(searched, "find_file", pattern="calc.py")).text == "1 file in .:\nsrc/calc.py"
    assert (await act(searched, "find_file", pattern="src/calc.py")).text == "1 file in .:\nsrc/calc.py"
    assert (await act(searched, "find_file", pattern="config")).failed


async def test_a_part_of_a_name_is_enough(searched: Workspace, act: Act) -> None:
    seen = await act(searched, "find_file", pattern="CALC")
    assert seen.text == "No file is named CALC; names that contain it:\n1 file in .:\nsrc/calc.py"


async def test_many_files_are_capped(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({f"f{number:03}.py": "" for number in range(60)})
    seen = await act(workspace, "find_file", pattern="*.py")
    assert seen.text.startswith("60 files in .:\nf000.py\n")
    assert seen.text.endswith("\nf039.py\n(20 more; give a longer name or a folder)")


async def test_search_file_looks_into_the_open_file(searched: Workspace, act: Act, golden: Golden) -> None:
    assert (
        await act(searched, "search_file", text="add")
    ).text == "No file is open. Give a path, or use `search_dir`."
    await act(searched, "open", path="src/calc.py")
    golden("search_file", (await act(searched, "search_file", text="add")).text)


async def test_the_middle_of_a_long_line_is_shown_around_the_hit(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.js": "x" * 5000 + "needle" + "y" * 5000 + "\n"})
    seen = await act(workspace, "search_dir", text="needle")
    assert "needle" in seen.text
    assert "[4900 characters+]" in seen.text
    assert len(seen.text) < 400


async def test_aliases_and_functions_of_the_model_do_not_bend_a_search(searched: Workspace, act: Act) -> None:
    await act(
        searched,
        "bash",
        command="grep() { echo forged; }; find() { echo forged; }; alias grep=false; cd docs",
    )
    assert "forged" not in (await act(searched, "search_dir", text="total")).text
    assert "src/calc.py" in (await act(searched, "find_file", pattern="calc.py")).text


@pytest.mark.parametrize("path", ["", "/nowhere"])
async def test_a_spoiled_path_of_the_model_does_not_end_searching(
    searched: Workspace, act: Act, path: str
) -> None:
    await act(searched, "bash", command=f"export PATH={path}")
    assert "src/calc.py" in (await act(searched, "search_dir", text="total")).text
    assert "src/calc.py" in (await act(searched, "find_file", pattern="calc.py")).text
