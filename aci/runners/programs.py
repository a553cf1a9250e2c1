"""Runners of other languages, and any command: results where the runner prints them, else the exit code."""

import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aci.rendering import terminal_output
from aci.runners.base import (
    Failure,
    Frame,
    Outcome,
    inside,
    last_lines,
    python_traceback,
    quoted,
    run_command,
)
from aci.workspace import Workspace
from envs.sandbox import CommandResult
from trajectories.events import TestReport

_MESSAGE_LINES = 12


class _Parsed(NamedTuple):
    status: dict[str, str]
    failures: list[Failure]


_Parser = Callable[[str, str], _Parsed]


async def _run(workspace: Workspace, runner: str, command: str, parse: _Parser | None) -> Outcome:
    result = await run_command(workspace, command)
    report = TestReport(runner=runner, command=command, seconds=result.seconds)
    if result.timed_out or result.exit_code is None:
        why = (
            f"the tests did not end within {workspace.limits.test_timeout:g} s"
            if result.timed_out
            else "it was killed"
        )
        return Outcome(report.model_copy(update={"broken": why}))
    if result.exit_code == 127:
        broken = f"{command.split(maxsplit=1)[0]} is not installed"
        return Outcome(report.model_copy(update={"broken": broken}))
    parsed = _Parsed({}, [])
    if parse is not None:
        parsed = parse(terminal_output(result.output), await workspace.root())
    if not parsed.status or (result.exit_code != 0 and "failed" not in parsed.status.values()):
        parsed = _by_exit_code(command, result, await workspace.root(), parsed.status)
    by = {
        kind: tuple(test for test, now in parsed.status.items() if now == kind)
        for kind in ("passed", "failed", "skipped")
    }
    return Outcome(report.model_copy(update=by), tuple(parsed.failures))


def _by_exit_code(command: str, result: CommandResult, root: str, status: dict[str, str]) -> _Parsed:
    """Judge the command as one test, named like the command."""
    if result.exit_code == 0:
        return _Parsed({**status, command: "passed"}, [])
    text = terminal_output(result.output)
    message, frames = (
        python_traceback(text, root) if "Traceback (most recent call last)" in text else ("", ())
    )
    message = message or f"exit code {result.exit_code}\n{last_lines(result, _MESSAGE_LINES)}"
    return _Parsed({**status, command: "failed"}, [Failure(command, message, frames)])


async def run_script(workspace: Workspace, command: str) -> Outcome:
    """Run a command of the user's and judge it by its exit code."""
    return await _run(workspace, "command", command, None)


