"""What the runners print, read without the runners."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci import dependencies
from aci.coverage import read_contexts
from aci.runners import javascript, jvm
from aci.runners import pytest as pytest_runner
from aci.runners.base import inside, json_lines, python_traceback
from aci.runners.cargo import parse_cargo
from aci.runners.compilers import build_failure
from aci.runners.ctest import parse_ctest
from aci.runners.django import parse_verbose_unittest
from aci.runners.go import parse_go
from aci.runners.junit import MAX_BYTES, cases
from trajectories.events import BUILD, TEST_RUN, TestReport

# Real output of each tool on a calculator with a wrong sum, its folder renamed to /workspace: jest 30.5,
# vitest 4.1, mocha 12.0, ava 7.0, go 1.19, cargo 1.95, Surefire 2.22, Gradle 4.4, ctest 3.25.
RECORDED = Path(__file__).parent / "recorded"

DJANGO = """\
Found 4 test(s).
test_add (app.tests.TestCalc)
The sum of two numbers. ... FAIL
test_old (app.tests.TestCalc) ... ok
test_new (app.tests.TestCalc.test_new) ... skipped 'later'
noise (from.a.print) here
app.test_bad (unittest.loader._FailedTest) ... ERROR

======================================================================
ERROR: app.test_bad (unittest.loader._FailedTest)
----------------------------------------------------------------------
ImportError: Failed to import test module: app.test_bad
Traceback (most recent call last):
  File "/usr/lib/python3.11/unittest/loader.py", line 394, in _find_test_path
    module = self._get_module_from_name(name)
ModuleNotFoundError: No module named 'nothing'

======================================================================
FAIL: test_add (app.tests.TestCalc)
The sum of two numbers.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/workspace/app/tests.py", line 8, in test_add
    self.assertEqual(add(1, 2), 3)
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
AssertionError: -1 != 3

----------------------------------------------------------------------
Ran 4 tests in 0.001s

FAILED (failures=1, errors=1)
"""


def test_verbose_unittest_output_is_read() -> None:
    parsed = parse_verbose_unittest(DJANGO, "/workspace")
    assert parsed.status["app.tests.TestCalc.test_add"] == "failed"
    assert parsed.status["app.tests.TestCalc.test_old"] == "passed"
    assert parsed.status["app.tests.TestCalc.test_new"] == "skipped"
    assert sum(now == "failed" for now in parsed.status.values()) == 2
    failure = next(one for one in parsed.failures if one.test.endswith("test_add"))
    assert failure.message == "AssertionError: -1 != 3"
    assert failure.frames[0][:3] == ("app/tests.py", 8, "test_add")


def test_go_output_is_read() -> None:
    events = [
        {"Action": "run", "Package": "m/a", "Test": "TestX"},
        {"Action": "output", "Package": "m/a", "Test": "TestX", "Output": "    a_test.go:7: got 1, want 2\n"},
        {"Action": "fail", "Package": "m/a", "Test": "TestX"},
        {"Action": "pass", "Package": "m/a", "Test": "TestY"},
        {"Action": "skip", "Package": "m/a", "Test": "TestZ"},
        {"Action": "fail", "Package": "m/a"},
        {"Action": "output", "Package": "m/b", "Output": "FAIL\tm/b [build failed]\n"},
        {"Action": "fail", "Package": "m/b"},
        {"Action": "pass", "Package": "m/c"},
    ]
    parsed = parse_go("# noise\n" + "\n".join(map(json.dumps, events)), "/workspace")
    assert parsed.status == {
        "m/a.TestX": "failed",
        "m/a.TestY": "passed",
        "m/a.TestZ": "skipped",
        "m/b": "failed",
    }
    assert parsed.failures[0].frames[0].source == "got 1, want 2"


def test_cargo_output_is_read() -> None:
    text = """\
running 3 tests
test tests::adds ... FAILED
test tests::zero ... ok
test tests::slow ... ignored

failures:

---- tests::adds stdout ----

