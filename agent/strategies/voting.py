"""Which of several candidates to take: execution filters, agreement decides.

Candidates that pass the visible tests are grouped by what they answer to inputs that nobody gave expected
values for, in the manner of AlphaCode (Li et al., arXiv 2203.07814); a group's weight is the sum of what
speaks for its members, in the manner of LEVER (Ni et al., arXiv 2302.08468). Programs from different sources
that behave alike are two witnesses; the same program twice from one source is hardly more than one.
"""

import math
from collections.abc import Sequence

from agent.strategies.candidates import Candidate, Pool

_SOURCE_WEIGHT = {"specification": 1.0, "correction": 0.8, "repair": 0.5, "original": 0.0}
_AS_BEFORE = 0.2
"""A candidate that answers every probe as the faulty program does has probably the same fault."""


def weigh(pool: Pool) -> list[list[Candidate]]:
    """Return the groups of passing candidates, the weightiest first, each with its best member first."""
    weighed = []
    for group in pool.clusters():
        weight = sum(_voice([one for one in group if one.source == source]) for source in _SOURCE_WEIGHT)
        if group[0].behaviour and group[0].behaviour == pool.original.behaviour:
            weight *= _AS_BEFORE
        for candidate in group:
            candidate.weight = weight
        weighed.append(sorted(group, key=_preference))
    return sorted(weighed, key=lambda group: -group[0].weight)


def _voice(candidates: Sequence[Candidate]) -> float:
    """Return what the candidates of one source say together: each further vote adds less."""
    votes = sum(candidate.votes for candidate in candidates)
    if not votes:
        return 0.0
    source = candidates[0].source
    if source == "repair":
        return _SOURCE_WEIGHT[source] * (1 + 0.1 * min(votes - 1, 5))
    sure = max((math.exp(one.logprob) for one in candidates if one.logprob is not None), default=0.9)
    return _SOURCE_WEIGHT[source] * sure * math.sqrt(votes)


def _preference(candidate: Candidate) -> tuple[bool, float, int]:
    """Return the order within a group: small changes first, then the likeliest text, then the shortest."""
    return candidate.source != "repair", -(candidate.logprob or 0.0), len(candidate.body)


def sources(group: Sequence[Candidate]) -> set[str]:
    """Return the sources that agree on a group's behaviour."""
    return {candidate.source for candidate in group}


def fallback(pool: Pool) -> Candidate | None:
    """Return the candidate that passes most of the visible tests, where none passes all of them."""
    tried = [one for one in pool.candidates if one.trial is not None and one.trial.passed]
    before = pool.original.trial
    floor = len(before.passed) if before is not None else 0
    better = [one for one in tried if one.trial is not None and len(one.trial.passed) > floor]
    return max(better, key=lambda one: len(one.trial.passed) if one.trial else 0, default=None)
