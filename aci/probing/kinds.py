"""What an argument may be: a type of any language, reduced to what values of it look like."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Family = Literal[
    "int", "float", "number", "bool", "char", "text", "list", "set", "tuple", "map", "optional", "any"
]

INT_32 = (-(2**31), 2**31 - 1)
INT_64 = (-(2**63), 2**63 - 1)
MISFIT = object()
"""What `fitted` returns for a value that is none of a kind."""


class Kind(NamedTuple):
    """A type, as far as making and writing values of it needs to know.

    Attributes:
        family: What its values are; "number" is an int or a float, "any" is everything.
        parts: The kinds of elements: a list has one, a map its key and value, a tuple all.
        spelling: How the language writes the type, without references.
        prefix: What stands before a value that is handed over by reference.
        bounds: The least and the greatest int; both 0 when there are none.
        size: How many elements an array has that can't have another number of them; -1 for any number.
    """

    family: Family
    parts: "tuple[Kind, ...]" = ()
    spelling: str = ""
    prefix: str = ""
    bounds: tuple[int, int] = (0, 0)
    size: int = -1


def fitted(kind: Kind | None, value: object) -> object:
    """Return a value as one of a kind, or `MISFIT`; without a kind, as it is."""
    if kind is None or kind.family == "any":
        return value
    match kind.family, value:
        case "optional", None:
            return None
        case "optional", _:
            return fitted(kind.parts[0], value)
        case ("bool", bool()) | ("text", str()):
            return value
        case _, bool():
            return MISFIT
        case "int", int():
            low, high = kind.bounds
            return value if low == high or low <= value <= high else MISFIT
        case "char", str():
            return value if len(value) == 1 else MISFIT
        case "float", int() | float():
            return float(value) if abs(value) < 1e300 else MISFIT
        case "number", int() | float():
            return value
        case "list" | "set", list() | tuple() | set():
            return _elements(kind, sorted(value, key=repr) if isinstance(value, set) else value)
        case "tuple", list() | tuple():
            if len(value) != len(kind.parts):
                return MISFIT
            parts = [fitted(part, inner) for part, inner in zip(kind.parts, value, strict=True)]
            return MISFIT if MISFIT in parts else tuple(parts)
        case "map", list() if value and all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in value
        ):
            # C++ writes a map as its pairs.
            made = _map([pair[0] for pair in value], [pair[1] for pair in value])
            return MISFIT if made is MISFIT else fitted(kind, made)
        case "map", dict():
            keys = [fitted(kind.parts[0], key) for key in value]
            values = [fitted(kind.parts[1], inner) for inner in value.values()]
            return MISFIT if MISFIT in keys + values else _map(keys, values)
    return MISFIT


def _elements(kind: Kind, values: Sequence[object]) -> object:
    found = [fitted(kind.parts[0], value) for value in values]
    if MISFIT in found or kind.size not in {-1, len(found)}:
        return MISFIT
    if kind.family == "list":
        return found
    try:
        return set(found)
    except TypeError:
        return MISFIT


def _map(keys: Sequence[object], values: Sequence[object]) -> object:
    try:
        return dict(zip(keys, values, strict=True))
    except TypeError:
        return MISFIT


def kind_seen(values: Sequence[object]) -> Kind | None:
    """Return the kind that values have in common, where no type tells it; None when it is unclear."""
    values = [value for value in values if value is not None]
    types = {type(value) for value in values}
    if types == {int, float}:
        return Kind("number")
    if len(types) != 1:
        return Kind("any") if types else None
    match values[0]:
        case bool():
            return Kind("bool")
        case int():
            return Kind("int")
        case float():
            return Kind("float")
        case str():
            return Kind("text")
        case list() | set():
            inner = kind_seen([part for value in values for part in _parts(value)])
            return Kind("set" if types == {set} else "list", (inner or Kind("any"),))
        case tuple():
            sizes = {len(value) for value in values if isinstance(value, tuple)}
            if len(sizes) != 1:
                return None
            columns = zip(*(value for value in values if isinstance(value, tuple)), strict=True)
            return Kind("tuple", tuple(kind_seen(column) or Kind("any") for column in columns))
        case dict():
            maps = [value for value in values if isinstance(value, dict)]
            keys = kind_seen([key for each in maps for key in each])
            inner = kind_seen([part for each in maps for part in each.values()])
            return Kind("map", (keys or Kind("text"), inner or Kind("any")))
    return None


def _parts(value: object) -> Sequence[object]:
    if isinstance(value, set):
        return sorted(value, key=repr)
    return value if isinstance(value, list) else ()