thread 'tests::adds' panicked at src/lib.rs:12:9:
assertion `left == right` failed
  left: -1
 right: 3
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    tests::adds

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out
"""
    parsed = parse_cargo(text, "/workspace")
    assert parsed.status == {"tests::adds": "failed", "tests::zero": "passed", "tests::slow": "skipped"}
    assert parsed.failures[0].frames[0][:2] == ("src/lib.rs", 12)
    assert "left: -1" in parsed.failures[0].message


@pytest.mark.parametrize(
    "report",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite>&a;</testsuite>',
        b'<?xml version="1.0"?><!-- x --> <!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>',
        b"<testsuite>&undeclared;<testcase/></testsuite>",
        b"<testsuite><testcase>",
        b"\xff\xfe<\x00",
        b"",
        b"<a>" * 100_000,
        b"<a>" + b" " * MAX_BYTES + b"</a>",
    ],
)
def test_a_hostile_report_is_refused(report: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cases(report)


def test_a_report_may_hold_what_only_looks_hostile() -> None:
    (case,) = cases(
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<s><testcase name="a"><failure message="m&#27;[31m">'
        b"<![CDATA[<!DOCTYPE html>\x1b]]></failure><error>later</error></testcase></s>"
    )
    assert (case.status, case.message, case.text) == ("failed", "m?[31m", "<!DOCTYPE html>?")


def test_a_report_that_breaks_off_gives_the_cases_before_that() -> None:
    report = b'<s><testcase name="a"/><testcase name="b"><fail'
    assert [case.attributes["name"] for case in cases(report, whole=False)] == ["a"]


def test_a_traceback_keeps_the_frames_of_the_repository() -> None:
    text = """\
Traceback (most recent call last):
  File "/workspace/a.py", line 3, in f
    g()
    ~^^
  File "/usr/lib/python3/dist-packages/lib.py", line 9, in g
    raise ValueError("x")
