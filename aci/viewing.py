"""The viewer: a window of numbered lines on one file, with a position for each file."""

import shlex
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.document import BinaryFile, Document
from aci.rendering import name, numbered, plural
from aci.workspace import Workspace, relative
from envs.sandbox import FileProblem


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
    """A command can't do what it was asked to; the message is the observation."""


async def read_text(workspace: Workspace, path: str) -> File:
    """Read a text file of the repository.

    Raises:
        Refused: It is no readable text file; the message says what to do.
    """
    if not path.strip():
        raise Refused(
            "The path is empty. Give a path relative to the repository, or look for one with `find_file`."
        )
    try:
        content = await workspace.read(path)
    except FileProblem as problem:
        raise Refused(_advice(path, problem)) from None
    path = relative(content.path)
    try:
        return File(path, Document.decode(content.data), content.data)
    except BinaryFile as kind:
        size = plural(len(content.data), "byte")
        raise Refused(f"{name(path)} is no text but a {kind} of {size}; look at it with `bash`.") from None


def _advice(path: str, problem: FileProblem) -> str:
    shown = name(relative(path))
    match problem.kind:
        case "missing":
            return f"There is no file {shown} in the repository. Look for it with `find_file`."
        case "directory":
            return f"{shown} is a folder. List it with `open`, or name a file in it."
        case "outside":
            return f"{shown} lies outside the repository; use `bash` to look there."
        case "too_large":
            return f"{shown} is too large to open. Look at a part of it with `bash`, e.g. `sed -n 1,100p`."
        case _:
            return str(problem)


def window(file: File, workspace: Workspace, top: int, size: int | None = None) -> str:
    """Return the lines of a file from `top` on, with what lies above and below."""
    lines = file.document.lines
    size = size or workspace.limits.window
    above, shown = top - 1, lines[top - 1 : top - 1 + size]
    below = len(lines) - above - len(shown)
    parts = [f"[File: {name(file.path)} ({plural(len(lines), 'line')})]"]
    if above:
        parts.append(f"({above} more above)")
    if shown:
        parts.append(numbered(shown, top, workspace.limits.line_length))
    if below:
        parts.append(f"({below} more below)")
    return "\n".join(parts)


def clamped_top(workspace: Workspace, total: int, top: int) -> int:
    """Return the nearest first line at which a window is still as full as the file allows."""
    return max(1, min(top, total - workspace.limits.window + 1))


def _show_line(workspace: Workspace, file: File, line: int) -> Observation:
    total = len(file.document.lines)
    note = ""
    if line > total > 0:
        note = f"Line {line} is past the end; the last line is {total}.\n"
    elif line < 1:
        note = f"There is no line {line}; lines count from 1.\n"
    if not total:
        note = "The file is empty. Put text into it with `insert` at line 0.\n"
    line = max(1, min(line, total))
    size = workspace.limits.window
    # A line in the first window is shown from the top of the file, any other a sixth below the upper edge.
    top = 1 if line <= size - size // 6 else clamped_top(workspace, total, line - size // 6)
    workspace.show(file.path, top)
    return Observation(text=note + window(file, workspace, top))


class Open(Command):
    """Show a file around a line, or list a folder."""

    name: ClassVar[str] = "open"

    path: str = Field(description="File or folder, relative to the repository.")
    line: int = Field(default=1, description="Line to show.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Show the window, or the listing."""
        try:
            return _show_line(workspace, await read_text(workspace, self.path), self.line)
        except Refused as refusal:
            try:
                await workspace.read(self.path)
            except FileProblem as problem:
                if problem.kind == "directory":
                    return await _listing(workspace, relative(self.path))
            return Observation(text=str(refusal), failed=True)


async def _listing(workspace: Workspace, folder: str) -> Observation:
    quoted = shlex.quote("./" + folder.lstrip("/"))
    every = f"command find {quoted}/ -mindepth 1 -maxdepth 1 ! -name .git"
    result = await workspace.probe(f"{every} -type d -print0; printf '/\\0'; {every} ! -type d -print0")
    folders, _, files = result.output.partition("/\0")
    shown = [entry.rstrip("/").rsplit("/", 1)[-1] + "/" for entry in sorted(folders.split("\0")) if entry]
    shown += [entry.rsplit("/", 1)[-1] for entry in sorted(files.split("\0")) if entry]
    lines = [f"[Folder: {name(folder)} ({plural(len(shown), 'entry')})]"]
    lines += [name(entry) for entry in shown[: workspace.limits.files]]
    if len(shown) > workspace.limits.files:
        lines.append(f"({len(shown) - workspace.limits.files} more; find a file by name with `find_file`)")
    return Observation(text="\n".join(lines))


class Goto(Command):
    """Show the open file around a line."""

    name: ClassVar[str] = "goto"

    line: int = Field(description="Line to show.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Move the window."""
        try:
            return _show_line(workspace, await _open_file(workspace), self.line)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)


class ScrollUp(Command):
    """Show the lines above in the open file."""

    name: ClassVar[str] = "scroll_up"

    async def execute(self, workspace: Workspace) -> Observation:
        """Move the window up."""
        return await _scroll(workspace, -1)


class ScrollDown(Command):
    """Show the lines below in the open file."""

    name: ClassVar[str] = "scroll_down"

    async def execute(self, workspace: Workspace) -> Observation:
        """Move the window down."""
        return await _scroll(workspace, 1)


async def _open_file(workspace: Workspace) -> File:
    if not workspace.open_path:
        raise Refused("No file is open. Use `open` with a path first.")
    return await read_text(workspace, workspace.open_path)


async def _scroll(workspace: Workspace, direction: int) -> Observation:
    try:
        file = await _open_file(workspace)
    except Refused as refusal:
        return Observation(text=str(refusal), failed=True)
    limits, total = workspace.limits, len(file.document.lines)
    # The file may have become shorter since it was shown.
    here = clamped_top(workspace, total, workspace.tops.get(file.path, 1))
    top = clamped_top(workspace, total, here + direction * max(1, limits.window - limits.overlap))
    if top == here:
        edge = "begins at line 1" if direction < 0 else f"ends at line {total}"
        text = f"{name(file.path)} {edge}, which is shown already. Use `search_file` to find a place in it."
        return Observation(text=text, failed=True)
    workspace.show(file.path, top)
    return Observation(text=window(file, workspace, top))
