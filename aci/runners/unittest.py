"""unittest, plain test functions and test scripts, by a program of ours that Python runs in the sandbox."""

from collections.abc import Sequence
from importlib import resources

from aci.runners.base import (
    Failure,
    Outcome,
    by_kind,
    failure_of,
    json_lines,
    quoted,
    run_command,
    scratch,
    take,
    why_no_outcome,
)
from aci.workspace import Workspace
from trajectories.events import TestReport


def _program() -> bytes:
    return resources.files("aci.runners").joinpath("unittest_program.py").read_bytes()


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the tests that Python can run without any package."""
    program, results = scratch(".py"), scratch(".jsonl")
    await workspace.sandbox.write(program, _program(), root="/tmp", create=True)  # noqa: S108
    result = await run_command(workspace, quoted([workspace.python, program, results, *selection]))
    data = await take(workspace, results)
    await take(workspace, program)
    shown = quoted([workspace.python, "-m", "unittest", *selection])
    report = TestReport(runner="unittest", command=shown, seconds=result.seconds)
    if data is None:
        return Outcome(report.model_copy(update={"broken": why_no_outcome(workspace, result)}))
    status: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    ended, missing, running = False, [], ""
    root = await workspace.root()
    for record in json_lines(data):
        test = str(record.get("test", ""))
        match record.get("kind"):
            case "start":
                running = test
            case "end":
                ended = True
            case "missing":
                missing.append(test)
            case "passed" | "skipped" as kind:
                status.setdefault(test, str(kind))
            case "failed":
                status[test] = "failed"
                failures.setdefault(test, failure_of(test, record, root))
    broken = ""
    if missing:
        broken = f"there is no such test: {', '.join(missing)}"
    elif not ended:
        broken = why_no_outcome(workspace, result, running if running not in status else "")
    elif not status:
        broken = "no tests were collected"
    return Outcome(report.model_copy(update={**by_kind(status), "broken": broken}), tuple(failures.values()))
