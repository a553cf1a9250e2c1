"""Calls that tell versions of a function apart: what is seen, what is made up, and what has none."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci import Workspace
from aci.grammars import language_of
from aci.probing import make_probes
from aci.probing.calls import calls_in
from aci.probing.kinds import INT_32, Kind, fitted
from aci.probing.literals import arguments_of, parses
from aci.probing.signatures import signature_of
from aci.probing.types import kind_of
from aci.probing.writing import written

Make = Callable[..., Awaitable[Workspace]]

SUMS = {
    "a.js": ("sum", "/* >>> sum([1, 2], 3) */\nconst sum = (xs, n) => { return n }\n", "sum([1, 2], 3)"),
    "a.ts": (
        "sum",
        "function sum(xs: number[], n: number): number { return n }\n// sum([1, 2], 3)\n",
        "sum([1, 2], 3)",
    ),
    "A.java": (
        "A.sum",
        "import java.util.*;\nclass A {\n  // sum([1, 2], 3)\n"
        "  int sum(List<Integer> xs, int n) { return n; }\n}\n",
        "new A().sum(new java.util.ArrayList<Integer>(java.util.Arrays.asList(1, 2)), 3)",
    ),
    "a.go": (
        "Sum",
        "package main\n\n// >>> Sum([1, 2], 3)\nfunc Sum(xs []int, n int) int { return n }\n",
        "Sum([]int{1, 2}, 3)",
    ),
    "a.cpp": (
        "sum",
        "#include <vector>\n#include <string>\nusing namespace std;\n"
        "int sum(const vector<int>& xs, int n) { return n; }\n"
        "int other() { return sum({1, 2}, 3); }\n",
        "sum(vector<int>{1, 2}, 3)",
    ),
    "a.rs": (
        "sum",
        "fn sum(xs: &[i32], n: i32) -> i32 { n }\n#[test]\nfn t() { assert_eq!(sum(&vec![1, 2], 3), 3); }\n",
        "sum(&[1, 2], 3)",
    ),
    "a.py": ("sum_", "def sum_(xs, n):\n    return n\n\nassert sum_([1, 2], 3)\n", "sum_([1, 2], 3)"),
}


@pytest.mark.parametrize("path", SUMS)
async def test_what_is_seen_comes_first_and_much_more_follows(make_workspace: Make, path: str) -> None:
    symbol, text, first = SUMS[path]
    workspace = await make_workspace({path: text})
    probes = await make_probes(workspace, path, symbol)
    assert probes[0] == first
    assert len(probes) == len(set(probes)) == 40
    assert probes == await make_probes(workspace, path, symbol)
    fewer = await make_probes(workspace, path, symbol, 3)
    assert (fewer[0], len(fewer)) == (first, 3)
    assert all(parses(language_of(path), probe) for probe in probes)


@pytest.mark.parametrize("path", SUMS)
async def test_without_a_call_they_are_made_up_and_relate(make_workspace: Make, path: str) -> None:
    symbol, text, first = SUMS[path]
    plain = re.sub(r">>> |(?<=// )sum\(\[.*|^int other.*|^#\[test\]|^fn t.*|^assert.*", "", text, flags=re.M)
    plain = re.sub(r"(?i)(?<=/ )sum\(\[1, 2\], 3\)|(?<=\* )sum\(\[1, 2\], 3\)", "", plain)
    probes = await make_probes(await make_workspace({path: plain}), path, symbol)
    assert first not in probes[:1]
    assert len(probes) >= 20
    numbers = [int(found[1]) for probe in probes if (found := re.search(r", (-?\d+)\)$", probe))]
    assert 0 in numbers
    assert sum(abs(number) > 30 for number in numbers) <= 2


@pytest.mark.parametrize(
    ("path", "symbol", "text"),
    [
        ("a.py", "Shelf.f", "class Shelf:\n    def __init__(self, a): pass\n    def f(self, x): return x\n"),
        ("a.py", "f", "async def f(x): return x\n"),
        ("A.java", "A.f", "class A { A(int x) {} int f(int n) { return n; } }"),
        ("A.java", "A.f", "class A { private int f(int n) { return n; } }"),
        ("A.java", "A.f", "class A { int f(Socket n) { return 1; } }"),
        ("A.java", "A.f", "abstract class A { int f(int n) { return 1; } }"),
        ("a.go", "F", "package a\nfunc F(w http.ResponseWriter) int { return 1 }\n"),
        ("a.go", "F", "package a\nfunc (s *S) F(n int) int { return 1 }\n"),
        ("a.cpp", "A.f", "class A { int f(int n) { return n; } };"),
        ("a.cpp", "f", "template <typename T> T f(T n) { return n; }"),
        ("a.rs", "A.f", "struct A; impl A { fn f(&self, n: i32) -> i32 { n } }"),
        ("a.rs", "f", "fn f<T: Ord>(n: T) -> T { n }"),
        ("a.js", "f", "async function f(n) { return n }"),
        ("a.rb", "f", "def f(n)\n  n\nend\n"),
    ],
)
async def test_what_can_not_be_called_has_none(
    make_workspace: Make, path: str, symbol: str, text: str
) -> None:
    assert await make_probes(await make_workspace({path: text}), path, symbol) == []


@pytest.mark.parametrize(
    ("path", "symbol", "text", "called"),
    [
        ("a.py", "A.f", "class A:\n    def f(self, n): return n + 1\n", "A().f("),
        ("a.py", "A.f", "class A:\n    @staticmethod\n    def f(n): return n + 1\n", "A.f("),
        ("A.java", "A.f", "class A { private A() {} static int f(int n) { return n; } }", "A.f("),
        ("a.cpp", "A.f", "class A { public: int f(int n) { return n; } };", "A().f("),
        ("a.cpp", "ns.f", "namespace ns { int f(int n) { return n; } }", "ns::f("),
        ("a.rs", "A.f", "struct A; impl A { fn f(n: i32) -> i32 { n } }", "A::f("),
        ("a.js", "A.f", "class A { f(n) { return n } }", "new A().f("),
    ],
)
async def test_a_method_is_called_on_what_can_be_made(
    make_workspace: Make, path: str, symbol: str, text: str, called: str
) -> None:
    probes = await make_probes(await make_workspace({path: text}), path, symbol)
    assert len(probes) >= 10
    assert all(probe.startswith(called) for probe in probes)


LITERALS = [
    (
        "java",
        'f(new ArrayList<>(Arrays.asList(1, -2)), new int[]{}, Map.of("a", 1L), Optional.empty())',
        ([1, -2], [], {"a": 1}, None),
    ),
    (
        "go",
        'f([]string{"a"}, map[string]int{}, map[string]int{"a": 1}, [][]int{{1}}, nil)',
        (["a"], {}, {"a": 1}, [[1]], None),
    ),
    (
        "cpp",
        'f({1, 2}, vector<string>({"a"}), (vector<int>){1}, string("x"), 1.5f)',
        ([1, 2], ["a"], [1], "x", 1.5),
    ),
    (
        "rust",
        'f(vec![-1], &[1, 2], String::from("a"), "b".to_string(), Some(1), Vec::new(), vec![vec![1]])',
        ([-1], [1, 2], "a", "b", 1, [], [[1]]),
    ),
    (
        "javascript",
        "f([1, 'a'], {b: 1, \"c\": []}, null, `x`, new Set([1]))",
        ([1, "a"], {"b": 1, "c": []}, None, "x", {1}),
    ),
    ("python", "f([1, 'a'], {'b': (1,)}, true, null)", ([1, "a"], {"b": (1,)}, True, None)),
    ("java", "f(x)", None),
    ("go", "f(g(1))", None),
    ("rust", "f(vec![x])", None),
    ("python", "f(*a)", None),
]


@pytest.mark.parametrize(("language", "call", "values"), LITERALS)
def test_literals_are_read_in_every_language(language: str, call: str, values: object) -> None:
    assert arguments_of(language, call) == values


KINDS = [
    ("java", "List<List<Integer>>", [[1], []]),
    ("java", "int[][]", [[1], [2]]),
    ("java", "Map<String, Double>", {"a": 1.0}),
    ("java", "long", 2**40),
    ("java", "char", "'"),
    ("java", "Set<String>", {"a\\\n"}),
    ("go", "map[string][]int", {"a": [1]}),
    ("go", "[2]int", [1, 2]),
    ("go", "interface{}", [1, "a", None]),
    ("cpp", "std::vector<std::string>", ["a", "b"]),
    ("cpp", "const map<string,int>&", {"a": 1}),
    ("cpp", "vector<int>&", [1]),
    ("cpp", "pair<int, string>", (1, "a")),
    ("cpp", "int", INT_32[0]),
    ("rust", "&mut Vec<i32>", [1]),
    ("rust", "&[(i32, String)]", [(1, "a")]),
    ("rust", "HashMap<&str, i64>", {"a": 1}),
    ("rust", "Option<Vec<&str>>", ["a"]),
    ("rust", "&'a str", 'a"\x01'),
    ("typescript", "Array<number | null>", [1, None]),
    ("typescript", "Record<string, string[]>", {"a": ["b"]}),
    ("python", "Optional[Dict[str, List[int]]]", {"a": [1]}),
    ("python", "int | None", None),
]


@pytest.mark.parametrize(("language", "kind", "value"), KINDS)
def test_a_value_is_written_by_its_type_and_read_again(language: str, kind: str, value: object) -> None:
    found = kind_of(language, kind)
    assert found is not None
    text = written(language, found, value)
    assert parses(language, f"f({text})")
    if not text.startswith(("*", "(", "pair")) and " - " not in text:
        (again,) = arguments_of(language, f"f({text})") or (text,)
        assert fitted(found, again) == value


@pytest.mark.parametrize(
    ("language", "kind"),
    [
        ("java", "Foo"),
        ("java", "Map<Foo, String>"),
        ("go", "*int"),
        ("cpp", "int*"),
        ("rust", "Box<Foo>"),
        ("go", "chan int"),
    ],
)
def test_a_type_that_is_not_known_has_no_values(language: str, kind: str) -> None:
    assert kind_of(language, kind) is None


def test_an_alias_is_followed_and_a_circle_is_not() -> None:
    assert kind_of("cpp", "row", {"row": "std::vector<int>"}) == Kind(
        "list", (Kind("int", spelling="int", bounds=INT_32),), "row"
    )
    assert kind_of("cpp", "row", {"row": "vector<row>"}) is None


def test_calls_in_a_comment_may_be_written_as_in_python() -> None:
    text = (
        "package a\n\n// >>> filter_words(['a', \"(b\"])\nfunc FilterWords(words []string) int { return 1 }\n"
    )
    signature = signature_of("a.go", text, "FilterWords")
    assert signature is not None
    assert list(calls_in(text, signature)) == [(["a", "(b"],)]


VERSION = {"go": "version"}
TOOLS = {
    "a.cpp": ("g++", ["g++", "-fsyntax-only", "-w", "-x", "c++"], "int main() {{\n{}\n}}\n"),
    "a.rs": (
        "rustc",
        ["rustc", "--edition", "2021", "--emit=metadata", "-A", "warnings", "-o", "out"],
        "fn main() {{\n{}\n}}\n",
    ),
    "A.java": ("javac", ["javac", "-d", "."], "class P {{ void m() {{\n{}\n}} }}\n"),
    "a.go": ("go", ["go", "vet"], "func main() {{\n{}\n}}\n"),
    "a.js": ("node", ["node", "--check"], "{}\n"),
}


@pytest.mark.parametrize("path", TOOLS)
async def test_the_languages_own_compiler_takes_them(
    make_workspace: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    program, command, frame = TOOLS[path]
    # rustup's stand-ins need a home of theirs, and HOME is another one here.
    rustup = Path(os.path.expanduser("~root" if os.getuid() == 0 else "~")) / ".rustup"
    if program == "rustc" and "RUSTUP_HOME" not in os.environ and rustup.is_dir():
        monkeypatch.setenv("RUSTUP_HOME", str(rustup))
    if (
        shutil.which(program) is None
        or subprocess.run([program, VERSION.get(program, "--version")], check=False).returncode
    ):
        pytest.skip(f"{program} is not installed, or no version of it is chosen")
    symbol, text, _ = SUMS[path]
    probes = await make_probes(await make_workspace({path: text}), path, symbol, 25)
    assert len(probes) == 25
    (tmp_path / path).write_text(text + frame.format("\n".join(f"{probe};" for probe in probes)))
    done = subprocess.run([*command, path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


PIECES = st.sampled_from(
    [
        "def f(",
        "class A",
        "f(1)",
        "f([1, 2], 'a')",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "int ",
        "fn f(",
        "func F(",
        "List<Integer> a",
        ", b",
        ": ",
        "->",
        "\n",
        "return ",
        "x: List[int]",
        "'",
        '"',
        "/*",
        "*/",
        "#",
        "vec![",
        "&",
        "...",
        "*",
        "= 1",
        "f(",
        "async ",
        "static ",
        "\x00",
        "\udcff",
        "é",
        "9" * 30,
        "1e999",
        "f(1e999)",
        "namespace n {",
        "impl A {",
        "const f = (a, b) => {",
        "function f(a) {",
        "int f(vector<int> a, string b) {",
        "struct S {",
        "@",
        "f(b'x', {1: 2})",
        "fn f(a: Vec<i32>, b: &str) -> i32 {",
        "func f(a []int, b ...string) int {",
        "def f(a, b=1, *c, d):\n  return a\n",
    ]
)
PATHS = st.sampled_from(["a.py", "a.js", "a.ts", "A.java", "a.go", "a.cpp", "a.rs"])


@settings(deadline=None)
@given(
    path=PATHS,
    source=st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join),
    symbol=st.sampled_from(["f", "A.f", "F", ""]),
)
async def test_whatever_a_file_holds_what_comes_of_it_parses(path: str, source: str, symbol: str) -> None:
    class Files:
        async def read(self, path: str, root: str) -> object:
            return type("Content", (), {"data": source.encode("utf-8", "surrogatepass")})()

    workspace = Workspace(Files())  # type: ignore[arg-type]
    probes = await make_probes(workspace, path, symbol, 12)
    assert len(probes) == len(set(probes)) <= 12
    for probe in probes:
        assert parses(language_of(path), probe)
        if path == "a.py":
            assert isinstance(ast.parse(probe, mode="eval").body, ast.Call)
