import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Workspace
from aci.grammars import new_flaws

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]


async def accepted(workspace: Workspace, act: Act, path: str, search: str, replace: str) -> bool:
    before = (await workspace.read(path)).data
    seen = await act(workspace, "edit", path=path, search=search, replace=replace)
    assert seen.failed == ((await workspace.read(path)).data == before), seen.text
    return not seen.failed


@pytest.mark.parametrize(
    ("path", "text", "search", "good", "bad"),
    [
        ("a.py", "x = [1]\n", "[1]", "[2]", "[1"),
        ("a.pyi", "x: int\n", "int", "str", "int ="),
        ("a.js", "const x = {a: 1};\n", "1", "2", "1}"),
        ("a.go", "package a\n\nfunc F() int { return 1 }\n", "1 }", "2 }", "1"),
        ("a.rs", "fn f() -> i32 { 1 }\n", "1 }", "2 }", "1"),
        ("A.java", "class A { int f() { return 1; } }\n", "1;", "2;", "1"),
        ("a.json", '{"a": 1}\n', "1", "2", "1,"),
        ("a.toml", 'a = "x"\n', '"x"', '"y"', '"x'),
        ("a.yaml", "a: [1]\n", "[1]", "[2]", "[1"),
    ],
)
async def test_a_new_syntax_error_is_refused_in_every_language(
    make_workspace: Make, act: Act, path: str, text: str, search: str, good: str, bad: str
) -> None:
    workspace = await make_workspace({path: text})
    assert not await accepted(workspace, act, path, search, bad)
    assert await accepted(workspace, act, path, search, good)


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.html", "<p>x</p>\n"), ("a.sql", "select 1;\n"), ("a.sh", "echo x\n"), ("a.css", "p { a: x }\n")],
)
async def test_languages_of_many_dialects_are_only_warned_about(
    make_workspace: Make, act: Act, path: str, text: str
) -> None:
    workspace = await make_workspace({path: text})
    assert await accepted(workspace, act, path, text.strip(), "<<< ((( {{% %}")


async def test_an_error_that_was_there_before_never_blocks_an_edit(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(
        {"a.py": "def f(:\n    pass\n\n\nx = 1\n", "a.js": "let a = ;\nlet b = 1;\n"}
    )
    assert await accepted(workspace, act, "a.py", "x = 1", "x = 2")
    assert not await accepted(workspace, act, "a.py", "x = 2", "x = (2")
    assert await accepted(workspace, act, "a.py", "def f(:", "def f():")
    assert await accepted(workspace, act, "a.js", "b = 1", "b = 2")
    assert not await accepted(workspace, act, "a.js", "b = 2", "b = {")


async def test_an_old_error_just_above_the_edit_does_not_block_it(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "x = undefined_one\ny = 1\n"})
    assert await accepted(workspace, act, "a.py", "y = 1", "y = 2")


async def test_a_bad_line_may_not_be_replaced_by_another_bad_one(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "x = undefined_one\ny = 1\n"})
    assert not await accepted(workspace, act, "a.py", "undefined_one", "undefined_two")


async def test_a_bad_line_replaced_by_an_equally_bad_one_is_told(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "x = undefined_one\ny = 1\n", "b.js": "let a = ;\n"})
    seen = await act(workspace, "edit", path="a.py", search="x =", replace="z =")
    assert "Check line 1: Undefined name `undefined_one` (F821), as before." in seen.text
    # Nothing is said of it by an edit elsewhere.
    assert "Check" not in (await act(workspace, "edit", path="a.py", search="y = 1", replace="y = 2")).text
    assert not await accepted(workspace, act, "b.js", "let a = ;", "let b = ;;(")


async def test_a_name_that_comes_from_elsewhere_is_not_told_each_time(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "x = _('one')\ny = _('two')\n"})
    seen = await act(workspace, "edit", path="a.py", search="'one'", replace="'three'")
    assert not seen.failed
    assert "Check" not in seen.text


async def test_a_repair_of_a_broken_file_is_let_through_and_its_undefined_names_are_told(
    make_workspace: Make, act: Act
) -> None:
    workspace = await make_workspace({"a.py": "x = old_one\ndef f(:\n    pass\n"})
    seen = await act(workspace, "edit", path="a.py", search="def f(:", replace="def f(a=new_one):")
    assert not seen.failed
    assert "Check line 2: Undefined name `new_one` (F821)." in seen.text
    assert "old_one`" not in seen.text


