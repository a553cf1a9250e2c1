"""A function taken apart into promise and body, in every language, and put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.functions import body_of, function, functions, moved, promise, with_body

SOURCES = {
    "a.py": (
        "import math\n\n\n@cached\ndef area(r):\n"
        '    """The area.\n\n    >>> area(1)\n    """\n    return 3 * r\n\n\nprint(area(1))\n',
        "area",
        "    return 3 * r\n",
        '    """\n',
    ),
    "b.py": (
        "class Circle:\n    def area(self): return 3\n",
        "Circle.area",
        "return 3\n",
        "    def area(self): ",
    ),
    "c.py": (
        'def area(r):\n    import math\n    """The area."""\n    return math.pi * r\n',
        "area",
        "    return math.pi * r\n",
        '"""The area."""\n',
    ),
    "a.js": (
        "// The area.\nconst area = (r) => {\n  return 3 * r;\n}\n\nconsole.log(area(1))\n",
        "area",
        "  return 3 * r;\n",
        "=> {\n",
    ),
    "b.js": ("function area(r) { return 3 * r }\n", "area", " return 3 * r ", "area(r) {"),
    "A.java": (
        "import java.util.*;\n\nclass Circle {\n    /** The area. */\n"
        "    public int area(int r) {\n        return 3 * r;\n    }\n}\n",
        "Circle.area",
        "        return 3 * r;\n",
        "area(int r) {\n",
    ),
    "a.go": (
        "package a\n\n// Area is.\nfunc Area(r int) int {\n\treturn 3 * r\n}\n",
        "Area",
        "\treturn 3 * r\n",
        "int {\n",
    ),
    "a.cpp": (
        "#include <vector>\n/* The area. */\n"
        "std::vector<int> *area(int r) {\n    return 0;\n}\nint main() {}\n",
        "area",
        "    return 0;\n",
        "(int r) {\n",
    ),
    "a.rs": (
        "struct C;\nimpl C {\n    fn area(r: i32) -> i32 {\n        3 * r\n    }\n}\n",
        "C.area",
        "        3 * r\n",
        "i32 {\n",
    ),
}


@pytest.mark.parametrize("path", SOURCES)
def test_a_function_is_promise_and_body(path) -> None:
    text, name, body, ends = SOURCES[path]
    one = function(path, text, name)
    assert one is not None
    assert text[one.body : one.end] == body
    assert promise(text, one) == text[: one.body]
    assert promise(text, one).endswith(ends)
    assert with_body(text, one, body) == text
    assert body_of(path, text, name) == body


def test_the_comment_and_the_decorators_above_belong_to_a_function() -> None:
    text = SOURCES["a.py"][0]
    one = function("a.py", text, "area")
    assert one is not None
    assert text[one.start :].startswith("@cached")
    text = SOURCES["a.go"][0]
    one = function("a.go", text, "Area")
    assert one is not None
    assert text[one.start :].startswith("// Area is.")


def test_offsets_count_characters_not_bytes() -> None:
    text = 'naïve = "日本"\n\n\ndef f():\n    return naïve\n'
    assert body_of("a.py", text, "f") == "    return naïve\n"


def test_a_name_that_two_functions_have_means_neither() -> None:
    text = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 2\n"
    assert function("a.py", text, "f") is None
    assert function("a.py", text, "B.f") is not None


def test_a_long_file_promises_only_what_stands_before_the_function() -> None:
    text = "x = 1\n" * 2000 + "def f():\n    return 1\n"
    one = function("a.py", text, "f")
    assert one is not None
    shown = promise(text, one)
    assert shown.startswith("x = 1\n")
    assert shown.endswith("def f():\n")
    assert len(shown) < 5000


def test_a_body_is_moved_to_the_depth_of_the_one_in_place() -> None:
    assert moved("return 1\n", "        return 0\n") == "        return 1\n"
    assert moved("    if a:\n        b\n", "\tx\n") == "\tif a:\n\t    b\n"


@given(st.text(), st.sampled_from(sorted(SOURCES)))
def test_any_text_gives_functions_within_it(text, path) -> None:
    for one in functions(path, text):
        assert 0 <= one.start <= one.body <= one.end <= len(text)
