"""The literals that a function compares and counts with: where its behaviour may change."""

import re
from typing import NamedTuple

_STRING = re.compile(r""""([^"\n\\]{0,24})"|'([^'\n\\]{0,24})'""")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")
_MOST = 16


class Constants(NamedTuple):
    """Literals of a function.

    Attributes:
        texts: What stands in quotes, each once.
        numbers: Its small whole numbers, each once.
    """

    texts: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()


def constants_of(source: str) -> Constants:
    """Return the literals in the source of a function of any language."""
    texts = dict.fromkeys(one[1] or one[2] or "" for one in _STRING.finditer(source))
    numbers = dict.fromkeys(int(one[0]) for one in _NUMBER.finditer(source))
    return Constants(
        tuple(text for text in texts if text and text.isprintable())[:_MOST], tuple(numbers)[:_MOST]
    )
