"""Several changes in one text, each a search and a replacement between marks.

    src/a.py
    <<<<<<< SEARCH
    old lines
    =======
    new lines
    >>>>>>> REPLACE

A hunk without a path belongs to the file of the one before. Texts that hold such marks themselves are written
between longer ones: as many `<` as `=` and `>`.
"""

import re
from typing import NamedTuple

from aci.rendering import clipped
from aci.viewing import Refused

FORM = (
    "Write each hunk as: a line with the path, a line `<<<<<<< SEARCH`, the old lines, a line `=======`, "
    "the new lines, a line `>>>>>>> REPLACE`."
)
_OPEN = re.compile(r"(<{5,}) ?[A-Za-z]*")
_PATH_LABEL = re.compile(r"(?:#+ |[-*] |\d+[.)] )?(?:(?:file|path): *)?", re.IGNORECASE)


class Hunk(NamedTuple):
    """One change of a file.

    Attributes:
        path: The file.
        search: The text to replace, without its last line end; "" for a new file.
        replace: The text to put there.
    """

    path: str
    search: str
    replace: str


def parse_hunks(text: str) -> list[Hunk]:
    """Return the hunks of a text.

    Raises:
        Refused: The marks don't fit or a path is missing.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    hunks: list[Hunk] = []
    path, above, at = "", "", 0
    while at < len(lines):
        line = lines[at].strip()
        opened = _OPEN.fullmatch(line)
        if opened is None:
            if line and not line.startswith(("```", "~~~")):
                above = line
            at += 1
            continue
        path = _path(above) or path
        above = ""
        if not path:
            raise Refused(f"Hunk {len(hunks) + 1} names no file. {FORM}")
        middle, end = _marks(lines, at, len(opened[1]), len(hunks) + 1)
        hunks.append(Hunk(path, "\n".join(lines[at + 1 : middle]), "\n".join(lines[middle + 1 : end])))
        at = end + 1
    if not hunks:
        raise Refused(f"There is no hunk in the changes. {FORM}")
    if above:
        raise Refused(
            f'The line "{clipped(above, 60)}" stands behind the last hunk and belongs to none. {FORM}'
        )
    return hunks


def render_hunks(hunks: list[Hunk]) -> str:
    """Return the text that `parse_hunks` reads back."""
    return "\n".join(_rendered(hunk) for hunk in hunks)


def _rendered(hunk: Hunk) -> str:
    runs = re.findall(r"^[<=>]{5,}", f"{hunk.search}\n{hunk.replace}", re.MULTILINE)
    count = max([7, *(len(run) + 1 for run in runs)])
    parts = [hunk.path, "<" * count + " SEARCH", *([hunk.search] if hunk.search else [])]
    parts += ["=" * count, *([hunk.replace] if hunk.replace else []), ">" * count + " REPLACE"]
    return "\n".join(parts)


def _path(line: str) -> str:
    label = _PATH_LABEL.match(line)
    plain = line[label.end() :] if label else line
    return plain.strip().removesuffix(":").strip("`*\"' ")


def _marks(lines: list[str], at: int, count: int, number: int) -> tuple[int, int]:
    """Return where a hunk's middle and end are."""
    close = re.compile(rf">{{{count}}} ?[A-Za-z]*")
    end = next((n for n in range(at + 1, len(lines)) if close.fullmatch(lines[n].strip())), None)
    inside = range(at + 1, len(lines) if end is None else end)
    middles = [n for n in inside if lines[n].strip() == "=" * count]
    reopened = any((found := _OPEN.fullmatch(lines[n].strip())) and len(found[1]) == count for n in inside)
    if end is None or not middles:
        raise Refused(f"Hunk {number} lacks its line `{('=' if end else '>') * count}`. {FORM}")
    if len(middles) > 1 or reopened:
        marks = f"`{'<' * (count + 2)} SEARCH`, `{'=' * (count + 2)}` and `{'>' * (count + 2)} REPLACE`"
        raise Refused(
            f"Hunk {number} holds a mark of its own inside. Write this hunk with longer ones: {marks}."
        )
    return middles[0], end
