r"""What is searched for, and how the sandbox's own grep is told.

A regular expression runs in the sandbox and never on the host: there a search that does not end is killed
with everything else at its timeout, and grep reads each file where it lies. GNU grep's Perl syntax is what
models write; where grep lacks it, the plain classes are put into POSIX's words and the rest is refused.
"""

import re
from typing import NamedTuple

from aci.rendering import clipped, harmless

MAX_TEXT = 1000

_CLASSES = {"d": "0-9", "w": "[:alnum:]_", "s": "[:space:]"}
_PIECE = re.compile(
    r"(?P<escape>\\.)|(?P<group>\(\?(?:<(?![=!])|P<)?\w*[:>=!<]?)|(?P<bracket>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])"
    r"|(?P<lazy>(?<=[*+?}])[?+])|.",
    re.S,
)


class Unsearchable(Exception):
    """The text can't be searched for; the message is the observation."""


class Pattern(NamedTuple):
    """What lines are searched for.

    Attributes:
        text: The text, or the regular expression.
        regex: It is a regular expression.
        ignore_case: Upper and lower case count as the same.
        word: Only whole words count.
    """

    text: str
    regex: bool = False
    ignore_case: bool = False
    word: bool = False

    def arguments(self, grep: str) -> tuple[str, str]:
        """Return the options and the pattern for a grep that is "perl", "gnu" or "posix".

        Raises:
            Unsearchable: That grep has no words for it.
        """
        case = "i" * self.ignore_case + "w" * self.word
        if not self.regex:
            return f"-F{case}", self.text
        if grep == "perl":
            return f"-P{case}", self.text
        text = self.text
        if text.startswith("(?i)"):
            case, text = "i" + case.replace("i", ""), text[4:]
        return f"-E{case}", _extended(text)

    def locale(self) -> str:
        """Return the locale to search in: bytes where that is right, for speed and odd encodings."""
        plain = self.text.isascii() or not (self.regex or self.ignore_case)
        return "C" if plain else "C.UTF-8"

    def at(self, line: str) -> int:
        """Return where a line shows it, as well as can be told here."""
        if self.regex:
            return 0
        found = line.find(self.text)
        return max(0, line.casefold().find(self.text.casefold()) if found < 0 else found)


def quoted(text: str) -> str:
    """Return a text for a sentence."""
    return f'"{clipped(text, 80)}"'


def checked(text: str, *, regex: bool) -> Pattern:
    """Return what to search for.

    Raises:
        Unsearchable: No line can hold it; the message says what to do.
    """
    if not text:
        raise Unsearchable("The text is empty. Give a few characters that stand in one line.")
    if "\n" in text or "\r" in text:
        first = next((line for line in text.splitlines() if line.strip()), "")
        raise Unsearchable(
            f"A search looks at single lines; search for one of yours, e.g. {quoted(first.strip())}."
        )
    if "\0" in text:
        raise Unsearchable("The text holds a NUL character, which no text file has.")
    if len(text) > MAX_TEXT:
        raise Unsearchable(
            f"The text has {len(text):,} characters; a search takes {MAX_TEXT:,}. A few are enough."
        )
    return Pattern(text.encode("utf-8", "replace").decode(), regex)


def complaint(pattern: Pattern, said: str) -> str:
    """Return what to tell of a pattern that grep refused, from what it said."""
    words = re.sub(r"^(?:grep|busybox)\S*\s*", "", harmless(said).strip().split("\n")[0])
    reason = clipped(words or "invalid", 120).rstrip(".")
    if "back" in reason and ("limit" in reason or "track" in reason):
        return (
            f"The pattern {quoted(pattern.text)} takes too long on some line; write it without a "
            "repetition inside a repetition, or search for a literal part of it."
        )
    return (
        f"The pattern {quoted(pattern.text)} is not valid: {reason}. "
        "Correct it, or leave out `regex` to search for it literally."
    )


def _extended(text: str) -> str:
    """Return a Perl pattern in POSIX's extended syntax.

    Raises:
        Unsearchable: It has no words for that.
    """
    parts = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match["escape"]:
            parts.append(_escape(piece[1]))
        elif match["group"]:
            if piece != "(?:":
                raise Unsearchable(
                    f"The grep of this sandbox does not know {quoted(piece)}; use plain groups and classes."
                )
            parts.append("(")
        elif match["bracket"]:
            inside = re.sub(r"\\(.)", lambda found: _CLASSES.get(found[1], _inside(found[1])), piece[1:-1])
            # A bracket that is meant itself comes first there, a hyphen last.
            for sign in "]-":
                if f"\\{sign}" in piece:
                    inside = inside.replace("\x00" + sign, "")
                    at = inside.startswith("^")
                    inside = f"{inside[:at]}]{inside[at:]}" if sign == "]" else f"{inside}-"
            parts.append(f"[{inside}]")
        elif not match["lazy"]:
            # A lazy repetition finds the same lines as a greedy one.
            parts.append(piece)
    return "".join(parts)


def _inside(letter: str) -> str:
    return f"\x00{letter}" if letter in "]-" else {"t": "\t"}.get(letter, letter)


def _escape(letter: str) -> str:
    if letter in _CLASSES:
        return f"[{_CLASSES[letter]}]"
    if letter.lower() in _CLASSES:
        return f"[^{_CLASSES[letter.lower()]}]"
    if letter in "AzZ":
        return "^" if letter == "A" else "$"
    if letter == "t":
        return "\t"
    return f"\\{letter}"
