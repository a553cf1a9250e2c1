"""What every test runner gives back, and what they share."""

import re
import secrets
import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from aci.rendering import terminal_output
from aci.workspace import Workspace
from envs.sandbox import CommandResult, FileProblem
from trajectories.events import TestReport

_TAIL_LINES = 15


class Frame(NamedTuple):
    """One line of a traceback that lies in the repository."""

    path: str
    line: int
    function: str
    source: str


class Failure(NamedTuple):
    """Why one test failed.

    Attributes:
        test: Its id.
        message: The assertion or the error, without the traceback.
        frames: The way there through the repository, outermost first.
    """

    test: str
    message: str
    frames: tuple[Frame, ...] = ()


class Outcome(NamedTuple):
    """A test run: the report that is kept, and the failures that are only shown."""

    report: TestReport
    failures: tuple[Failure, ...] = ()


Runner = Callable[[Workspace, Sequence[str]], Awaitable[Outcome]]
"""Runs the selected tests, or all of them when nothing is selected."""


def quoted(words: Sequence[str]) -> str:
    """Return words as one shell command."""
    return " ".join(shlex.quote(word) for word in words)


def scratch(suffix: str) -> str:
    """Return a path for a file of ours in the sandbox that no other run uses."""
    return f"/tmp/patchwright-{secrets.token_hex(8)}{suffix}"  # noqa: S108 - in the sandbox, and unguessable


async def run_command(workspace: Workspace, command: str) -> CommandResult:
    """Run a test command in the repository's folder.

    Bytecode is not written: Python trusts a stale one when a file of the same size changes within a second.
    """
    environment = "export PYTHONDONTWRITEBYTECODE=1 CI=1"
    return await workspace.probe(f"{environment}; {command}", workspace.limits.test_timeout)


async def take(workspace: Workspace, path: str) -> bytes | None:
    """Return a file of ours from the sandbox and delete it; None when it is not there."""
    try:
        data = (await workspace.sandbox.read(path, root="/tmp")).data  # noqa: S108
    except FileProblem:
        data = None
    try:
        await workspace.sandbox.remove(path, root="/tmp")  # noqa: S108
    except FileProblem as problem:
        # In a sticky folder only the owner may delete, who may be the user that commands run under.
        if problem.kind != "missing":
            await workspace.probe(f"rm -f {shlex.quote(path)}")
    return data


def last_lines(result: CommandResult, count: int = _TAIL_LINES) -> str:
    """Return the end of what a run printed."""
    lines = [line for line in terminal_output(result.output).split("\n") if line.strip()]
    return "\n".join(line[:300] for line in lines[-count:])


def why_no_outcome(workspace: Workspace, result: CommandResult) -> str:
    """Say how a run ended that left no results behind."""
    if result.timed_out:
        return f"the tests did not end within {workspace.limits.test_timeout:g} s"
    how = "was killed" if result.exit_code is None else f"ended with exit code {result.exit_code}"
    return f"the test program {how} without results:\n{last_lines(result)}"


def inside(path: str, root: str) -> str | None:
    """Return a path of a traceback relative to the repository, or None when it lies elsewhere."""
    path = path.removeprefix(root.rstrip("/") + "/")
    if path.startswith(("/", "../", "<")) or "site-packages/" in path or "dist-packages/" in path:
        return None
    return path.removeprefix("./")


_PYTHON_FRAME = re.compile(r'  File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')


def python_traceback(text: str, root: str) -> tuple[str, tuple[Frame, ...]]:
    """Return the error's message and the repository's frames of a printed Python traceback."""
    lines = text.rstrip("\n").split("\n")
    frames: list[Frame] = []
    end = 0
    for number, line in enumerate(lines):
        match = _PYTHON_FRAME.match(line)
        if match is None:
            continue
        source = (
            lines[number + 1].strip()
            if number + 1 < len(lines) and lines[number + 1].startswith("    ")
            else ""
        )
        end = number + (2 if source else 1)
        path = inside(match["path"], root)
        if path is not None:
            frames.append(Frame(path, int(match["line"]), match["function"] or "<module>", source))
    while end < len(lines) and not lines[end].strip(" ~^"):
        end += 1
    return "\n".join(lines[end:]).strip(), tuple(frames)
