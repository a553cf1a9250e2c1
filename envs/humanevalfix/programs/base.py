"""What a scoring program is, and how it proves that it came to its end.

A candidate may print what it likes and end the process when it likes. So a run counts as passed only when
its last line is a mark of two halves: one stands in the sealed part's text, the other comes over standard
input, which the sealed part reads after its last test. A candidate that prints "PASSED", exits with 0 or
raises knows neither. The candidate's code runs in the same process as the tests, so one that was written
against this very scheme, reading its own process's memory and then its input, is not stopped by it.
"""

import secrets
from collections.abc import Mapping
from typing import NamedTuple

WRONG_ANSWER = 3
"""Exit status of a sealed part of which a check failed."""
NO_SYNTAX = 4
"""Exit status of a sealed part that can't even read the candidate's file."""


class Secret(NamedTuple):
    """The mark of one run.

    Attributes:
        inside: The half that stands in the sealed part; also a name that no candidate uses.
        outside: The half that comes over standard input.
    """

    inside: str
    outside: str

    @classmethod
    def fresh(cls) -> "Secret":
        """Make one that nobody can guess."""
        return cls("s" + secrets.token_hex(16), secrets.token_hex(16))

    @property
    def mark(self) -> str:
        """What the last line must be."""
        return self.inside + self.outside


class Step(NamedTuple):
    """One process of a scoring.

    Attributes:
        command: The program and its arguments.
        cpu_seconds: Its limit of CPU time, compilers being given more than programs.
        builds: A failure is the candidate's file not compiling.
        environment: Variables that hold where the sandbox has none of that name.
    """

    command: tuple[str, ...]
    cpu_seconds: int
    builds: bool = False
    environment: Mapping[str, str] = {}


class Program(NamedTuple):
    """A candidate and the sealed tests, ready to run.

    Attributes:
        files: The folder's files by their paths.
        steps: What runs one after the other; the last one must end with the mark.
        unneeded: Files that are deleted before the last step, so that the candidate can't read the tests.
    """

    files: Mapping[str, str]
    steps: tuple[Step, ...]
    unneeded: tuple[str, ...] = ()
