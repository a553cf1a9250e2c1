"""Scratch files in a patch: scripts that reproduce a fault, backups, logs. They are told apart and left out.

Only new files count, and only by their names and places; whatever another part of the patch names by its file
name or imports is no scratch.
"""

import re
from collections.abc import Collection
from itertools import pairwise
from typing import NamedTuple

_ANYWHERE = re.compile(
    r".*\.(orig|rej|sw[op]|bak~?)|.*~|\.#.*|#.*#|\.DS_Store|Thumbs\.db|nohup\.out|core(\.\d+)?", re.DOTALL
)
_TOP_KINDS = re.compile(r".*\.(log|out|tmp|bak|diff|patch|prof|trace|stackdump)", re.DOTALL)
_TOP_NAMES = re.compile(
    r"((repro|debug|scratch|playground)W*|mre|poc|te?mp\d*([_-]W*)?|(try|check|verify|fix|apply|demo)[_-]W+|demo"
    r"|(bug|issue|patch)[_-]?W*|(simple|quick|manual|final)W*testW*)\.\w+".replace("W", r"[\w -]"),
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(tests?\d*(_\w*)?|\w+_tests?|\w+[.-](test|spec)s?)\.(?!(cfg|in|ini|lock|toml|ya?ml)$)\w+", re.IGNORECASE
)
_HEADER = "diff --git "
_SECTION = re.compile(rf"^{_HEADER}", re.MULTILINE)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Section(NamedTuple):
    """What a patch does to one file.

    Attributes:
        path: The file.
        new: The patch makes it.
        text: The part of the patch, from its `diff --git` line on.
    """

    path: str
    new: bool
    text: str

    @property
    def added(self) -> str:
        """The lines that it adds."""
        body = self.text.partition("\n@@")[2]
        return "\n".join(line[1:] for line in body.split("\n") if line.startswith("+"))


def sections(patch: str) -> list[Section]:
    """Return the parts of a patch in git's form, as `envs.patching` makes it."""
    starts = [match.start() for match in _SECTION.finditer(patch)]
    found = []
    for start, end in pairwise([*starts, len(patch)]):
        text = patch[start:end]
        head = text.partition("\n@@")[0]
        found.append(Section(_path(text), "\nnew file mode " in head, text))
    return found


def scratch_in(patch: str, tracked: Collection[str]) -> tuple[str, ...]:
    """Return the new files of a patch that look like left-over scratch.

    Args:
        patch: The patch.
        tracked: Paths of the repository; those that the patch makes don't count.
    """
    parts = sections(patch)
    new = {part.path for part in parts if part.new}
    old = set(tracked) - new
    candidates = {path for path in new if _looks_like_scratch(path, old)}
    kept = "\n".join(part.added for part in parts if part.path not in candidates)
    return tuple(sorted(path for path in candidates if not _is_named(path, kept)))


def without(patch: str, paths: Collection[str]) -> str:
    """Return a patch without its parts for some files."""
    return "".join(part.text for part in sections(patch) if part.path not in paths) if paths else patch


def _looks_like_scratch(path: str, tracked: Collection[str]) -> bool:
    folder, _, name = path.rpartition("/")
    beside = [other.rpartition("/")[2] for other in tracked if other.rpartition("/")[0] == folder]
    for pattern in (_ANYWHERE,) if folder else (_ANYWHERE, _TOP_KINDS):
        # Where the project keeps such files itself (snapshots, sample logs), one more is no scratch.
        if pattern.fullmatch(name):
            return not any(pattern.fullmatch(other) for other in beside)
    if folder:
        return False
    if _TOP_NAMES.fullmatch(name):
        return True
    return bool(_TEST.fullmatch(name)) and not any(_TEST.fullmatch(other) for other in beside)


def _is_named(path: str, text: str) -> bool:
    name = path.rpartition("/")[2]
    stem = re.escape(name.partition(".")[0])
    imported = rf"^.*\b(?:import|from|require|include|use|mod)\b.*\b{stem}\b"
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None or (
        re.search(imported, text, re.MULTILINE) is not None
    )


def _path(section: str) -> str:
    # Nothing is renamed in our patches, so that both halves of the header name the same file.
    both = section[len(_HEADER) : section.index("\n")] if "\n" in section else section[len(_HEADER) :]
    half = both[: (len(both) - 1) // 2]
    if not half.startswith('"'):
        return half[2:]
    data = half[1:-1].encode("utf-8", "surrogateescape")

    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes((int(code, 8) & 255,)) if len(code) == 3 else _LETTERS.get(code, code)

    return _ESCAPE.sub(plain, data).decode("utf-8", "surrogateescape")[2:]
