"""Where a name is defined and used."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci import Limits, Workspace
from aci.occurrences import occurrences

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

TREE = {
    "src/report.py": (
        "LIMIT = 3\n\n\nclass Report:\n    def render(self, width):\n"
        '        """render the thing"""\n        # render it\n        return "render" * LIMIT\n'
    ),
    "src/other.py": (
        "from report import LIMIT, Report\n\n\nclass Page(Report):\n    pass\n\n\n"
        "def show(render=None):\n    LIMIT = 1\n    return Report().render(f'{render}')\n"
    ),
    "web/app.js": "class View {\n  render() { return 1 }\n}\nnew View().render()\n",
    "docs/render.md": "how to render\n",
    ".gitignore": "build/\n",
    "build/report.py": "def render():\n    pass\n",
}


@pytest.fixture(params=["gnu", "posix"])
async def workspace(request: pytest.FixtureRequest, make_workspace: Make) -> Workspace:
    made = await make_workspace(TREE)
    made._grep = "" if request.param == "gnu" else "posix"
    return made


async def test_definitions_and_uses_are_told_from_comments_and_texts(
    workspace: Workspace, act: Act, golden: Golden
) -> None:
    golden("find_symbol", (await act(workspace, "find_symbol", symbol="render")).text)


async def test_a_method_is_found_by_its_class_or_where_it_is_inherited_from(
    workspace: Workspace, act: Act
) -> None:
    seen = await act(workspace, "find_symbol", symbol="Report.render", kind="definitions")
    assert seen.text.split("\n")[1:3] == [
        "Definitions:",
        "src/report.py:5-8: def render(self, width):  (Report.render)",
    ]
    seen = await act(workspace, "find_symbol", symbol="Page.render()")
    assert "\nNothing defines Page.render by that name; these define render.\nDefinitions:\n" in seen.text
    assert "web/app.js:2: render() { return 1 }  (View.render)" in seen.text


async def test_a_value_is_defined_outside_functions_only(workspace: Workspace, act: Act) -> None:
    seen = await act(workspace, "find_symbol", symbol="LIMIT")
    assert seen.text.startswith("LIMIT: defined in 1 place; used in 3 lines in 2 files of ..\n")
    assert "\nsrc/report.py:1: LIMIT = 3\n" in seen.text


async def test_a_kind_and_a_folder_narrow_it_down(workspace: Workspace, act: Act) -> None:
    seen = await act(workspace, "find_symbol", symbol="render", kind="references", folder="web")
    assert seen.text == (
        "render: defined in 1 place; used in 1 line in 1 file of web.\n"
        "References:\nweb/app.js (1 line)\n4:new View().render()"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"symbol": ""}, "The name is empty. Give one such as `parse` or `Report.render`;"),
        ({"symbol": "a b+"}, '"a b+" is not one name.'),
        ({"symbol": "x'; rm -rf /"}, '"x\'; rm -rf /" is not one name.'),
        ({"symbol": "RENDER"}, "Nothing in . is named RENDER. Did you mean render?"),
        ({"symbol": "zzz"}, "Nothing in . is named zzz. Try `search_dir` with a part of it."),
        ({"symbol": "x", "folder": "nowhere"}, "There is no folder nowhere in the repository"),
    ],
)
async def test_a_name_that_is_none_or_nowhere_is_answered_in_one_sentence(
    workspace: Workspace, act: Act, arguments: dict[str, str], said: str
) -> None:
    seen = await act(workspace, "find_symbol", **arguments)
    assert seen.failed
    assert seen.text.startswith(said)
    assert "\n" not in seen.text


async def test_a_name_that_is_everywhere_is_capped_and_its_definition_still_found(
    make_workspace: Make, act: Act
) -> None:
    files = {f"m{number:03}.py": "import x\n\nx.thing()\nx.thing()\n" for number in range(200)}
    files["z/last.py"] = "def thing():\n    pass\n"
    workspace = await make_workspace(files, limits=Limits(hits=6))
    seen = await act(workspace, "find_symbol", symbol="thing")
    assert seen.text.startswith("thing: defined in 1 place; used in at least 158 lines in 79 files of ..\n")
    assert "\nz/last.py:1-2: def thing():\n" in seen.text
    assert "Not looked into: m079.py, " in seen.text
    assert "and 113 more. Give one folder to narrow it down." in seen.text
    assert seen.text.count("\n") < 25


CASES = {
    "a.go": ("package a\n\ntype R struct{}\n\nfunc (r *R) F() int { return 1 } // F\n\nvar x = R{}.F\n", "F",
             [5], [7]),
    "a.rs": ("struct R;\nimpl R {\n    fn f(&self) {}\n}\nfn main() { R.f(); g(\"f\") }\n", "f", [3], [5]),
    "A.java": ("class A {\n  int f() { return 1; }\n  int g() { return f(); } /* f */\n}\n", "f", [2], [3]),
    "a.js": ("const f = () => 1;\n// f\nexport default f;\nlet o = { f: f() };\n", "f", [1], [3, 4]),
    "a.ts": ("class A { f(): number { return 1 } }\n// f\nconst g = new A().f()\n", "f", [1], [3]),
    "a.c": ("int f(int);\n\nstatic int *\nf(int n)\n{\n  return f(n); /* f */\n}\n", "f", [3], [1, 6]),
    "a.cpp": ("int A::f() { return 1; }\nint g() { return A().f(); } // f\n", "f", [1], [2]),
    "a.rb": ("class F\n  def f; 'f'; end\nend\nF.new.f # f\n", "f", [2], [4]),
    "a.php": ("<?php\nfunction f() { return 'f'; }\necho f(); // f\n", "f", [2], [3]),
    "a.sh": ("f() {\n  true\n}\nf # f\necho 'f'\n", "f", [1], [4]),
    "a.py": ("class A:\n    x = 1\n\n    def f(self):\n        x = 2\n        return self.x + x  # x\n", "x",
             [2], [5, 6]),
}  # fmt: skip


@pytest.mark.parametrize("path", CASES)
def test_names_are_told_apart_in_each_language(path: str) -> None:
    text, name, defined, used = CASES[path]
    found = occurrences(path, text, name)
    assert found is not None
    assert ([symbol.first for symbol in found.definitions], found.uses) == (defined, used)


def test_a_language_without_a_grammar_is_not_guessed() -> None:
    assert occurrences("a.txt", "f()", "f") is None
    assert occurrences("a.md", "f()", "f") is None


@given(st.text("abf()=.: \n\"'#é", max_size=80))
def test_no_text_breaks_the_look(text: str) -> None:
    found = occurrences("a.py", text, "f")
    assert found is not None
    assert all("f" in text.split("\n")[line - 1] for line in found.uses)