ValueError: x
more
"""
    message, frames = python_traceback(text, "/workspace")
    assert message == "ValueError: x\nmore"
    assert [frame[:3] for frame in frames] == [("a.py", 3, "f")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/workspace/a.py", "a.py"),
        ("./a.py", "a.py"),
        ("/usr/lib/x.py", None),
        ("../../usr/x.py", None),
        ("<string>", None),
        ("/workspace/.venv/lib/python3/site-packages/x.py", None),
    ],
)
def test_paths_outside_the_repository_are_left_out(path: str, expected: str | None) -> None:
    assert inside(path, "/workspace") == expected


@pytest.mark.parametrize(
    ("name", "parse", "failed", "passed", "skipped", "frame"),
    [
        (
            "jest.json",
            lambda data: javascript.parse_jest(data, "/workspace"),
            {"jest/calc.test.js > calc > adds", "jest/bad.test.js"},
            {"jest/calc.test.js > calc > zero"},
            {"jest/calc.test.js > calc > later"},
            ("jest/calc.test.js", 3),
        ),
        (
            "vitest.json",
            lambda data: javascript.parse_jest(data, "/workspace"),
            {"vitest/calc.test.mjs > calc > adds"},
            {"vitest/calc.test.mjs > calc > zero"},
            {"vitest/calc.test.mjs > calc > later"},
            ("vitest/calc.test.mjs", 4),
        ),
        (
            "mocha.json",
            lambda data: javascript.parse_mocha(data, "/workspace"),
            {"mocha/calc.js > calc adds"},
            {"mocha/calc.js > calc zero"},
            {"mocha/calc.js > calc later"},
            ("mocha/calc.js", 4),
        ),
        (
            "ava.tap",
            lambda data: javascript.parse_tap(data.decode(), "/workspace"),
            {"adds"},
            {"zero"},
            {"later"},
            None,
        ),
        (
            "go.jsonl",
            lambda data: parse_go(data.decode(), "/workspace", "example.com/calc"),
            {
                "example.com/calc.TestAdd",
                "example.com/calc.TestParts/one",
                "example.com/calc/bad",
                "example.com/calc/sub.TestPanic",
            },
            {"example.com/calc.TestZero", "example.com/calc.TestParts/two"},
            {"example.com/calc.TestSkip"},
            ("calc_test.go", 7),
        ),
        (
            "cargo.txt",
            lambda data: parse_cargo(data.decode(), "/workspace"),
            {"tests::adds", "deep::tests::inner", "tests/whole.rs::adds_twice", "src/lib.rs"},
            {"tests::zero", "tests::panics"},
            {"tests::slow"},
            ("src/lib.rs", 16),
        ),
        (
            "surefire.xml",
            lambda data: jvm.parse_reports([data], ["./src/test/java/com/x/CalcTest.java"], "/workspace"),
            {"com.x.CalcTest#adds", "com.x.CalcTest#throwsUp"},
            {"com.x.CalcTest#zero"},
            {"com.x.CalcTest#later"},
            ("src/test/java/com/x/CalcTest.java", 10),
        ),
        (
            "gradle.xml",
            lambda data: jvm.parse_reports([data], ["./src/test/java/com/x/CalcTest.java"], "/workspace"),
            {"com.x.CalcTest#adds", "com.x.CalcTest#throwsUp"},
            {"com.x.CalcTest#zero"},
            {"com.x.CalcTest#later"},
            ("src/test/java/com/x/CalcTest.java", 10),
        ),
        (
            "ctest.xml",
            lambda data: parse_ctest("", data, "/workspace"),
            {"adds"},
            {"zero"},
            {"later"},
            ("calc_test.c", 5),
        ),
    ],
)
def test_the_results_of_real_runs_are_read(name, parse, failed, passed, skipped, frame) -> None:
    parsed = parse((RECORDED / name).read_bytes())
    by = {
        kind: {test for test, now in parsed.status.items() if now == kind}
        for kind in set(parsed.status.values())
    }
    assert by == {"failed": failed, "passed": passed, "skipped": skipped}
    assert {failure.test for failure in parsed.failures} == failed
    assert all(failure.message or failure.frames for failure in parsed.failures)
    if frame is not None:
        told = next(one for one in parsed.failures if one.test.endswith(("adds", "TestAdd")))
        assert frame in [place[:2] for place in told.frames]


@pytest.mark.parametrize(
    ("said", "path", "line"),
    [
        ("src/a.c:3:5: error: expected ';'", "src/a.c", 3),
        ("/workspace/src/a.cpp:3:5: fatal error: x.h: No such file", "src/a.cpp", 3),
        ("error[E0308]: mismatched types\n --> src/lib.rs:7:9\n", "src/lib.rs", 7),
        ("src/A.java:12: error: ';' expected", "src/A.java", 12),
        ("[ERROR] /workspace/src/A.java:[5,20] cannot find symbol", "src/A.java", 5),
        ("e: file:///workspace/src/A.kt:3:5 Unresolved reference: x", "src/A.kt", 3),
        ("src/a.ts(3,5): error TS2322: Type", "src/a.ts", 3),
        ("src/a.ts:3:5 - error TS2322: Type", "src/a.ts", 3),
    ],
)
def test_a_build_that_fails_names_its_place(said: str, path: str, line: int) -> None:
    failure = build_failure(f"noise\n{said}\nmore", "/workspace")
    assert failure is not None
    assert failure.test == BUILD
    assert failure.frames[0][:2] == (path, line)


def test_what_failed_as_a_whole_passes_by_the_tests_in_its_place() -> None:
    now = TestReport(
        runner="r", command="c", passed=("a.py::x", "m/b.TestY", "m/c.TestZ"), failed=("m/c.TestW",)
    )
    assert now.passes("a.py")
    assert now.passes("m/b")
    assert not now.passes("m/c")
    assert not now.passes("m")
    assert not now.passes(BUILD)
    assert TestReport(runner="r", command="c", passed=("a",)).passes(BUILD)
    assert TestReport(runner="r", command="c", passed=("a",)).passes(TEST_RUN)
    assert not TestReport(runner="r", command="c", passed=("a",)).passes("b")


WORDS = st.sampled_from(
    [
        "ok 1 - x",
        "not ok",
        "# SKIP",
        "---",
        "...",
        "1..3",
        "TAP version 13",
        "    at f (/workspace/a.js:1:2)",
        "test a ... FAILED",
        "test a ... ok",
        "---- a stdout ----",
        "failures:",
        "panicked at src/lib.rs:" + "9" * 30,
        "   Running unittests src/lib.rs (x)",
        "   Doc-tests x",
        '{"Action":"fail","Package":"p"}',
        '{"Action":{},"Test":[]}',
        "FAIL\tp [build failed]",
        "# p",
        "a.go:1:2: x",
        "  at ./a.rs:1:2",
        "  1: f",
        "=" * 70,
        "-" * 70,
        "FAIL: a (b.C)",
        "a (b.C) ... ok",
        '  File "a.py", line ' + "9" * 5000 + ", in f",
        "<testsuite>",
        '<testcase name="a">',
        "<failure>",
        "</failure>",
        "</testcase>",
        "</testsuite>",
        "<![CDATA[",
        "[" * 20_000,
        '{"kind":"report","test":"a","outcome":"failed","text":7}',
        '{"kind":"start","test":"a"}',
        '{"type":"test:fail","nesting":-1,"name":[],"file":{}}',
        '{"type":"test:start","nesting":9,"name":"a"}',
        '{"testResults":[{"assertionResults":[{"status":[],"title":3,"failureMessages":[1]}]}]}',
        "SQLite format 3\0",
        '{"failures":[{"err":[],"file":1}],"passes":3}',
        "from a import (",
        "import a as b, c",
        "\x00",
        "\ud800",
        "1/3 Test #1: a ...   Passed",
        "    Start 1: a",
        "a.c:1: error: x",
        "E   x",
        "a.py:1: in f",
    ]
)
PIECES = st.lists(WORDS | st.text(max_size=20), max_size=12)


@settings(deadline=None)
@given(PIECES, st.sampled_from(["\n", "", " "]))
def test_no_output_of_a_runner_raises(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    data = text.encode("utf-8", "surrogatepass")
    for parse in (parse_go, parse_cargo, parse_verbose_unittest, javascript.parse_tap, javascript.stack):
        parse(text, "/workspace")
    for read in (
        javascript.parse_jest,
        javascript.parse_mocha,
        javascript.parse_node,
        pytest_runner.parse,
    ):
        read(data, "/workspace")
    parse_ctest(text, data, "/workspace")
    jvm.parse_reports([data], ["a/A.java"], "/workspace")
    python_traceback(text, "/workspace")
    build_failure(text, "/workspace")
    json_lines(data)
    read_contexts(data, data, ["a.py"])
    lines = [
        (path, piece)
        for piece in pieces
        for path in ("a.py", "b/c.js", "d.go", "e.rs", "src/main/java/F.java")
    ]
    dependencies.graph(["a.py", "b/c.js", "d.go", "e.rs", "src/main/java/F.java", "../x.py", ""], lines)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_in_a_results_file_raise(data: bytes) -> None:
    for read in (javascript.parse_jest, javascript.parse_mocha, javascript.parse_node, pytest_runner.parse):
        read(data, "/workspace")
    parse_ctest("", data, "/workspace")
    read_contexts(data, b"SQLite format 3\0" + data, ["a.py"])


def test_a_go_package_outside_of_any_module_has_its_folder() -> None:
    events = [
        {"Action": "output", "Package": "_/workspace/a", "Test": "TestX", "Output": "    a_test.go:7: no\n"},
        {"Action": "fail", "Package": "_/workspace/a", "Test": "TestX"},
    ]
    parsed = parse_go("\n".join(map(json.dumps, events)), "/workspace", "example.com/m")
    assert parsed.failures[0].frames[0][:2] == ("a/a_test.go", 7)
