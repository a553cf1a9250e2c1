from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from aci import Limits, Workspace
from aci.runners import RUNNERS
from aci.testing import run_tests
from trajectories.events import TestReport

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

CALC = {
    "calc.py": "def add(a, b):\n    return a - b\n\n\ndef mul(a, b):\n    result = 0\n"
    "    for _ in range(b):\n        result = add(result, a)\n    return result\n"
}
PYTEST = {
    **CALC,
    "tests/test_calc.py": """\
import pytest
from calc import add, mul


def test_add():
    assert add(1, 2) == 3


class TestMul:
    def test_mul(self):
        assert mul(2, 3) == 6

    def test_zero(self):
        assert mul(2, 0) == 0


@pytest.mark.parametrize("text", ["a b", "x::y", "[z]"])
def test_text(text):
    assert text


@pytest.mark.skip
def test_skipped():
    raise AssertionError


@pytest.fixture
def broken():
    raise RuntimeError("no server")


def test_with_fixture(broken):
    pass
""",
    "pytest.ini": "[pytest]\npythonpath = .\n",
}
UNITTEST = {
    **CALC,
    "tests/test_calc.py": """\
import unittest
from calc import add, mul


class TestCalc(unittest.TestCase):
    def test_add(self):
        \"\"\"The sum of two numbers.\"\"\"
        print("noise\\ntest_x (tests.X) ... ok")
        self.assertEqual(add(1, 2), 3)

    def test_zero(self):
        self.assertEqual(mul(2, 0), 0)

    @unittest.skip("later")
    def test_skipped(self):
        raise AssertionError

    @unittest.expectedFailure
    def test_expected(self):
        self.assertEqual(add(1, 1), 2)

    def test_parts(self):
        for value in (0, 1, 2):
            with self.subTest(value=value):
                self.assertEqual(add(value, 0), value)
        with self.subTest("last"):
            self.assertEqual(add(1, 1), 2)


class TestFixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no server")

    def test_never(self):
        pass
""",
}


async def without_pytest(make_workspace: Make, files: Mapping[str, str], **settings: Any) -> Workspace:
    workspace = await make_workspace(files, **settings)
    workspace.runner = "unittest"
    return workspace


async def test_pytest_is_read_from_its_results(make_workspace: Make, golden: Golden) -> None:
    workspace = await make_workspace(PYTEST)
    report, text = await run_tests(workspace)
    assert workspace.runner == report.runner == "pytest"
    assert set(report.failed) == {
        "tests/test_calc.py::test_add",
        "tests/test_calc.py::TestMul::test_mul",
        "tests/test_calc.py::test_with_fixture",
    }
    assert set(report.passed) == {
        "tests/test_calc.py::TestMul::test_zero",
        "tests/test_calc.py::test_text[a b]",
        "tests/test_calc.py::test_text[x::y]",
        "tests/test_calc.py::test_text[[z]]",
    }
    assert report.skipped == ("tests/test_calc.py::test_skipped",)
    assert report.broken == ""
    assert workspace.last_report == report
    golden("run_tests_failing", text)


async def test_a_change_is_told_against_the_base(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace(PYTEST)
    workspace.base_report, _ = await run_tests(workspace)
    await act(workspace, "edit", path="calc.py", search="a - b", replace="a + b")
    await act(workspace, "edit", path="calc.py", search="result = 0", replace="result = 1")
    seen = await act(workspace, "run_tests")
    assert not seen.failed
    assert seen.tests == workspace.last_report
    golden("run_tests_compared", seen.text)


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ("tests/test_calc.py::TestMul", 2),
        ("/workspace/tests/test_calc.py::TestMul::test_zero", 1),
        ('tests/test_calc.py::test_add "tests/test_calc.py::test_text[a b]"', 2),
        ("tests/test_calc.py::test_add\ntests/test_calc.py::test_text[a b]", 2),
        ("tests", 8),
    ],
)
async def test_named_tests_are_run_and_keep_their_ids(
    make_workspace: Make, act: Act, selection: str, count: int
) -> None:
    workspace = await make_workspace(PYTEST)
    report = (await act(workspace, "run_tests", tests=selection)).tests
    assert len(report.passed) + len(report.failed) + len(report.skipped) == count
    assert all(test.startswith("tests/test_calc.py::") for test in report.passed + report.failed)


