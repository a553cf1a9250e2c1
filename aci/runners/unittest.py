"""unittest, plain test functions and test scripts, by a program of ours that Python runs in the sandbox."""

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from aci.runners.base import (
    Failure,
    Frame,
    Outcome,
    inside,
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
    for record in _records(data):
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
                failures.setdefault(test, _failure(test, record, root))
    broken = ""
    if missing:
        broken = f"there is no such test: {', '.join(missing)}"
    elif not ended:
        broken = why_no_outcome(workspace, result)
        if running and running not in status:
            broken = broken.replace("the tests did not end", f"{running} did not end") + (
                "" if result.timed_out else f"\nIt was running {running}."
            )
    elif not status:
        broken = "no tests were collected"
    by = {
        kind: tuple(test for test, now in status.items() if now == kind)
        for kind in ("passed", "failed", "skipped")
    }
    return Outcome(report.model_copy(update={**by, "broken": broken}), tuple(failures.values()))


def _records(data: bytes) -> list[dict[str, Any]]:
    records = []
    for line in data.decode("utf-8", "replace").split("\n"):
        try:
            record = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def _failure(test: str, record: dict[str, Any], root: str) -> Failure:
    frames = []
    for frame in record.get("frames") or []:
        try:
            path, line, function, source = frame
            shown = inside(str(path), root)
            if shown is not None:
                frames.append(Frame(shown, int(line), str(function), str(source or "")))
        except (TypeError, ValueError):
            continue
    return Failure(test, str(record.get("message", "")), tuple(frames))
