"""Finding repairs: single edits at the places that failing tests point to, kept when the tests then pass."""

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from aci.probing import make_probes
from aci.repair.candidates import Candidate, candidates
from aci.repair.edits import Edit, Source
from aci.repair.localise import checking_lines, import_lines, suspicion
from aci.symbols import find
from aci.trials import Plan, Seen, Trial, plan_for, try_plan, watch
from aci.workspace import Workspace

MAX_CANDIDATES = 400
MAX_SECONDS = 60.0
_IMPORTED = 0.3
_SECOND_ROUNDS = 6
_SECOND_EDITS = 80


class Repair(NamedTuple):
    """A small change of one file with which the failing tests pass.

    Attributes:
        path: The file.
        before: Its whole text as it was.
        text: Its whole new text.
        line: Where the change begins, in the old text.
        what: The change in a few words, such as "`<` to `<=`".
        operator: The kind of change.
        trial: What the tests said of it.
        score: How likely it is the right one next to the others found, from 0 to 1.
        alike: How many other repairs behaved the same on all probes.
    """

    path: str
    before: str
    text: str
    line: int
    what: str
    operator: str
    trial: Trial
    score: float
    alike: int = 0


class Found(NamedTuple):
    """What a search came to.

    Attributes:
        repairs: The likeliest first, one for each behaviour.
        tried: How many texts were tried.
        passing: Every text that passed, in the order they were tried; those of one behaviour share a score.
        seconds: Wall-clock time of it all.
        before: The tests' verdict on the file as it is, or None when there are no tests to try it against.
    """

    repairs: tuple[Repair, ...]
    tried: int
    passing: tuple[Repair, ...]
    seconds: float
    before: Trial | None


async def find_repairs(
    workspace: Workspace,
    path: str,
    symbol_or_lines: str | range = "",
    tests: Sequence[str] = (),
    *,
    limit: int = MAX_CANDIDATES,
    depth: int = 1,
    seconds: float = MAX_SECONDS,
) -> list[Repair]:
    """Return verified repairs of a file, the likeliest first, one for each behaviour.

    Args:
        workspace: Where the repository and its tests are; its files stay as they are.
        path: A Python file, relative to the repository.
        symbol_or_lines: A function or class of it, or lines from 1; every line that failing tests run when
            empty.
        tests: As for `aci.trials.try_texts`.
        limit: How many texts to try at most.
        depth: 2 to go on with two edits where no single one passes.
        seconds: Wall-clock time after which no further text is tried.

    Raises:
        FileProblem: The file can't be read.
    """
    found = await search(workspace, path, symbol_or_lines, tests, limit=limit, depth=depth, seconds=seconds)
    return list(found.repairs)


async def search(
    workspace: Workspace,
    path: str,
    symbol_or_lines: str | range = "",
    tests: Sequence[str] = (),
    *,
    limit: int = MAX_CANDIDATES,
    depth: int = 1,
    seconds: float = MAX_SECONDS,
) -> Found:
    """Do what `find_repairs` does, and say what it took."""
    began = time.monotonic()
    plan = await plan_for(workspace, path, tests)
    text = (await workspace.read(path)).data.decode("utf-8", "replace")
    source = _source(text)
    if source is None or plan.empty:
        return Found((), 0, (), time.monotonic() - began, None)
    seen = await watch(workspace, path, plan)
    if seen is None or not seen.trial.failed:
        return Found((), 0, (), time.monotonic() - began, seen.trial if seen is not None else None)
    lines = _lines(path, text, symbol_or_lines)
    plan = _covering(plan, seen, lines)
    if plan.runner and not plan.first:
        return Found((), 0, (), time.monotonic() - began, seen.trial)
    suspicious = suspicion(seen, source)
    own = set(checking_lines(source))
    for line in [*import_lines(source, lines), *sorted(seen.imported - own)]:
        suspicious.setdefault(line, _IMPORTED)
    # A right text takes about as long as the faulty one, unless that one does not end.
    usual = 0.0 if seen.trial.status == "timeout" else seen.seconds
    cpu = min(2.0, max(0.5, 4 * usual))

    async def tried(texts: Sequence[str], probes: Sequence[str] = ()) -> list[Trial]:
        left = seconds - (time.monotonic() - began)
        if left <= 0:
            return []
        return await try_plan(
            workspace,
            path,
            texts,
            plan,
            probes=probes,
            cpu_seconds=cpu,
            total_seconds=left,
            hurry=max(0.1, usual),
            partial=True,
            imported=seen.imported,
        )

    tries = candidates(source, lines, suspicious, limit)
    trials = await tried([candidate.text for candidate in tries])
    passing = _passing(plan, tries, trials)
    count = len(trials)
    if not passing and depth > 1:
        for start in _promising(seen, tries, trials)[:_SECOND_ROUNDS]:
            again = _source(start.text)
            if again is None:
                continue
            second = candidates(
                again,
                _shifted(lines, text, start.text),
                _all_lines(suspicious, text, start.text),
                _SECOND_EDITS,
            )
            more = await tried([candidate.text for candidate in second])
            count += len(more)
            passing += [
                (
                    candidate._replace(
                        edit=_joined(start, candidate), weight=start.weight * candidate.weight
                    ),
                    trial,
                )
                for candidate, trial in _passing(plan, second, more)
            ]
            if passing or time.monotonic() - began > seconds:
                break
    ranked = await _ranked(workspace, path, passing, symbol_or_lines, source, tried)
    best: dict[object, Repair] = {}
    for at, repair in enumerate(ranked):
        best.setdefault(repair.trial.behaviour or at, repair)
    repairs = sorted(best.values(), key=lambda repair: (-repair.score, repair.line))
    return Found(tuple(repairs), count, tuple(ranked), time.monotonic() - began, seen.trial)


