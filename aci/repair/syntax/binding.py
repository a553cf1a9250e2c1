"""How tightly expressions bind, so that one can be put in the place of another."""

import re

LOOSE, EITHER, BOTH, BITS, COMPARED, SUM, PRODUCT, PREFIX, ATOM = range(9)
"""From conditional expressions to names and calls; languages differ in bits, which are always bracketed."""

_TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])+'|`[^`]*`|\w+(?:\.\d+)?|"
    r"\?\?|=>|->|===|!==|==|!=|<=|>=|<<|>>>|>>|&&|\|\||\+\+|--|\*\*|::|\.\.=?|[-+*/%]=|\S"
)
_LEVELS = {
    "?": LOOSE, "=>": LOOSE, "->": LOOSE, "=": LOOSE, "..": LOOSE, "..=": LOOSE, ",": LOOSE, "+=": LOOSE,
    "-=": LOOSE, "*=": LOOSE, "/=": LOOSE, "%=": LOOSE,
    "||": EITHER, "??": EITHER, "or": EITHER, "&&": BOTH, "and": BOTH, "|": BITS, "^": BITS, "&": BITS,
    "<<": BITS, ">>": BITS, ">>>": BITS, "==": COMPARED, "!=": COMPARED, "===": COMPARED, "!==": COMPARED,
    "<": COMPARED, ">": COMPARED, "<=": COMPARED, ">=": COMPARED, "in": COMPARED, "instanceof": COMPARED,
    "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT, "**": PRODUCT, "as": PRODUCT,
}  # fmt: skip


def level_of(operator: str) -> int:
    """Return how tightly a binary operator binds."""
    return _LEVELS.get(operator, LOOSE)


def binding(text: str) -> int:
    """Return how tightly an expression binds, from its text."""
    least, depth = ATOM, 0
    before = ""
    for word in _TOKEN.findall(text):
        if word in "([{":
            # `(int) x` is a prefix; `f(x)` and `a[x]` are not.
            depth += 1
        elif word in ")]}":
            depth -= 1
        elif not depth:
            ends = bool(before) and (before[-1].isalnum() or before[-1] in "_)]}\"'`")
            if word in _LEVELS and (ends or word in {"=>", "->"}):
                least = min(least, _LEVELS[word])
            elif word in {"|", "||"}:
                least = LOOSE
            elif word in {"-", "!", "~", "&", "*", "+", "not", "++", "--"} or (
                word[0].isalnum() and before == ")"
            ):
                least = min(least, PREFIX)
        before = word
    return least


def tight(text: str, level: int) -> str:
    """Return an expression, in brackets when it binds less tightly than a level asks for."""
    return f"({text})" if binding(text) < level else text
