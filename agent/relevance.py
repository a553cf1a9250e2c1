"""Which of some texts are like another: BM25 over the words of both.

After Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with their
usual constants. Names in code are split where they are joined, so that `parse_date` is like "parses dates".
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

_SATURATION = 1.2
_LENGTH_SHARE = 0.75
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PLURAL_LEAST = 4
_EVERYWHERE = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "has",
    "have", "if", "in", "into", "is", "it", "its", "not", "of", "on", "or", "so", "than", "that", "the",
    "their", "then", "there", "these", "they", "this", "to", "was", "were", "what", "when", "where",
    "which", "will", "with", "you",
})  # fmt: skip
"""Among few texts these look rare, and say nothing."""


def words(text: str) -> list[str]:
    """Return the words of a text, of code or prose, in lower case and without the s of a plural.

    Words that stand in every sentence are left out.
    """
    found = [word.lower() for word in _WORD.findall(text)]
    told = [word for word in found if word not in _EVERYWHERE]
    return [word.removesuffix("s") if len(word) >= _PLURAL_LEAST else word for word in told]


def scores(query: str, texts: Sequence[str]) -> list[float]:
    """Return for each text how much it is like the query; 0 for no word in common."""
    counted = [Counter(words(text)) for text in texts]
    average = sum(count.total() for count in counted) / len(counted) if counted else 0.0
    rarity = {
        word: log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        for word in set(words(query))
        if (having := sum(word in count for count in counted))
    }
    found = []
    for count in counted:
        damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * count.total() / (average or 1.0))
        found.append(
            sum(
                value * count[word] * (_SATURATION + 1) / (count[word] + damping)
                for word, value in rarity.items()
            )
        )
    return found
