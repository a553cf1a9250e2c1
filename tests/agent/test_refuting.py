"""Tests of the agent's that the evidence contradicts: which they are, and that they sink no right patch."""

import pytest

from agent.refuting import contradicted, new_tests, why_contradicted
from trajectories.events import AttemptEnded, TestReport, TestsRefuted

HEAD = "import unittest\nfrom calc import add, double\n\n\nclass New(unittest.TestCase):\n"
WRONG = f"{HEAD}    def test_wrong(self):\n        self.assertEqual(add(2, 2), 5)\n"
DOCUMENTED = "def f(a):\n    '''\n    >>> f(1)\n    2\n    '''"
OTHERWISE = "contradicts the example f(1) == 2"
GIVEN = "fails with a patch that mends the given tests and breaks none"


def report(passed: str, failed: str = "") -> TestReport:
    return TestReport(runner="r", command="c", passed=tuple(passed.split()), failed=tuple(failed.split()))


async def test_a_wrong_test_of_the_agents_does_not_sink_a_right_patch(run, broken, do, fix) -> None:
    test = do("create", path="tests/test_new.py", content=WRONG)
    done = await run(broken, [test, fix])
    assert (done.result.status, done.result.attempts) == ("resolved", 1)
    (refuted,) = done.result.evidence.refuted
    assert refuted.test.endswith("test_wrong")
    assert refuted.reason == GIVEN
    (event,) = done.of(TestsRefuted)
    assert (event.attempt, event.tests) == (1, (refuted,))
    assert done.of(AttemptEnded)[0].evidence.endswith("1 test that the agent wrote is refuted.")


async def test_a_wrong_test_that_fails_the_run_as_a_whole_does_not_sink_a_right_patch(
    run, broken, do, fix
) -> None:
    test = do("create", path="tests/test_new.py", content="raise SystemExit(3)\n")
    broken["tests/test_calc.py"] = (
        "import os, sys\nsys.path.insert(0, os.getcwd())\nfrom calc import add\nassert add(2, 3) == 5\n"
    )
    settings = {"tests": {"command": "for test in tests/test_*.py; do python3 $test || exit 1; done"}}
    done = await run(broken, [test, fix, do("submit")], settings)
    assert (done.result.status, done.result.attempts) == ("resolved", 1)
    (refuted,) = done.result.evidence.refuted
    assert (refuted.test, refuted.reason) == ("tests/test_new.py", GIVEN)


async def test_later_attempts_are_told_in_one_line_and_nothing_is_held_against_the_patch(
    run, untested, do, fix
) -> None:
    test = do("create", path="tests/test_new.py", content=WRONG)
    package = do("create", path="tests/__init__.py", content="")
    untested = {**untested, "tests/test_calc.py": f"{HEAD}    def test_double(self):\n        double(1)\n"}
    script = [package, test, fix, do("submit"), "It was a test.", do("submit"), do("submit")]
    done = await run(untested, script, {"limits": {"attempts": 2}})
    refuted = done.of(TestsRefuted)[0].tests
    assert [one.reason for one in refuted] == ["fails with and without the patch"]
    assert done.of(AttemptEnded)[0].patch != ""
    told = done.model.requests[5].messages[1].content
    (line,) = [line for line in told.splitlines() if line.startswith("- Tests that earlier attempts wrote")]
    assert "test_wrong (fails with and without the patch)" in line


async def test_a_wrong_test_and_a_wrong_patch_that_agree_are_no_evidence(run, untested, do) -> None:
    documented = 'def add(a, b):\n    """Add.\n\n    >>> add(2, 2)\n    4\n    """\n    return a - b\n'
    # Examples count only where they run; this project's runner is a command of its own.
    untested = {"calc.py": documented + "\n\ndef double(a):\n    return a * 2\n"}
    untested["tests/test_calc.py"] = "assert True\n"
    bad = do("edit", path="calc.py", search="a - b", replace="a + b + 1")
    test = do("create", path="tests/test_new.py", content=WRONG)
    done = await run(untested, [test, bad, do("submit")], {"tests": {"after_edit": False}})
    assert done.result.status == "unresolved"
    assert [one.reason for one in done.result.evidence.refuted] == ["contradicts the example add(2, 2) == 4"]


def test_only_what_has_no_place_before_is_new() -> None:
    base = report("a", "tests/b.py")
    assert new_tests(base, report("a tests/b.py::x n", "tests/b.py::y m")) == (("n",), ("m",))
    assert new_tests(report("a", "build"), report("a n", "m")) == ((), ())


@pytest.mark.parametrize(
    ("code", "test", "reason"),
    [
        (DOCUMENTED, "assert f(1) == 3", OTHERWISE),
        (DOCUMENTED, "assert 3 == m.f( 1 )", OTHERWISE),
        (DOCUMENTED, "assert f(1) == 2", ""),
        (DOCUMENTED, "assert f(2) == 3", ""),
        ("def f(a):\n    '''\n    >>> f(1)\n    2\n    >>> f(1)\n    3\n    '''", "assert f(1) == 4", ""),
        (DOCUMENTED + "\ndef f(a): pass", "assert f(1) == 3", ""),
        ("def f():\n    '''\n    >>> f()\n    2\n    '''", "assert f() == 3", ""),
        ("def f(a):\n    '''\n    >>> f(x)\n    2\n    '''", "assert f(x) == 3", ""),
        ("def f(:", "assert f(1) == 3", ""),
        ("def f(a): pass", "assert f(1) == (", ""),
    ],
)  # fmt: skip
def test_a_claim_is_contradicted_by_an_example_of_the_same_call(tmp_path, code, test, reason) -> None:
    base, tree = tmp_path / "base", tmp_path / "tree"
    for folder in (base, tree):
        folder.mkdir()
    (base / "m.py").write_text(code + "\n")
    (tree / "test_new.py").write_text(f"def test_it():\n    {test}\n")
    found = contradicted(base, tree, ["test_new.py"])
    assert why_contradicted("test_new.py::test_it", found) == reason
    assert why_contradicted("test_new.test_it", found) == reason
    assert why_contradicted("test_other.py::test_it", found) == ""


def test_a_given_test_is_an_example_too(tmp_path) -> None:
    for name, path, text in (
        ("base", "m.py", "def f(a): pass\n"),
        ("base", "test_m.py", "def test_f():\n    assert f([1], k=2) == 2\n"),
        (
            "tree",
            "test_new.py",
            "class T:\n    def test_g(self):\n        self.assertEqual(f([1], k=2), 3)\n",
        ),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / path).write_text(text)
    found = contradicted(tmp_path / "base", tmp_path / "tree", ["test_new.py"])
    assert why_contradicted("test_new.T.test_g", found) == "contradicts the example f([1], k=2) == 2"
