"""Building a group as one program, without the variants and probes that do not compile."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from aci.variants.box import Box
from aci.variants.commands import Steps
from aci.variants.complaints import Complaint, complaints
from aci.variants.grouping import Group
from aci.variants.lanes import Left, Work
from aci.variants.program import Lines, Program, program

_ROUNDS = 8

Worker = Callable[[str, Sequence[int], int], Work]
"""Makes the work of a build command, the variants to run and the number of probes."""


class Tried(NamedTuple):
    """What became of a group.

    Attributes:
        left: What the runs left, by the variants' numbers.
        errors: What the compiler says against the others.
        dropped: The probes that do not compile.
    """

    left: Mapping[int, Left]
    errors: Mapping[int, str]
    dropped: frozenset[int]


async def try_group(
    box: Box, steps: Steps, group: Group, probes: Mapping[int, str], worker: Worker, *, checking: bool
) -> Tried | None:
    """Build a group and run its variants; None when the errors can't be told apart.

    Args:
        box: Where.
        steps: How.
        group: The texts.
        probes: Calls, by their places.
        worker: See `Worker`.
        checking: See `aci.variants.lanes.script`.

    Raises:
        Unusual: See `Box.run`.
    """
    bodies, live = dict(group.bodies), dict(probes)
    errors: dict[int, str] = {}
    for _ in range(_ROUNDS):
        if not bodies:
            return Tried({}, errors, frozenset(probes) - frozenset(live))
        made = program(box.path, group._replace(bodies=bodies), live)
        await box.write(made.text)
        found: list[Complaint] = []
        if not steps.build:
            found = complaints(box.path, await box.build(steps.run))
        if not found:
            work = worker(steps.build, list(bodies), len(live))
            outcome = await box.run(
                work, copying=not steps.builds_too, checking=checking and not steps.builds_too
            )
            if outcome.built:
                return Tried(outcome.left, errors, frozenset(probes) - frozenset(live))
            found = complaints(box.path, outcome.output)
        if not _drop(made, found, bodies, live, errors, alone=group.site is None):
            return None
    return None


def _drop(
    made: Program,
    found: Sequence[Complaint],
    bodies: dict[int, str],
    live: dict[int, str],
    errors: dict[int, str],
    *,
    alone: bool,
) -> bool:
    """Take away what does not compile; return whether anything was."""
    wrong = {
        number: said for said in reversed(found) if (number := _at(made.variants, said.line)) is not None
    }
    odd = {number for said in found if (number := _at(made.probes, said.line)) is not None}
    if not wrong and not odd and live and not (alone and found):
        # Something else stands in the way; it may be what runs the probes.
        odd = set(live)
    if alone and found and not wrong and not odd:
        # A text with nothing of ours in it is what does not build.
        wrong = dict.fromkeys(bodies, found[0])
    for number, said in wrong.items():
        errors[number] = said.message
        del bodies[number]
    for number in odd:
        live.pop(number, None)
    return bool(wrong or odd)


def _at(lines: Mapping[int, Lines], line: int) -> int | None:
    return next((number for number, (first, last) in lines.items() if first <= line <= last), None)
