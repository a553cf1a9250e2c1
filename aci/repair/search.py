"""Finding repairs: single edits at the places that failing tests point to, kept when the tests then pass."""

import time
from collections.abc import Awaitable, Callable, Sequence

from aci.blocks import blocks_of, python_function
from aci.blocks import lines_of as lines_of_function
from aci.probing import make_probes
from aci.repair.candidates import Candidate, candidates
from aci.repair.edits import Edit, Source
from aci.repair.found import Found, Repair, found_of, scored
from aci.repair.localise import checking_lines, import_lines, sliced, suspicion
from aci.repair.proposals import lines_of
from aci.repair.untraced import search_untraced
from aci.trials import Plan, Seen, Trial, plan_for, try_plan, watch
from aci.workspace import Workspace

__all__ = ["Found", "Repair", "find_repairs", "search"]

MAX_CANDIDATES = 400
PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")
MAX_SECONDS = 60.0
_IMPORTED = 0.3
_SECOND_ROUNDS = 6
_SECOND_EDITS = 80


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
        path: A file of a language in `aci.repair.proposals.MENDED`, relative to the repository; nothing is
            found in others.
        symbol_or_lines: A function or class of it, or lines from 1; every line that failing tests run when
            empty, and all functions of a language in which lines can't be watched.
        tests: As for `aci.trials.try_texts`.
        limit: How many texts to try at most.
        depth: 2 to go on with two edits where no single one passes, in Python.
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
    if not path.endswith(PYTHON_SUFFIXES):
        return await search_untraced(workspace, path, symbol_or_lines, tests, limit=limit, seconds=seconds)
    began = time.monotonic()
    plan = await plan_for(workspace, path, tests)
    text = (await workspace.read(path)).data.decode("utf-8", "replace")
    source = _source(text)
    if source is None or plan.empty:
        return Found((), 0, (), time.monotonic() - began, None)
    watched = python_function(text, symbol_or_lines) if isinstance(symbol_or_lines, str) else None
    seen = await watch(
        workspace,
        path,
        plan,
        leaders=[block.first for block in blocks_of(watched)] if watched is not None else (),
        span=lines_of_function(watched) if watched is not None else (0, 0),
    )
    if seen is None or not seen.trial.failed:
        return Found((), 0, (), time.monotonic() - began, seen.trial if seen is not None else None)
    lines = lines_of(path, text, symbol_or_lines)
    plan = _covering(plan, seen, lines)
    if plan.runner and not plan.first:
        return Found((), 0, (), time.monotonic() - began, seen.trial)
    suspicious = suspicion(seen, source)
    if watched is not None:
        suspicious = sliced(suspicious, seen, watched)
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
    return found_of(ranked, count, time.monotonic() - began, seen.trial)


def _source(text: str) -> Source | None:
    try:
        return Source(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


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
    return scored(path, source.text, passing, [trial.behaviour for trial in again])


def _symbol_at(source: Source, line: int) -> str:
    """Return the outermost function around a line, as far as it can be called from outside."""
    around = [
        (name, function)
        for name, function in source.functions
        if function.lineno <= line <= (function.end_lineno or 0) and "." not in name
    ]
    return around[0][0] if around else ""
