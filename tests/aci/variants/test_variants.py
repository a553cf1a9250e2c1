"""Texts of compiled languages, tried as variants of one program by real toolchains."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aci import Workspace
from aci.command_trials import run_texts
from aci.trials import try_texts
from aci.variants import Unusual, try_variants
from agent.strategies.candidates import alike
from envs.unsafe import UnsafeSandbox
from tests.conftest import REQUIRED

Make = Callable[..., Awaitable[Workspace]]


class Case(NamedTuple):
    """A small program whose `a - b` should be `a + b`, with its test.

    Attributes:
        tool: What the host must have.
        path: The file.
        files: All files.
        command: Runs its test.
        probes: Four calls: two sound ones, one that raises for `a + b`, and one that does not compile.
        answers: What they say of `a + b`.
        loop: The statement that takes the place of `return a - b` in a text that never ends.
    """

    tool: str
    path: str
    files: dict[str, str]
    command: str
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    loop: str


def rustc() -> str:
    """Return the compiler itself: the one on the PATH may be a shim that looks for its root at home."""
    if shutil.which("rustc") is None:
        return "rustc"
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=False)
    return f"{root.stdout.strip()}/bin/rustc" if root.returncode == 0 else "rustc"


BUILT = 'built=$(mktemp -d) && {} && rm -r "$built"'
CASES = {
    "go": Case(
        "go", "main.go",
        {
            "go.mod": "module example.com/add\n\ngo 1.19\n",
            "main.go": "package main\n\nfunc Add(a, b int) int {\n\treturn a - b\n}\n",
            "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n'
            '\tif Add(1, 2) != 3 {\n\t\tt.Fatal("expected 3")\n\t}\n}\n',
        },
        "go test -vet=off .",
        ("Add(1, 5)", "[]int{Add(7, 7)}", "[]int{1}[Add(1, 9)]", "Add(nothing)"),
        ("6", "[]int{14}", "Panic", "?"),
        "for a < 99 {\n}\nreturn a",
    ),
    "java": Case(
        "javac", "Main.java",
        {
            "Main.java": "import java.util.*;\n\nclass Solution {\n    @Deprecated\n"
            "    public int add(final int a, int b) {\n        return a - b;\n    }\n}\n\n"
            "public class Main {\n    public static void main(String[] words) {\n"
            '        if (new Solution().add(1, 2) != 3) throw new AssertionError("expected 3");\n    }\n}\n',
        },
        BUILT.format('javac -d "$built" Main.java && java -cp "$built" Main'),
        (
            "new Solution().add(1, 5)", "Arrays.asList(new Solution().add(7, 7))",
            "new int[] {1}[new Solution().add(1, 9)]", "new Solution().add(nothing)",
        ),
        ("6", "[14]", "ArrayIndexOutOfBoundsException", "?"),
        "while (b < 99) { }\nreturn a;",
    ),
    "cpp": Case(
        "g++", "main.cpp",
        {
            "main.cpp": "#include <cassert>\n#include <vector>\nusing namespace std;\n"
            "int add(int a, int b = 0) {\n    return a - b;\n}\n\nint main() {\n"
            "    assert(add(1, 2) == 3);\n}\n",
        },
        BUILT.format('g++ -std=c++11 -o "$built/main" main.cpp && "$built/main"'),
        ("add(1, 5)", "vector<int>{add(7, 7)}", "vector<int>{1}.at(add(1, 9))", "add(nothing)"),
        ("6", "{14}", "std::out_of_range", "?"),
        "while (a < 99) { }\nreturn a;",
    ),
    "rust": Case(
        "rustc", "main.rs",
        {
            "main.rs": "fn main() {}\n\nfn add(mut a: i32, b: i32) -> i32 {\n    a += 0;\n    return a - b;\n"
            "}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds() {\n"
            "        assert_eq!(add(1, 2), 3);\n    }\n}\n",
        },
        BUILT.format(f'{rustc()} --edition 2021 --test -o "$built/main" main.rs && "$built/main"'),
        ("add(1, 5)", "vec![add(7, 7)]", "[1][add(1, 9) as usize]", "add(nothing)"),
        ("6", "[14]", "Panic", "?"),
        "while a < 99 { }\nreturn a;",
    ),
    "js": Case(
        "node", "main.js",
        {
            "main.js": "const add = (a, b) => {\n  return a - b;\n}\n\n"
            "console.assert(add(1, 2) === 3, 'expected 3')\n",
        },
        """node -e 'console.assert = require("assert"); require("./main.js")'""",
        ("add(1, 5)", "[add(7, 7)]", "null[add(1, 9)]", "add(nothing)"),
        ("6", "[ 14 ]", "TypeError", "ReferenceError"),
        "while (a < 99) { }\nreturn a",
    ),
}  # fmt: skip


def case(name: str) -> Case:
    found = CASES[name]
    if shutil.which(found.tool) is None:
        reason = f"{found.tool} is not installed"
        if found.tool in REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("name", CASES)
async def test_each_text_gets_its_verdict_and_its_behaviour(make_workspace: Make, name: str) -> None:
    one = case(name)
    workspace = await make_workspace(one.files, test_command=one.command)
    text = one.files[one.path]
    ending = text.replace("return a - b;", one.loop).replace("return a - b", one.loop)
    texts = [
        text,
        text.replace("a - b", "a + b"),
        text.replace("a - b", "a + nowhere"),
        text.replace("a - b", "b + a"),
        text.replace("a - b", "a + b }"),
        text.replace("a - b", "a + b"),
        ending,
    ]
    trials = await try_texts(workspace, one.path, texts, probes=one.probes, cpu_seconds=1)
    statuses = [trial.status for trial in trials]
    unknown = "failed" if name == "js" else "error"
    assert statuses[:-1] == ["failed", "passed", unknown, "passed", "error", "passed"]
    assert statuses[-1] in {"timeout", "starved"}
    assert trials[1].behaviour == trials[3].behaviour == trials[5].behaviour == one.answers
    assert "nowhere" in trials[2].message
    assert trials[0].behaviour[0] == "-4"
    assert not alike(trials[0].behaviour, trials[1].behaviour)
    assert trials[1].passed == (one.path,)
    assert trials[0].failed == (one.path,)
    assert (await workspace.read(one.path)).data.decode() == text
    left = (await workspace.probe("find . -type f | sort")).output.split()
    assert left == sorted(f"./{path}" for path in one.files)


@pytest.mark.parametrize("name", CASES)
async def test_both_ways_agree(make_workspace: Make, name: str) -> None:
    one = case(name)
    workspace = await make_workspace(one.files, test_command=one.command)
    text = one.files[one.path]
    texts = [text.replace("a - b", other) for other in ("a * b", "a + b", "b - (a", "b", "b + 1")]
    limits = {"cpu_seconds": 5.0, "wall_seconds": 60.0}
    quick = await try_variants(workspace, one.path, texts, one.command, **limits)
    slow = await run_texts(workspace, one.path, texts, one.command, **limits)
    assert [trial.status for trial in quick] == [run.status for run in slow]


@pytest.mark.parametrize("name", CASES)
async def test_it_ends_when_enough_passed(make_workspace: Make, name: str) -> None:
    one = case(name)
    workspace = await make_workspace(one.files, test_command=one.command)
    right = one.files[one.path].replace("a - b", "a + b")
    wrong = one.files[one.path]
    texts = [wrong, right, *(right.replace("a + b", f"a + b + {number} * 0") for number in range(12))]
    trials = await try_texts(workspace, one.path, texts, stop_after=1)
    assert trials[-1].status == "passed"
    assert sum(trial.status == "passed" for trial in trials) == 1


CALLS = {
    "go": ("Add(1, 5)", "func() int { for {} }()", "Add(2, 5)"),
    "java": ("new Solution().add(1, 5)", "endless()", "new Solution().add(2, 5)"),
    "cpp": ("add(1, 5)", "[] { for (volatile int a = 0;; a++); return 1; }()", "add(2, 5)"),
    "rust": ("add(1, 5)", "{ let mut a = 1; while a > 0 { a = 1 + a % 2; } a }", "add(2, 5)"),
    "js": ("add(1, 5)", "(() => { for (;;); })()", "add(2, 5)"),
}


@pytest.mark.parametrize("name", [name for name in CALLS if name != "java"])
async def test_an_endless_probe_costs_no_other(make_workspace: Make, name: str) -> None:
    one = case(name)
    workspace = await make_workspace(one.files, test_command=one.command)
    right = one.files[one.path].replace("a - b", "a + b")
    (trial,) = await try_texts(workspace, one.path, [right], probes=CALLS[name], cpu_seconds=1)
    assert trial.status == "passed"
    assert trial.behaviour == ("6", "did not end", "7")


async def test_a_crash_in_a_probe_costs_no_other(make_workspace: Make) -> None:
    one = case("cpp")
    workspace = await make_workspace(one.files, test_command=one.command)
    probes = ("add(1, 5)", "[] { __builtin_trap(); return 1; }()", "add(2, 5)")
    trials = await try_texts(workspace, one.path, [one.files[one.path]], probes=probes)
    assert trials[0].behaviour == ("-4", "Panic", "-3")


async def test_what_cpp_gives_is_told_in_full(make_workspace: Make) -> None:
    one = case("cpp")
    text = "#include <map>\n#include <set>\n#include <string>\n#include <tuple>\n" + one.files[one.path]
    workspace = await make_workspace({one.path: text}, test_command=one.command)
    probes = (
        'map<string, vector<int>>{{"a", {1, 2}}}', "make_pair(true, 'x')", "make_tuple(1.5, 2u, string())",
        "set<double>{0.1, 2}", "vector<bool>{true}", "(struct { int a; }*)0",
    )  # fmt: skip
    trials = await try_texts(workspace, one.path, [text], probes=probes)
    said = ('{("a", {1, 2})}', "(true, 'x')", '(1.5, 2, "")', "{0.1, 2}", "{true}")
    assert trials[0].behaviour[:5] == said


async def test_a_go_import_that_is_left_over_is_an_error(make_workspace: Make) -> None:
    one = case("go")
    text = one.files[one.path].replace("\n\nfunc", '\n\nimport "strings"\n\nfunc', 1)
    text = text.replace("a - b", 'a - b + len(strings.Repeat("", 1))')
    workspace = await make_workspace({**one.files, one.path: text}, test_command=one.command)
    left = text.replace('a - b + len(strings.Repeat("", 1))', "a + b")
    kept = text.replace("a - b", "a + b")
    trials = await try_texts(workspace, one.path, [left, kept])
    assert [trial.status for trial in trials] == ["error", "passed"]
    assert "strings" in trials[0].message


async def test_texts_with_one_import_more_share_a_program(make_workspace: Make) -> None:
    one = case("go")
    text = one.files[one.path]
    workspace = await make_workspace(one.files, test_command=one.command)
    more = [
        text.replace("\n\nfunc", '\n\nimport "strings"\n\nfunc', 1).replace(
            "return a - b", f'return a + b + {number}*len(strings.Repeat("", 1))'
        )
        for number in range(3)
    ]
    trials = await try_texts(workspace, one.path, [text, *more], probes=["Add(1, 1)"])
    assert [trial.status for trial in trials] == ["failed", "passed", "passed", "passed"]
    assert [trial.behaviour for trial in trials] == [("0",), ("2",), ("2",), ("2",)]


async def test_tests_that_write_to_the_tree_are_left_to_the_slow_way(make_workspace: Make) -> None:
    one = case("cpp")
    command = one.command.replace('&& "$built/main"', '&& echo >>seen && "$built/main"')
    workspace = await make_workspace(one.files, test_command=command)
    texts = [one.files[one.path], one.files[one.path].replace("a - b", "a + b")]
    with pytest.raises(Unusual):
        await try_variants(workspace, one.path, texts, command, cpu_seconds=2, wall_seconds=30)
    assert [trial.status for trial in await try_texts(workspace, one.path, texts)] == ["failed", "passed"]


SIGNATURES = {
    "go": (
        "type Box[T any] struct{ value T }\n\nfunc (b *Box[T]) Put(_ int, values ...T) (n int, err error) {\n"
        "\tn = 1\n\treturn\n}\n",
        "n = 1", "n = 2", 'new(Box[string]).Put(1, "a", "b")', ("1, <nil>", "2, <nil>"),
    ),
    "java": (
        "abstract class Base { abstract int f(int[] a) throws Exception; }\nclass Box<T> extends Base {\n"
        "    @Override\n    synchronized int f(int... a) throws Exception {\n        return 1;\n    }\n}\n",
        "return 1;", "return a.length + 1;", "new Box<String>().f(1)", ("1", "2"),
    ),
    "cpp": (
        "template <typename T> struct Box {\n    const T *get(const T &, T &&other) const;\n};\n"
        "template <typename T> const T *Box<T>::get(const T &one, T &&other) const {\n    return &one;\n}\n",
        "return &one;", "return &other;", "*Box<int>().get(1, 2)", ("1", "2"),
    ),
    "rust": (
        "struct Box2<T> { value: T }\nimpl<T: Clone> Box2<T> {\n"
        "    fn get<'a, U>(&'a mut self, (one, two): (U, U), other: &mut Vec<U>) -> (&'a T, U) {\n"
        "        (&self.value, one)\n    }\n}\n",
        "one)\n", "two)\n", "Box2 { value: 1 }.get((1, 2), &mut vec![])", ("(1, 1)", "(1, 2)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
async def test_signatures_of_every_shape_are_forwarded(make_workspace: Make, name: str) -> None:
    one = case(name)
    added, before, after, probe, answers = SIGNATURES[name]
    whole = one.files[one.path].replace("a - b", "a + b")
    text = whole + added if name != "java" else whole.replace("class Solution", added + "class Solution")
    workspace = await make_workspace({**one.files, one.path: text}, test_command=one.command)
    trials = await try_texts(workspace, one.path, [text, text.replace(before, after)], probes=[probe])
    assert [trial.status for trial in trials] == ["passed", "passed"]
    assert tuple(trial.behaviour for trial in trials) == tuple((answer,) for answer in answers)


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "1", "2", "7"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
    max_leaves=6,
)


@given(st.lists(EXPRESSIONS, min_size=2, max_size=30, unique=True))
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_every_variant_does_what_its_body_says(bodies: list[str]) -> None:
    one = case("go")

    async def behaviours() -> list[tuple[str, ...]]:
        sandbox = UnsafeSandbox()
        with tempfile.TemporaryDirectory() as folder:
            for path, text in one.files.items():
                (Path(folder) / path).write_text(text)
            await sandbox.start(Path(folder))
        try:
            workspace = Workspace(sandbox, test_command=one.command)
            texts = [
                one.files[one.path].replace("return a - b", f"a += 0\n\tb += 0\n\treturn {body}")
                for body in bodies
            ]
            trials = await try_variants(
                workspace, one.path, texts, one.command, probes=["Add(3, 5)", "Add(-2, 4)"],
                cpu_seconds=5, wall_seconds=60,
            )  # fmt: skip
        finally:
            await sandbox.close()
        return [trial.behaviour for trial in trials]

    expected = [tuple(str(eval(body, {"a": a, "b": b})) for a, b in ((3, 5), (-2, 4))) for body in bodies]
    assert asyncio.run(behaviours()) == expected
