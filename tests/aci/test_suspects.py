"""Where failing tests point."""

import os
import re
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from aci.suspects import Recording, Suspects, describe, expectations, find_suspects, rank

CODE = '''\
def half(number):
    """Return half of a number."""
    return number // 2


def shown(number):
    """Return half of a number as text."""
    return str(half(number))


def other():
    return "fine"


class Shelf:
    def __init__(self, books):
        self.books = books

    def label(self, prefix):
        return prefix + ": " + str(len(self.books) + 1)
'''
UNITTEST = """\
import unittest

from code_ import Shelf, other, shown


class CodeTest(unittest.TestCase):
    def test_other(self):
        self.assertEqual(other(), "fine")

    def test_shown(self):
        self.assertEqual(shown(5), "2.5")

    def test_even(self):
        self.assertTrue(shown(4))

    def test_label(self):
        self.assertEqual(Shelf(["a", "b"]).label("Books"), "Books: 2")
"""
PYTEST = """\
from code_ import Shelf, other, shown


def test_other():
    assert other() == "fine"


def test_shown():
    assert shown(5) == "2.5"


def test_even():
    assert shown(4)


def test_label():
    assert Shelf(["a", "b"]).label("Books") == "Books: 2"
"""


@pytest.fixture(params=["unittest", "pytest"])
def files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A small repository for the runner."""
    if request.param == "pytest":
        python = Path(sys.executable).parent
    else:
        venv.create(tmp_path / "python", symlinks=True)
        python = tmp_path / "python" / "bin"
    monkeypatch.setenv("PATH", os.pathsep.join([str(python), os.environ["PATH"]]))
    return {"code_.py": CODE, "test_code.py": UNITTEST if request.param == "unittest" else PYTEST}


async def test_the_functions_that_failing_tests_call_are_found_with_what_went_in_and_out(
    files, make_workspace
) -> None:
    found = {suspect.name: suspect for suspect in await find_suspects(await make_workspace(files))}
    assert {"half", "shown", "Shelf.label"} <= {name.rpartition("code_.")[2] for name in found} | set(found)
    assert "other" not in found
    half = found["half"]
    assert (half.path, half.line, half.lines) == ("code_.py", 1, 3)
    assert ("number=5", "2") in [sample[:2] for sample in half.samples]
    assert half.samples[0].arguments == "number=5"
    assert 0 < half.score < 1  # a passing test calls it, too


async def test_a_function_that_only_failing_tests_call_scores_highest(files, make_workspace) -> None:
    found = await find_suspects(await make_workspace(files))
    scores = {suspect.name.rpartition(".")[2]: suspect.score for suspect in found}
    assert scores["label"] == scores["__init__"] > scores["half"] == scores["shown"]


async def test_a_wrong_value_leads_to_what_made_it(files, make_workspace) -> None:
    found = await find_suspects(await make_workspace(files))
    label = next(suspect for suspect in found if suspect.name.endswith("label"))
    shown = next(suspect for suspect in found if suspect.name == "shown")
    assert label.upstream == shown.upstream == 1
    assert [sample.wanted for sample in label.samples] == ["Books: 2"]
    assert label in found[:2]


async def test_a_description_shows_bodies_or_only_what_they_promise(files, make_workspace) -> None:
    workspace = await make_workspace(files)
    found = await find_suspects(workspace)
    whole = await describe(workspace, found)
    promise = await describe(workspace, found, bodies=False)
    for text in (whole, promise):
        assert "def shown(number):" in text
        assert "Return half of a number as text." in text
        assert "shown(number=5) returned '2', but the test wants '2.5'" in text
    assert "return str(half(number))" in whole
    assert "return str(half(number))" not in promise
    assert "return prefix" not in promise
    assert "(1 more lines)" in promise or "(1 more line)" in promise
    assert workspace.tops.keys() == {"code_.py"}
    assert "shown" in workspace.suspects


async def test_a_selection_of_tests_narrows_the_suspects(files, make_workspace) -> None:
    unittest_ = "unittest" in files["test_code.py"]
    chosen = "test_code.CodeTest.test_label" if unittest_ else "test_code.py::test_label"
    found = await find_suspects(await make_workspace(files), [chosen])
    assert {suspect.name.rpartition(".")[2] for suspect in found} == {"__init__", "label"}


async def test_green_tests_suspect_nothing(files, make_workspace) -> None:
    files["code_.py"] = CODE.replace("// 2", "/ 2").replace(" + 1)", ")")
    workspace = await make_workspace(files)
    assert await find_suspects(workspace) == []
    assert await describe(workspace, []) == ""
    seen = await Suspects().execute(workspace)
    assert seen.failed
    assert "No failing test calls" in seen.text


async def test_a_module_that_cannot_be_imported_suspects_nothing_and_breaks_nothing(
    files, make_workspace
) -> None:
    files["code_.py"] = "raise SystemExit(3)\n"
    assert await find_suspects(await make_workspace(files)) == []


async def test_values_whose_repr_fails_and_calls_that_raise_are_told(files, make_workspace) -> None:
    files["code_.py"] = (
        "class Bad:\n    def __repr__(self):\n        raise ValueError\n\n\n"
        "def boom(value):\n    raise KeyError(1)\n\n\n"
        "def shown(n):\n    return boom(Bad())\n\n\ndef other():\n    return None\n\n\nShelf = list\n"
    )
    workspace = await make_workspace(files)
    text = await describe(workspace, await find_suspects(workspace))
    assert re.search(r"boom\(value=<Bad instance at 0x\w+>\) raised or did not end", text)
    assert "shown(n=5) raised or did not end" in text
    assert "other() returned None" in text


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("AssertionError: '7.30' != '7.50'", {"7.30": "7.50"}),
        ("assert '7.30' == '7.50'", {"7.30": "7.50"}),
        ("AssertionError: -1 != 5", {"-1": "5"}),
        ("Lists differ: ['a', '7.30'] != ['a', '7.50']", {"7.30": "7.50"}),
        ("AssertionError: 'a' != 'b' : with a message", {"a": "b"}),
        ("AssertionError: 'a' not found in ['b', 'c']", {}),
        ("AssertionError: [1, 2] != [1]", {}),
        ("KeyError: 3", {}),
        ("", {}),
    ],
)
def test_what_an_assertion_wants_is_read_off_its_message(message: str, found: dict[str, str]) -> None:
    assert expectations(message) == found


def recording(functions: dict[str, dict[str, Any]], tests: list[dict[str, Any]]) -> Recording:
    return Recording.model_validate({"functions": functions, "tests": tests})


def function(name: str, line: int) -> dict[str, Any]:
    return {"path": "a.py", "line": line, "lines": 3, "name": name}


def test_a_value_is_followed_back_to_where_it_was_made() -> None:
    functions = {key: function(key, line) for line, key in enumerate(("show", "add", "make", "far"), 1)}
    calls = {
        "show": [["total=Total(7305)", "'73.05'"]],
        "add": [["items=[1, 2]", "Total(7305)"]],
        "make": [["n=1", "Item(1)"]],
        "far": [["", "None"]],
    }
    failing = {"test": "t", "failed": True, "message": "AssertionError: '73.05' != '73.5'", "calls": calls}
    found = rank(recording(functions, [failing]))
    assert [(suspect.name, suspect.upstream) for suspect in found][:2] == [("show", 1), ("add", 2)]
    assert [suspect.upstream for suspect in found[2:]] == [0, 0]
    assert found[0].samples[0].wanted == "73.5"


def test_a_function_that_was_given_the_wrong_value_did_not_make_it() -> None:
    functions = {"pass_on": function("pass_on", 1)}
    calls = {"pass_on": [["text='7.30'", "'7.30'"]]}
    failing = {"test": "t", "failed": True, "message": "'7.30' != '7.50'", "calls": calls}
    (found,) = rank(recording(functions, [failing]))
    assert found.upstream == 0


def test_without_failing_tests_there_are_no_suspects() -> None:
    passing = {"test": "t", "failed": False, "message": "", "calls": {"f": []}}
    assert rank(recording({"f": function("f", 1)}, [passing])) == []
    assert rank(recording({}, [])) == []
