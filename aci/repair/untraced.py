"""The search for repairs where the lines that a test runs can't be watched: every edit, likeliest first."""

import time
from collections.abc import Sequence

from aci.functions import functions
from aci.probing import make_probes
from aci.repair.candidates import Candidate
from aci.repair.found import Found, found_of, scored
from aci.repair.proposals import candidates, is_mended
from aci.trials import Trial, try_texts
from aci.workspace import Workspace

_FIRST_BATCH = 24
_LEAST_BATCH = 8
_HOPELESS = 0.1
_LEAST_WALL = 4.0
_COMPARING_SHARE = 0.3
"""What passed is compared even when all the time was used up, in so much more of it."""


async def search_untraced(
    workspace: Workspace,
    path: str,
    symbol_or_lines: str | range,
    tests: Sequence[str],
    *,
    limit: int,
    seconds: float,
) -> Found:
    """Do what `aci.repair.search.search` does, for a file in any language but Python.

    It ends early when a repair is known and what is left to try is far less likely.

    Raises:
        FileProblem: The file can't be read.
    """
    began = time.monotonic()
    text = (await workspace.read(path)).data.decode("utf-8", "replace")
    if not is_mended(path):
        return Found((), 0, (), time.monotonic() - began, None)
    trials = await try_texts(workspace, path, [text], tests=tests)
    before = trials[0] if trials else None
    if before is None or before.status in {"passed", "starved"} or not before.failed:
        return Found((), 0, (), time.monotonic() - began, before)
    usual = time.monotonic() - began
    ends = before.status != "timeout"
    cpu = min(2.0, max(0.5, 2 * usual)) if ends else 2.0
    wall = max(_LEAST_WALL, 3 * usual) if ends else 10.0
    began_trying = time.monotonic()
    tries = candidates(path, text, symbol_or_lines, limit)
    kept: list[tuple[Candidate, Trial]] = []
    count, size = 0, _FIRST_BATCH
    while count < len(tries):
        left = seconds - (time.monotonic() - began)
        if left <= 0 or _is_hopeless(kept, tries[count]):
            break
        some = tries[count : count + size]
        texts = [candidate.text for candidate in some]
        more = await try_texts(
            workspace,
            path,
            texts,
            tests=tests,
            cpu_seconds=cpu,
            wall_seconds=wall,
            total_seconds=left,
        )
        if not more:
            break
        kept += _passing(before, some, more)
        count += len(more)
        # As many as a third of the time that is left has room for, at the rate so far.
        rate = count / max(0.001, time.monotonic() - began_trying)
        size = max(_LEAST_BATCH, int(rate * (seconds - (time.monotonic() - began)) / 3))
    kept = _most_gained(before, kept)
    symbol = symbol_or_lines if isinstance(symbol_or_lines, str) else ""
    if kept and not symbol:
        symbol = _symbol_at(path, text, kept[0][0].edit.line)
    probes = await make_probes(workspace, path, symbol) if symbol and len(kept) > 1 else []
    again: list[Trial] = []
    if probes:
        texts = [candidate.text for candidate, _ in kept]
        again = await try_texts(
            workspace,
            path,
            texts,
            tests=tests,
            probes=probes,
            cpu_seconds=cpu,
            wall_seconds=wall,
            total_seconds=_COMPARING_SHARE * seconds,
        )
    ranked = scored(path, text, kept, [trial.behaviour for trial in again])
    return found_of(ranked, count, time.monotonic() - began, before)


def _is_hopeless(kept: Sequence[tuple[Candidate, Trial]], following: Candidate) -> bool:
    best = max((candidate.weight for candidate, _ in kept), default=0.0)
    return following.weight < best * _HOPELESS


def _passing(
    before: Trial, tries: Sequence[Candidate], trials: Sequence[Trial]
) -> list[tuple[Candidate, Trial]]:
    """Return the texts with which all checks pass, or, of several checks, more than did and none less."""
    kept = []
    for candidate, trial in zip(tries, trials, strict=False):
        gained = set(before.failed) & set(trial.passed)
        lost = set(before.passed) - set(trial.passed)
        if trial.status == "passed" or (trial.status == "failed" and gained and not lost):
            kept.append((candidate, trial))
    return kept


def _most_gained(before: Trial, kept: Sequence[tuple[Candidate, Trial]]) -> list[tuple[Candidate, Trial]]:
    def gained(trial: Trial) -> int:
        return len(set(before.failed) & set(trial.passed))

    whole = [pair for pair in kept if pair[1].status == "passed"]
    most = max((gained(trial) for _, trial in kept), default=0)
    return whole or [pair for pair in kept if gained(pair[1]) == most]


def _symbol_at(path: str, text: str, line: int) -> str:
    """Return the outermost function around a line, or "" when there is none."""
    for one in functions(path, text):
        if text.count("\n", 0, one.start) < line <= text.count("\n", 0, one.end) + 1:
            return one.name
    return ""
