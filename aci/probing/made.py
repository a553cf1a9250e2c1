"""Arguments made up from kinds: small values at the edges, and values of two parameters that relate."""

import random
from collections.abc import Iterator, Sequence

from aci.probing.constants import Constants
from aci.probing.kinds import MISFIT, Kind, fitted

_INTS = (3, 2, 1, 5, 0, 10, 4, 7, 6, -1, 12, 9, 8, 15, 13, -3, 21, 16, 11, 27, 100, 30, -10)
_FLOATS = (1.5, 2.0, 0.5, 3.0, 0.0, 10.25, -1.5, 1.0, 4.75, -2.0, 7.5, 100.0)
_TEXTS = (
    "abc", "a", "", "Hello World", "abcba", "aabbB", "123", "the quick brown fox", "aB1 c2", "10110", "z",
    "ABC", "one two", "aaaa", "x, y", "0", "eaiou", "  a b ", "11001", "hello",
)  # fmt: skip
_ANY = (1, "a", 2.5, "12", 3, "b", 0, 1.0, "2.5")
_INT_LISTS: tuple[list[int], ...] = (
    [1, 2, 3], [3, 1, 2], [], [5], [2, 2, 2], [1, 2, 3, 4, 5], [-1, 0, 1], [4, 3, 2, 1], [1, 1, 2, 3, 3],
    [10, -3, 7, 0, 12, -8], [6, 8, 2, 4], [0, 0], [1, 3, 2, 5, 4, 7], [-5, -2, -9], [9, 7, 5, 3, 2, 8, 1],
    [2, 1], [13, 24, 35, 7, 46, 11], [100, 1, -100],
)  # fmt: skip


