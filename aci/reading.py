"""Reading: from a path as a model writes it to the text of a file, or to a sentence that says why not."""

import re
from typing import NamedTuple

from aci.document import BinaryFile, Document
from aci.rendering import listed, name, plural
from aci.workspace import Workspace, is_output, relative
from envs.sandbox import FileProblem

# What models write after a path out of habit: `a.py:12`, `a.py:12-30`, `a.py#L12`, `a.py::Report.render`.
_PLACE = re.compile(r"(.+?)(?::{1,2}|#L?)(?:(\d+)(?:[-:,]L?\d+)?|([^\W\d][\w.:]*(?:\(\))?))")
_NEAR = 4


class File(NamedTuple):
    """A text file that was read.

    Attributes:
        path: Where it is, relative to the repository, symbolic links resolved.
        document: Its text.
        data: Its bytes.
    """

    path: str
    document: Document
    data: bytes


class Refused(Exception):
    """A command can't do what it was asked to; the message is the observation.

    Attributes:
        kind: Which kind of problem a file has, as in `envs.sandbox.FileProblem`; "binary"; or "".
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class Place(NamedTuple):
    """What a path names besides a file.

    Attributes:
        path: The path alone.
        line: The line named after it, or None.
        symbol: The definition named after it, or "".
    """

    path: str
    line: int | None = None
    symbol: str = ""


def place_in(path: str) -> Place:
    """Return the parts of a path such as `a.py:12`; it may still be the whole name of a file."""
    match = _PLACE.fullmatch(path.strip())
    if match is None:
        return Place(path)
    return Place(match[1], int(match[2][:9]) if match[2] else None, match[3] or "")


async def read_text(workspace: Workspace, path: str, *, outputs: bool = False) -> File:
    """Read a text file of the repository.

    Args:
        workspace: Where it is.
        path: Its path, as a model wrote it.
        outputs: The kept output of a command will do as well, for it won't be changed.

    Raises:
        Refused: It is no readable text file; the message says what to do.
    """
    if not path.strip():
        raise Refused(
            "The path is empty. Give a path relative to the repository, or look for one with `find_file`."
        )
    if is_output(path) and not outputs:
        raise Refused(f"{name(path)} is the output of a command: `open` shows it, nothing changes it.")
    try:
        content = await workspace.read(path)
    except FileProblem as problem:
        raise Refused(_advice(workspace, path, problem), problem.kind) from None
    path = relative(content.path)
    try:
        return File(path, Document.decode(content.data), content.data)
    except BinaryFile as kind:
        size = plural(len(content.data), "byte")
        said = f"{name(path)} is no text but a {kind} of {size}; look at it with `bash`."
        raise Refused(said, "binary") from None


def _advice(workspace: Workspace, path: str, problem: FileProblem) -> str:
    shown = name(relative(path))
    match problem.kind:
        case "missing":
            base = path.rstrip("/").rpartition("/")[2]
            near = [known for known in workspace.files if known.rpartition("/")[2] == base]
            if near:
                return f"There is no file {shown} in the repository, but {listed(near, _NEAR)}."
            return f"There is no file {shown} in the repository. Look for it with `find_file`."
        case "directory":
            return f"{shown} is a folder. List it with `open`, or name a file in it."
        case "outside":
            return f"{shown} lies outside the repository; use `bash` to look there."
        case "too_large":
            return f"{shown} is too large for that. `open` and `search_file` show parts of it."
        case _:
            return str(problem)
