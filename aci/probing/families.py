"""What a parameter without a type may take: from how the function uses it, its name, and the words about it."""

import re

from aci.probing.kinds import Kind
from aci.probing.signatures import Signature

_INTS = Kind("list", (Kind("int"),))
_TEXTS = Kind("list", (Kind("text"),))
_ALL = (Kind("int"), Kind("text"), _INTS, _TEXTS, Kind("float"))
_ROWS = Kind("list", (_INTS,))
_WORDS = Kind("map", (Kind("text"), Kind("int")))

# Each clue: what it speaks for, how much, and a pattern in which X stands for the parameter's name.
_CLUES: tuple[tuple[Kind, float, str], ...] = (
    (Kind("text"), 3, r"\bX\.(?:split|lower|upper|strip|startswith|endswith|isdigit|isalpha|replace|swapcase|"
                      r"charAt|charCodeAt|toLowerCase|toUpperCase|substring|substr|trim|match|startsWith)\b"),
    (Kind("text"), 2, r"\bX\s*(?:===?|!==?|\+)\s*['\"]|['\"]\s*(?:===?|!==?|\+)\s*X\b|\bin\s+X\b.*['\"]|['\"]\s+in\s+X\b"),
    (Kind("text"), 2, r"\bX\[[^\]]*\]\s*[!=]==?\s*['\"]"),
    (Kind("int"), 3, r"\brange\([^)]*\bX\b(?!\[|\.|\))|\brange\((?:[^()]*,\s*)?X\s*[,)+-]|(?:<=?|>=?)\s*X\s*[;:)]"),
    (Kind("int"), 2, r"\bX\s*(?:%|//|<<|>>)\s*\w|%\s*X\b|\bX\s*[-*/]=?\s*\d|\bX\s*(?:<=?|>=?|===?)\s*-?\d|\b(?:str|bin|hex|abs)\(X\)"),
    (Kind("int"), 2, r"\b[A-Za-z_]\w*\[[^\]]*\bX\b"),
    (_INTS, 3, r"\bX\.(?:append|sort|pop|insert|extend|remove|reverse|push|map|filter|reduce|forEach|concat|shift)\b"),
    (_INTS, 2, r"\b(?:sum|max|min|sorted)\(X\)|\bMath\.(?:max|min)\(\.\.\.X\)"),
    (_INTS, 1.5, r"\blen\(X\)|\bX\.length\b|\bX\[|\bin\s+(?:reversed\(|enumerate\(|sorted\(|set\()?X\b|\bof\s+X\b"),
    (_ROWS, 3.5, r"\bX\[[^\]]*\]\[|\blen\(X\[|\bX\[[^\]]*\]\.length"),
    (_WORDS, 4, r"\bX\.(?:items|keys|values)\(|Object\.(?:keys|values|entries)\(X\)"),
    (Kind("float"), 1.5, r"\b(?:math|Math)\.\w+\(X\b|\bround\(X\b"),
)  # fmt: skip
_NAMES: tuple[tuple[Kind, float, str], ...] = (
    (Kind("int"), 2, r"n|m|k|i|j|x|y|num|number|count|size|length|index|capacity|limit|decimal|shift|year|target|base"),
    (Kind("text"), 2, r"s|t|str|string|text|word|sentence|message|name|prefix|suffix|char|line|\w*_?string|pattern"),
    (_TEXTS, 2.5, r"strings|words|names|lines|strs"),
    (_INTS, 2, r"l|xs|ys|arr|array|lst|lst\d|list\d?|nums|numbers|values|items|elements|seq|sequence|data|\w+_list"),
    (_ROWS, 2, r"grid|matrix|rows|board|mat|intervals|edges"),
    (_WORDS, 2.5, r"d|dict|dictionary|mapping|map|table"),
    (Kind("float"), 1, r"a|b|h|r|radius|width|height|threshold|price|rate"),
)  # fmt: skip
_SAYINGS: tuple[tuple[Kind, float, str], ...] = (
    (Kind("text"), 1, r"\bstrings?\b|\bletters?\b|\bcharacters?\b|\bwords?\b"),
    (_INTS, 1, r"\blists?\b|\barrays?\b|\bsequence\b|\belements\b"),
    (_TEXTS, 1.2, r"\b(?:list|array)s? of (?:strings|words)\b"),
    (Kind("int"), 1, r"\binteger\b|\bwhole number\b|\bpositive number\b"),
    (Kind("float"), 1, r"\bfloat(?:ing)?\b|\breal number\b|\bdecimal number\b"),
)


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
    for kind, weight, pattern in _CLUES:
        if re.search(pattern.replace("X", re.escape(name)), source):
            scores[kind] = scores.get(kind, 0.0) + weight
    for kind, weight, pattern in _NAMES:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            scores[kind] = scores.get(kind, 0.0) + weight
    for kind, weight, pattern in _SAYINGS:
        if re.search(pattern, about, re.IGNORECASE):
            scores[kind] = scores.get(kind, 0.0) + weight / 2
    order = sorted(scores, key=lambda kind: -scores[kind])
    return order[:5]
