"""Syntax errors, in the languages whose grammars come apart from the others."""

import pytest

from aci.grammars import ADVISORY, language_of, new_flaws

GOOD = {
    "a.ts": "const x: number = 1;\nfunction f<T>(a: T): a is string { return true }\n",
    "a.tsx": "const x = <a b={1}>c</a>;\n",
    "a.rb": "def f\n  1\nend\n",
    "a.php": "<?php\nfunction f() { return 1; }\n",
    "a.c": "int f(void) { return 1; }\n",
    "a.hpp": "template <class T> struct A { T x; };\n",
}
BAD = {
    "a.ts": "const x: = 1;\n",
    "a.tsx": "const x = <a>c</b;\n",
    "a.rb": "def f(\n  1\n",
    "a.php": "<?php\nfunction f( { return 1; }\n",
    "a.c": "int f(void { return 1; }\n",
    "a.hpp": "template <class T struct A { T x; };\n",
}


@pytest.mark.parametrize("path", GOOD)
def test_only_what_a_change_breaks_is_an_error(path: str) -> None:
    language = language_of(path)
    assert new_flaws(language, "", GOOD[path]) == []
    assert new_flaws(language, GOOD[path], BAD[path])
    assert new_flaws(language, BAD[path], BAD[path]) == []


def test_where_macros_and_templates_hide_the_syntax_an_error_is_a_hint_only() -> None:
    assert {language_of(path) for path in ("a.c", "a.h", "a.cpp", "a.php")} <= ADVISORY
    assert not {language_of(path) for path in ("a.ts", "a.tsx", "a.rb")} & ADVISORY
