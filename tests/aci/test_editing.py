from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

CALC = """\
import os


def add(a, b):
    return a - b


def mul(a, b):
    result = 0
    for _ in range(b):
        result = add(result, a)
    return result
"""


async def data_of(workspace: Workspace, path: str) -> bytes:
    return (await workspace.read(path)).data


async def test_an_edit_shows_the_changed_window(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    seen = await act(workspace, "edit", path="src/calc.py", search="return a - b", replace="return a + b")
    assert not seen.failed
    assert seen.changed == ("src/calc.py",)
    assert await data_of(workspace, "src/calc.py") == CALC.replace("a - b", "a + b").encode()
    golden("edit", seen.text)


async def test_a_rejected_edit_shows_the_error_how_it_would_look_and_how_it_is(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    source = CALC + "\n\n" + CALC.replace("add", "plus").replace("mul", "times").replace("import os\n", "")
    workspace = await make_workspace({"src/calc.py": source})
    seen = await act(
        workspace,
        "edit",
        path="src/calc.py",
        search="return a - b\n\n\ndef mul",
        replace="return (a + b\n\n\ndef mul",
    )
    assert seen.failed
    assert not seen.changed
    assert await data_of(workspace, "src/calc.py") == source.encode()
    assert seen.text.count("\n") < 40
    golden("edit_rejected_syntax", seen.text)


async def test_a_name_that_the_edit_leaves_undefined_is_rejected(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    seen = await act(workspace, "edit", path="src/calc.py", search="return a - b", replace="return a + c")
    assert seen.failed
    assert await data_of(workspace, "src/calc.py") == CALC.encode()
    golden("edit_rejected_name", seen.text)


async def test_a_text_that_stands_there_twice_names_the_lines(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    seen = await act(workspace, "edit", path="src/calc.py", search="result = ", replace="r = ")
    assert seen.failed
    golden("edit_ambiguous", seen.text)


async def test_a_text_that_stands_nowhere_shows_the_nearest_lines(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    search = "    result  = 0\n    for i in range(b):\n        result = add(result, a)"
    seen = await act(workspace, "edit", path="src/calc.py", search=search, replace="pass")
    assert seen.failed
    golden("edit_missed", seen.text)


async def test_a_text_that_resembles_nothing_says_so(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    seen = await act(workspace, "edit", path="src/calc.py", search="class Zebra(Quagga):", replace="pass")
    assert "Nothing in the file resembles the search text." in seen.text


async def test_a_uniform_indent_is_mended_and_told(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace({"src/calc.py": CALC})
    seen = await act(
        workspace,
        "edit",
        path="src/calc.py",
        search="for _ in range(b):\n    result = add(result, a)\nreturn result",
        replace="for _ in range(b):\n    result = add(a, result)\n\nreturn result",
    )
    assert not seen.failed
    assert b"    for _ in range(b):\n        result = add(a, result)\n\n    return result\n" in await data_of(
        workspace, "src/calc.py"
    )
    golden("edit_reindented", seen.text)


@pytest.mark.parametrize(
    ("search", "replace", "expected"),
    [
        ("        x = 1\n        y = 2", "        x = 3\n        y = 4", "    x = 3\n    y = 4\n"),
        ("    x = 1   \n    y = 2", "    x = 3\n    y = 4", "    x = 3\n    y = 4\n"),
        ("\n\n    x = 1\n    y = 2\n\n\n\n", "\n    x = 3\n", "    x = 3\n"),
        ("2:    x = 1\n3:    y = 2", "2:    x = 3\n3:    y = 4", "    x = 3\n    y = 4\n"),
        ("x = 1\ny = 2\n", "", ""),
    ],
    ids=["too much indent", "trailing blanks", "blank lines around", "line numbers", "deleted"],
)
async def test_a_miss_by_whitespace_alone_is_mended(
    make_workspace: Make, act: Act, search: str, replace: str, expected: str
) -> None:
    workspace = await make_workspace({"a.txt": "if a:\n    x = 1\n    y = 2\nend\n"})
    seen = await act(workspace, "edit", path="a.txt", search=search, replace=replace)
    assert not seen.failed, seen.text
    assert await data_of(workspace, "a.txt") == f"if a:\n{expected}end\n".encode()


@pytest.mark.parametrize(
    "search",
    ["\tx = 1", "  if a:\n      x = 1\n    y = 2", "x  =  1", "x = 1 y = 2", "      x = 1\n    y = 2"],
    ids=["tab for spaces", "not uniform", "inside a line", "joined", "ragged"],
)
async def test_a_looser_match_is_never_guessed(make_workspace: Make, act: Act, search: str) -> None:
    workspace = await make_workspace({"a.txt": "if a:\n    x = 1\n    y = 2\nend\n"})
    seen = await act(workspace, "edit", path="a.txt", search=search, replace="z")
    assert seen.failed
    assert seen.text.startswith("Edit refused, a.txt is unchanged.")
    assert await data_of(workspace, "a.txt") == b"if a:\n    x = 1\n    y = 2\nend\n"


async def test_an_indent_that_fits_two_places_is_refused(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "  x\n  y\n    x\n    y\n"})
    seen = await act(workspace, "edit", path="a.txt", search="x\ny", replace="z")
    assert "2 times:\n1:  x\n3:    x\n" in seen.text


@pytest.mark.parametrize(
    ("data", "search", "replace", "expected"),
    [
        (b"all:\n\tcc a.c\n\tcc b.c\n", "cc a.c", "cc -O2 a.c", b"all:\n\tcc -O2 a.c\n\tcc b.c\n"),
        (b"a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc\r\n"),
        (b"a\r\nb\nc\r\n", "b", "x\ny", b"a\r\nx\ny\nc\r\n"),
        (b"a\nb", "b", "c", b"a\nc"),
        (b"\xef\xbb\xbfa = 1\n", "a = 1", "a = 2", b"\xef\xbb\xbfa = 2\n"),
        ("caf\xe9\nx\n".encode("latin-1"), "x", "y", "caf\xe9\ny\n".encode("latin-1")),
        ("\xe9\nx\n".encode("utf-16"), "x", "\u20ac", "\xe9\n\u20ac\n".encode("utf-16")),
        (b"a\x0cb\x0b\xe2\x80\xa8c\nx\n", "x", "y", b"a\x0cb\x0b\xe2\x80\xa8c\ny\n"),
    ],
    ids=["tabs", "crlf", "mixed", "no last newline", "bom", "latin-1", "utf-16", "odd line breaks"],
)
async def test_untouched_bytes_survive(
    make_workspace: Make, act: Act, data: bytes, search: str, replace: str, expected: bytes
) -> None:
    workspace = await make_workspace({"a.txt": data})
    seen = await act(workspace, "edit", path="a.txt", search=search, replace=replace)
    assert not seen.failed, seen.text
    assert await data_of(workspace, "a.txt") == expected
    await act(workspace, "undo")
    assert await data_of(workspace, "a.txt") == data


async def test_the_mode_of_a_file_survives(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"run.sh": "#!/bin/sh\necho a\n"})
    await act(workspace, "bash", command="chmod 750 run.sh")
    await act(workspace, "edit", path="run.sh", search="echo a", replace="echo b")
    assert (await workspace.read("run.sh")).mode & 0o777 == 0o750


async def test_a_character_that_the_encoding_lacks_is_refused(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": b"caf\xe9\n"})
    seen = await act(workspace, "edit", path="a.txt", search="caf", replace="\u20ac")
    assert seen.failed
    assert "which has no character" in seen.text
    assert await data_of(workspace, "a.txt") == b"caf\xe9\n"


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("edit", {"search": "a", "replace": "a"}, "Search and replace are the same text"),
        ("edit", {"search": "", "replace": "x"}, "The search text is empty."),
        ("edit_lines", {"first": 1, "last": 1, "content": "a"}, "The edit would change nothing in a.txt."),
        (
            "edit_lines",
            {"first": 2, "last": 9, "content": "x"},
            "There are no lines 2 to 9 in a.txt, which has 2 lines.",
        ),
        ("edit_lines", {"first": 2, "last": 1, "content": "x"}, "There are no lines 2 to 1"),
        (
            "edit_lines",
            {"first": 3, "last": 3, "content": "x"},
            "There are no lines 3 to 3 in a.txt, which has 2 lines. Use `insert`",
        ),
        (
            "insert",
            {"line": 3, "content": "x"},
            "There is no line 3 in a.txt; lines go from 0 (the top) to 2.",
        ),
        ("insert", {"line": 0, "content": ""}, "The content is empty, so nothing was inserted."),
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused(
    make_workspace: Make, act: Act, name: str, arguments: dict[str, Any], said: str
) -> None:
    workspace = await make_workspace({"a.txt": "a\nb\n"})
    seen = await act(workspace, name, path="a.txt", **arguments)
    assert seen.failed
    assert seen.text.startswith(said)
    assert await data_of(workspace, "a.txt") == b"a\nb\n"
    assert workspace.changes == []


@pytest.mark.parametrize("name", ["edit", "edit_lines", "insert", "create"])
@pytest.mark.parametrize("path", ["../a.txt", "/etc/hostname", "link"])
async def test_nothing_outside_the_repository_is_edited(
    make_workspace: Make, act: Act, name: str, path: str
) -> None:
    workspace = await make_workspace()
    await act(workspace, "bash", command="ln -s /etc/hostname link")
    arguments: dict[str, Any] = {
        "edit": {"search": "a", "replace": "b"},
        "edit_lines": {"first": 1, "last": 1, "content": "x"},
        "insert": {"line": 0, "content": "x"},
        "create": {"content": "x"},
    }[name]
    seen = await act(workspace, name, path=path, **arguments)
    assert seen.failed
    assert workspace.changes == []


@pytest.mark.parametrize(
    ("data", "first", "last", "content", "expected"),
    [
        (b"a\nb\nc\n", 2, 2, "x\ny", b"a\nx\ny\nc\n"),
        (b"a\nb\nc\n", 2, 3, "x\n", b"a\nx\n"),
        (b"a\r\nb\r\n", 1, 1, "x\ny\n", b"x\r\ny\r\nb\r\n"),
        (b"a\nb", 2, 2, "x", b"a\nx"),
        (b"a\nb\nc\n", 2, 2, "", b"a\nc\n"),
        (b"a\nb\nc\n", 2, 2, "\n", b"a\n\nc\n"),
        (b"a\nb\nc\n", 1, 2, "1:x\n2:y\n", b"x\ny\nc\n"),
    ],
)
async def test_lines_are_replaced_by_number(
    make_workspace: Make, act: Act, data: bytes, first: int, last: int, content: str, expected: bytes
) -> None:
    workspace = await make_workspace({"a.txt": data})
    seen = await act(workspace, "edit_lines", path="a.txt", first=first, last=last, content=content)
    assert not seen.failed, seen.text
    assert await data_of(workspace, "a.txt") == expected


@pytest.mark.parametrize(
    ("data", "line", "content", "expected"),
    [
        (b"a\nb\n", 0, "x", b"x\na\nb\n"),
        (b"a\nb\n", 2, "x\ny\n", b"a\nb\nx\ny\n"),
        (b"a\r\nb\r\n", 1, "x", b"a\r\nx\r\nb\r\n"),
        (b"a\nb", 2, "x", b"a\nb\nx"),
        (b"", 0, "x", b"x\n"),
        (b"a\n", 1, "\n", b"a\n\n"),
    ],
)
async def test_lines_are_inserted(
    make_workspace: Make, act: Act, data: bytes, line: int, content: str, expected: bytes
) -> None:
    workspace = await make_workspace({"a.txt": data})
    seen = await act(workspace, "insert", path="a.txt", line=line, content=content)
    assert not seen.failed, seen.text
    assert await data_of(workspace, "a.txt") == expected


async def test_a_file_is_created_with_its_folders_and_last_newline(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "create", path="new/deep/mod.py", content="x = 1")
    assert seen.text == "Created new/deep/mod.py (1 line)."
    assert seen.changed == ("new/deep/mod.py",)
    assert await data_of(workspace, "new/deep/mod.py") == b"x = 1\n"
    again = await act(workspace, "create", path="new/deep/mod.py", content="y = 1")
    assert again.text == "new/deep/mod.py exists already. Use `edit` to change it, or `open` to see it."


async def test_a_new_file_with_a_syntax_error_is_not_created(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "create", path="mod.py", content="def f(:\n    pass\n")
    assert seen.failed
    golden("create_rejected", seen.text)
    assert (await act(workspace, "open", path="mod.py")).failed


async def test_undo_goes_back_to_any_depth_and_says_what_it_undid(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"a.txt": "0\n"})
    await act(workspace, "create", path="b.txt", content="b")
    for number in range(1, 30):
        await act(workspace, "edit", path="a.txt", search=str(number - 1), replace=str(number))
    said = [(await act(workspace, "undo")).text for _ in range(29)]
    assert await data_of(workspace, "a.txt") == b"0\n"
    golden("undo", said[-2])
    seen = await act(workspace, "undo")
    assert seen.text == "Undone: b.txt is removed again."
    assert (await act(workspace, "undo")).text == "There is no change to undo."


async def test_undo_never_loses_what_something_else_wrote(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "a\n"})
    await act(workspace, "edit", path="a.txt", search="a", replace="b")
    await act(workspace, "bash", command="echo c >> a.txt")
    seen = await act(workspace, "undo")
    assert seen.failed
    assert seen.text == (
        "Not undone: a.txt was changed by something else since (edit at line 1). Look at `diff` and edit it."
    )
    assert await data_of(workspace, "a.txt") == b"b\nc\n"
    await act(workspace, "bash", command="rm a.txt")
    assert "deleted" in (await act(workspace, "undo")).text


async def test_the_window_follows_the_edit(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "".join(f"{n}\n" for n in range(1, 400)), "b.txt": "x\n"})
    await act(workspace, "open", path="b.txt")
    await act(workspace, "edit_lines", path="a.txt", first=300, last=300, content="new")
    assert workspace.open_path == "a.txt"
    assert workspace.tops["a.txt"] <= 300 <= workspace.tops["a.txt"] + 99


async def test_a_large_edit_is_shown_with_its_middle_left_out(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "a\n"})
    seen = await act(workspace, "insert", path="a.txt", line=1, content="\n".join(map(str, range(500))))
    assert "lines not shown)" in seen.text
    assert seen.text.count("\n") < 65


async def test_a_link_inside_the_repository_is_edited_at_its_target(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "a\n"})
    await act(workspace, "bash", command="ln -s a.txt link")
    seen = await act(workspace, "edit", path="link", search="a", replace="b")
    assert seen.changed == ("a.txt",)
    assert (await act(workspace, "bash", command="readlink link")).text == "a.txt"


async def test_permissions_survive_edits_and_their_undoing(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"run.sh": "echo a\n", "b.txt": "b\n"})
    await act(workspace, "bash", command="chmod 751 run.sh; chmod 600 b.txt")
    many = "run.sh\n<<<<<<<\necho c\n=======\necho d\n>>>>>>>\nb.txt\n<<<<<<<\nb\n=======\nx\n>>>>>>>"
    for name, arguments in (
        ("edit", {"path": "run.sh", "search": "a", "replace": "b"}),
        ("edit_lines", {"path": "run.sh", "first": 1, "last": 1, "content": "echo c"}),
        ("edit_many", {"changes": many}),
        ("undo", {}),
        ("undo", {}),
    ):
        assert not (await act(workspace, name, **arguments)).failed
        assert (await act(workspace, "bash", command="stat -c %a run.sh b.txt")).text == "751\n600"


@pytest.mark.parametrize("command", ["edit", "edit_lines", "insert", "rewrite"])
@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x89PNG\r\n\0", "PNG image"), (b"a" * 10 * 1024 * 1024 + b"b", "too large")],
    ids=["binary", "huge"],
)
async def test_no_command_edits_what_is_no_text_or_too_large(
    make_workspace: Make, act: Act, command: str, data: bytes, said: str
) -> None:
    workspace = await make_workspace({"a.py": data})
    rest: dict[str, dict[str, Any]] = {
        "edit": {"search": "a", "replace": "b"},
        "edit_lines": {"first": 1, "last": 1, "content": "b"},
        "insert": {"line": 0, "content": "b"},
        "rewrite": {"symbol": "f", "content": "def f(): pass"},
    }
    seen = await act(workspace, command, path="a.py", **rest[command])
    assert seen.failed
    assert said in seen.text
