"""What every test runner gives back, and what they share."""

import json
import re
import secrets
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

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

    @property
    def is_empty(self) -> bool:
        """No test is in it."""
        return not (self.report.passed or self.report.failed or self.report.skipped)


Runner = Callable[[Workspace, Sequence[str]], Awaitable[Outcome]]
"""Runs the selected tests, or all of them when nothing is selected."""


class Parsed(NamedTuple):
    """What was read of a runner's results.

    Attributes:
        status: "passed", "failed" or "skipped" of each test.
        failures: Why tests failed.
        running: The test that had begun and not ended, or "".
    """

    status: dict[str, str]
    failures: list[Failure]
    running: str = ""


def by_kind(status: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the tests that passed, failed and were skipped, as fields of a report."""
    return {
        kind: tuple(test for test, now in status.items() if now == kind)
        for kind in ("passed", "failed", "skipped")
    }


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
    # CI switches watch modes off; nothing asks a registry that it can't reach.
    environment = "export PYTHONDONTWRITEBYTECODE=1 CI=1 GOPROXY=off GOTOOLCHAIN=local"
    environment += " CARGO_NET_OFFLINE=true RUST_BACKTRACE=1"
    return await workspace.probe(f"{environment}; {command}", workspace.limits.test_timeout)


def json_lines(data: bytes) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines; what is none is left out."""
    records = []
    for line in data.decode("utf-8", "replace").split("\n"):
        try:
            record = json.loads(line) if line else None
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


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


def why_no_outcome(workspace: Workspace, result: CommandResult, running: str = "") -> str:
    """Say how a run ended that left no results behind, or not all; `running` is the test it was in."""
    if result.timed_out:
        return f"{running or 'the tests'} did not end within {workspace.limits.test_timeout:g} s"
    how = "was killed" if result.exit_code is None else f"ended with exit code {result.exit_code}"
    during = f"\nIt was running {running}." if running else ""
    return f"the test program {how} without results:\n{last_lines(result)}{during}"


_FOREIGN = ("site-packages/", "dist-packages/", "node_modules/")


def inside(path: str, root: str) -> str | None:
    """Return a path of a traceback relative to the repository, or None when it lies elsewhere."""
    path = path.removeprefix(root.rstrip("/") + "/")
    if path.startswith(("/", "../", "<")) or any(folder in path for folder in _FOREIGN):
        return None
    return path.removeprefix("./")


_PYTHON_FRAME = re.compile(r'  File "(?P<path>[^"\n]+)", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?')


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


def failure_of(test: str, record: dict[str, Any], root: str) -> Failure:
    """Return the failure that one of our programs in the sandbox wrote."""
    frames = []
    for frame in record.get("frames") or []:
        try:
            path, line, function, source = frame
            shown = inside(str(path), root)
            if shown is not None:
                frames.append(Frame(shown, int(line), str(function), str(source or "")))
        except (TypeError, ValueError, OverflowError):
            continue
    return Failure(test, str(record.get("message", "")), tuple(frames))
