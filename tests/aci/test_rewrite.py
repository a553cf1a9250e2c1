"""`rewrite`: a whole definition replaced, however a model writes it down."""

import pytest

FILE = """\
import functools


class Report:
    @property
    def total(self):
        \"\"\"Return the total.\"\"\"
        return 1

    def render(self):
        return 2


@functools.cache
def parse(text):
    return text


class Other:
    def render(self):
        return 3
"""


async def rewritten(make_workspace, act, symbol: str, content: str, file: str | bytes = FILE, path="a.py"):
    workspace = await make_workspace({path: file})
    seen = await act(workspace, "rewrite", path=path, symbol=symbol, content=content)
    return seen, (await workspace.read(path)).data


async def test_a_method_gets_the_depth_of_the_old_one(make_workspace, act) -> None:
    for indent in ("", "    ", "        "):
        content = f"{indent}def total(self):\n{indent}    if self:\n{indent}        return 5\n"
        seen, data = await rewritten(make_workspace, act, "Report.total", content)
        assert not seen.failed
        assert b'    @property\n    def total(self):\n        """Return the total."""\n' in data
        assert b"        if self:\n            return 5\n\n    def render" in data


@pytest.mark.parametrize("brought", ["", "@functools.cache\n", "@functools.lru_cache(\n    3\n)\n"])
async def test_decorators_stay_unless_the_new_text_brings_its_own(make_workspace, act, brought) -> None:
    content = f"{brought}def parse(text):\n    return 1\n"
    seen, data = await rewritten(make_workspace, act, "parse", content)
    assert not seen.failed
    wanted = brought or "@functools.cache\n"
    assert (
        FILE.replace(
            "@functools.cache\ndef parse(text):\n    return text\n",
            f"{wanted}def parse(text):\n    return 1\n",
        )
        == data.decode()
    )


async def test_a_decorated_method_that_brings_its_decorator_has_it_once(make_workspace, act) -> None:
    seen, data = await rewritten(make_workspace, act, "total", "@property\ndef total(self):\n    return 9\n")
    assert not seen.failed
    assert data.count(b"@property") == 1


async def test_crlf_stays_crlf(make_workspace, act) -> None:
    file = FILE.replace("\n", "\r\n").encode()
    seen, data = await rewritten(make_workspace, act, "parse", "def parse(text):\n    return 1\n", file)
    assert not seen.failed
    assert data == file.replace(b"return text", b"return 1")


async def test_a_last_line_without_an_ending_stays_without(make_workspace, act) -> None:
    seen, data = await rewritten(
        make_workspace, act, "f", "def f():\n    return 2\n\n\n", "def f():\n    return 1"
    )
    assert not seen.failed
    assert data == b"def f():\n    return 2"


async def test_imports_and_examples_around_the_definition_are_dropped(make_workspace, act) -> None:
    content = (
        "import os\nfrom a import b\n\n# The mended one\ndef parse(text):\n    return 1\n\nprint(parse(3))\n"
    )
    seen, data = await rewritten(make_workspace, act, "parse", content)
    assert not seen.failed
    assert data.decode() == FILE.replace("return text", "return 1")


async def test_helpers_beside_the_definition_are_kept(make_workspace, act) -> None:
    content = "def helper():\n    return 7\n\n\ndef parse(text):\n    return helper()\n"
    seen, data = await rewritten(make_workspace, act, "parse", content)
    assert not seen.failed
    assert b"def helper():" in data


async def test_line_numbers_copied_from_the_viewer_are_left_out(make_workspace, act) -> None:
    seen, data = await rewritten(make_workspace, act, "parse", "15:def parse(text):\n16:    return 1\n")
    assert "line numbers" in seen.text
    assert data.decode() == FILE.replace("return text", "return 1")


async def test_an_unknown_name_is_answered_with_the_known_ones(make_workspace, act) -> None:
    seen, data = await rewritten(make_workspace, act, "nothing", "def nothing(): pass")
    assert seen.failed
    assert "a.py defines no nothing; it defines Report, Report.total" in seen.text.replace("`", "")
    assert data.decode() == FILE


