"""What the runners print, read without the runners."""

import json

import pytest

from aci.runners.base import inside, python_traceback
from aci.runners.programs import parse_cargo, parse_go, parse_verbose_unittest
from aci.runners.pytest import _cases

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
        b"<testsuite><testcase>",
        b"\xff\xfe<\x00",
        b"",
        b"<a>" * 100_000,
    ],
)
def test_a_hostile_report_is_refused(report: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _cases(report)


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
