"""Files that tools leave behind while tests run, and that belong into no patch."""

import re

_FOLDERS = frozenset(
    (
        b"__pycache__",
        b".pytest_cache",
        b".hypothesis",
        b".mypy_cache",
        b".ruff_cache",
        b".tox",
        b".nox",
        b".eggs",
    )
)
_NAMES = re.compile(rb".*\.py[co]|\.coverage(\..*)?|.*\.egg-info", re.DOTALL)


def is_junk(path: bytes) -> bool:
    """Whether an untracked file, named by its path from the top, was left behind by a tool."""
    parts = path.rstrip(b"/").split(b"/")
    return any(part in _FOLDERS or _NAMES.fullmatch(part) for part in parts)