async def test_an_ambiguous_name_is_answered_with_its_places(make_workspace, act) -> None:
    seen, data = await rewritten(make_workspace, act, "render", "def render(self):\n    return 0\n")
    assert seen.failed
    assert "Report.render at line 10, Other.render at line 20" in seen.text
    assert data.decode() == FILE


async def test_a_name_that_another_file_defines_is_found_there_once_it_was_seen(make_workspace, act) -> None:
    workspace = await make_workspace({"a.py": FILE, "b.py": "def only():\n    return 1\n"})
    content = "def only():\n    return 2\n"
    assert (await act(workspace, "rewrite", path="a.py", symbol="only", content=content)).failed
    await act(workspace, "open", path="b.py")
    seen = await act(workspace, "rewrite", path="a.py", symbol="only", content=content)
    assert seen.changed == ("b.py",)
    assert "is defined in" in seen.text
    assert (await workspace.read("b.py")).data.decode() == content


@pytest.mark.parametrize("content", ["", "return 1\n", "def other():\n    return 1\n"])
async def test_a_text_that_does_not_define_the_name_is_refused(make_workspace, act, content) -> None:
    seen, data = await rewritten(make_workspace, act, "parse", content)
    assert seen.failed
    assert data.decode() == FILE


async def test_a_text_with_an_error_is_refused(make_workspace, act) -> None:
    seen, data = await rewritten(make_workspace, act, "parse", "def parse(text):\n    return (\n")
    assert seen.failed
    assert data.decode() == FILE


async def test_a_rewrite_can_be_undone(make_workspace, act) -> None:
    workspace = await make_workspace({"a.py": FILE})
    await act(workspace, "rewrite", path="a.py", symbol="parse", content="def parse(text):\n    return 1\n")
    await act(workspace, "undo")
    assert (await workspace.read("a.py")).data.decode() == FILE


@pytest.mark.parametrize("brought", ["", "export default "])
async def test_what_exports_a_function_stays(make_workspace, act, brought) -> None:
    seen, data = await rewritten(
        make_workspace,
        act,
        "f",
        f"{brought}function f() {{\n  return 2;\n}}\n",
        "export default function f() {\n  return 1;\n}\n",
        "a.js",
    )
    assert not seen.failed
    assert data == b"export default function f() {\n  return 2;\n}\n"


@pytest.mark.parametrize(
    ("path", "file", "symbol", "old", "new"),
    [
        ("a.go", "package a\n\nfunc F() int {\n\treturn 1\n}\n", "F", "1", "2"),
        ("a.rs", "impl R {\n    pub fn new() -> i32 {\n        1\n    }\n}\n", "R::new", "1", "2"),
        ("A.java", "class A {\n    @Override\n    int m() {\n        return 1;\n    }\n}\n", "A.m", "1", "2"),
    ],
)
async def test_other_languages_are_rewritten_in_place(
    make_workspace, act, path, file, symbol, old, new
) -> None:
    lines = file.split("\n")
    body = [line for line in lines if not line.startswith(("package", "impl", "class"))]
    content = "\n".join(body).rstrip().removesuffix("\n}" if path != "a.go" else "").replace(old, new)
    seen, data = await rewritten(make_workspace, act, symbol, content, file, path)
    assert not seen.failed, seen.text
    assert data.decode() == file.replace(old, new)


async def test_a_docstring_is_kept_beside_a_doubtful_escape(make_workspace, act) -> None:
    old = "def f(a):\n    'Say it.'\n    return a == '\\d'\n"
    workspace = await make_workspace({"a.py": old})
    new = "def f(a):\n    return a != '\\d'\n"
    assert not (await act(workspace, "rewrite", path="a.py", symbol="f", content=new)).failed
    assert (await workspace.read("a.py")).data.decode() == old.replace("==", "!=")
