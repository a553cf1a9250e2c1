"""The real program as a subprocess, with scripts as its model."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from trajectories.events import EVENT, Event
from trajectories.result import Result

PROGRAM = Path(sys.executable).with_name("patchwright")
EXAMPLE = Path(__file__).parents[2] / "examples" / "worklog"


class Cli:
    """Runs `patchwright` in a folder of its own, so that no settings of the checkout are read."""

    def __init__(self, folder: Path, path: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def runs(self) -> list[Path]:
        """The run directories that were made."""
        return sorted((self.folder / "runs").glob("*")) if (self.folder / "runs").is_dir() else []

    def __call__(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run to the end."""
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            capture_output=True,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start and leave it running; what is left at the end of the test is killed."""
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._processes.append(process)
        return process

    def script(self, *answers: str | dict[str, Any]) -> str:
        """Write a script and return the model's name."""
        path = self.folder / "script.jsonl"
        path.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
        return f"scripted:{path}"

    def close(self) -> None:
        """End what was left running."""
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def path_with_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH whose first Python has no packages: no shim, and unittest instead of pytest, are fast."""
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, symlinks=True)
    return os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])


@pytest.fixture
def cli(tmp_path: Path, path_with_python: str) -> Iterator[Cli]:
    """The program, in an empty folder."""
    folder = tmp_path / "cli"
    folder.mkdir()
    program = Cli(folder, path_with_python)
    yield program
    program.close()


@pytest.fixture
def do() -> Callable[..., str]:
    """Write an action as a fenced answer."""

    def write(name: str, /, **arguments: Any) -> str:
        call = json.dumps({"command": name, "arguments": arguments})
        return f"So be it.\n\n```json\n{call}\n```"

    return write


@pytest.fixture
def fix(do: Callable[..., str]) -> str:
    """The answer that mends the example."""
    text = "def decimal(span: timedelta) -> str:\n"
    text += '    """Write a span as hours with two decimals, for invoices."""\n'
    text += '    return f"{span.total_seconds() / 3600:.2f}"\n'
    return do("rewrite", path="worklog/durations.py", symbol="decimal", content=text)


@pytest.fixture
def example(git_repo: Callable[..., Path]) -> Path:
    """The example as a git repository of the user's."""
    files = {
        str(path.relative_to(EXAMPLE / "repository")): path.read_bytes()
        for path in (EXAMPLE / "repository").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return git_repo(files, name="worklog")


@pytest.fixture
def issue() -> str:
    """The path of the example's issue."""
    return str(EXAMPLE / "issue.md")


@pytest.fixture
def events_in() -> Callable[[bytes], list[Event]]:
    """Validate each line of an output as an event."""

    def read(output: bytes) -> list[Event]:
        lines = output.decode("ascii").splitlines()
        return [EVENT.validate_json(line) for line in lines]

    return read


@pytest.fixture
def result_in() -> Callable[[Path], Result]:
    """Read a run's result."""
    return lambda folder: Result.model_validate_json((folder / "result.json").read_bytes())


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case by its words."""
    if isinstance(val, Sequence) and not isinstance(val, str) and val and isinstance(val[0], str):
        return " ".join(val)[:40]
    return None
