"""What an agent may see of a problem, and what stays sealed: two types that no object holds together.

An `Instance` is made of visible things alone. Whatever makes prompts gets instances and nothing else; a
`Sealed` goes from the reader to the scorer and into a sandbox that no agent was in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from envs.humanevalfix.languages import BY_NAME, LanguageName


class Setting(StrEnum):
    """What the agent is told the function should do; results of different settings can't be compared."""

    DOCSTRING = "docstring"
    """Its documentation and examples, as in SWE-agent's protocol; the tests that decide are hidden."""
    TESTS = "tests"
    """The very tests that decide, instead of the documentation, as in the benchmark's official setting."""


@dataclass(frozen=True)
class Instance:
    """A problem as an agent may see it.

    Attributes:
        id: The benchmark's name for it, such as "Python/1".
        language: The language of its program.
        setting: What the statement and the visible tests are made of.
        entry_point: The function with the fault.
        statement: The text of the issue.
        contents: The repository's files by their paths.
        visible: The checks among the visible tests, one statement of the language each.
    """

    id: str
    language: LanguageName
    setting: Setting
    entry_point: str
    statement: str
    contents: Mapping[str, str]
    visible: tuple[str, ...]

    @property
    def file(self) -> str:
        """The path of the file that holds the function."""
        return BY_NAME[self.language].file

    @property
    def test_command(self) -> str:
        """The shell command that runs the visible tests; it fails when one of them does."""
        return BY_NAME[self.language].test_command

    def files(self) -> dict[str, bytes]:
        """Return the files of the repository."""
        return {path: text.encode() for path, text in self.contents.items()}


@dataclass(frozen=True)
class Sealed:
    """What decides over a problem and must never reach an agent; its `repr` shows the id alone.

    Attributes:
        id: The id of the instance that it belongs to.
        language: The language of its program.
        entry_point: The function under test.
        tests: The tests that decide, as the data set has them.
        preamble: The imports that the tests of the data set stand under.
        declaration: The head of the function without its documentation, with what stands above it.
        reference: The whole file with the right function in it.
        bug_type: The kind of the fault, as the data set calls it.
    """

    id: str
    language: LanguageName = field(repr=False)
    entry_point: str = field(repr=False)
    tests: str = field(repr=False)
    preamble: str = field(repr=False)
    declaration: str = field(repr=False)
    reference: str = field(repr=False)
    bug_type: str = field(repr=False)


def make_repository(instance: Instance, folder: Path) -> str:
    """Make `folder` a git repository with the instance's files; return the id of its only commit."""
    from envs.fresh import commit_folder  # noqa: PLC0415  (GitPython takes long to import)

    folder.mkdir(parents=True, exist_ok=True)
    for path, data in instance.files().items():
        (folder / path).write_bytes(data)
    return commit_folder(folder, f"{instance.entry_point} as it was reported")
