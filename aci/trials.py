"""Trying many texts of one file against the visible tests, quickly and without touching the work tree.

One program in the sandbox (`aci/trials_program.py`) gets the texts as edits, imports what is heavy once and
forks for a few texts at a time. Limits are CPU time; a wall clock only ends what gets none.
"""

import io
import json
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from aci.command_trials import Run, run_texts
from aci.probing import make_probes
from aci.runners.base import quoted, run_command, scratch, take
from aci.testing import run_tests
from aci.trial_plans import SCRIPT, Plan, plan_for
from aci.variants import Unusual, try_variants
from aci.verdicts import Seen, Trial
from aci.workspace import Workspace

__all__ = ["Plan", "Seen", "Trial", "make_probes", "plan_for", "try_plan", "try_texts", "watch"]

_RESTARTS = 12


async def try_texts(
    workspace: Workspace,
    path: str,
    texts: Sequence[str],
    *,
    tests: Sequence[str] = (),
    probes: Sequence[str] = (),
    cpu_seconds: float = 2.0,
    wall_seconds: float = 60.0,
    stop_after: int = 0,
    total_seconds: float = 0.0,
) -> list[Trial]:
    """Try texts of one file, in order; the file itself stays as it is.

    Args:
        workspace: Where the repository and its tests are.
        path: The file, relative to the repository.
        texts: Whole texts of it.
        tests: Which tests, as for `run_tests`, or ids of checks; when empty, those that the workspace's test
            command or base report name, else the assertions and docstring examples of the file.
        probes: Calls, such as `f([1, 2], 3)`, in the file's language, evaluated in the file's scope after
            the tests. One that does not compile is "?" for every text.
        cpu_seconds: CPU time of one check.
        wall_seconds: Wall-clock time of one text.
        stop_after: End when so many texts passed; 0 for never.
        total_seconds: Wall-clock time after which no further text is begun; 0 for no such end.

    Returns:
        A trial for each text, fewer when it ended before the last.

    Raises:
        FileProblem: The file can't be read.
    """
    command = await _command_for(workspace, path)
    if command:
        try:
            return await try_variants(
                workspace,
                path,
                texts,
                command,
                probes=probes,
                cpu_seconds=cpu_seconds,
                wall_seconds=wall_seconds,
                stop_after=stop_after,
                total_seconds=total_seconds,
            )
        except Unusual:
            # One copy of the tree and one whole command for each text does for anything.
            pass
        runs = await run_texts(
            workspace,
            path,
            texts,
            command,
            cpu_seconds=cpu_seconds,
            wall_seconds=wall_seconds,
            stop_after=stop_after,
        )
        return [_told(run, path) for run in runs]
    plan = await plan_for(workspace, path, tests)
    return await try_plan(
        workspace,
        path,
        texts,
        plan,
        probes=probes,
        cpu_seconds=cpu_seconds,
        wall_seconds=wall_seconds,
        stop_after=stop_after,
        total_seconds=total_seconds,
    )


async def _command_for(workspace: Workspace, path: str) -> str:
    """Return the command that tries a file which Python's own ways can't, else ""."""
    command = workspace.test_command
    if path.endswith(".py"):
        known = not command or SCRIPT.fullmatch(command) or re.search(r"\bpy\.?test\b", command)
        return "" if known else command
    if command:
        return command
    report = workspace.base_report or (await run_tests(workspace))[0]
    return report.command


def _told(run: Run, path: str) -> Trial:
    """Return a run as a trial: a command has one check, which is called as the file."""
    passed = run.status == "passed"
    return Trial(run.status, (path,) if passed else (), () if passed else (path,), run.message)


async def try_plan(
    workspace: Workspace,
    path: str,
    texts: Sequence[str],
    plan: Plan,
    *,
    probes: Sequence[str] = (),
    cpu_seconds: float = 2.0,
    wall_seconds: float = 60.0,
    stop_after: int = 0,
    total_seconds: float = 0.0,
    hurry: float = 0.0,
    partial: bool = False,
    imported: Collection[int] = (),
) -> list[Trial]:
    """Do what `try_texts` does for a plan that is made.

    Args:
        workspace: See `try_texts`, as for all that is not named here.
        path: The file.
        texts: Whole texts of it.
        plan: What to try them against.
        probes: Calls to evaluate.
        cpu_seconds: CPU time of one check.
        wall_seconds: Wall-clock time of one text.
        stop_after: End when so many texts passed.
        total_seconds: Wall-clock time after which no further text is begun; 0 for no such end.
        hurry: Where many texts time out, lower their CPU time step by step, at most to this; 0 for never.
        partial: Go on to the other tests as soon as one of the first passes.
        imported: Lines that run when the file is imported, as far as they are known.
    """
    if not texts:
        return []
    original = (await workspace.read(path)).data.decode("utf-8", "replace")
    job = _job(path, original, await workspace.root(), plan, cpu_seconds, wall_seconds)
    job |= {
        "edits": [_edit(original, text) for text in texts],
        "probes": list(probes),
        "stop_after": stop_after,
        "total": total_seconds,
        "hurry": hurry,
        "partial": partial,
        "imported": sorted(imported),
    }
    found: dict[int, Trial] = {}
    for _ in range(_RESTARTS):
        records, ended = await _run(workspace, job, plan)
        at = job["skip"]
        for record in records:
            if record.get("number", -1) >= 0:
                found[record["number"]] = _trial(record)
            at = record.get("next", at)
        if ended or not records or at >= len(texts):
            break
        # Whatever a text did to the program, the next ones get a new one.
        found[at] = Trial("failed", (), (), "it ended the program that tries it")
        job["skip"] = at + 1
        if job["skip"] >= len(texts):
            break
    # What was left for want of time between two others says nothing.
    untried = Trial("starved", (), (), "not tried")
    return [found.get(number, untried) for number in range(max(found, default=-1) + 1)]