def _source(text: str) -> Source | None:
    try:
        return Source(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _lines(path: str, text: str, symbol_or_lines: str | range) -> range:
    if isinstance(symbol_or_lines, range):
        return symbol_or_lines
    found = find(path, text, symbol_or_lines) if symbol_or_lines else []
    if found:
        return range(min(s.top for s in found), max(s.last for s in found) + 1)
    return range(1, text.count("\n") + 2)


def _covering(plan: Plan, seen: Seen, lines: range) -> Plan:
    """Return a plan whose tests are those that run the lines at all; the others can't notice a change."""
    if not plan.runner:
        return plan
    failing = set(seen.trial.failed)

    def touching(tests: Sequence[str], *, fail: bool) -> tuple[str, ...]:
        return tuple(
            test
            for test in tests
            if (test in failing) == fail and any(line in lines for line in seen.lines.get(test, ()))
        )

    # What passed before but fails under the conditions of a trial can't be judged here.
    first = touching(plan.first, fail=True) or touching(plan.rest, fail=True)
    return plan._replace(first=first, rest=touching([*plan.first, *plan.rest], fail=False))


def _passing(
    plan: Plan, tries: Sequence[Candidate], trials: Sequence[Trial]
) -> list[tuple[Candidate, Trial]]:
    """Return the texts with which all checks pass; of tests, the most that any text gains without a loss.

    A script's checks are of one piece. A repository's failing tests may have faults of different places.
    """
    kept = []
    for candidate, trial in zip(tries, trials, strict=False):
        gained = len(set(plan.first) & set(trial.passed)) if plan.runner else 1
        lost = set(plan.rest) - set(trial.passed)
        if trial.status == "passed" or (plan.runner and trial.status == "failed" and gained and not lost):
            kept.append((gained, candidate, trial))
    most = max((gained for gained, *_ in kept), default=0)
    return [(candidate, trial) for gained, candidate, trial in kept if gained == most]


def _promising(seen: Seen, tries: Sequence[Candidate], trials: Sequence[Trial]) -> list[Candidate]:
    """Return the edits to go on from: those that made more checks pass, then those that changed a failure."""
    before = set(seen.trial.passed)
    better: list[tuple[int, float, int, Candidate]] = []
    for candidate, trial in zip(tries, trials, strict=False):
        gained = len(set(trial.passed) - before) - 2 * len(before & set(trial.failed))
        if trial.status == "failed" and (gained > 0 or (gained == 0 and trial.message != seen.trial.message)):
            better.append((-gained, -candidate.weight, len(better), candidate))
    return [candidate for *_, candidate in sorted(better)]


def _joined(first: Candidate, second: Candidate) -> Edit:
    return second.edit._replace(
        what=f"{first.edit.what}, and line {second.edit.line}: {second.edit.what}",
        operator=f"{first.edit.operator} + {second.edit.operator}",
        line=min(first.edit.line, second.edit.line),
    )


def _shifted(lines: range, old: str, new: str) -> range:
    return range(lines.start, max(lines.stop, lines.stop + new.count("\n") - old.count("\n")))


def _all_lines(suspicious: dict[int, float], old: str, new: str) -> dict[int, float]:
    if old.count("\n") == new.count("\n"):
        return suspicious
    least, most = min(suspicious), max(suspicious)
    return dict.fromkeys(range(least, most + 1 + max(0, new.count("\n") - old.count("\n"))), 0.5)


async def _ranked(
    workspace: Workspace,
    path: str,
    passing: Sequence[tuple[Candidate, Trial]],
    symbol_or_lines: str | range,
    source: Source,
    tried: Callable[[Sequence[str], Sequence[str]], Awaitable[list[Trial]]],
) -> list[Repair]:
    """Return what passed as repairs, in the same order, scored by what they do on probes."""
    if not passing:
        return []
    symbol = symbol_or_lines if isinstance(symbol_or_lines, str) else ""
    symbol = symbol or _symbol_at(source, passing[0][0].edit.line)
    probes = await make_probes(workspace, path, symbol) if symbol and len(passing) > 1 else []
    again = await tried([candidate.text for candidate, _ in passing], probes) if probes else []
    behaviours = [trial.behaviour for trial in again] + [()] * (len(passing) - len(again))
    groups: dict[object, list[int]] = {}
    for at, behaviour in enumerate(behaviours):
        groups.setdefault(behaviour or at, []).append(at)
    scores: dict[int, float] = {}
    for members in groups.values():
        # Several ways to the same behaviour support it, each further one less than the one before.
        weights = sorted((passing[at][0].weight for at in members), reverse=True)
        score = math.fsum(weight / (1 + rank) for rank, weight in enumerate(weights))
        scores |= dict.fromkeys(members, score)
    total = math.fsum(scores[members[0]] for members in groups.values()) or 1.0
    return [
        Repair(
            path,
            source.text,
            candidate.text,
            candidate.edit.line,
            candidate.edit.what,
            candidate.edit.operator,
            trial._replace(behaviour=behaviours[at]),
            scores[at] / total,
            len(groups[behaviours[at] or at]) - 1,
        )
        for at, (candidate, trial) in enumerate(passing)
    ]


def _symbol_at(source: Source, line: int) -> str:
    """Return the outermost function around a line, as far as it can be called from outside."""
    around = [
        (name, function)
        for name, function in source.functions
        if function.lineno <= line <= (function.end_lineno or 0) and "." not in name
    ]
    return around[0][0] if around else ""
