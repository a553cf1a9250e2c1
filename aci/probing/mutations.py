"""Values near to other values: what a small change of an argument leads to."""

import random
from collections.abc import Sequence


def mutated(
    value: object, chance: random.Random, pool: Sequence[Sequence[object]] = (), at: int = 0
) -> object:
    """Return another value of the same type, near the given one or at an edge of the type.

    Args:
        value: The value.
        chance: Decides what is changed.
        pool: Arguments of other calls.
        at: Which argument of theirs may take the value's place.
    """
    others = [row[at] for row in pool if len(row) > at and type(row[at]) is type(value)]
    if others and chance.random() < 0.2:
        return chance.choice(others)
    match value:
        case bool():
            return not value
        case int():
            return chance.choice(
                [value + 1, value - 1, 0, 1, 2, value * 2, value + 7, -value, value // 2, 10]
            )
        case float():
            return chance.choice(
                [value + 1, value - 0.5, 0.0, 1.0, -value, value * 2, _rounded(value), value / 3]
            )
        case str():
            return _text(value, chance)
        case list() | tuple():
            changed = _sequence(list(value), chance)
            return changed if isinstance(value, list) else tuple(changed)
        case dict():
            items = _sequence([list(item) for item in value.items()], chance)
            return {_key(pair): pair[1] for pair in items if isinstance(pair, list) and len(pair) == 2}
        case set():
            return {_hashable(part) for part in _sequence(sorted(value, key=repr), chance)}
    return value


def _rounded(value: float) -> float:
    return float(round(value)) if abs(value) < 1e15 else value


def _key(pair: list[object]) -> object:
    return _hashable(pair[0])


def _hashable(value: object) -> object:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value


def _text(value: str, chance: random.Random) -> str:
    letters = list(value)
    options = [
        value[1:], value[:-1], value[::-1], value + value, value.swapcase(), value.upper(), "",
        "".join(chance.sample(letters, len(letters))), value + " " + value[:2],
    ]  # fmt: skip
    if letters:
        place = chance.randrange(len(letters))
        other = chance.choice([*letters, "a", "B", "1", " ", "e"])
        options += [value[:place] + other + value[place + 1 :]] * 3
        options += [value[:place] + other + value[place:]] * 2
        options.append(value[:place] + value[place + 1 :])
    return chance.choice(options)


def _sequence(values: list[object], chance: random.Random) -> list[object]:
    if not values:
        return chance.choice([[0], [1, 2], [3, 1, 2]]) if chance.random() < 0.5 else []
    place = chance.randrange(len(values))
    changed = list(values)
    changed[place] = mutated(values[place], chance)
    options = [
        changed, changed, changed, values[1:], values[:-1], values[::-1], [*values, values[place]],
        [*values, mutated(values[place], chance)], chance.sample(values, len(values)), values[:1], [],
        [mutated(part, chance) for part in values], [values[place]] * len(values),
    ]  # fmt: skip
    return list(chance.choice(options))
