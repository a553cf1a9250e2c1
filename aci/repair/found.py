"""Repairs that were found, and how likely each is next to the others."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from aci.repair.candidates import Candidate
from aci.trials import Trial


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


def scored(
    path: str,
    before: str,
    passing: Sequence[tuple[Candidate, Trial]],
    known: Sequence[tuple[str, ...]],
) -> list[Repair]:
    """Return what passed as repairs, in the same order, scored by weight and by what behaves the same.

    Args:
        path: The file.
        before: Its text as it was.
        passing: What passed, and what the tests said of it.
        known: What each did on the probes, as far as it is known; the rest stands alone.
    """
    behaviours = [*known, *[()] * (len(passing) - len(known))]
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
            before,
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


def found_of(ranked: Sequence[Repair], tried: int, seconds: float, before: Trial | None) -> Found:
    """Return what a search came to: one repair for each behaviour, the likeliest first."""
    best: dict[object, Repair] = {}
    for at, repair in enumerate(ranked):
        best.setdefault(repair.trial.behaviour or at, repair)
    repairs = sorted(best.values(), key=lambda repair: (-repair.score, repair.line))
    return Found(tuple(repairs), tried, tuple(ranked), seconds, before)
