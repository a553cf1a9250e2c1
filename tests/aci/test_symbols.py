"""Definitions by name, in each language whose grammar is installed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.constructs import DEFINITIONS, SECTIONS
from aci.grammars import _LANGUAGES
from aci.symbols import find, plain, sections, symbols

PYTHON = """\
import functools


@functools.cache
@other(
    1,
)
def parse(text):
    def inner():
        return 1

    return inner


class Report:
    @property
    def total(self):
        return 1

    async def render(self):
        return 2


class Other:
    def render(self):
        return 3
"""
CASES = {
    "a.js": (
        "export default function f() {}\nclass A {\n  m() {}\n  static s() {}\n  h = () => 1;\n}\n"
        "function* g() {}\n"
        "const k = async (x) => {\n  return x;\n};\nmodule.exports = class Z { q() {} };\n",
        ["f", "A", "A.m", "A.s", "A.h", "g", "k", "Z", "Z.q"],
    ),
    "a.go": (
        "package a\n\nfunc F() int { return 1 }\n\nfunc (r *R) Render() {}\n\ntype T struct {}\n",
        ["F", "R.Render", "T"],
    ),
    "a.rs": (
        "struct R;\nimpl R {\n  fn new() -> R { R }\n}\nmod m {\n  pub fn f() {}\n}\n"
        "trait T {\n  fn g(&self) {}\n}\n",
        ["R", "R.new", "m", "m.f", "T", "T.g"],
    ),
    "A.java": (
        "class A {\n  A() {}\n  int m() { return 1; }\n  interface I { void f(); }\n  enum E { X }\n}\n",
        ["A", "A.A", "A.m", "A.I", "A.I.f", "A.E"],
    ),
    "a.ts": (
        "export interface I { f(): void }\nexport abstract class A<T> {\n"
        "  g = () => 1;\n  abstract h(): void;\n  m(): T { return 1 as any }\n}\ntype T2 = A<number>;\n"
        "enum E { X }\nnamespace N { function f() {} }\n"
        "export const k = (x: number) => x;\n",
        ["I", "A", "A.g", "A.h", "A.m", "T2", "E", "N", "N.f", "k"],
    ),
    "a.tsx": ("export function App() { return <a>x</a> }\n", ["App"]),
    "a.c": (
        "#define SQ(x) x\ntypedef int A1, A2;\ntypedef struct { int a; } P;\n"
        "struct S { int b; };\nint f(void) { return 1; }\n"
        "static char *g(int n)\n{\n  return 0;\n}\nenum E { A };\nint proto(int);\n",
        ["SQ", "A1", "A2", "P", "S", "f", "g", "E"],
    ),
    "a.cpp": (
        "namespace n {\nclass A {\n  A();\n  int m() { return 1; }\n};\n"
        "template <class T> T t(T x) { return x; }\n}\n"
        "int n::A::k(int x) { return x; }\nn::A &r() { throw 1; }\n",
        ["n", "n.A", "n.A.m", "n.t", "n.A.k", "r"],
    ),
    "a.rb": (
        "module M\n  class A < B\n    def f(x)\n      x\n    end\n    def self.g; end\n  end\nend\n",
        ["M", "M.A", "M.A.f", "M.A.g"],
    ),
    "a.php": (
        "<?php\nclass A {\n  function f() {}\n}\ninterface I {}\nfunction g() { return 1; }\n",
        ["A", "A.f", "I", "g"],
    ),
    "a.sh": ("f() {\n  true\n}\n", ["f"]),
}


def test_python_definitions_stand_in_order_with_those_around_them() -> None:
    assert [(s.name, s.top, s.first, s.last) for s in symbols("a.py", PYTHON)] == [
        ("parse", 4, 8, 12),
        ("parse.inner", 9, 9, 10),
        ("Report", 15, 15, 21),
        ("Report.total", 16, 17, 18),
        ("Report.render", 20, 20, 21),
        ("Other", 24, 24, 26),
        ("Other.render", 25, 25, 26),
    ]


@pytest.mark.parametrize("path", CASES)
def test_definitions_of_other_languages_are_found(path: str) -> None:
    text, names = CASES[path]
    assert [symbol.name for symbol in symbols(path, text)] == names


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ("parse", [8]),
        ("parse()", [8]),
        (" Report.render ", [20]),
        ("Report::render", [20]),
        ("render", [20, 25]),
        ("Nothing.total", [17]),
        ("nothing", []),
    ],
)
def test_a_name_means_the_whole_name_else_its_last_part(wanted: str, lines: list[int]) -> None:
    assert [symbol.first for symbol in find("a.py", PYTHON, wanted)] == lines


def test_a_file_without_a_grammar_or_with_errors_defines_what_can_be_told() -> None:
    assert symbols("a.txt", PYTHON) == []
    assert symbols("noextension", PYTHON) == []
    assert [symbol.name for symbol in symbols("a.py", "def f():\n    return (\n\ndef g():\n    pass\n")]
    assert symbols("a.py", "") == []


def test_names_and_columns_beyond_ascii_are_right() -> None:
    (outer, inner) = symbols("a.py", "class Été:\n    def café(self): pass\n")
    assert (outer.name, inner.name, inner.column) == ("Été", "Été.café", 4)


def test_attributes_of_rust_belong_to_the_definition_below_them() -> None:
    (function,) = symbols("a.rs", "#[inline]\n#[must_use]\nfn f() -> i32 { 1 }\n")
    assert (function.top, function.first) == (1, 3)


def test_deep_nesting_is_no_trouble() -> None:
    text = "x = " + "(" * 5000 + ")" * 5000 + "\n\ndef f():\n    pass\n"
    assert "f" in [symbol.name for symbol in symbols("a.py", text)] or symbols("a.py", text) == []


def test_every_language_has_definitions_or_sections_but_patterns_of_text() -> None:
    assert set(_LANGUAGES.values()) - {"regex"} == DEFINITIONS.keys() | SECTIONS.keys()


SUFFIXES = sorted(_LANGUAGES)
WORDS = st.sampled_from(
    ["class A", "def f():", "fn f() {", "struct S;", "}", "{", "(", ")", ";", "\n", "\n  ", "# x",
     "<a id='b'>", "</a>", "- a: b", "[t]", '"k": ', "typedef int A, B;", "type T struct", "end",
     "<?php", "impl A", "=>", "é", "\0"]
)  # fmt: skip


@given(
    suffix=st.sampled_from(SUFFIXES), text=st.lists(WORDS, max_size=20).map(" ".join) | st.text(max_size=60)
)
def test_whatever_a_file_holds_its_symbols_lie_in_it(suffix: str, text: str) -> None:
    lines = text.count("\n") + 1
    for symbol in sections(f"a{suffix}", text):
        assert 1 <= symbol.top <= symbol.first <= symbol.last <= lines
        assert symbol.depth >= 0


@given(st.text(max_size=30))
def test_any_name_is_made_plain(name: str) -> None:
    assert plain(plain(name)) == plain(name)
    assert find("a.py", PYTHON, name) is not None