async def test_an_edit_beside_an_old_syntax_error_is_not_blamed_for_it(
    make_workspace: Make, act: Act
) -> None:
    broken = "class A:\n    def f(self:\n        return 1\n\n    def g(self):\n        return 2\n"
    workspace = await make_workspace({"a.py": broken})
    old = "2"
    for new in ("(2)", "[2, 3]", "self.f(1)"):
        assert await accepted(workspace, act, "a.py", f"return {old}\n", f"return {new}\n")
        old = new


async def test_removing_an_import_that_is_used_above_is_refused(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": "def f():\n    return os.sep\n\n\nprint(nothing)\nimport os\n"})
    assert not await accepted(workspace, act, "a.py", "import os\n", "")


@pytest.mark.parametrize("rest", ["print 'python 2'\n", "def g(:\n    pass\n"])
async def test_removing_an_import_that_is_used_above_is_refused_in_a_broken_file(
    make_workspace: Make, act: Act, rest: str
) -> None:
    head = (
        "def f(sep, a=1):\n    return os.sep + a.json + g(io=1)\n\n\nimport os, sys\nimport json, io, sep\n"
    )
    workspace = await make_workspace({"a.py": head + rest})
    assert not await accepted(workspace, act, "a.py", "import os, sys\n", "")
    assert await accepted(workspace, act, "a.py", "import os, sys\n", "import os\n")
    assert await accepted(workspace, act, "a.py", "import json, io, sep\n", "")
    assert await accepted(workspace, act, "a.py", "import os\n", "from pathlib import os\n")
    assert await accepted(workspace, act, "a.py", "from pathlib import os\n", "for os in []:\n    pass\n")


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        ("def f():\n    return y\n", "F821"),
        ('__all__ = ["missing"]\n', "F822"),
        ("x = 1\ndef f():\n    print(x)\n    x = 2\n", "F823"),
        ("return 1\n", "F706"),
        ("def f():\nreturn 1\n", "syntax error"),
        ("def f():\n    x = 1\n  return x\n", "syntax error"),
    ],
)
async def test_what_python_can_not_run_is_refused(
    make_workspace: Make, act: Act, new: str, rule: str
) -> None:
    workspace = await make_workspace()
    seen = await act(workspace, "create", path="a.py", content=new)
    assert seen.failed
    assert rule in seen.text


@pytest.mark.parametrize(
    "new",
    [
        "from os import *\nprint(getcwd())\n",
        "match 1:\n    case 1:\n        pass\n",
        "type X = int\n\n\ndef f[T](x: T) -> T:\n    return x\n",
        "try:\n    pass\nexcept* ValueError:\n    pass\n",
        "import os, sys\n",
        "def f( a ):\n  return a\n",
        "x = 1  # type: ignore\n",
    ],
    ids=["star import", "match", "generics", "groups", "unused imports", "odd style", "comment"],
)
async def test_style_and_newer_syntax_are_no_errors(make_workspace: Make, act: Act, new: str) -> None:
    workspace = await make_workspace()
    assert not (await act(workspace, "create", path="a.py", content=new)).failed


async def test_a_file_for_python_2_can_be_edited(make_workspace: Make, act: Act) -> None:
    source = 'def f(a):\n    print "x", a\n    try:\n        pass\n    except ValueError, e:\n        raise\n'
    workspace = await make_workspace({"a.py": source})
    assert await accepted(workspace, act, "a.py", '"x", a', '"y", a')
    assert not await accepted(workspace, act, "a.py", "def f(a):", "def f(a:")


async def test_an_unknown_language_is_not_checked(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.zig": "x\n"})
    assert await accepted(workspace, act, "a.zig", "x", "(((")


async def test_a_huge_file_is_edited_in_time(make_workspace: Make, act: Act) -> None:
    source = "".join(f"def f{number}(a):\n    return a + {number}\n\n\n" for number in range(5000))
    workspace = await make_workspace({"a.py": source})
    started = time.monotonic()
    assert await accepted(workspace, act, "a.py", "return a + 2500\n", "return a + 7\n")
    assert time.monotonic() - started < 10


def test_flaws_are_compared_wherever_they_moved() -> None:
    assert new_flaws("javascript", "let a = ;\n", "\n\n\nlet a = ;\n") == []
    assert new_flaws("json", "", "{") != []
    assert new_flaws("nothing", "", "{") == []
