"""Texts tried against the visible tests: what each kind of check says, and what no text can do."""

import os
import sys
import venv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aci import Workspace
from aci.testing import run_tests
from aci.trials import Trial, make_probes, plan_for, try_texts, watch

Make = Callable[..., Awaitable[Workspace]]

SCRIPT = '''\
"""A program with its checks at the end."""


def add(a, b):
    """Return the sum.

    >>> add(1, 2)
    3
    >>> add(nobody, 1)
    7
    add([1], [2]) ➞ [1, 2]
    """
    return a - b


def check(candidate):
    assert candidate(1, 2) == 3
    for number in range(3):
        assert candidate(number, 0) == number, "nothing added"
    assert not candidate(-1, 1)


check(add)
'''
GOOD = SCRIPT.replace("a - b", "a + b")
CHECKS = ("main.py:17", "main.py:19", "main.py:20", "main.py::add:example1", "main.py::add:example3")


async def tried(workspace: Workspace, *texts: str, **settings: Any) -> list[Trial]:
    return await try_texts(workspace, "main.py", texts, **settings)


async def test_each_assertion_and_each_example_is_a_check_of_its_own(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    bad, good = await tried(workspace, SCRIPT, GOOD)
    assert good == Trial("passed", CHECKS, (), "")
    assert bad.status == "failed"
    assert bad.passed == ("main.py:19",)
    assert set(bad.failed) == set(CHECKS) - {"main.py:19"}
    assert bad.message == "add(1, 2) returned -1, expected 3"


async def test_a_text_that_moves_the_checks_is_held_to_the_same_ones(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    longer = GOOD.replace("    return a + b", "    total = a\n    total += b\n    return total")
    without = GOOD.replace("    assert candidate(1, 2) == 3\n", "")
    (moved, cut) = await tried(workspace, longer, without)
    assert moved == Trial("passed", CHECKS, (), "")
    assert cut.status == "failed"
    assert cut.failed == ("main.py:17",)


async def test_a_text_that_does_not_compile_or_import_is_an_error(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    syntax, missing, typed = await tried(
        workspace,
        GOOD.replace("a + b", "a +"),
        "import nowhere_to_be_found\n" + GOOD,
        "x = undefined\n" + GOOD,
    )
    assert [syntax.status, missing.status, typed.status] == ["error"] * 3
    assert "SyntaxError" in syntax.message
    assert "nowhere_to_be_found" in missing.message


HOSTILE = {
    "os._exit": "import os; os._exit(0)",
    "SystemExit": "raise SystemExit(0)",
    "loop": "while True: pass",
    "deaf loop": "import signal; signal.signal(signal.SIGPROF, signal.SIG_IGN)\n    while True: pass",
    "deaf to errors": "while 1:\n        try:\n            while 1: pass\n        except BaseException: pass",
    "fork": "import os; os.fork(); return a + b",
    "spawn": "import os; os.system('kill -9 -1'); return a + b",
    "kill the parent": "import os; os.kill(os.getppid(), 9); return a + b",
    "kill all": "import os; os.kill(-1, 9)",
    "output": "import os\n    while True: os.write(1, b'x' * 65536)",
    "memory": "return [0] * 10 ** 11",
    "recursion": "return add(b, a)",
    "delete": "import os, shutil; shutil.rmtree(os.getcwd()); return a + b",
    "unlink": "import os; os.remove(__file__); return a + b",
    "overwrite": "open(__file__, 'w').close(); return a + b",
    "patch": "import builtins; builtins.bool = lambda value: True; return 9",
    "equal to all": "return type('E', (), {'__eq__': lambda s, o: 1, '__bool__': lambda s: False})()",
    "own asserts": "global check; check = lambda f: None",
}


async def test_a_hostile_text_neither_ends_the_others_nor_passes(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT, "other.txt": "kept"})
    texts = [SCRIPT.replace("return a - b", body) for body in HOSTILE.values()]
    trials = await tried(workspace, *texts, GOOD, cpu_seconds=0.3)
    assert len(trials) == len(HOSTILE) + 1
    assert trials[-1].status == "passed"
    passed = [name for name, trial in zip(HOSTILE, trials, strict=False) if trial.status == "passed"]
    assert passed == []
    statuses = dict(zip(HOSTILE, (trial.status for trial in trials), strict=False))
    assert [statuses[name] for name in ("loop", "deaf loop", "deaf to errors")] == ["timeout"] * 3
    assert (await workspace.read("main.py")).data.decode() == SCRIPT
    assert (await workspace.read("other.txt")).data == b"kept"
    assert (await workspace.probe("ls")).output.split() == ["main.py", "other.txt"]


async def test_a_text_that_only_waits_is_ended_though_it_uses_no_cpu_time(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    waiting = SCRIPT.replace("return a - b", "import time; time.sleep(10 ** 6)")
    slow, good = await tried(workspace, waiting, GOOD, cpu_seconds=0.2, wall_seconds=2.0)
    assert slow.status == "timeout"
    assert good.status == "passed"


async def test_trying_ends_when_enough_texts_passed(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    trials = await tried(workspace, SCRIPT, GOOD, SCRIPT, GOOD, SCRIPT, stop_after=1)
    assert [trial.status for trial in trials] == ["failed", "passed"]


async def test_probes_tell_behaviours_apart(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    probes = ["add(2, 3)", "add('a', 1)", "add([1], [2])"]
    bad, good = await tried(workspace, SCRIPT, GOOD, probes=probes)
    assert bad.behaviour == ("-1", "TypeError", "TypeError")
    assert good.behaviour == ("5", "TypeError", "[1, 2]")


async def test_probes_come_from_the_calls_that_are_seen_and_are_always_the_same(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    probes = await make_probes(workspace, "main.py", "add")
    assert probes[:3] == ["add(1, 2)", "add(-1, 1)", "add([1], [2])"]
    assert len(probes) == len(set(probes)) == 40
    assert probes == await make_probes(workspace, "main.py", "add")
    assert await make_probes(workspace, "main.py", "Shelf.label") == []


async def test_the_lines_that_each_check_runs_are_seen(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    seen = await watch(workspace, "main.py", await plan_for(workspace, "main.py"))
    assert seen is not None
    assert seen.checks == CHECKS
    assert 13 in seen.lines["main.py:17"]
    assert seen.lines["main.py::add:example1"] == {13: 1}


LIBRARY = """\
class Shelf:
    def __init__(self, books):
        self.books = books

    def label(self, prefix):
        return prefix + ": " + str(len(self.books) + 1)


def other():
    return "fine"
"""
RIGHT = LIBRARY.replace("(self.books) + 1", "(self.books)")
CASES = """\
import unittest

import library


class LibraryTest(unittest.TestCase):
    def test_label(self):
        self.assertEqual(library.Shelf(["a", "b"]).label("Books"), "Books: 2")

    def test_other(self):
        self.assertEqual(library.other(), "fine")
"""


@pytest.fixture(params=["unittest", "pytest"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A Python with pytest, and one without."""
    python = Path(sys.executable).parent
    if request.param == "unittest":
        venv.create(tmp_path / "python", symlinks=True)
        python = tmp_path / "python" / "bin"
    monkeypatch.setenv("PATH", os.pathsep.join([str(python), os.environ["PATH"]]))
    return request.param


async def test_a_repositorys_tests_are_tried_without_touching_its_files(
    make_workspace: Make, runner: str
) -> None:
    workspace = await make_workspace({"library.py": LIBRARY, "test_library.py": CASES})
    workspace.base_report, _ = await run_tests(workspace)
    label, other = (*workspace.base_report.failed, *workspace.base_report.passed)
    texts = [LIBRARY, RIGHT, RIGHT.replace("fine", "bad"), "import nowhere_to_be_found\n"]
    old, right, broken, error = await try_texts(workspace, "library.py", texts)
    assert right == Trial("passed", (label, other), (), "")
    assert (old.status, old.failed) == ("failed", (label,))
    assert "Books: 3" in old.message
    assert (broken.status, broken.passed, broken.failed) == ("failed", (label,), (other,))
    assert error.status == ("error" if runner == "pytest" else "failed")
    assert (await workspace.read("library.py")).data.decode() == LIBRARY


async def test_other_languages_are_tried_by_the_test_command_in_copies(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.txt": "bad\n"}, test_command="touch here; grep -q good main.txt")
    trials = await try_texts(workspace, "main.txt", ["bad\n", "good\n", "good\n", "worse\n"])
    assert [trial.status for trial in trials] == ["failed", "passed", "passed", "failed"]
    assert trials[1].passed == ("main.txt",)
    assert (await workspace.probe("ls")).output.split() == ["main.txt"]
    stopped = await try_texts(workspace, "main.txt", ["bad\n", "good\n", "worse\n"], stop_after=1)
    assert [trial.status for trial in stopped] == ["failed", "passed"]


async def test_a_command_that_loops_is_a_timeout(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.txt": "x"}, test_command="while grep -q x main.txt; do :; done")
    loop, good = await try_texts(workspace, "main.txt", ["x", "y"], cpu_seconds=0.5, wall_seconds=3)
    assert loop.status in {"timeout", "starved"}
    assert good.status == "passed"
