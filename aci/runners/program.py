"""Any program that tests: run it, and make an outcome of what it printed or left behind."""

import re
import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from aci.rendering import terminal_output
from aci.runners.base import (
    Failure,
    Outcome,
    Parsed,
    by_kind,
    last_lines,
    python_traceback,
    run_command,
    take,
    why_no_outcome,
)
from aci.runners.compilers import build_failure
from aci.workspace import Workspace
from envs.sandbox import CommandResult, FileProblem
from trajectories.events import BUILD, TEST_RUN, TestReport

MESSAGE_LINES = 12
_SHOWN = 12
_FILES = 8
_NOT_FOUND = 127

# What tools say when something is missing that only the network has: no fault of the code under test.
_UNREACHABLE = re.compile(
    r"^.*(?:no matching package named|attempting to make an HTTP request, but --offline|failed to download"
    r"|module lookup disabled by GOPROXY=off|no required module provides package|missing go\.sum entry"
    r"|in offline mode|for offline mode|offline mode and the artifact"
    r"|has not been downloaded from it before"
    r"|Cannot find module '[^./][^']*'|Cannot find package '[^./][^']*'|ERR_PNPM_OUTDATED_LOCKFILE"
    r"|toolchain not available"
    r"|No matching distribution found|Could not resolve host|UnknownHostException"
    r"|rustup could not choose a version|Temporary failure in name resolution"
    r"|Could not find a package configuration file).*$",
    re.MULTILINE,
)
_MISSING = re.compile(r"^(?:\w*sh: )?(?:line )?(?:\d+: )?(?P<tool>[\w.@/+-]+): (?:command )?not found$", re.M)


class Program(NamedTuple):
    """How to run a project's tests.

    Attributes:
        runner: The runner's name.
        command: The shell command as a report shows it.
        tools: What it needs; a missing one is told instead of run.
        script: The shell command that really runs, with options of ours; `command` when "".
        whole: The id of the run when only its exit code says something.
        code_decides: A run without any result of a test is judged by its exit code, as that of a script.
    """

    runner: str
    command: str
    tools: tuple[str, ...] = ()
    script: str = ""
    whole: str = TEST_RUN
    code_decides: bool = False


Reader = Callable[[str, bytes | None, str], Parsed]
"""Reads what was printed and the file that the program left; the last argument is the repository's folder."""


async def run_program(
    workspace: Workspace,
    program: Program,
    read: Reader | None = None,
    *,
    file: str = "",
    afterwards: Callable[[], Awaitable[None]] | None = None,
    keep: Callable[[str], bool] | None = None,
    selected: bool = False,
) -> Outcome:
    """Run a program and read its results.

    Args:
        workspace: Where it runs.
        program: What runs.
        read: Reads the results; without it the exit code decides.
        file: The path in the sandbox where the program leaves its results, or "".
        afterwards: Called when it has ended or was killed, before its file is taken.
        keep: Says which tests are in the selection; the others are left out.
        selected: Only some tests were asked for, so that there may be none.
    """
    checks = "".join(
        f"command -v {shlex.quote(tool)} >/dev/null 2>&1 || "
        f"{{ echo {shlex.quote(_absent(tool))}; exit 127; }}\n"
        for tool in program.tools
    )
    result = await run_command(workspace, checks + (program.script or program.command))
    if afterwards is not None:
        await afterwards()
    data = await take(workspace, file) if file else None
    report = TestReport(runner=program.runner, command=program.command, seconds=result.seconds)
    text = terminal_output(result.output)
    if missing := _missing(program, result, text):
        return Outcome(report.model_copy(update={"broken": missing}))
    root = await workspace.root()
    parsed = read(text, data, root) if read is not None else Parsed({}, [])
    if keep is not None:
        status = {test: now for test, now in parsed.status.items() if keep(test) or test in {BUILD, TEST_RUN}}
        parsed = Parsed(status, [one for one in parsed.failures if one.test in status], parsed.running)
    broken = ""
    if result.timed_out or result.exit_code is None:
        broken = why_no_outcome(workspace, result, parsed.running if parsed.status else "")
    elif result.exit_code != 0 and "failed" not in parsed.status.values():
        unreachable = _UNREACHABLE.search(text)
        failure = build_failure(text, root)
        if unreachable is not None:
            broken = f"something that the tests need is not in this sandbox: {unreachable[0].strip()[:300]}"
        elif failure is not None:
            parsed = Parsed({**parsed.status, BUILD: "failed"}, [*parsed.failures, failure])
        else:
            parsed = _by_exit_code(program.whole, result, root, parsed)
    elif not parsed.status and program.code_decides:
        parsed = _by_exit_code(program.whole, result, root, parsed)
    elif not parsed.status:
        broken = "there is no such test" if selected or keep is not None else "no tests were collected"
    failures = await _with_sources(workspace, parsed.failures)
    return Outcome(report.model_copy(update={**by_kind(parsed.status), "broken": broken}), tuple(failures))


async def _with_sources(workspace: Workspace, failures: Sequence[Failure]) -> list[Failure]:
    """Return failures whose frames show their line of code, as far as they are likely to be shown."""
    texts: dict[str, list[str]] = {}
    told = []
    for failure in failures[:_SHOWN]:
        frames = []
        for frame in dict.fromkeys(failure.frames):
            if not frame.source and frame.path not in texts and len(texts) < _FILES:
                try:
                    data = (await workspace.read(frame.path)).data
                except FileProblem:
                    data = b""
                texts[frame.path] = data.decode("utf-8", "replace").split("\n")
            lines = texts.get(frame.path, [])
            source = lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""
            frames.append(frame if frame.source else frame._replace(source=source))
        told.append(failure._replace(frames=tuple(frames)))
    return [*told, *failures[_SHOWN:]]


def _absent(tool: str) -> str:
    return f"{tool} is not installed in this sandbox"


def _missing(program: Program, result: CommandResult, text: str) -> str:
    """Say which tool is missing, or return "" when none is."""
    if result.exit_code != _NOT_FOUND:
        return ""
    if text.strip() in {_absent(tool) for tool in program.tools}:
        return text.strip()
    named = _MISSING.findall(text)
    words = program.command.split(maxsplit=1)
    return _absent(named[-1] if named else words[0] if words else program.runner)


def _by_exit_code(test: str, result: CommandResult, root: str, parsed: Parsed) -> Parsed:
    """Judge the run as one test."""
    if result.exit_code == 0:
        return Parsed({**parsed.status, test: "passed"}, parsed.failures)
    text = terminal_output(result.output)
    message, frames = (
        python_traceback(text, root) if "Traceback (most recent call last)" in text else ("", ())
    )
    message = message or f"exit code {result.exit_code}\n{last_lines(result, MESSAGE_LINES)}"
    return Parsed({**parsed.status, test: "failed"}, [*parsed.failures, Failure(test, message, frames)])
