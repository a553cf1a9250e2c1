"""pytest, read from what a plugin of ours writes while it runs."""

import re
import shlex
from collections.abc import Callable, Sequence
from importlib import resources

from aci.runners.base import (
    Failure,
    Frame,
    Outcome,
    Parsed,
    by_kind,
    inside,
    json_lines,
    last_lines,
    quoted,
    run_command,
    scratch,
    take,
    why_no_outcome,
)
from aci.workspace import Workspace
from envs.sandbox import CommandResult
from trajectories.events import TestReport

_USAGE, _NOTHING_COLLECTED = 4, 5
_ENDED = (0, 1, 2, 5)
_OPTIONS = ("-p", "no:cacheprovider", "--tb=short", "--color=no", "--rootdir=.")
_FRAME = re.compile(r"(?P<path>[^\s:][^:\n]*):(?P<line>\d{1,9}): in (?P<function>.+)")
_ERROR = re.compile(r"E(?:\s{3}(?P<text>.*))?")
_NO_SUCH = re.compile(r"^ERROR: (?:file or directory not found: |not found: )(.+)$", re.MULTILINE)


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `python -m pytest`."""
    base = [workspace.python, "-m", "pytest", "-q"]
    return await _run(
        workspace, quoted([*base, *selection]), lambda options: quoted([*base, *options, *selection])
    )


async def _run(workspace: Workspace, shown: str, command: Callable[[Sequence[str]], str]) -> Outcome:
    async with Plugin(workspace) as plugin:
        options = [*_OPTIONS, "-p", plugin.name]
        result = await run_command(workspace, f"{plugin.exports}; {command(options)}")
        if result.exit_code == _USAGE and "unrecognized arguments" in result.output:
            # The project's own options belong to a plugin that is missing, or to the cache that is off.
            result = await run_command(
                workspace, f"{plugin.exports}; {command(['-o', 'addopts=', *options])}"
            )
        data = await plugin.results()
    report = TestReport(runner="pytest", command=shown, seconds=result.seconds)
    return outcome(workspace, data, report, result, await workspace.root())


class Plugin:
    """Our plugin in the sandbox for one run, which finds it by the environment.

    Attributes:
        name: The name to load it by.
        file: Where it writes.
        exports: A shell command that lets Python find it.
        options: A shell command that makes any pytest load it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = scratch("")
        self.file = scratch(".jsonl")
        self.name = self._folder.rpartition("/")[2].replace("-", "_")
        self.exports = (
            f'export PYTHONPATH="{self._folder}${{PYTHONPATH:+:$PYTHONPATH}}" PATCHWRIGHT_RESULTS={self.file}'
        )
        added = quoted([quoted([*_OPTIONS, "-p", self.name])])
        self.options = f"{self.exports} PYTEST_ADDOPTS={added}"

    async def __aenter__(self) -> "Plugin":
        """Write it into the sandbox."""
        program = resources.files("aci.runners").joinpath("pytest_plugin.py").read_bytes()
        path = f"{self._folder}/{self.name}.py"
        await self._workspace.sandbox.write(path, program, root="/tmp", create=True)  # noqa: S108
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove it."""
        await take(self._workspace, f"{self._folder}/{self.name}.py")
        await self._workspace.probe(f"rmdir {shlex.quote(self._folder)} 2>/dev/null; true")

    async def results(self) -> bytes | None:
        """Return what it has written; None when it was never loaded, or no test was reached."""
        return await take(self._workspace, self.file)


def outcome(
    workspace: Workspace, data: bytes | None, report: TestReport, result: CommandResult, root: str
) -> Outcome:
    """Return the outcome of a run of pytest by what our plugin wrote."""
    parsed = parse(data or b"", root)
    broken = ""
    if result.timed_out or result.exit_code is None:
        broken = why_no_outcome(workspace, result, parsed.running)
    elif result.exit_code == _USAGE:
        missing = _NO_SUCH.findall(result.output)
        broken = f"pytest refused its arguments:\n{last_lines(result, 5)}"
        if missing:
            broken = f"there is no such test: {', '.join(missing)}"
    elif not parsed.status:
        broken = "no tests were collected"
        if result.exit_code != _NOTHING_COLLECTED:
            broken = why_no_outcome(workspace, result, parsed.running)
    elif result.exit_code not in _ENDED:
        broken = why_no_outcome(workspace, result, parsed.running)
    return Outcome(
        report.model_copy(update={**by_kind(parsed.status), "broken": broken}), tuple(parsed.failures)
    )


def parse(data: bytes, root: str) -> Parsed:
    """Read the lines of our plugin."""
    status: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    begun: dict[str, None] = {}
    for record in json_lines(data):
        test, now = str(record.get("test", "")), str(record.get("outcome", ""))
        match record.get("kind"):
            case "start":
                begun[test] = None
            case "end":
                begun.pop(test, None)
            case "report" if now in {"passed", "failed", "skipped"}:
                # A test that fails in its teardown too is reported twice; the failure counts.
                if status.get(test) != "failed":
                    status[test] = now
                if now == "failed":
                    failures.setdefault(test, _failure(test, str(record.get("text", "")), root))
    return Parsed(status, list(failures.values()), next(iter(begun), ""))


def _failure(test: str, text: str, root: str) -> Failure:
    frames: list[Frame] = []
    message: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if match := _ERROR.fullmatch(line):
            message.append(match["text"] or "")
        elif match := _FRAME.fullmatch(line):
            path = inside(match["path"], root)
            source = (
                lines[number + 1].strip()
                if number + 1 < len(lines) and lines[number + 1].startswith("    ")
                else ""
            )
            if path is not None:
                frames.append(Frame(path, int(match["line"]), match["function"], source))
    said = "\n".join(message).strip() or text.strip()
    return Failure(test, said, tuple(frames))
