"""The parts that need no toolchain: commands taken apart, errors read, texts grouped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.variants.commands import Steps, steps
from aci.variants.complaints import Complaint, complaints
from aci.variants.grouping import grouped
from aci.variants.program import program
from envs.humanevalfix.languages import BY_NAME


def split(command: str) -> Steps:
    return steps(command, "/box")


@pytest.mark.parametrize(
    ("command", "build", "run"),
    [
        ("g++ -o m m.cpp && ./m", "g++ -o m m.cpp", "./m"),
        (
            'd=$(mktemp -d) && g++ -o "$d/m" m.cpp $(true && echo -lm) && "$d/m" 1 && rm -r "$d"',
            'd=$(mktemp -d) && g++ -o "$d/m" m.cpp $(true && echo -lm)', '"$d/m" 1',
        ),
        ("make -s all && ./run 'a && b'", "make -s all", "./run 'a && b'"),
        (
            "javac *.java && java Main",
            "javac *.java", "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto Main",
        ),
        ("go test -run 'A|B' -tags=x ./p", "go test -c -o /box/go.test -tags=x ./p",
         "cd ./p && /box/go.test -test.paniconexit0 -test.run='A|B'"),
    ],
)  # fmt: skip
def test_a_command_is_built_once_and_run_often(command: str, build: str, run: str) -> None:
    assert split(command) == Steps(build, run, builds_too=False)


@pytest.mark.parametrize(
    "command", ["make test", "g++ m.cpp; ./a.out", "go test ./...", "mvn test | tee log", "ctest", "a || b"]
)
def test_what_is_not_known_is_run_whole(command: str) -> None:
    assert split(command) == Steps("", command, builds_too=True)


def test_cargo_builds_once_and_is_asked_again() -> None:
    made = split("cargo test --lib -- --nocapture")
    assert made == Steps("cargo test --lib --no-run", "cargo test --lib -- --nocapture", builds_too=True)


@pytest.mark.parametrize("language", ["java", "go", "cpp", "rust"])
def test_the_benchmarks_commands_are_built_once(language: str) -> None:
    made = split(next(one.test_command for name, one in BY_NAME.items() if name == language))
    assert made.build
    assert not made.builds_too


@pytest.mark.parametrize(
    ("path", "output", "expected"),
    [
        (
            "src/Main.java",
            "Main.java:3: error: cannot find symbol\n  x\n1 error",
            [(3, "cannot find symbol")],
        ),
        ("main.go", "# main\n./main.go:9:2: undefined: x\n", [(9, "undefined: x")]),
        ("a.cpp", "a.cpp: In function 'f':\na.cpp:4:2: error: no\na.cpp:5:2: warning: odd", [(4, "no")]),
        (
            "a.cpp",
            "a.cpp:8:1:   required from here\n/usr/include/c++/12/x.h:18:2: error: no match\n",
            [(8, "no match")],
        ),
        (
            "main.rs",
            "warning: unused\n --> main.rs:1:1\n\nerror[E0425]: cannot find `x`\n  --> main.rs:7:5\n\n"
            "error: aborting due to 1 previous error\n",
            [(7, "cannot find `x`")],
        ),
        ("A.java", "[ERROR] /w/A.java:[5,9] cannot find symbol", [(5, "cannot find symbol")]),
    ],
)
def test_errors_are_read_with_their_lines(path: str, output: str, expected: list[tuple[int, str]]) -> None:
    assert complaints(path, output) == [Complaint(*one) for one in expected]


FILES = {
    "a.go": ("package a\n\nfunc F(x int) int {", "}\n\nfunc G() {}\n"),
    "A.java": ("class A {\n    static int f(int x) {", "}\n}\n"),
    "a.cpp": ("int f(int x) {", "}\nint g() { return 1; }\n"),
    "a.rs": ("fn f(x: i32) -> i32 {", "}\nfn g() {}\n"),
}
BODIES = st.text("ax+-*/{}()\"';= \n\\é", max_size=30) | st.sampled_from(
    ["return x;", " return x + 1; ", "\nreturn { x };\n", "return 1; // }", "return 1; /* { */", "int x = 2;"]
)


@given(st.sampled_from(sorted(FILES)), st.lists(BODIES, min_size=1, max_size=6, unique=True))
def test_whatever_a_body_is_its_text_comes_back(path: str, bodies: list[str]) -> None:
    head, tail = FILES[path]
    texts = {number: head + body + tail for number, body in enumerate(bodies, 1)}
    groups = grouped(path, head + " return x; " + tail, texts, 4)
    back = {number: group.text(body) for group in groups for number, body in group.bodies.items()}
    assert back == texts
    for group in groups:
        assert len(group.bodies) <= 4
        made = program(path, group, {0: "f(1)"})
        lines = made.text.split("\n")
        for number, (first, last) in made.variants.items():
            assert group.bodies[number] in "\n".join(lines[first - 1 : last])
        assert "f(1)" in "\n".join(lines[made.probes[0][0] - 1 : made.probes[0][1]])
