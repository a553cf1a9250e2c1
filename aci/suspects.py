"""Where failing tests point: the functions they call, ranked, with what went in and what came out.

The rank is spectrum-based fault localisation with Ochiai's coefficient (Abreu et al., "On the Accuracy of
Spectrum-based Fault Localization", 2007): a function that failing tests call and passing tests don't is the
likeliest. Where whole paths are shared by all tests that says little, so a function that returned a wrong
value of a failing assertion, without having been given it, comes first.
"""

import ast
import json
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
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
MAX_FLOW = 2
MIN_VALUE = 3
MAX_TOTAL_LINES = 60
_PYTEST_OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=no", "--color=no", "--rootdir=.")
_LITERAL = re.compile(r"'([^'\n]{1,80})'|\"([^\"\n]{1,80})\"|(?<![\w.:'\"])(-?\d+(?:\.\d+)?)(?![\w.:'\"])")


# One argument's value in `name=value, name=value`, brackets and quotes kept together one level deep.
_VALUE = re.compile(r"\w+=((?:[\w.]*\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|'[^']*'|[^,'\[({]+)+)")
_COMPARED = re.compile(
    r"^(?:\w*(?:Error|Failure): )?(?:[\w ]+ differ: |assert )?(.+?) (?:!=|==) (.+?)(?: : .*)?$"
)


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


class Sample(NamedTuple):
    """One call of a function in a failing test.

    Attributes:
        arguments: What went in, as text.
        returned: What came out, or "" when the call did not end.
        wanted: What the failing assertion has in the place of the returned value, or "".
    """

    arguments: str
    returned: str
    wanted: str = ""


class Suspect(NamedTuple):
    """A function that may be at fault.

    Attributes:
        path: Its file, relative to the repository.
        line: Its first line, counted from 1.
        lines: How many lines it has.
        name: Its qualified name.
        score: Ochiai's coefficient, from 0 to 1.
        upstream: 1 when it returned a value that a failing assertion complains of, one more for each step
            that the value was followed back to where it was made; 0 when no such value is known of it.
        samples: Calls in failing tests, the telling ones first.
    """

    path: str
    line: int
    lines: int
    name: str
    score: float
    upstream: int
    samples: tuple[Sample, ...]


def rank(recording: Recording) -> list[Suspect]:
    """Return the functions that failing tests call, the likeliest first.

    First come those that a wrong value passed through, back from where it shows; the rest follow by
    Ochiai's coefficient.
    """
    failing = [test for test in recording.tests if test.failed]
    wrong = set().union(*(_literals(test.message) for test in failing)) if failing else set()
    wanted = {was: should for test in failing for was, should in expectations(test.message).items()}
    found = []
    for key, function in recording.functions.items():
        hit = [test for test in failing if key in test.calls]
        if not hit:
            continue
        passing = sum(key in test.calls for test in recording.tests if not test.failed)
        score = len(hit) / math.sqrt(len(failing) * (len(hit) + passing))
        samples = _samples(hit, key, wanted)
        found.append(
            Suspect(function.path, function.line, function.lines, function.name, score, 0, tuple(samples))
        )
    return sorted(
        _with_flow(found, wrong),
        key=lambda s: (s.upstream or MAX_FLOW + 1, -s.score, s.lines, s.path, s.line),
    )


def _with_flow(suspects: Sequence[Suspect], wrong: set[str]) -> list[Suspect]:
    """Return the suspects with their place in the flow of a wrong value, counted up from where it shows."""
    place = {
        suspect: (1, [sample for sample in suspect.samples if _tells(sample, wrong)]) for suspect in suspects
    }
    flow = {suspect: entry for suspect, entry in place.items() if entry[1]}
    for upstream in range(2, MAX_FLOW + 1):
        received = [
            sample.arguments
            for level, samples in flow.values()
            if level == upstream - 1
            for sample in samples
        ]
        for suspect in suspects:
            if suspect in flow:
                continue
            made = [sample for sample in suspect.samples if any(_made(sample, given) for given in received)]
            if made:
                flow[suspect] = (upstream, made)
    ordered = []
    for suspect in suspects:
        level, telling = flow.get(suspect, (0, []))
        rest = [sample for sample in suspect.samples if sample not in telling]
        telling = sorted(telling, key=lambda sample: not sample.wanted)
        ordered.append(suspect._replace(upstream=level, samples=(*telling, *rest)))
    return ordered


def _made(sample: Sample, arguments: str) -> bool:
    """Say whether a call returned a value that another one was given, and was not given it itself."""
    values = [value for value in _VALUE.findall(arguments) if len(value) >= MIN_VALUE]
    return any(value in sample.returned and value not in sample.arguments for value in values)


