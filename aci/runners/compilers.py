"""What compilers say when a build fails, as one failing test."""

import re

from aci.runners.base import Failure, Frame, inside
from trajectories.events import BUILD

_MAX_FRAMES = 12
_PATTERNS = (
    # gcc, clang, go vet, tsc --pretty: path:line:column: error: text
    r"^(?:\./)?(?P<path>[^\s:()]+\.\w+):(?P<line>\d+):\d+:? "
    r"(?:- )?(?:fatal )?error(?: TS\d+)?: (?P<text>.+)$",
    # javac, kotlinc: path:line: error: text
    r"^(?P<path4>[^\s:()]+\.java):(?P<line4>\d+): error: (?P<text4>.+)$",
    r"^e: (?:file://)?(?P<path5>[^\s:()]+\.kts?):(?P<line5>\d+):\d+:? (?P<text5>.+)$",
    # maven: [ERROR] path:[line,column] text
    r"^\[ERROR\] (?P<path2>[^\s:()\[\]]+\.\w+):\[(?P<line2>\d+),\d+\] (?P<text2>.+)$",
    # tsc: path(line,column): error TS1: text
    r"^(?P<path3>[^\s:()]+\.[cm]?tsx?)\((?P<line3>\d+),\d+\): error TS\d+: (?P<text3>.+)$",
    # rustc: error[E1]: text, and the place on the next line
    r"^error(?:\[E\d+\])?: (?P<text6>.+)\n +--> (?P<path6>[^\s:]+):(?P<line6>\d+):\d+$",
)
_ERROR = re.compile("|".join(_PATTERNS), re.MULTILINE)


def build_failure(text: str, root: str) -> Failure | None:
    """Return the failure of a build by what its compiler printed; None when that names no place."""
    frames: dict[Frame, None] = {}
    for match in _ERROR.finditer(text):
        groups = {key.rstrip("23456"): value for key, value in match.groupdict().items() if value is not None}
        path = inside(groups["path"], root)
        if path is not None:
            frames.setdefault(Frame(path, int(groups["line"][:9]), "", groups["text"].strip()))
        if len(frames) >= _MAX_FRAMES:
            break
    if not frames:
        return None
    return Failure(BUILD, "The code does not compile.", tuple(frames))
