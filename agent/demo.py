"""The example that comes with Patchwright: a small broken repository and its issue."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.task import Task
from envs.fresh import commit_folder
from trajectories.errors import UsageError

_HERE = Path(__file__).parent


def example_folder() -> Path:
    """Return the folder of the example, in a checkout or in an installed package.

    Raises:
        UsageError: It is in neither.
    """
    for folder in (_HERE.parent / "examples" / "worklog", _HERE / "examples" / "worklog"):
        if folder.is_dir():
            return folder
    raise UsageError(
        "The example is not part of this installation; clone Patchwright's repository to run it."
    )


@contextmanager
def example_task() -> Iterator[Task]:
    """Make a git repository of the example for as long as the context lasts, and return its task."""
    example = example_folder()
    with tempfile.TemporaryDirectory(prefix="patchwright-demo-", ignore_cleanup_errors=True) as folder:
        repository = Path(folder) / "worklog"
        shutil.copytree(example / "repository", repository, ignore=shutil.ignore_patterns("__pycache__"))
        commit_folder(repository, "worklog 1.2.0")
        statement = (example / "issue.md").read_text(encoding="utf-8")
        yield Task(id=Task.id_from(statement), statement=statement, repository=str(repository))
