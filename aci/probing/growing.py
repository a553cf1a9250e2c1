"""Many different arguments from a few: those that are seen, changes of them, and made-up ones in turns."""

import random
from collections.abc import Callable, Iterator, Sequence

from aci.probing.kinds import MISFIT, Kind, fitted
from aci.probing.made import Maker, made_rows
from aci.probing.mutations import mutated

Row = tuple[object, ...]
_TURNS = 400
_SMALL = 30
_LARGE_ROWS = 2
_MADE_EVERY = 4
"""With calls that are seen, every so manieth row is made up."""


def grown(
    seeds: Sequence[Row], ways: Sequence[Sequence[Kind]], maker: Maker, chance: random.Random
) -> Iterator[Row]:
    """Yield arguments that differ from the seeds, the likelier to be of use first; some may come twice.

    Args:
        seeds: Arguments of calls that are seen.
        ways: What the parameters take, by likelihood.
        maker: Makes values.
        chance: Decides on changes.
    """
    small = _small(seeds)
    made = _in_turns([made_rows(kinds, maker, _TURNS) for kinds in ways])
    pool = [row for row in seeds if row]
    large = 0
    for turn in range(_TURNS):
        row: Row | None
        if not pool or turn % _MADE_EVERY == _MADE_EVERY - 1 or (not seeds and turn % 2 == 0):
            row = next(made, None)
            if row and not seeds:
                pool.append(row)
        else:
            row = _changed(
                pool[chance.randrange(len(pool)) if not seeds else turn % len(pool)], pool, ways, chance
            )
        if row is None:
            if not pool:
                return
            continue
        if any(isinstance(value, int) and abs(value) > small for value in row):
            # A count of a loop is not meant to be large, and each such call costs every program its time.
            large += 1
            if large > _LARGE_ROWS:
                continue
        yield row


def _small(seeds: Sequence[Row]) -> int:
    return max(
        [_SMALL, *(abs(value) for row in seeds for value in row if isinstance(value, int))], default=_SMALL
    )


def _in_turns(ways: Sequence[Iterator[Row]]) -> Iterator[Row]:
    """Yield from each of several ways, from the first as often as from all the others."""
    if not ways:
        return
    others = list(ways[1:])
    for turn, row in enumerate(ways[0]):
        yield row
        if others:
            other = next(others[turn % len(others)], None)
            if other is not None:
                yield other


def _changed(
    row: Row, pool: Sequence[Row], ways: Sequence[Sequence[Kind]], chance: random.Random
) -> Row | None:
    values = list(row)
    for _ in range(1 + chance.randrange(2)):
        at = chance.randrange(len(values))
        values[at] = mutated(values[at], chance, pool, at)
    kinds = ways[0] if len(ways) == 1 else ()
    for at, kind in enumerate(kinds[: len(values)]):
        values[at] = fitted(kind, values[at])
    return None if MISFIT in values else tuple(values)


def first_different(
    rows: Iterator[Row], text: Callable[[Row], str], given: list[str], limit: int
) -> list[str]:
    """Return the texts that are given, then those of rows until there are so many, each once.

    Args:
        rows: Arguments.
        text: Writes a call with them; "" where that can't be.
        given: Calls that come first.
        limit: How many at most.
    """
    found = dict.fromkeys(given)
    while len(found) < limit and (row := next(rows, None)) is not None:
        if call := text(row):
            found.setdefault(call)
    return list(found)[:limit]
