"""Tests of how checks are cut out of tests, examples read, and candidates' files made ready."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.humanevalfix.composing import go_file, go_with_imports
from envs.humanevalfix.examples import python_examples, rust_examples
from envs.humanevalfix.programs.base import Secret
from envs.humanevalfix.programs.python import without_checks
from envs.humanevalfix.visible import checks, code_characters, cut_tests, split_arguments


def test_only_the_last_check_of_python_is_taken() -> None:
    offered = "def check(s):\n    return max(s)\ndef check(f):\n    assert f(1) == 2\ncheck(f)\n"
    assert cut_tests("python", offered) == "def check(f):\n    assert f(1) == 2\ncheck(f)\n"


def test_a_check_whose_parameter_has_another_name_calls_the_function_by_its_own() -> None:
    tests = "def check(candidate):\n    assert candidate(1) == 2\n    assert True, 'never fails'\ncheck(f)\n"
    assert checks("python", tests, "f") == ("assert f(1) == 2",)


@pytest.mark.parametrize(
    ("language", "tests", "found"),
    [
        (
            "js",
            "const testF = () => {\n  console.assert(f('a)', \")\") ===\n    2)\n  console.assert(g())\n}\n",
            ("console.assert(f('a)', \")\") === 2)",),
        ),
        (
            "go",
            'func TestF(t *testing.T) {\n assert := assert.New(t)\n assert.Equal(")", F(`("`))\n}',
            ('assert.Equal(")", F(`("`))',),
        ),
        (
            "cpp",
            "#undef NDEBUG\nint main(){\n assert (same(f({1, 2}), 3)); }",
            ("assert (same(f({1, 2}), 3))",),
        ),
        (
            "java",
            'correct = Arrays.asList(\n s.f(1, ",") == 2,\n Math.abs(s.f(3) - 1) < 1,\n true\n);',
            ('s.f(1, ",") == 2', "Math.abs(s.f(3) - 1) < 1"),
        ),
    ],
)
def test_checks_are_whole_statements_that_call_the_function(language, tests, found) -> None:
    assert checks(language, tests, "F" if language == "go" else "f") == found


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for_checks(text: str) -> None:
    assert len(list(code_characters(text))) <= len(text)
    assert split_arguments(text, 0)
    for language in ("python", "js", "java", "go", "cpp", "rust"):
        checks(language, cut_tests(language, text), "f")


def test_python_examples_with_other_names_than_the_function_are_no_examples() -> None:
    text = (
        "What it does.\n\n>>> f([1, 2], key=abs)\n3\n>>> f(electron)\n4\n>>> g(1)\n2\n"
        ">>> round(f(0.5), 1)\n0.5\n>>> f(1)\n<object at 0x1>\n"
    )
    assert python_examples(text, "f") == ("assert f([1, 2], key=abs) == 3", "assert round(f(0.5), 1) == 0.5")


def test_rust_examples_are_written_by_the_signature() -> None:
    text = (
        "f([1, 2], 'a') == [\"x\"]\n>>> f([], 'it\\'s') ➞ []\nf(n) == f(n-1) + f(n-2)\nf([-1], 'a') == [1]\n"
        "f([1]) == []\n"
    )
    assert rust_examples(text, "f", "f(numbers: Vec<u32>, s: &str) -> Vec<String>") == (
        'assert_eq!(f(vec![1, 2], "a"), vec![String::from("x")]);',
        'assert_eq!(f(vec![], "it\'s"), vec![]);',
    )
    assert rust_examples("f(1.5, True) == 2", "f", "f(x: f64, y: bool) -> f64") == (
        "assert_eq!(f(1.5, true), 2.0);",
    )


@given(st.text(max_size=80))
def test_any_documentation_can_be_searched_for_examples(text: str) -> None:
    python_examples(text, "f")
    rust_examples(text, "f", "f(x: i32) -> i32")


def test_checks_at_the_end_of_a_module_are_taken_out_and_the_rest_stays_as_it_is() -> None:
    source = (
        "import math  # kept\nLIMIT = 3; assert LIMIT\n\ndef f(x):\n    assert x, 'ä'\n    return x\n\n"
        "@decorated\ndef check(f):\n    assert f(1) == 2\n\ncheck(f); DONE = True\n"
        "def testing(): pass\ntesting()\nif __name__ == '__main__':\n    f(0)\n"
    )
    assert without_checks(source) == (
        "import math  # kept\nLIMIT = 3; pass\n\ndef f(x):\n    assert x, 'ä'\n    return x\n\n"
        "pass\n\npass; DONE = True\npass\npass\npass\n"
    )


@given(st.text(max_size=80))
def test_a_text_that_is_no_python_stays_as_it_is(text: str) -> None:
    source = f"def (\n{text}"
    assert without_checks(source) == source


def test_go_imports_are_those_that_the_code_uses() -> None:
    text = (
        'import (\n    "math"\n    "os"\n)\n\n// strings.Join is not used\n'
        'func F() { sort.Ints(nil); _ = "fmt.Print" }\n'
    )
    assert go_file(text) == (
        'package main\n\nimport (\n\t"sort"\n)\n\n// strings.Join is not used\n'
        'func F() { sort.Ints(nil); _ = "fmt.Print" }\n'
    )
    written = 'package main\n\nimport "math"\n\nfunc F() { math.Abs(1); strings.ToLower("") }\n'
    assert go_with_imports(written).startswith(
        'package main\n\nimport (\n\t"strings"\n)\n\n\nimport "math"\n'
    )
    assert go_with_imports("package main\n\nfunc F() {}\n") == "package main\n\nfunc F() {}\n"


def test_no_two_marks_are_the_same() -> None:
    one, other = Secret.fresh(), Secret.fresh()
    assert len({one.inside, one.outside, other.inside, other.outside}) == 4
    assert one.inside.isidentifier()