async def run_django(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `manage.py test`."""
    labels = [word.replace("::", ".").replace(".py", "").replace("/", ".").strip(".") for word in selection]
    command = quoted([workspace.python, "manage.py", "test", "-v", "2", "--noinput", *labels])
    return await _run(workspace, "django", command, parse_verbose_unittest)


async def run_go(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `go test`; a selected word is a package or the name of a test."""
    packages = [word for word in selection if "/" in word or word.startswith(".")]
    names = [word for word in selection if word not in packages]
    chosen = ["-run", f"^({'|'.join(re.escape(word) for word in names)})$"] if names else []
    return await _run(
        workspace, "go", quoted(["go", "test", "-json", *chosen, *(packages or ["./..."])]), parse_go
    )


async def run_cargo(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `cargo test`; it takes one filter."""
    command = quoted(["cargo", "test", "--offline", "--no-fail-fast", *selection[:1]])
    return await _run(workspace, "cargo", command, parse_cargo)


async def run_npm(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the test script of `package.json`."""
    return await _run(
        workspace,
        "npm",
        quoted(["npm", "test", "--silent", *(["--", *selection] if selection else [])]),
        None,
    )


async def run_maven(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `mvn test` by the project's wrapper if it has one."""
    chosen = [f"-Dtest={','.join(selection)}"] if selection else []
    tail = quoted(["-q", "-o", "-B", "test", *chosen])
    return await _run(workspace, "maven", f"if [ -x ./mvnw ]; then ./mvnw {tail}; else mvn {tail}; fi", None)


async def run_gradle(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `gradle test` by the project's wrapper if it has one."""
    tail = quoted(
        ["--offline", "--console=plain", "test", *(part for word in selection for part in ("--tests", word))]
    )
    return await _run(
        workspace, "gradle", f"if [ -x ./gradlew ]; then ./gradlew {tail}; else gradle {tail}; fi", None
    )


_VERBOSE = re.compile(r"^(?P<method>\w+) \((?P<path>[\w.]+)\)(?P<rest>.*)$")
_VERDICT = re.compile(
    r"\.\.\. (?:.*?)(?P<verdict>ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$"
)
_HEADING = re.compile(r"^(?:FAIL|ERROR): (?P<method>\w+) \((?P<path>[\w.]+)\)")
_RULE = re.compile(r"^[=-]{60,}$")


def _unittest_id(method: str, path: str) -> str:
    # Since 3.11 the path in brackets ends with the method.
    return path if path.rsplit(".", 1)[-1] == method else f"{path}.{method}"


def parse_verbose_unittest(text: str, root: str) -> _Parsed:
    """Read what `unittest -v` prints."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    body, _, _ = text.partition("=" * 70)
    current = ""
    for line in body.split("\n"):
        if match := _VERBOSE.match(line):
            current = _unittest_id(match["method"], match["path"])
        if current and (verdict := _VERDICT.search(line)):
            word = verdict["verdict"].split()[0]
            kinds = {"ok": "passed", "expected": "passed", "skipped": "skipped"}
            status[current] = kinds.get(word, "failed")
            current = ""
    sections = _sections(text)
    for method, path, traceback in sections:
        test = (
            path.removeprefix("unittest.loader._FailedTest.")
            if "_FailedTest" in path
            else _unittest_id(method, path)
        )
        status[test] = "failed"
        message, frames = python_traceback(traceback, root)
        failures.append(Failure(test, message, frames))
    return _Parsed(status, failures)


def _sections(text: str) -> list[tuple[str, str, str]]:
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if (match := _HEADING.match(line)) and number and _RULE.match(lines[number - 1]):
            start = next((at for at in range(number + 1, len(lines)) if _RULE.match(lines[at])), len(lines))
            end = next((at for at in range(start + 1, len(lines)) if _RULE.match(lines[at])), len(lines))
            found.append((match["method"], match["path"], "\n".join(lines[start + 1 : end])))
    return found


_GO_PLACE = re.compile(r"^\s*(?P<path>[\w./-]+\.go):(?P<line>\d+)(?::\d+)?: (?P<text>.*)$")


def parse_go(text: str, root: str) -> _Parsed:
    """Read the JSON lines of `go test -json`."""
    status: dict[str, str] = {}
    output: dict[str, list[str]] = {}
    kinds = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    for line in text.split("\n"):
        try:
            event = json.loads(line)
            package, name, action = (
                str(event.get("Package", "")),
                str(event.get("Test", "")),
                str(event["Action"]),
            )
        except (ValueError, KeyError, AttributeError, TypeError):
            continue
        test = f"{package}.{name}" if name else package or str(event.get("ImportPath", ""))
        if action in {"output", "build-output"}:
            output.setdefault(test, []).append(str(event.get("Output", "")))
        elif action in kinds and (name or action == "fail"):
            status[test] = kinds[action]
    # A package fails with its tests; alone it means that it did not build.
    for test in [test for test, now in status.items() if now == "failed"]:
        if any(other.startswith(test + ".") and now == "failed" for other, now in status.items()):
            del status[test]
    failures = []
    for test in (test for test, now in status.items() if now == "failed"):
        said = "".join(output.get(test) or [line for lines in output.values() for line in lines])
        frames, message = [], []
        for line in said.split("\n"):
            if match := _GO_PLACE.match(line):
                path = inside(match["path"], root)
                if path is not None:
                    frames.append(Frame(path, int(match["line"]), "", match["text"].strip()))
            elif line.strip() and not line.lstrip().startswith(("=== ", "--- ", "FAIL", "exit status")):
                message.append(line.strip())
        failures.append(Failure(test, "\n".join(message[:_MESSAGE_LINES]), tuple(frames[:_MESSAGE_LINES])))
    return _Parsed(status, failures)


_CARGO_TEST = re.compile(r"^test (?P<test>.+?) \.\.\. (?P<verdict>ok|FAILED|ignored)", re.MULTILINE)
_CARGO_OUTPUT = re.compile(
    r"^---- (?P<test>.+?) stdout ----\n(?P<text>.*?)(?=^---- |^failures:$|\Z)", re.M | re.S
)
_CARGO_PLACE = re.compile(r"panicked at (?:'(?P<old>.*)', )?(?P<path>[\w./-]+\.rs):(?P<line>\d+)")


def parse_cargo(text: str, root: str) -> _Parsed:
    """Read what `cargo test` prints."""
    kinds = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
    status = {match["test"]: kinds[match["verdict"]] for match in _CARGO_TEST.finditer(text)}
    failures = []
    for match in _CARGO_OUTPUT.finditer(text):
        said = match["text"]
        place = _CARGO_PLACE.search(said)
        path = inside(place["path"], root) if place else None
        frames = (Frame(path, int(place["line"]), "", ""),) if place and path else ()
        lines = [
            line.strip()
            for line in said.split("\n")
            if line.strip() and not line.startswith(("note:", "stack backtrace"))
        ]
        failures.append(Failure(match["test"], "\n".join(lines[:_MESSAGE_LINES]), frames))
    return _Parsed(status, failures)