def expectations(message: str) -> dict[str, str]:
    """Return what an assertion's message says should stand where: {wrong literal: right literal}.

    Understood are `A != B` of unittest and `assert A == B` of pytest, with the actual value to the left, as
    far as both sides have the same number of literals.
    """
    found: dict[str, str] = {}
    for line in message.splitlines():
        match = _COMPARED.search(line)
        if match is None:
            continue
        actual, expected = _ordered_literals(match[1]), _ordered_literals(match[2])
        if len(actual) == len(expected):
            found |= {was: should for was, should in zip(actual, expected, strict=True) if was != should}
    return found


def _samples(tests: Sequence[_Test], key: str, wanted: Mapping[str, str]) -> list[Sample]:
    samples: dict[Sample, None] = {}
    for test in tests:
        for sample in test.calls[key]:
            if sample:
                returned = sample[1] if len(sample) > 1 else ""
                should = wanted.get(returned.strip("'\""), "")
                given = should and should in sample[0]
                samples.setdefault(Sample(sample[0], returned, "" if given else should))
    return list(samples)


def _ordered_literals(text: str) -> list[str]:
    return [next(part for part in match if part) for match in _LITERAL.findall(text) if any(match)]


def _literals(text: str) -> set[str]:
    return set(_ordered_literals(text))


def _tells(sample: Sample, wrong: set[str]) -> bool:
    """Say whether a call returned a wrong value, alone, that it was not given."""
    bare = sample.returned.strip("'\"")
    return bare in wrong and bare not in sample.arguments and bare not in {"None", "True", "False", ""}


async def find_suspects(workspace: Workspace, tests: Sequence[str] = ()) -> list[Suspect]:
    """Run tests with their calls recorded; return what may be at fault, the likeliest first."""
    recording = await _record(workspace, tests)
    return rank(recording) if recording is not None else []


async def describe(workspace: Workspace, suspects: Sequence[Suspect], *, bodies: bool = True) -> str:
    """Return the likeliest suspects as a model sees them; "" when there are none.

    Their files count as seen: what is described may be edited.

    Args:
        workspace: Where the functions' text is read.
        suspects: What `find_suspects` found.
        bodies: Show the functions whole; without, only what they promise. A weak model copies a wrong body
            it has before its eyes, and writes a right one from the promise.
    """
    parts: list[str] = []
    names: list[str] = []
    room = MAX_TOTAL_LINES
    for suspect in suspects[:MAX_SHOWN]:
        lines = min(suspect.lines, MAX_LINES)
        if parts and lines > room:
            continue
        described = await _described(workspace, suspect, lines, bodies=bodies)
        if described:
            parts.append(described)
            names.append(suspect.name)
            room -= lines
    workspace.suspects = tuple(names)
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


async def _described(workspace: Workspace, suspect: Suspect, lines: int, *, bodies: bool) -> str:
    try:
        content = await workspace.read(suspect.path)
    except FileProblem:
        return ""
    source = content.data.decode("utf-8", "replace").splitlines()[suspect.line - 1 :][:lines]
    if not source:
        return ""
    workspace.tops.setdefault(suspect.path, suspect.line)
    head = f"{harmless(suspect.path)}:{suspect.line} {harmless(suspect.name)}"
    shown = source if bodies else source[: _promise(source)]
    text = numbered(shown, suspect.line, workspace.limits.line_length)
    if suspect.lines > len(shown):
        text += f"\n({suspect.lines - len(shown)} more lines)"
    calls = [_call(suspect.name.rpartition(".")[2], sample) for sample in suspect.samples[:2]]
    return "\n".join([head, text, "In a failing test:", *calls]) if calls else f"{head}\n{text}"


def _promise(source: Sequence[str]) -> int:
    """Return how many of a function's first lines are its signature and its docstring."""
    try:
        tree = ast.parse(textwrap.dedent("\n".join(source)))
    except (SyntaxError, ValueError):
        return len(source)
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return len(source)
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    return (first.end_lineno or len(source)) if documented else max(1, first.lineno - 1)


def _call(function: str, sample: Sample) -> str:
    call = f"  {function}({clipped(sample.arguments, 160)})"
    if not sample.returned:
        return f"{call} raised or did not end"
    quote = sample.returned[0] if sample.returned[0] in "'\"" else ""
    should = f", but the test wants {quote}{clipped(sample.wanted, 120)}{quote}" if sample.wanted else ""
    return f"{call} returned {clipped(sample.returned, 120)}{should}"


class Suspects(Command):
    """Show the functions that failing tests call, the likeliest fault first, with arguments and results."""

    name: ClassVar[str] = "suspects"

    async def execute(self, workspace: Workspace) -> Observation:
        """Run the tests with their calls recorded."""
        text = await describe(workspace, await find_suspects(workspace))
        if text:
            return Observation(text=text)
        return Observation(
            text="No failing test calls a function of the repository, or its tests are not Python's. "
            "Use `run_tests` and read the frames.",
            failed=True,
        )
