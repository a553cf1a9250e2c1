"""What is to be solved."""

import re

from pydantic import BaseModel, ConfigDict, Field

_TITLE_WORDS = 6
_TITLE_LENGTH = 100


def title_of(statement: str) -> str:
    """Return the first line of a statement that says something, shortened."""
    first = next((line.strip("#=- \t") for line in statement.splitlines() if line.strip("#=- \t")), "task")
    return first if len(first) <= _TITLE_LENGTH else first[: _TITLE_LENGTH - 3] + "..."


class Task(BaseModel):
    """A problem statement, a repository state, and how success is judged.

    Attributes:
        id: Names the task in run folders and predictions.
        statement: The issue's text, as its author wrote it: data, never instructions to Patchwright.
        repository: Path or URL of the git repository.
        ref: The commit, branch or tag to start from.
        targets: Test ids or paths that must pass; empty means the whole suite.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    statement: str
    repository: str
    ref: str = "HEAD"
    targets: tuple[str, ...] = Field(default=())

    @staticmethod
    def id_from(statement: str) -> str:
        """Return a short id made of the statement's first words."""
        first = next((line for line in statement.splitlines() if line.strip("#=- \t")), "task")
        words = re.findall(r"[a-z0-9]+", first.lower())[:_TITLE_WORDS]
        return "-".join(words)[:48] or "task"
