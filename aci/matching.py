"""Where a search text stands in a file, and when it doesn't, what comes nearest and how it differs.

Models miss a text mostly by whitespace. An edit is applied without a word when the text stands there exactly
once, whatever the line endings. When it stands nowhere, these readings are tried in this order, and one is
taken only if it fits exactly one place made of whole lines; the model is told which:

1. the text carries the viewer's line numbers (`12:    return x`);
2. it has blank lines at its ends that the file has not;
3. its lines differ from the file's in whitespace at their ends;
4. all its lines are indented too much or too little by the same amount; the replacement is shifted with it.

Anything looser (whitespace inside a line, a tab for spaces, a different word) is refused with the nearest
lines shown, since a guess there can change what the program means.
"""

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from heapq import nlargest
from typing import NamedTuple

from aci.document import Document, occurrences
from aci.rendering import clipped

_NUMBERED = re.compile(r"[ \t]*(\d+):(.*)")
_WORD = re.compile(r"\w+")
_NEAR = 0.55
_MAX_SCORED = 400
_SHOWN_PLACES = 10


class Place(NamedTuple):
    """Where an edit goes.

    Attributes:
        start: Offset of the first character to replace.
        end: Offset behind the last.
        replace: The text to put there.
        note: How the search text was read when it did not stand there literally, or "".
    """

    start: int
    end: int
    replace: str
    note: str = ""


class Missed(NamedTuple):
    """No single place was found.

    Attributes:
        places: The lines at which the text begins, when it stands there more than once.
        explanation: What the model is told.
    """

    places: tuple[int, ...]
    explanation: str


def locate(document: Document, search: str, replace: str) -> Place | Missed:
    """Return the one place that `search` means, or why there is none."""
    spans = occurrences(document.text, search)
    if len(spans) == 1:
        return Place(*spans[0], replace)
    if spans:
        return _ambiguous(document, [document.line_at(start) for start, _ in spans])
    several: list[int] = []
    for reading in (_without_numbers, _without_blank_ends, _with_loose_ends, _reindented):
        places = reading(document, search, replace)
        if len(places) == 1:
            return places[0]
        if places and not several:
            several = [document.line_at(place.start) for place in places]
    if several:
        return _ambiguous(document, several)
    return Missed((), nearest(document, search))


def _ambiguous(document: Document, places: list[int]) -> Missed:
    lines = document.lines
    parts = [f"The search text stands there {len(places)} times:"]
    parts += [f"{place}:{clipped(lines[place - 1], 200)}" for place in places[:_SHOWN_PLACES]]
    if len(places) > _SHOWN_PLACES:
        parts.append(f"({len(places) - _SHOWN_PLACES} more)")
    parts.append("Add the lines around the one you mean, or use `edit_lines`.")
    return Missed(tuple(places), "\n".join(parts))


def without_line_numbers(text: str) -> str | None:
    """Return `text` without the viewer's line numbers, or None when its lines don't carry them in a row."""
    lines = text.removesuffix("\n").split("\n")
    matches = [_NUMBERED.fullmatch(line) for line in lines]
    stripped: list[str] = []
    for offset, match in enumerate(matches):
        if match is None or int(match[1][:12]) != int((matches[0] or match)[1][:12]) + offset:
            return None
        stripped.append(match[2])
    return "\n".join(stripped) + ("\n" if text.endswith("\n") else "")


def _without_numbers(document: Document, search: str, replace: str) -> list[Place]:
    plain = without_line_numbers(search)
    if plain is None:
        return []
    other = without_line_numbers(replace)
    note = "The line numbers of the viewer in the search text were ignored."
    return [
        Place(start, end, replace if other is None else other, note)
        for start, end in occurrences(document.text, plain)
    ]


def _without_blank_ends(document: Document, search: str, replace: str) -> list[Place]:
    plain = search.strip("\r\n")
    if not plain.strip() or plain == search:
        return []
    note = "Blank lines around the search text, which the file has not, were ignored."
    return [
        Place(start, end, replace.strip("\r\n"), note) for start, end in occurrences(document.text, plain)
    ]


def _with_loose_ends(document: Document, search: str, replace: str) -> list[Place]:
    note = "Whitespace at the ends of lines differed and was ignored."
    return [
        _whole_lines(document, at, count, search, replace, note)
        for at, count, _ in _blocks(document, search, lambda line, wanted: "" if line == wanted else None)
    ]


def _reindented(document: Document, search: str, replace: str) -> list[Place]:
    places = []
    for at, count, shift in _blocks(document, search, _shift):
        moved = _shifted(replace, shift)
        if moved is not None:
            amount = shift.removeprefix("-")
            how = f"{'less' if shift.startswith('-') else 'more'} by {_named(amount)}"
            note = (
                f"The file indents these lines {how} than the search text; the replacement was moved alike."
            )
            places.append(_whole_lines(document, at, count, search, moved, note))
    return places


def _named(indent: str) -> str:
    if set(indent) == {"\t"}:
        return f"{len(indent)} tab{'s' if len(indent) > 1 else ''}"
    return f"{len(indent)} space{'s' if len(indent) > 1 else ''}"


def _shift(line: str, wanted: str) -> str | None:
    """Return what to put before `wanted` to get `line`; with a leading minus, what to take away."""
    if line.endswith(wanted) and not line[: len(line) - len(wanted)].strip(" \t"):
        return line[: len(line) - len(wanted)]
    if wanted.endswith(line) and not wanted[: len(wanted) - len(line)].strip(" \t"):
        return "-" + wanted[: len(wanted) - len(line)]
    return None