class Maker:
    """Makes values; the same ones for the same source."""

    def __init__(self, constants: Constants, chance: random.Random) -> None:
        self._chance = chance
        near = [number + step for number in constants.numbers for step in (0, 1, -1)]
        self._numbers = list(dict.fromkeys(number for number in near if abs(number) <= 200))
        self._words = constants.texts
        self._marks = [text for text in constants.texts if len(text.strip()) == 1 and not text.isalnum()]
        self._letters = sorted({letter for text in constants.texts for letter in text})

    def made(self, kind: Kind, turn: int) -> object:
        """Return a value of a kind, or `MISFIT`; the first turns give the plainest ones.

        Args:
            kind: The kind.
            turn: The how-manieth value it is, from 0.
        """
        return fitted(kind, self._value(kind, turn))

    def _value(self, kind: Kind, turn: int) -> object:
        chance = self._chance
        match kind.family:
            case "int":
                value = _INTS[turn] if turn < len(_INTS) else chance.randint(-20, 60)
                if self._numbers and turn % 3 == 2:
                    value = chance.choice(self._numbers)
                return abs(value) if kind.bounds[0] == 0 < kind.bounds[1] else value
            case "float":
                return _FLOATS[turn] if turn < len(_FLOATS) else round(chance.uniform(-20, 20), 2)
            case "number":
                return self._value(Kind("float" if turn % 4 == 3 else "int"), turn)
            case "bool":
                return turn % 2 == 0
            case "char":
                return chance.choice([*self._letters, *"aZ1 e"])
            case "text":
                return self._text(turn)
            case "any":
                return _ANY[turn % len(_ANY)]
            case "optional":
                return None if turn % 5 == 1 else self._value(kind.parts[0], turn)
            case "tuple":
                return tuple(self._value(part, turn + at) for at, part in enumerate(kind.parts))
            case "list" | "set":
                return self._elements(kind, turn)
            case "map":
                count = (2, 1, 0, 3)[turn % 4]
                keys = [self.made(kind.parts[0], turn + at) for at in range(count)]
                values = [self.made(kind.parts[1], turn + at + 1) for at in range(count)]
                return dict(zip(keys, values, strict=True)) if MISFIT not in keys + values else MISFIT
        return MISFIT

    def _text(self, turn: int) -> str:
        chance = self._chance
        if self._words and turn % 2 == 0:
            # The function's own words decide on a branch; what is composed of their letters decides on more.
            how = turn // 2 % 4
            if self._marks and turn % 4 == 2:
                # What takes a text apart at a mark wants something on both sides of it.
                count = chance.choice([2, 2, 2, 3, 3, 4, 1])
                return chance.choice(self._marks).join(self._field() for _ in range(count))
            if how == 0:
                return self._words[turn // 8 % len(self._words)]
            if how == 1:
                return chance.choice([" ", "", ","]).join(chance.choices(self._words, k=2 + turn // 4 % 3))
            letters = self._letters if how == 2 else [*self._letters, *"abE1 "]
            return "".join(chance.choices(letters, k=chance.randint(2, 9)))
        at = turn // 2 if self._words else turn
        if at < len(_TEXTS):
            return _TEXTS[at]
        return "".join(chance.choices("abcAB12 e.", k=chance.randint(1, 8)))

    def _field(self) -> str:
        chance = self._chance
        return (
            str(chance.randint(0, 31))
            if chance.random() < 0.7
            else chance.choice(["ab", "Hello", "", "2000"])
        )

    def _elements(self, kind: Kind, turn: int) -> object:
        part, chance = kind.parts[0], self._chance
        if kind.size >= 0:
            return [self._value(part, turn + at) for at in range(min(kind.size, 64))]
        if part.family in {"int", "number", "float"} and turn < len(_INT_LISTS):
            values: list[object] = list(_INT_LISTS[turn])
            if part.family == "float":
                values = [one / 2 if at % 2 else float(one) for at, one in enumerate(_INT_LISTS[turn])]
            return [
                abs(one) if isinstance(one, int) and part.bounds[0] == 0 < part.bounds[1] else one
                for one in values
            ]
        count = (3, 2, 0, 1, 4, 5)[turn % 6]
        first = self._value(part, turn)
        if turn % 7 == 5:
            return [first] * count
        return [first, *(self._value(part, chance.randrange(24)) for _ in range(count - 1))][:count]


def made_rows(kinds: Sequence[Kind], maker: Maker, count: int) -> Iterator[tuple[object, ...]]:
    """Yield arguments for parameters of the given kinds, related ones between those that are not.

    Args:
        kinds: What each parameter takes.
        maker: Makes the values.
        count: How many rows to make at most; without parameters it is one.
    """
    for turn in range(count if kinds else 1):
        row = [maker.made(kind, turn + (turn // 3) * at) for at, kind in enumerate(kinds)]
        if turn % 3 == 2:
            row = _related(kinds, row, turn // 3)
        if MISFIT not in row:
            yield tuple(row)


def _related(kinds: Sequence[Kind], row: list[object], turn: int) -> list[object]:
    """Return arguments of which one is made from another: equal, a part of it, or a place in it."""
    changed = list(row)
    for at, (kind, value) in enumerate(zip(kinds, row, strict=True)):
        for other in range(at):
            related = _made_from(row[other], value, turn)
            if related is not MISFIT and fitted(kind, related) is not MISFIT:
                changed[at] = fitted(kind, related)
                break
    return changed


def _made_from(source: object, value: object, turn: int) -> object:
    match source, value:
        case (bool(), _) | (_, bool()):
            return MISFIT
        case int(), int():
            return (source, source + 1, source * 2, source - 1, source * source if abs(source) < 20 else 1)[
                turn % 5
            ]
        case str(), str():
            return (source, source[::-1], source[:2], source[-1:], source + "a", source.upper())[turn % 6]
        case list(), list():
            return (source, source[::-1], source[:-1], source[1:], [*source, *source[:1]])[turn % 5]
        case ((str() | list()), int()):
            return (len(source), len(source) - 1, 0, 1, len(source) + 1, 2)[turn % 6]
        case list(), (str() | float()):
            inside = [one for one in source if type(one) is type(value)]
            return inside[turn % len(inside)] if inside else MISFIT
        case int(), (str() | list()):
            return value[: max(0, source)]
    return MISFIT
