"""Small repositories, and runs over them with a scripted model in real sandboxes."""

import json
import os
import venv
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.control import Control
from agent.models.base import Capabilities
from agent.models.scripted import Line, ScriptedModel
from agent.run import resolve
from agent.settings import Settings
from agent.task import Task
from trajectories.events import Event
from trajectories.result import Result

CALC = """\
def add(a, b):
    return a - b


def double(a):
    return a * 2
"""

TESTS = """\
import unittest

from calc import add, double


class CalcTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_add_more(self):
        self.assertEqual(add(20, 30), 50)

    def test_double(self):
        self.assertEqual(double(4), 8)
"""


class Finished(NamedTuple):
    """What a run left."""

    result: Result
    events: list[Event]
    model: ScriptedModel
    folder: Path

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


Run = Callable[..., Awaitable[Finished]]
Do = Callable[..., str]


@pytest.fixture
def broken() -> dict[str, str]:
    """A package with a fault that two of three tests show."""
    return {"calc.py": CALC, "tests/__init__.py": "", "tests/test_calc.py": TESTS}


@pytest.fixture
def untested() -> dict[str, str]:
    """The same without tests, for what is not about them: no test run takes time."""
    return {"calc.py": CALC}


@pytest.fixture
def do() -> Do:
    """Write an action as a fenced answer: `do("open", path="calc.py")`."""

    def write(name: str, thought: str = "So be it.", /, **arguments: Any) -> str:
        call = json.dumps({"command": name, "arguments": arguments})
        return f"{thought}\n\n```json\n{call}\n```"

    return write


@pytest.fixture
def fix(do: Do) -> str:
    """The answer that mends the fault."""
    return do("edit", path="calc.py", search="return a - b", replace="return a + b")


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Python that has no packages: no shim, and unittest instead of pytest, are fast."""
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, symlinks=True)
    return folder / "bin"


@pytest.fixture
def run(
    tmp_path: Path, git_repo: Callable[..., Path], bare_python: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Resolve an issue: `await run(files, [answer, ...], {"limits": {"steps": 3}})`."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(bare_python), os.environ["PATH"]]))

    async def start(
        files: Mapping[str, str | bytes],
        script: Sequence[Line],
        settings: Mapping[str, Any] | None = None,
        *,
        capabilities: Capabilities | None = None,
        control: Control | None = None,
        targets: Sequence[str] = (),
        observer: Callable[[Event], object] = lambda _: None,
    ) -> Finished:
        sections: dict[str, Any] = {
            "sandbox": {"kind": "unsafe"},
            "runs": {"directory": str(tmp_path / "runs")},
            "limits": {"attempts": 1},
            "model": {"retry_seconds": 0},
        }
        for name, section in (settings or {}).items():
            sections[name] = {**sections.get(name, {}), **section}
        model = ScriptedModel(script, capabilities=capabilities or Capabilities())
        events: list[Event] = []
        repository = git_repo(files)
        task = Task(
            id="sums", statement="Sums are wrong.\n", repository=str(repository), targets=tuple(targets)
        )
        result = await resolve(
            task,
            Settings.model_validate(sections),
            observers=[events.append, observer],
            control=control,
            model=model,
        )
        return Finished(result, events, model, tmp_path / "runs" / result.run_id)

    return start