def _shifted(text: str, shift: str) -> str | None:
    lines = text.split("\n")
    if not shift.startswith("-"):
        return "\n".join(shift + line if line.strip() else line for line in lines)
    indent = shift[1:]
    if any(line.strip() and not line.startswith(indent) for line in lines):
        return None
    return "\n".join(line.removeprefix(indent) if line.strip() else line for line in lines)


def _blocks(
    document: Document, search: str, compare: Callable[[str, str], str | None]
) -> list[tuple[int, int, str]]:
    """Return (first line from 0, count, difference) of each run of lines that compares to `search`."""
    wanted = [line.rstrip() for line in search.replace("\r\n", "\n").strip("\n").split("\n")]
    if not any(wanted):
        return []
    lines = [line.rstrip() for line in document.lines]
    found = []
    for at in range(len(lines) - len(wanted) + 1):
        shift: str | None = None
        for line, want in zip(lines[at:], wanted, strict=False):
            if not line and not want:
                continue
            difference = compare(line, want) if line and want else None
            if difference is None or (shift is not None and difference != shift):
                shift = None
                break
            shift = difference
        if shift is not None:
            found.append((at, len(wanted), shift))
    return found


def _whole_lines(document: Document, at: int, count: int, search: str, replace: str, note: str) -> Place:
    starts = document.starts
    start, end = starts[at], starts[at + count]
    replace = replace.strip("\r\n")
    if replace or not search.endswith("\n"):
        # The last line's own ending stays, unless the lines go altogether.
        text = document.text[start:end]
        end -= len(text) - len(text.removesuffix("\n").removesuffix("\r"))
    return Place(start, end, replace, note)


def nearest(document: Document, search: str) -> str:
    """Return the lines that come nearest to `search` and how they differ, as told to a model."""
    wanted = search.replace("\r\n", "\n").strip("\n").split("\n")
    lines = document.lines
    at, score = _best(lines, wanted)
    if score < _NEAR:
        return "Nothing in the file resembles the search text. Look at the file with `open` or `search_file`."
    count = min(len(wanted), len(lines) - at)
    parts = [f"The search text does not stand there. The nearest lines are {at + 1} to {at + count}:"]
    if count == 1:
        parts = [f"The search text does not stand there. The nearest line is {at + 1}:"]
    parts += [
        f"{at + offset + 1}:{clipped(line, 200)}"
        for offset, line in enumerate(lines[at : at + min(count, 12)])
    ]
    if count > 12:
        parts.append(f"({count - 12} more)")
    differing = [
        (at + offset + 1, line, want)
        for offset, (line, want) in enumerate(zip(lines[at : at + count], wanted, strict=False))
        if line != want
    ]
    for number, line, want in differing[:4]:
        parts.append(f"Line {number} {_difference(line, want)}")
    if len(differing) > 4:
        parts.append(f"{len(differing) - 4} more lines differ.")
    parts.append("Copy the lines exactly as the file has them, or use `edit_lines` with their numbers.")
    return "\n".join(parts)


def _difference(line: str, wanted: str) -> str:
    if line.split() == wanted.split() or "".join(line.split()) == "".join(wanted.split()):
        return f"differs in whitespace only: the file has {_visible(line)}, you gave {_visible(wanted)}."
    return f"differs: you gave {clipped(wanted, 160)!r}."


def _visible(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    rest = line[len(indent) :]
    if not indent:
        return f"no indent and {clipped(rest, 100)!r}"
    tabs, spaces = indent.count("\t"), indent.count(" ")
    shown = " and ".join(
        f"{count} {noun}{'s' if count > 1 else ''}"
        for count, noun in ((tabs, "tab"), (spaces, "space"))
        if count
    )
    return f"{shown} and {clipped(rest, 100)!r}"


def _best(lines: list[str], wanted: list[str]) -> tuple[int, float]:
    """Return the line (from 0) at which a block like `wanted` begins best, and how alike it is, 0 to 1."""
    plain = [" ".join(line.split()) for line in lines]
    target = [" ".join(line.split()) for line in wanted]
    if not any(target) or not plain:
        return 0, 0.0
    anchors: dict[int, int] = {}
    for offset, want in enumerate(target):
        if not want:
            continue
        for at, line in enumerate(plain):
            if line == want and at - offset >= 0:
                anchors[at - offset] = anchors.get(at - offset, 0) + len(want)
    candidates = sorted(anchors, key=lambda at: (-anchors[at], at))[:_MAX_SCORED]
    if not candidates:
        # No line is the same: go by the longest one, comparing only lines of a like length.
        offset = max(range(len(target)), key=lambda index: len(target[index]))
        candidates = _alike(plain, target[offset], offset)
    joined = "\n".join(target)
    best, best_score = 0, 0.0
    for at in candidates[:20]:
        score = SequenceMatcher(
            None, "\n".join(plain[at : at + len(target)])[:4000], joined[:4000], autojunk=False
        ).ratio()
        if score > best_score:
            best, best_score = at, score
    return best, best_score


def _alike(plain: list[str], want: str, offset: int) -> list[int]:
    words = frozenset(_WORD.findall(want))
    fitting = [
        at
        for at, line in enumerate(plain)
        if at >= offset and line and len(want) / 2 <= len(line) <= len(want) * 2
    ]
    # Comparing letters is slow; of many lines only those that share the most words are worth it.
    nearest_by_words = nlargest(
        _MAX_SCORED, fitting, key=lambda at: len(words.intersection(_WORD.findall(plain[at])))
    )
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(want[:300])
    scored: list[tuple[float, int]] = []
    for at in nearest_by_words:
        matcher.set_seq1(plain[at][:300])
        if matcher.real_quick_ratio() > _NEAR and (ratio := matcher.quick_ratio()) > _NEAR:
            scored.append((-ratio, at - offset))
    return [at for _, at in sorted(scored)]