async def watch(
    workspace: Workspace,
    path: str,
    plan: Plan,
    *,
    cpu_seconds: float = 2.0,
    text: str | None = None,
    leaders: Sequence[int] = (),
    span: tuple[int, int] = (0, 0),
) -> Seen | None:
    """Run the checks on a text of the file, with the lines they run; None when nothing came of it.

    Args:
        workspace: Where the repository and its tests are.
        path: The file.
        plan: Which checks.
        cpu_seconds: CPU time of one check.
        text: What is in the file instead of what it holds now.
        leaders: Lines of one function at which the values of its variables are noted.
        span: The first and the last line of that function.
    """
    original = text if text is not None else (await workspace.read(path)).data.decode("utf-8", "replace")
    job = _job(path, original, await workspace.root(), plan, cpu_seconds, 600.0)
    job |= {"trace": True, "leaders": list(leaders), "span": list(span)}
    records, _ = await _run(workspace, job, plan)
    record = next((record for record in records if record.get("number") == -1), None)
    if record is None:
        return None
    return Seen(
        _trial(record),
        tuple(record.get("checks", ())),
        {
            check: {int(line): count for line, count in lines.items()}
            for check, lines in record.get("lines", {}).items()
        },
        frozenset(record.get("imported", ())),
        {check: tuple(lines) for check, lines in record.get("last", {}).items()},
        float(record.get("seconds", 0.0)),
        record.get("values", {}),
    )


def _job(path: str, original: str, root: str, plan: Plan, cpu: float, wall: float) -> dict[str, Any]:
    program = resources.files("aci.runners").joinpath("unittest_program.py")
    return {
        "root": root,
        "path": path,
        "original": original,
        "script": plan.script,
        "only": plan.only,
        "ids": plan.runner,
        "first": list(plan.first),
        "rest": list(plan.rest),
        "doctests": plan.doctests,
        "only_examples": plan.examples,
        "unittest_program": program.read_text("utf-8") if plan.runner == "unittest" else "",
        "edits": [],
        "probes": [],
        "cpu": cpu,
        "wall": wall,
        "stop_after": 0,
        "total": 0.0,
        "trace": False,
        "leaders": [],
        "span": [0, 0],
        "skip": 0,
        "hurry": 0.0,
        "partial": False,
        "imported": [],
    }


def _edit(original: str, text: str) -> tuple[int, int, str]:
    """Return a text as what it replaces in the original, so that a job holds the file once."""
    limit = min(len(original), len(text))
    head = 0
    while head < limit and original[head] == text[head]:
        head += 1
    tail = 0
    while tail < limit - head and original[-1 - tail] == text[-1 - tail]:
        tail += 1
    return head, len(original) - tail, text[head : len(text) - tail]


async def _run(workspace: Workspace, job: Mapping[str, Any], plan: Plan) -> tuple[list[dict[str, Any]], bool]:
    root = "/tmp"  # noqa: S108 - the sandbox's
    program, given, out = scratch(".pyz"), scratch(".json"), scratch(".jsonl")
    await workspace.sandbox.write(program, _archive(), root=root, create=True)
    await workspace.sandbox.write(given, json.dumps(job).encode(), root=root, create=True)
    # Where sets and hashes decide, all texts shall see the same order.
    words = quoted([workspace.python, program, given, out])
    await run_command(workspace, f"export PYTHONHASHSEED=0; {words}")
    data = await take(workspace, out)
    for helper in (program, given):
        await take(workspace, helper)
    records = []
    for line in (data or b"").decode("utf-8", "replace").split("\n"):
        try:
            record = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append(record)
    return records, any("done" in record for record in records)


@cache
def _archive() -> bytes:
    """Return the program as one file that Python runs."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("__main__.py", "from patchwright_trials.program import main\n\nmain()\n")
        for file in sorted(resources.files("aci.trials_program").iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                archive.writestr(f"patchwright_trials/{file.name}", file.read_bytes())
    return stream.getvalue()


def _trial(record: Mapping[str, Any]) -> Trial:
    return Trial(
        record["status"],
        tuple(record["passed"]),
        tuple(record["failed"]),
        str(record["message"]),
        tuple(record["behaviour"]),
    )
