"""Examples in docstrings as tests."""

import textwrap
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Limits, Workspace
from aci.runners import doctests
from aci.testing import run_examples, run_tests

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

MODULE = '''\
"""Sums.

>>> add(1, 1)
2
"""


def add(a, b):
    """Return the sum.

    >>> add(1, 2)
    3
    >>> {"b": 1, "a": 2}
    {'b': 1,   'a': 2}
    """
    return a + b


class Counter:
    """Counts.

    >>> Counter().up()
    1
    """

    def up(self):
        """Count up.

        >>> Counter().up() + 1  # doctest: +ELLIPSIS
        ...
        2
        """
        return 1

    def never(self):
        """
        >>> Counter().never()
        Traceback (most recent call last):
        ...
        ZeroDivisionError: division by zero
        """
        return 1 / 0


def plain():
    """No example."""
'''
FILES = {
    "pkg/__init__.py": "",
    "pkg/sums.py": MODULE,
    "tests/test_sums.py": "from pkg.sums import add\n\n\ndef test_zero():\n    assert add(0, 0) == 0\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
}
NAMES = ["__doc__", "add", "Counter", "Counter.up", "Counter.never"]


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
async def test_each_docstring_with_examples_is_a_test(make_workspace: Make, runner: str) -> None:
    workspace = await make_workspace(FILES)
    workspace.runner = runner
    report, text = await run_tests(workspace)
    examples = [test for test in report.passed if doctests.is_doctest(test)]
    assert examples == [f"pkg/sums.py::doctest:{name}" for name in NAMES]
    assert not report.failed, text
    assert len(report.passed) == len(NAMES) + 1


async def test_a_change_that_breaks_an_example_is_told(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace(FILES)
    workspace.base_report, _ = await run_tests(workspace)
    await act(workspace, "edit", path="pkg/sums.py", search="a + b", replace="a - b")
    seen = await act(workspace, "run_tests")
    assert seen.tests.failed == ("pkg/sums.py::doctest:__doc__", "pkg/sums.py::doctest:add")
    golden("run_tests_doctests", seen.text)


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("pkg/sums.py::doctest:add", ["add"]),
        ("pkg/sums.py::doctest:add pkg/sums.py::doctest:Counter.up", ["add", "Counter.up"]),
    ],
)
async def test_examples_are_selected_by_their_ids(
    make_workspace: Make, act: Act, selection: str, names: list[str]
) -> None:
    seen = await act(await make_workspace(FILES), "run_tests", tests=selection)
    assert seen.tests.passed == tuple(f"pkg/sums.py::doctest:{name}" for name in names)


async def test_a_test_and_an_example_are_selected_together(make_workspace: Make) -> None:
    workspace = await make_workspace(FILES)
    chosen = ["tests/test_sums.py::test_zero", "pkg/sums.py::doctest:add"]
    assert (await run_tests(workspace, chosen))[0].passed == tuple(chosen)
    report, _ = await run_tests(workspace, chosen[:1])
    assert report.passed == tuple(chosen[:1])
    report, _ = await run_tests(workspace, ["pkg/sums.py::doctest:nope"])
    assert report.broken == "there is no such test: pkg/sums.py::doctest:nope"


EXAMPLE = 'def f():\n    """\n    >>> f()\n    """\n'


@pytest.mark.parametrize(
    "source",
    [
        "import nothing_here\n",
        "raise SystemExit(3)\n",
        "import os\nos._exit(3)\n",
        "def f(:\n",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
        "import unittest\nraise unittest.SkipTest\n",
    ],
)
async def test_a_module_that_can_not_be_imported_has_no_examples(make_workspace: Make, source: str) -> None:
    files = {**FILES, "pkg/a.py": source + EXAMPLE, "pkg/z.py": EXAMPLE}
    report, _ = await run_tests(await make_workspace(files))
    assert not report.failed
    assert {"pkg/z.py::doctest:f", "pkg/sums.py::doctest:add"} <= set(report.passed)
    assert "pkg/a.py::doctest:f" not in report.passed


async def test_an_example_that_hangs_costs_its_module_alone(make_workspace: Make) -> None:
    hang = 'def f():\n    """\n    >>> while True: pass\n    """\n'
    workspace = await make_workspace({**FILES, "pkg/a.py": hang}, limits=Limits(test_timeout=16))
    report, _ = await run_tests(workspace)
    assert "pkg/a.py::doctest:f" in report.skipped
    assert not report.failed


async def test_modules_without_examples_and_programs_are_never_imported(
    make_workspace: Make, act: Act
) -> None:
    harm = "open('harm', 'a').write(__name__)\n"
    files = {
        **FILES,
        "plain.py": harm,
        "setup.py": harm + EXAMPLE,
        "noxfile.py": harm + EXAMPLE,
        "pkg/__main__.py": harm + EXAMPLE,
        "tests/data.py": harm + EXAMPLE,
        "build/lib/pkg/sums.py": harm + EXAMPLE,
        ".venv/lib/x.py": harm + EXAMPLE,
    }
    workspace = await make_workspace(files)
    await run_tests(workspace)
    assert (await act(workspace, "bash", command="cat harm")).exit_code == 1
    left = (
        await act(workspace, "bash", command="find . -name __pycache__; ls /tmp | grep patchwright-.*jsonl")
    ).text
    assert "__pycache__" not in left


async def test_a_project_that_runs_its_own_examples_is_left_alone(make_workspace: Make) -> None:
    files = {**FILES, "pytest.ini": "[pytest]\npythonpath = .\naddopts = --doctest-modules\n"}
    report, _ = await run_tests(await make_workspace(files))
    assert "pkg/sums.py::pkg.sums.Counter" in report.passed
    assert not any(map(doctests.is_doctest, report.passed))


async def test_many_modules_are_run_only_where_they_were_changed(make_workspace: Make, act: Act) -> None:
    many = {f"pkg/m{number}.py": MODULE for number in range(doctests.MAX_MODULES)}
    workspace = await make_workspace({**FILES, **many})
    workspace.base_report, _ = await run_tests(workspace)
    assert workspace.base_report.passed == ("tests/test_sums.py::test_zero",)
    await act(workspace, "edit", path="pkg/m3.py", search="a + b", replace="a - b")
    report, _ = await run_tests(workspace)
    assert "pkg/m3.py::doctest:add" in report.failed
    assert {test.partition("::")[0] for test in report.passed} == {"tests/test_sums.py", "pkg/m3.py"}
    alone = await run_examples(workspace, ["pkg/m4.py"])
    assert "pkg/m4.py::doctest:add" in alone.passed


async def test_a_project_whose_only_tests_are_examples_has_tests(make_workspace: Make) -> None:
    source = textwrap.dedent(MODULE).replace("a + b", "a - b")
    report, text = await run_tests(await make_workspace({"sums.py": source, "setup.cfg": ""}))
    assert report.failed == ("sums.py::doctest:__doc__", "sums.py::doctest:add")
    assert report.broken == ""
    assert "Expected 3" in text
