"""How much more likely a change is when the function's own words speak of it."""

_HINTS = {
    "abs": "absolute distance difference closer close apart magnitude",
    "set": "unique distinct duplicate duplicates repeated different",
    "sorted": "sort sorted order ordered ascending descending",
    "reverse": "reverse reversed descending decreasing backwards largest",
    "startswith": "prefix start starts begin begins starting beginning",
    "endswith": "suffix end ends ending",
    "ceil": "up smallest above",
    "floor": "down below",
    "round": "round rounded nearest closest",
    "min": "minimum minimal min smallest lowest least shortest fewest",
    "max": "maximum maximal max largest biggest highest greatest longest most deepest",
    "swapcase": "swap reverse flip case vice versa",
    "upper": "uppercase upper capital capitals",
    "lower": "lowercase lower",
    "len": "length number count many size",
    "sum": "sum total",
    "int": "integer integers int whole",
    "str": "string strings text",
    "<=": "most inclusive exceed exceeding equal within",
    ">=": "least inclusive equal minimum",
    "<": "less below smaller lower before under fewer falls",
    ">": "greater more above larger exceeds exceed after over bigger",
    "or": "or either any",
    "and": "and both all",
    "any": "any some exists either",
    "all": "all every each",
    "not in": "not without except no consonant excluding",
    "in": "in contains among within",
    "encode": "bytes md5 hash encoded encoding",
    "strip": "strip trim spaces whitespace",
    "copy": "copy new",
    "**": "power squared square cube cubed exponent",
    "%": "modulo remainder divisible multiple even odd",
    "join": "concatenate join joined",
}
_TABLE = {name: frozenset(words.split()) for name, words in _HINTS.items()}
BOOST = 3.0


def boosted(prior: float, name: str, words: frozenset[str]) -> float:
    """Return a prior, raised when the words speak of what the change brings."""
    hints = _TABLE.get(name)
    return prior * BOOST if hints and hints & words else prior
