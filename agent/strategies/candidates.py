"""Candidates for a function's body: where they come from, what they do, and what speaks for them."""

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aci.functions import with_body
from aci.grammars import language_of
from aci.trials import Trial
from agent.strategies.targets import Target
from trajectories.events import Judged

Source = Literal["specification", "correction", "repair", "original"]


@dataclass
class Candidate:
    """One way to write the function.

    Attributes:
        source: The prompt or the search that it comes from.
        body: The function's new body.
        text: The whole file with it.
        what: The change in a few words, where it is a small one.
        votes: How often the same program was found.
        logprob: The mean natural logarithm of its tokens' probabilities, or None when unknown.
        trial: What the visible tests say of it, or None while it is untried.
        behaviour: Programs that answer alike to all probes have the same number; 0 is unknown.
        weight: What speaks for it, once that was counted.
    """

    source: Source
    body: str
    text: str
    what: str = ""
    votes: int = 1
    logprob: float | None = None
    trial: Trial | None = None
    behaviour: int = 0
    weight: float = 0.0

    @property
    def passes(self) -> bool:
        """It passes every visible test."""
        return self.trial is not None and self.trial.status == "passed"

    def judged(self) -> Judged:
        """Return it as recorded in the trajectory."""
        trial = self.trial
        return Judged(
            source=self.source,
            text=self.what or self.body,
            status="untried" if trial is None else trial.status,
            passed=0 if trial is None else len(trial.passed),
            failed=0 if trial is None else len(trial.failed),
            message="" if trial is None else trial.message,
            behaviour=self.behaviour,
            weight=round(self.weight, 3),
        )


@dataclass
class Pool:
    """All candidates for one function, each program once.

    Attributes:
        target: The function.
        original: The function as it is: what every candidate must differ from.
        candidates: In the order in which they were found.
    """

    target: Target
    original: Candidate = field(init=False)
    candidates: list[Candidate] = field(default_factory=list)
    _known: dict[str, Candidate] = field(default_factory=dict)
    _behaviours: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember the program as it is, so that it never counts as a repair of itself."""
        self.original = Candidate("original", self.target.body, self.target.document.text)
        self._known[self._key(self.target.body)] = self.original

    def add(self, found: Iterable[Candidate]) -> list[Candidate]:
        """Add candidates and return those that are new; one that is known gains a vote instead."""
        new = []
        for candidate in found:
            key = self._key(candidate.body)
            known = self._known.get(key)
            if known is None:
                self._known[key] = candidate
                self.candidates.append(candidate)
                new.append(candidate)
            else:
                known.votes += candidate.votes
        return new

    def strangers(self, found: Iterable[Candidate]) -> list[Candidate]:
        """Return the candidates whose program is not in the pool yet, each once, without adding them."""
        new = {self._key(one.body): one for one in found}
        return [one for key, one in new.items() if key not in self._known]

    def candidate(self, source: Source, body: str, what: str = "", logprob: float | None = None) -> Candidate:
        """Make a candidate of a body for the function."""
        text = with_body(self.target.document.text, self.target.function, body)
        return Candidate(source, body, text, what, logprob=logprob)

    def tried(self, candidates: Sequence[Candidate], trials: Sequence[Trial]) -> None:
        """Note what the tests said of candidates, and which of them behave alike."""
        for candidate, trial in zip(candidates, trials, strict=False):
            candidate.trial = trial
            if trial.behaviour:
                candidate.behaviour = self._number(trial.behaviour)

    def clusters(self) -> list[list[Candidate]]:
        """Return the candidates that pass, grouped by behaviour; what is unknown stands alone."""
        groups: dict[object, list[Candidate]] = defaultdict(list)
        for candidate in self.candidates:
            if candidate.passes:
                groups[candidate.behaviour or candidate.body].append(candidate)
        return list(groups.values())

    def _number(self, behaviour: tuple[str, ...]) -> int:
        for number, known in enumerate(self._behaviours, 1):
            if alike(known, behaviour):
                return number
        self._behaviours.append(behaviour)
        return len(self._behaviours)

    def _key(self, body: str) -> str:
        if language_of(self.target.path) == "python":
            try:
                return ast.dump(ast.parse(f"def _():\n{textwrap.indent(textwrap.dedent(body), ' ')}"))
            except (SyntaxError, ValueError, RecursionError):
                pass
        return " ".join(body.split())


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether two programs answer probes alike.

    Probes are made up, and many lie outside of what a function is for. There right programs differ: one
    raises, another answers something. So an error says nothing against an answer, as long as the two have
    answers to compare for half of the probes that any of them answers.
    """
    pairs = list(zip(one, other, strict=False))
    answered = [pair for pair in pairs if not all(_RAISED.fullmatch(said) for said in pair)]
    both = [pair for pair in answered if not any(_RAISED.fullmatch(said) for said in pair)]
    return all(said == too for said, too in both) and 2 * len(both) >= len(answered)


# Errors by their names in Python, JavaScript, Java and C++; "Panic" is one of Go or Rust, or a crash, and "?"
# what nobody knows.
_RAISED = re.compile(
    r"[A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Iteration|Throwable)|[\w:<>]+ Exception|std::[\w:<>]+"
    r"|Error|Panic|did not end|\?"
)
