"""Where failing tests point: the functions they call, ranked, with what went in and what came out.

The rank is spectrum-based fault localisation with Ochiai's coefficient (Abreu et al., "On the Accuracy of
Spectrum-based Fault Localization", 2007): a function that failing tests call and passing tests don't is the
likeliest. Where whole paths are shared by all tests that says little, so a function that returned a wrong
value of a failing assertion, without having been given it, comes first.
"""

import json
import math
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from aci.command import Command, Observation
from aci.rendering import clipped, harmless, numbered
from aci.runners import detect
from aci.runners.base import quoted, run_command, scratch, take
from aci.workspace import Workspace
from envs.sandbox import FileProblem

MAX_SHOWN = 4
MAX_LINES = 24
MAX_TOTAL_LINES = 60
_PYTEST_OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=no", "--color=no", "--rootdir=.")
_LITERAL = re.compile(r"'([^'\n]{1,80})'|\"([^\"\n]{1,80})\"|(?<![\w.:'\"])(-?\d+(?:\.\d+)?)(?![\w.:'\"])")


class _Function(BaseModel):
    path: str
    line: int = Field(ge=1)
    lines: int = Field(ge=1)
    name: str


class _Test(BaseModel):
    test: str
    failed: bool
    message: str
    calls: dict[str, list[list[str]]]


class Recording(BaseModel):
    """What the program in the sandbox recorded: functions by key, and each test's calls by the same keys."""

    functions: dict[str, _Function]
    tests: list[_Test]


class Suspect(NamedTuple):
    """A function that may be at fault.

    Attributes:
        path: Its file, relative to the repository.
        line: Its first line, counted from 1.
        lines: How many lines it has.
        name: Its qualified name.
        score: Ochiai's coefficient, from 0 to 1.
        tells: It returned a value that a failing assertion complains of.
        samples: Calls in failing tests, as (arguments, returned value or "").
    """

    path: str
    line: int
    lines: int
    name: str
    score: float
    tells: bool
    samples: tuple[tuple[str, str], ...]


def rank(recording: Recording) -> list[Suspect]:
    """Return the functions that failing tests call, the likeliest first."""
    failing = [test for test in recording.tests if test.failed]
    wrong = set().union(*(_literals(test.message) for test in failing)) if failing else set()
    found = []
    for key, function in recording.functions.items():
        hit = [test for test in failing if key in test.calls]
        if not hit:
            continue
        passing = sum(key in test.calls for test in recording.tests if not test.failed)
        score = len(hit) / math.sqrt(len(failing) * (len(hit) + passing))
        samples = _samples(hit, key)
        telling = [sample for sample in samples if _tells(sample, wrong)]
        ordered = (*telling, *(sample for sample in samples if sample not in telling))
        found.append(
            Suspect(
                function.path, function.line, function.lines, function.name, score, bool(telling), ordered
            )
        )
    return sorted(found, key=lambda s: (not s.tells, -s.score, s.lines, s.path, s.line))


def _samples(tests: Sequence[_Test], key: str) -> list[tuple[str, str]]:
    samples: dict[tuple[str, str], None] = {}
    for test in tests:
        for sample in test.calls[key]:
            if sample:
                samples.setdefault((sample[0], sample[1] if len(sample) > 1 else ""))
    return list(samples)


def _literals(text: str) -> set[str]:
    return {next(part for part in match if part) for match in _LITERAL.findall(text) if any(match)}


def _tells(sample: tuple[str, str], wrong: set[str]) -> bool:
    """Say whether a call returned a wrong value, alone, that it was not given."""
    arguments, returned = sample
    bare = returned.strip("'\"")
    return bare in wrong and bare not in arguments and bare not in {"None", "True", "False", ""}


async def find_suspects(workspace: Workspace, tests: Sequence[str] = ()) -> str:
    """Run tests with their calls recorded and describe the likeliest functions; "" when nothing was learned.

    The files shown count as seen: what is described may be edited.
    """
    recording = await _record(workspace, tests)
    if recording is None:
        return ""
    parts: list[str] = []
    room = MAX_TOTAL_LINES
    for suspect in rank(recording)[:MAX_SHOWN]:
        lines = min(suspect.lines, MAX_LINES)
        if parts and lines > room:
            continue
        described = await _described(workspace, suspect, lines)
        if described:
            parts.append(described)
            room -= lines
    if not parts:
        return ""
    return "Functions that the failing tests call, the likeliest fault first:\n\n" + "\n\n".join(parts)


async def _record(workspace: Workspace, tests: Sequence[str]) -> Recording | None:
    runner = await detect(workspace)
    if runner not in {"pytest", "unittest"}:
        return None
    program, out = scratch(".py"), scratch(".json")
    root = "/tmp"  # noqa: S108  the sandbox's
    await workspace.sandbox.write(program, _program("aci", "suspects_program.py"), root=root, create=True)
    words = [workspace.python, program, out, await workspace.root(), runner]
    helpers = [program]
    if runner == "pytest":
        words += [*_PYTEST_OPTIONS, *tests]
    else:
        inner, results = scratch(".py"), scratch(".jsonl")
        data = _program("aci.runners", "unittest_program.py")
        await workspace.sandbox.write(inner, data, root=root, create=True)
        words += [inner, results, *tests]
        helpers += [inner, results]
    await run_command(workspace, quoted(words))
    recorded = await take(workspace, out)
    for helper in helpers:
        await take(workspace, helper)
    return _read(recorded)


def _program(package: str, name: str) -> bytes:
    return resources.files(package).joinpath(name).read_bytes()


def _read(data: bytes | None) -> Recording | None:
    if data is None:
        return None
    try:
        found: Any = json.loads(data)
        return Recording.model_validate(found)
    except (ValueError, ValidationError, RecursionError):
        return None


async def _described(workspace: Workspace, suspect: Suspect, lines: int) -> str:
    try:
        content = await workspace.read(suspect.path)
    except FileProblem:
        return ""
    source = content.data.decode("utf-8", "replace").splitlines()[suspect.line - 1 :][:lines]
    if not source:
        return ""
    workspace.tops.setdefault(suspect.path, suspect.line)
    head = f"{harmless(suspect.path)}:{suspect.line} {harmless(suspect.name)}"
    shown = numbered(source, suspect.line, workspace.limits.line_length)
    if suspect.lines > lines:
        shown += f"\n({suspect.lines - lines} more lines)"
    calls = [
        f"  {suspect.name.rpartition('.')[2]}({clipped(arguments, 160)})"
        + (f" returned {clipped(returned, 120)}" if returned else " raised or did not end")
        for arguments, returned in suspect.samples[:2]
    ]
    return "\n".join([head, shown, "In a failing test:", *calls]) if calls else f"{head}\n{shown}"


class Suspects(Command):
    """Show the functions that failing tests call, the likeliest fault first, with arguments and results."""

    name: ClassVar[str] = "suspects"

    async def execute(self, workspace: Workspace) -> Observation:
        """Run the tests with their calls recorded."""
        text = await find_suspects(workspace)
        if text:
            return Observation(text=text)
        return Observation(
            text="No failing test calls a function of the repository, or its tests are not Python's. "
            "Use `run_tests` and read the frames.",
            failed=True,
        )
