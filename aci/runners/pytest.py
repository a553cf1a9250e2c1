"""pytest, read from its JUnit XML."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

from aci.runners.base import (
    Failure,
    Frame,
    Outcome,
    inside,
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
# xunit1 is the flavour that names the file of each test.
_OPTIONS = ("-p", "no:cacheprovider", "-o", "junit_family=xunit1", "--tb=short", "--color=no", "--rootdir=.")
_FRAME = re.compile(r"(?P<path>[^\s:][^:\n]*):(?P<line>\d+): in (?P<function>.+)")
_ERROR = re.compile(r"E(?:\s{3}(?P<text>.*))?")


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `python -m pytest`."""
    base = [workspace.python, "-m", "pytest", "-q"]
    return await _run(
        workspace, quoted([*base, *selection]), lambda options: quoted([*base, *options, *selection])
    )


async def run_configured(workspace: Workspace, command: str) -> Outcome:
    """Run a command of the user's that runs pytest somewhere inside."""

    def with_options(options: Sequence[str]) -> str:
        return f"export PYTEST_ADDOPTS={quoted([quoted(options)])}; {command}"

    return await _run(workspace, command, with_options)


async def _run(workspace: Workspace, shown: str, command: Callable[[Sequence[str]], str]) -> Outcome:
    path = scratch(".xml")
    options = [*_OPTIONS, f"--junitxml={path}"]
    result = await run_command(workspace, command(options))
    if result.exit_code == _USAGE and "unrecognized arguments" in result.output:
        # The project's own options belong to a plugin that is missing, or to the cache that is off.
        result = await run_command(workspace, command(["-o", "addopts=", *options]))
    data = await take(workspace, path)
    report = TestReport(runner="pytest", command=shown, seconds=result.seconds)
    if data is None or result.timed_out:
        return Outcome(report.model_copy(update={"broken": why_no_outcome(workspace, result)}))
    return _read(data, report, result, await workspace.root())


def _read(data: bytes, report: TestReport, result: CommandResult, root: str) -> Outcome:
    try:
        cases = _cases(data)
    except ValueError as problem:
        return Outcome(report.model_copy(update={"broken": f"pytest's report can't be read: {problem}"}))
    files = {file for case in cases if (file := case.get("file"))}
    status: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    for case in cases:
        test = _node_id(case, files)
        bad = [part for part in case if part.tag in {"failure", "error"}]
        now = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
        # A test that fails in its teardown too is reported twice; the failure counts.
        if status.get(test) != "failed":
            status[test] = now
        if bad and test not in failures:
            failures[test] = _failure(test, bad[0], root)
    by = {
        kind: tuple(test for test, now in status.items() if now == kind)
        for kind in ("passed", "failed", "skipped")
    }
    broken = ""
    if result.exit_code == _USAGE:
        broken = f"pytest refused its arguments:\n{last_lines(result, 5)}"
    elif not status:
        broken = "no tests were collected"
        if result.exit_code != _NOTHING_COLLECTED:
            broken += f":\n{last_lines(result)}"
    return Outcome(report.model_copy(update={**by, "broken": broken}), tuple(failures.values()))


def _cases(data: bytes) -> list[ET.Element]:
    """Return the test cases of a report that the sandbox wrote.

    Raises:
        ValueError: It is no report.
    """
    # Entities need a document type, which no report has: without one there is nothing to expand.
    text = data.decode("utf-8", "replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares a document type")
    try:
        return list(ET.fromstring(text).iter("testcase"))  # noqa: S314 - see above
    except (ET.ParseError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _node_id(case: ET.Element, files: set[str]) -> str:
    file, dotted, test = (case.get(key, "") for key in ("file", "classname", "name"))
    if not dotted:
        return file or test
    # The file is where the test is defined, which for an inherited one is another than where it was found.
    for path in [file, *sorted(files, key=lambda path: (-len(path), path))]:
        module = path.removesuffix(".py").replace("/", ".")
        if path and (dotted == module or dotted.startswith(module + ".")):
            return (
                "::".join([path, *dotted[len(module) + 1 :].split(".")] if dotted != module else [path])
                + f"::{test}"
            )
    parts = dotted.split(".")
    count = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts))
    return "::".join(["/".join(parts[:count]) + ".py", *parts[count:], test])


def _failure(test: str, element: ET.Element, root: str) -> Failure:
    text = element.text or ""
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
    said = "\n".join(message).strip() or element.get("message", "").strip() or text.strip()
    return Failure(test, said, tuple(frames))
