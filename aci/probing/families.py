"""What a parameter without a type may take: by its use in the function, its name, and the words about it."""

import re

from aci.probing.kinds import Kind
from aci.probing.signatures import Signature

_INTS = Kind("list", (Kind("int"),))
_TEXTS = Kind("list", (Kind("text"),))
_ALL = (Kind("int"), Kind("text"), _INTS, _TEXTS, Kind("float"))
_ROWS = Kind("list", (_INTS,))
_WORDS = Kind("map", (Kind("text"), Kind("int")))

_Clue = tuple[Kind, float, str]
"""What it speaks for, how much, and a pattern."""

# X stands for the parameter's name.
_USES: tuple[_Clue, ...] = (
    (
        Kind("text"),
        3,
        r"\bX\.(?:split|lower|upper|strip|startswith|endswith|isdigit|isalpha|replace|swapcase)\b",
    ),
    (
        Kind("text"),
        3,
        r"\bX\.(?:char(?:Code)?At|to(?:Lower|Upper)Case|substr(?:ing)?|trim|match|startsWith)\b",
    ),
    (
        Kind("text"),
        2,
        r"\bX\s*(?:[!=]==?|\+)\s*['\"]|['\"]\s*(?:[!=]==?|\+|in)\s*X\b|\bX\[[^\]]*\]\s*[!=]==?\s*['\"]",
    ),
    (Kind("int"), 3, r"\brange\((?:[^()]*,\s*)?X\s*[,)+-]|[<>]=?\s*X\s*[;:)]"),
    (Kind("int"), 2, r"\bX\s*(?:%|//|<<|>>)\s*\w|%\s*X\b|\bX\s*[-*/]=?\s*\d|\b(?:str|bin|hex|abs)\(X\)"),
    (Kind("int"), 2, r"\bX\s*(?:[<>]=?|===?)\s*-?\d|\b[A-Za-z_]\w*\[[^\]]*\bX\b"),
    (
        _INTS,
        3,
        r"\bX\.(?:append|sort|pop|insert|extend|remove|reverse|push|map|filter|reduce|forEach|shift)\b",
    ),
    (_INTS, 2, r"\b(?:sum|max|min|sorted)\(X\)|\bMath\.(?:max|min)\(\.\.\.X\)"),
    (_INTS, 1.5, r"\blen\(X\)|\bX\.length\b|\bX\[|\bof\s+X\b|\bin\s+(?:(?:reversed|enumerate|set)\()?X\b"),
    (_ROWS, 3.5, r"\bX\[[^\]]*\]\[|\blen\(X\[|\bX\[[^\]]*\]\.length"),
    (_WORDS, 4, r"\bX\.(?:items|keys|values)\(|Object\.(?:keys|values|entries)\(X\)"),
    (Kind("float"), 1.5, r"\b[Mm]ath\.\w+\(X\b|\bround\(X\b"),
)
_NAMES: tuple[_Clue, ...] = (
    (Kind("int"), 2, r"[nmkijxy]|num|number|count|size|length|index|capacity|limit|shift|year|target|base"),
    (
        Kind("text"),
        2,
        r"[st]|str|\w*_?string|text|word|sentence|message|name|prefix|suffix|char|line|pattern",
    ),
    (_TEXTS, 2.5, r"strings|words|names|lines|strs"),
    (_INTS, 2, r"l|xs|ys|arr|array|li?st\d?|nums|numbers|values|items|elements|seq|sequence|data|\w+_list"),
    (_ROWS, 2, r"grid|matrix|rows|board|mat|intervals|edges"),
    (_WORDS, 2.5, r"d|dict|dictionary|mapping|map|table"),
    (Kind("float"), 1, r"[abhr]|radius|width|height|threshold|price|rate"),
)
_SAYINGS: tuple[_Clue, ...] = (
    (Kind("text"), 0.5, r"\bstrings?\b|\bletters?\b|\bcharacters?\b|\bwords?\b"),
    (_INTS, 0.5, r"\blists?\b|\barrays?\b|\bsequence\b|\belements\b"),
    (_TEXTS, 0.6, r"\b(?:list|array)s? of (?:strings|words)\b"),
    (Kind("int"), 0.5, r"\binteger\b|\bwhole number\b|\bpositive number\b"),
    (Kind("float"), 0.5, r"\bfloat(?:ing)?\b|\breal number\b|\bdecimal number\b"),
)
_WAYS = 5


def families(signature: Signature, about: str) -> list[tuple[Kind, ...]]:
    """Return what the parameters may take together, the likeliest first; five ways at most.

    Args:
        signature: The function.
        about: The comment or docstring that tells of it.
    """
    choices = []
    for parameter in signature.parameters:
        if parameter.kind is not None:
            choices.append([parameter.kind])
            continue
        choices.append(_ranked(parameter.name, signature.text, about))
    longest = max((len(options) for options in choices), default=1)
    ways = [tuple(options[min(at, len(options) - 1)] for options in choices) for at in range(longest)]
    return list(dict.fromkeys(ways))


def _ranked(name: str, source: str, about: str) -> list[Kind]:
    scores: dict[Kind, float] = dict.fromkeys(_ALL, 0.0)
    found = [one for one in _USES if re.search(one[2].replace("X", re.escape(name)), source)]
    found += [one for one in _NAMES if re.fullmatch(one[2], name, re.IGNORECASE)]
    found += [one for one in _SAYINGS if re.search(one[2], about, re.IGNORECASE)]
    for kind, weight, _ in found:
        scores[kind] = scores.get(kind, 0.0) + weight
    return sorted(scores, key=lambda kind: -scores[kind])[:_WAYS]