async def test_all_passing_tests_say_what_comes_next(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace({"test_a.py": "def test_a():\n    pass\n"})
    workspace.base_report, first = await run_tests(workspace)
    assert first == "1 passed (pytest)\nAll of them pass."
    golden("run_tests_passing", (await act(workspace, "run_tests")).text)


async def test_a_file_that_can_not_be_imported_is_a_failing_test(
    make_workspace: Make, golden: Golden
) -> None:
    workspace = await make_workspace({**PYTEST, "tests/test_bad.py": "import nothing_here\n"})
    report, text = await run_tests(workspace)
    assert "tests/test_bad.py" in report.failed
    assert "nothing_here" in text


@pytest.mark.parametrize(
    ("files", "tests", "said"),
    [
        ({"a.py": "x = 1\n", "setup.cfg": ""}, "", "no tests were collected"),
        (PYTEST, "tests/nope.py", "tests/nope.py"),
        (PYTEST, "tests/test_calc.py::test_nope", "test_nope"),
    ],
)
async def test_a_run_without_results_says_why(
    make_workspace: Make, act: Act, files: Mapping[str, str], tests: str, said: str
) -> None:
    workspace = await make_workspace(files)
    seen = await act(workspace, "run_tests", tests=tests)
    assert seen.failed
    assert seen.text.startswith("The tests gave no result: ")
    assert said in seen.tests.broken


async def test_a_project_without_tests_says_that_it_has_no_runner(make_workspace: Make) -> None:
    workspace = await make_workspace({"README": ""})
    workspace.runner = ""
    report, _ = await run_tests(workspace)
    assert report.broken


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
async def test_a_run_that_does_not_end_is_stopped_and_told(
    make_workspace: Make, act: Act, runner: str
) -> None:
    source = "def test_a():\n    pass\n\n\ndef test_loop():\n    while True:\n        pass\n"
    workspace = await make_workspace({"test_a.py": source}, limits=Limits(test_timeout=4))
    workspace.runner = runner
    seen = await act(workspace, "run_tests")
    assert seen.failed
    assert "did not end within 4 s" in seen.text
    mark = "." if runner == "unittest" else ".py::"
    assert seen.tests.passed == (f"test_a{mark}test_a",)
    assert f"test_a{mark}test_loop did not end" in seen.tests.broken


@pytest.mark.parametrize(("runner", "test"), [("unittest", "test_a.test_a"), ("pytest", "test_a.py::test_a")])
async def test_a_test_that_ends_the_program_is_named(
    make_workspace: Make, act: Act, runner: str, test: str
) -> None:
    workspace = await make_workspace({"test_a.py": "import os\n\n\ndef test_a():\n    os._exit(3)\n"})
    workspace.runner = runner
    seen = await act(workspace, "run_tests")
    assert "ended with exit code 3" in seen.tests.broken
    assert f"It was running {test}." in seen.tests.broken


async def test_unittest_runs_where_pytest_is_missing(make_workspace: Make, golden: Golden) -> None:
    workspace = await without_pytest(make_workspace, UNITTEST)
    report, text = await run_tests(workspace)
    assert report.runner == "unittest"
    assert set(report.failed) == {
        "tests.test_calc.TestCalc.test_add",
        "tests.test_calc.TestCalc.test_parts",
        "tests.test_calc.TestFixture.test_never",
    }
    assert set(report.passed) == {
        "tests.test_calc.TestCalc.test_zero",
        "tests.test_calc.TestCalc.test_expected",
    }
    assert report.skipped == ("tests.test_calc.TestCalc.test_skipped",)
    golden("run_tests_unittest", text)


@pytest.mark.parametrize(
    "selection",
    [
        "tests/test_calc.py::TestCalc::test_add",
        "tests.test_calc.TestCalc.test_add",
        "tests.test_calc::TestCalc::test_add",
    ],
)
async def test_unittest_takes_ids_of_both_spellings(make_workspace: Make, selection: str) -> None:
    workspace = await without_pytest(make_workspace, UNITTEST)
    report, _ = await run_tests(workspace, [selection])
    assert report.failed == ("tests.test_calc.TestCalc.test_add",)
    assert report.passed == ()


async def test_plain_functions_and_packages_run_without_pytest(make_workspace: Make) -> None:
    workspace = await without_pytest(
        make_workspace,
        {
            "src/lib/__init__.py": "VALUE = 3\n",
            "tests/__init__.py": "",
            "tests/common.py": "from lib import VALUE\n",
            "tests/test_a.py": "from .common import VALUE\n\n\n"
            "def test_a():\n    assert VALUE == 3\n\n\ndef test_b(tmp_path):\n    pass\n",
            "tests/test_bad.py": "import nothing_here\n",
            "tests/test_syntax.py": "def f(:\n",
            "tests/test_exit.py": "raise SystemExit(0)\n",
            "test/test_c.py": "def test_c():\n    assert 1 == 2, 'one is not two'\n",
        },
    )
    report, text = await run_tests(workspace)
    assert report.passed == ("tests.test_a.test_a",)
    assert report.skipped == ("tests.test_a.test_b",)
    assert set(report.failed) == {
        "tests.test_bad",
        "tests.test_syntax",
        "tests.test_exit",
        "test.test_c.test_c",
    }
    assert "one is not two" in text
    assert report.broken == ""


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
async def test_a_script_of_assertions_counts_as_one_test(make_workspace: Make, runner: str) -> None:
    files = {
        **CALC,
        "test.py": "from calc import add\n\n\ndef check(f):\n    assert f(1, 2) == 3\n\n\n"
        "if __name__ == '__main__':\n    check(add)\n",
    }
    workspace = await make_workspace(files)
    workspace.runner = runner
    report, text = await run_tests(workspace)
    assert report.failed == ("test",)
    assert "test.py:5 in check" in text
    assert "AssertionError" in text


async def test_a_configured_command_is_judged_by_its_exit_code(make_workspace: Make) -> None:
    workspace = await make_workspace(
        CALC, test_command="python3 -c 'import calc; assert calc.add(1, 2) == 3'"
    )
    report, text = await run_tests(workspace)
    assert report.failed == (workspace.test_command,)
    assert "AssertionError" in text
    workspace.test_command = "true"
    assert (await run_tests(workspace))[0].passed == ("true",)
    workspace.test_command = "no-such-program --all"
    assert (await run_tests(workspace))[0].broken == "no-such-program is not installed in this sandbox"


async def test_a_configured_pytest_is_read_from_its_results(make_workspace: Make) -> None:
    workspace = await make_workspace(PYTEST, test_command="cd . && python3 -m pytest tests")
    report, _ = await run_tests(workspace)
    assert "tests/test_calc.py::test_add" in report.failed
    assert report.command == "cd . && python3 -m pytest tests"
    report, _ = await run_tests(workspace, ["tests/test_calc.py::TestMul"])
    assert "tests/test_calc.py::TestMul::test_zero" in report.passed
    workspace.test_command = "python3 -m pytest tests/nope.py"
    report, _ = await run_tests(workspace)
    assert "nope.py" in report.broken
    assert not report.failed


async def test_a_configured_pytest_that_can_not_see_our_plugin_is_judged_by_its_exit_code(
    make_workspace: Make,
) -> None:
    workspace = await make_workspace(
        {"test_a.py": "def test_a():\n    pass\n"}, test_command="python3 -I -m pytest test_a.py"
    )
    report, _ = await run_tests(workspace)
    assert report.passed == (workspace.test_command,)


async def test_tests_that_run_pytest_themselves_are_not_counted_twice(make_workspace: Make) -> None:
    inner = "def test_inner():\n    assert 0\n"
    outer = "import subprocess, sys\n\n\ndef test_outer():\n"
    outer += "    run = subprocess.run([sys.executable, '-m', 'pytest', '-q', 'inner.py'])\n"
    outer += "    assert run.returncode == 1\n"
    workspace = await make_workspace({"test_a.py": outer, "inner.py": inner})
    assert (await run_tests(workspace))[0].passed == ("test_a.py::test_outer",)
    workspace.test_command = "pytest test_a.py"
    assert (await run_tests(workspace))[0].passed == ("test_a.py::test_outer",)


async def test_options_of_a_missing_plugin_do_not_stop_the_run(make_workspace: Make) -> None:
    workspace = await make_workspace(
        {
            "test_a.py": "def test_a():\n    pass\n",
            "pytest.ini": "[pytest]\naddopts = --no-such-option --ff\n",
        }
    )
    report, _ = await run_tests(workspace)
    assert report.passed == ("test_a.py::test_a",)


async def test_an_inherited_test_has_the_id_of_the_class_that_runs_it(make_workspace: Make) -> None:
    files = {
        "tests/base.py": "class Base:\n    def test_x(self):\n        pass\n",
        "tests/test_one.py": "from base import Base\n\n\n"
        "class TestOne(Base):\n    class TestInner:\n        def test_y(self):\n            pass\n",
        "tests/sub/pytest.ini": "[pytest]\n",
        "tests/sub/test_two.py": "def test_z():\n    pass\n",
    }
    workspace = await make_workspace(files)
    report, _ = await run_tests(workspace)
    assert set(report.passed) == {
        "tests/test_one.py::TestOne::test_x",
        "tests/test_one.py::TestOne::TestInner::test_y",
        "tests/sub/test_two.py::test_z",
    }
    report, _ = await run_tests(workspace, ["tests/sub/test_two.py"])
    assert report.passed == ("tests/sub/test_two.py::test_z",)


async def test_a_test_run_leaves_nothing_behind(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(PYTEST)
    before = (
        await act(
            workspace,
            "bash",
            command="find . ! -name .benchmarks | sort; ls /tmp | grep -c patchwright-.*xml",
        )
    ).text
    await run_tests(workspace)
    workspace.runner = "unittest"
    await run_tests(workspace)
    assert (
        await act(
            workspace,
            "bash",
            command="find . ! -name .benchmarks | sort; ls /tmp | grep -c patchwright-.*xml",
        )
    ).text == before


async def test_an_edit_of_the_same_size_within_a_second_is_seen(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(
        {**CALC, "test_a.py": "from calc import add\n\n\ndef test_a():\n    assert add(1, 1) == 2\n"}
    )
    assert (await run_tests(workspace))[0].failed
    await act(workspace, "edit", path="calc.py", search="a - b", replace="a + b")
    assert (await run_tests(workspace))[0].green


def test_every_runner_has_its_name() -> None:
    assert list(RUNNERS) == [
        "pytest", "unittest", "django", "tox", "nox", "go", "cargo", "npm", "maven", "gradle", "ctest",
        "make", "script",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "runner"),
    [
        ({"go.mod": "", "x_test.go": ""}, "go"),
        ({"Cargo.toml": ""}, "cargo"),
        ({"package.json": "{}"}, "npm"),
        ({"pom.xml": ""}, "maven"),
        ({"build.gradle.kts": ""}, "gradle"),
        ({"package.json": "{}", "tests/test_a.py": ""}, "pytest"),
        ({"manage.py": "", "app/tests.py": ""}, "django"),
        ({"manage.py": "", "app/test_x.py": ""}, "django"),
        ({"setup.py": ""}, "pytest"),
        ({"CMakeLists.txt": "enable_testing()\n"}, "ctest"),
        ({"CMakeLists.txt": "project(x)\n", "Makefile": "all:\ncheck: all\n"}, "make:check"),
        ({"Makefile": "test := x\n.PHONY: test\ntest:\n\ttrue\n"}, "make:test"),
        ({"run_tests.sh": "true\n"}, "script:run_tests.sh"),
        ({"settings.gradle": ""}, "gradle"),
    ],
)
async def test_the_runner_is_found_out(make_workspace: Make, files: Mapping[str, str], runner: str) -> None:
    from aci.runners import detect  # noqa: PLC0415

    workspace = await make_workspace(files)
    assert await detect(workspace) == runner


def test_a_report_is_green_only_with_passing_tests() -> None:
    assert not TestReport(runner="x", command="x").green
