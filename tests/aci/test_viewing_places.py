"""What can be opened besides a line: symbols, outlines, kept outputs, and parts of huge files."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci import COMMANDS, Limits, Workspace
from aci.offers import offer
from aci.reading import place_in
from aci.workspace import OUTPUT_DIR
from envs.sandbox import MAX_FILE_BYTES
from envs.unsafe import UnsafeSandbox

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

METHOD = "    def {name}(self):\n" + "        x = 1\n" * 20
BIG = (
    "import os\n\n\nclass Report:\n"
    + "".join(METHOD.format(name=name) for name in ("load", "render", "save"))
    + "\n\nclass Other:\n"
    + "".join(METHOD.format(name=name) for name in ("render", "close"))
    + "".join(f"\n\ndef step{number}():\n" + "    return 1\n" * 30 for number in range(8))
)
SMALL_VIEW = Limits(window=12)


async def test_a_symbol_is_shown_whole_where_it_stands(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"big.py": BIG})
    seen = await act(workspace, "open", path="big.py", symbol="Other.close")
    assert not seen.failed
    assert seen.text.startswith("[File: big.py (376 lines)]\n(75 more above)\n")
    assert "\n92:    def close(self):\n" in seen.text
    assert workspace.tops["big.py"] == 76


@pytest.mark.parametrize("wanted", ["def step3():", "step3()", " step3 ", "step3"])
async def test_a_symbol_may_be_written_as_models_write_it(
    make_workspace: Make, act: Act, wanted: str
) -> None:
    workspace = await make_workspace({"big.py": BIG})
    assert "\ndef step3():"[1:] in (await act(workspace, "open", path="big.py", symbol=wanted)).text


async def test_a_name_with_several_definitions_shows_the_first_and_names_the_others(
    make_workspace: Make, act: Act
) -> None:
    workspace = await make_workspace({"big.py": BIG})
    seen = await act(workspace, "open", path="big.py", symbol="render")
    assert seen.text.startswith("Shown is Report.render at line 26; there is also Other.render at line 71.\n")


async def test_an_unknown_symbol_is_answered_with_names_like_it(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"big.py": BIG, "a.txt": "x\n"})
    seen = await act(workspace, "open", path="big.py", symbol="Report.rendr")
    assert seen.failed
    golden("open_unknown_symbol", seen.text)
    seen = await act(workspace, "open", path="a.txt", symbol="f")
    assert seen.text == "No functions can be told in a.txt; find f with `search_file`."


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"path": "big.py:200"}, 200),
        ({"path": "big.py:200-210"}, 200),
        ({"path": "big.py#L200"}, 200),
        ({"path": "big.py:1", "line": "200-210"}, 1),
        ({"path": "big.py", "line": "200-210"}, 200),
        ({"path": "big.py", "line": "L200"}, 200),
        ({"path": "big.py::step3"}, 222),
        ({"path": "big.py", "line": "step3"}, 222),
        ({"path": "big.py", "line": "Report.save"}, 47),
    ],
)
async def test_a_place_is_understood_wherever_a_model_puts_it(
    make_workspace: Make, act: Act, arguments: dict[str, Any], line: int
) -> None:
    workspace = await make_workspace({"big.py": BIG})
    seen = await act(workspace, "open", **arguments)
    assert not seen.failed
    assert f"\n{line}:" in seen.text


async def test_a_file_with_a_colon_in_its_name_is_opened(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py:12": "x\n", "b.txt": "y\n"})
    assert "1:x" in (await act(workspace, "open", path="a.py:12")).text
    seen = await act(workspace, "open", path="c.py:12")
    assert seen.text == "There is no file c.py in the repository. Look for it with `find_file`."


@given(path=st.text(max_size=30), line=st.text(max_size=12), symbol=st.text(max_size=12))
def test_any_place_is_read_without_an_error(path: str, line: str, symbol: str) -> None:
    assert bool(place_in(path).path) == bool(path)
    numbers = COMMANDS["open"].model_validate({"path": path, "line": "7", "symbol": symbol})
    assert numbers.model_dump()["line"] == 7
    if line.strip() and not line.strip()[0].isdigit() and not line.strip().startswith(("-", "L", "l")):
        named = COMMANDS["open"].model_validate({"path": path, "line": line})
        assert named.model_dump() == {"path": path, "line": None, "symbol": line}


async def test_a_file_is_opened_again_where_it_was_left(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"big.py": BIG, "other.py": "x = 1\n"})
    await act(workspace, "open", path="big.py", line=200)
    await act(workspace, "open", path="other.py")
    seen = await act(workspace, "open", path="big.py")
    assert "(182 more above)" not in seen.text
    assert "\n200:" in seen.text
    assert "\n1:import os\n" in (await act(workspace, "open", path="big.py", line=1)).text


async def test_a_long_file_is_first_shown_with_its_outline(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    text = BIG.replace("        x = 1\n" * 20, "        x = 1\n" * 2).replace(
        "    return 1\n" * 30, "    return 1\n" * 2
    )
    workspace = await make_workspace({"big.py": text}, limits=SMALL_VIEW)
    golden("open_outlined", (await act(workspace, "open", path="big.py")).text)
    assert workspace.tops["big.py"] == 1
    assert "[Outline" not in (await act(workspace, "open", path="big.py")).text
    golden("outline", (await act(workspace, "outline")).text)


async def test_an_outline_leaves_the_inner_definitions_out_first(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"big.py": BIG}, limits=Limits(outline=6))
    seen = await act(workspace, "outline", path="big.py")
    assert "4-67:class Report:\n69-111:class Other:\n" not in seen.text
    lines = seen.text.split("\n")
    assert lines[1] == "[Outline: 2 classes, 13 functions]"
    assert [line.partition(":")[2] for line in lines[2:4]] == ["class Report:", "class Other:"]
    assert "(5 more inside these; find one with `search_file`)" in seen.text


OUTLINES = {
    "a.md": ("# Top\n\ntext\n\n## Part one\n\nOther\n=====\n", ["# Top", "  ## Part one", "    Other"]),
    "a.css": ("a { color: red }\n@media print {\n  .x { y: z }\n}\n", ["a {", "@media print {", "  .x {"]),
    "a.json": ('{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}\n', ['"a": 1,', '"b": {', '  "c": 2']),
    "a.toml": ("x = 1\n[project]\nname = 1\n[[many]]\ny = 1\n", ["[project]", "[[many]]"]),
    "a.yaml": ("a: 1\nb:\n  c: 2\n", ["a: 1", "b:", "  c: 2"]),
    "a.sql": ("CREATE TABLE users (id int);\n", ["CREATE TABLE users"]),
    "a.xml": ("<top>\n<part>x</part>\n</top>\n", ["<top>", "  <part>"]),
    "a.html": ("<html>\n<div id='main'>\n<p id=x>a</p>\n</div></html>\n", ["<div", "  <p"]),
    "a.go": ("package a\n\ntype R struct{}\n\nfunc (r *R) F() {}\n", ["type R struct{}", "func (r *R) F()"]),
    "a.sh": ("f() {\n  true\n}\n", ["f() {"]),
}


@pytest.mark.parametrize("path", OUTLINES)
async def test_every_language_with_a_grammar_has_an_outline(
    make_workspace: Make, act: Act, path: str
) -> None:
    text, entries = OUTLINES[path]
    workspace = await make_workspace({path: text})
    seen = await act(workspace, "outline", path=path)
    assert not seen.failed, seen.text
    shown = [line.partition(":")[2] for line in seen.text.split("\n")[2:-1]]
    assert len(shown) == len(entries)
    assert all(line.startswith(entry) for line, entry in zip(shown, entries, strict=True)), shown


async def test_an_outline_of_what_has_none_says_so(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "x\n", "src/a.py": ""})
    assert (await act(workspace, "outline")).text == "No file is open. Give a path, or use `find_file`."
    assert "`open`" in (await act(workspace, "outline", path="a.txt")).text
    assert (await act(workspace, "outline", path="src")).failed
    assert (await act(workspace, "outline", path="src/a.py:3")).text.startswith("[File: src/a.py (0 lines)]")


async def test_a_missing_file_is_answered_with_files_of_its_name(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"src/a.py": "x = 1\n"})
    workspace.files = ["src/a.py"]
    seen = await act(workspace, "open", path="/testbed/a.py")
    assert seen.text == "/testbed/a.py lies outside the repository; use `bash` to look there."
    seen = await act(workspace, "open", path="lib/a.py")
    assert seen.text == "There is no file lib/a.py in the repository, but src/a.py."


async def huge_file(make_workspace: Make, lines: int = 800_000) -> Workspace:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    assert isinstance(workspace.sandbox, UnsafeSandbox)
    text = b"".join(b"some words, line %07d\n" % number for number in range(1, lines + 1))
    assert len(text) > MAX_FILE_BYTES
    (workspace.sandbox.tree / "big.log").write_bytes(text + b"no end")
    with (workspace.sandbox.tree / "sparse.bin").open("wb") as file:
        file.truncate(12 * 1024 * 1024)
    return workspace


async def test_a_huge_file_is_shown_in_parts_and_a_huge_binary_is_not(make_workspace: Make, act: Act) -> None:
    workspace = await huge_file(make_workspace)
    seen = await act(workspace, "open", path="big.log", line=500_000)
    head = "[File: big.log (800,001 lines, 19 MiB, too large to be edited)]\n(499983 more above)\n"
    assert seen.text.startswith(head)
    assert "\n500000:some words, line 0500000\n" in seen.text
    assert seen.text.endswith("(299918 more below)")
    seen = await act(workspace, "scroll_down")
    assert "\n500082:some words, line 0500082\n" in seen.text
    seen = await act(workspace, "goto", line=10**6)
    assert seen.text.startswith("Line 1000000 is past the end; the last line is 800001.\n")
    assert seen.text.endswith("\n800001:no end")
    assert (await act(workspace, "scroll_down")).failed
    assert "too large" in (await act(workspace, "insert", path="big.log", line=0, content="x")).text
    seen = await act(workspace, "open", path="sparse.bin")
    assert seen.text == "sparse.bin is a large file and no text; look at it with `bash`."


async def test_kept_outputs_are_read_and_never_changed(
    make_workspace: Make, act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The unsafe sandbox shares this machine's /tmp, so the folder is another one here.
    folder = tmp_path / "outputs"
    folder.mkdir()
    monkeypatch.setattr("aci.workspace.OUTPUT_DIR", str(folder))
    kept = folder / "1.txt"
    kept.write_text("".join(f"out {number}\n" for number in range(1, 301)))
    workspace = await make_workspace({"a.py": "x = 1\n"})
    workspace.outputs.append(str(kept))
    seen = await act(workspace, "open", path=str(kept), line=200)
    assert "\n200:out 200\n" in seen.text
    assert "\n280:out 280\n" in (await act(workspace, "scroll_down")).text
    assert "\n7:out 7\n" in (await act(workspace, "goto", line=7)).text
    assert (await act(workspace, "search_file", text="out 123")).text.startswith("1 line of ")
    for name, arguments in (
        ("edit", {"search": "out 7\n", "replace": ""}),
        ("edit_lines", {"first": 1, "last": 1, "content": "x"}),
        ("insert", {"line": 0, "content": "x"}),
    ):
        refused = await act(workspace, name, path=str(kept), **arguments)
        assert refused.failed
        assert "nothing changes it" in refused.text
    assert kept.read_text().startswith("out 1\n")
    await act(workspace, "open", path="a.py")
    workspace.files = ["a.py"]
    choices = offer(tuple(COMMANDS.values()), workspace).choices
    assert choices["edit.path"] == ("a.py",)
    assert choices["open.path"] == ("a.py", str(kept))
    assert (await act(workspace, "open", path=f"{folder}/../secret")).failed


def test_outputs_lie_where_the_sandbox_keeps_them() -> None:
    assert OUTPUT_DIR == "/tmp/patchwright-output"


async def test_a_name_that_is_no_utf8_is_opened_as_it_is_shown(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": ""})
    assert isinstance(workspace.sandbox, UnsafeSandbox)
    with open(os.fsencode(workspace.sandbox.tree) + b"/caf\xe9.txt", "wb") as file:
        file.write(b"one\ntwo caf\xe9\n")
    seen = await act(workspace, "open", path="caf\\xe9.txt")
    assert seen.text == "[File: caf\\xe9.txt (2 lines)]\n1:one\n2:two café"
    assert not (await act(workspace, "search_file", text="two")).failed
    seen = await act(workspace, "edit", path="caf\\xe9.txt", search="one", replace="1")
    assert seen.failed
    seen = await act(workspace, "open", path=".")
    assert "caf\\xe9.txt" in seen.text
