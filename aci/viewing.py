"""The viewer: a window of numbered lines on one file, with a position for each file."""

import re
from typing import Any, ClassVar

from pydantic import Field, model_validator

from aci.command import Command, Observation
from aci.folders import listing
from aci.outlines import outline, unknown_symbol
from aci.parts import read_part
from aci.reading import File, Refused, place_in, read_text
from aci.rendering import listed, name, numbered, plural
from aci.symbols import among, sections
from aci.workspace import Workspace, relative

__all__ = ["File", "Goto", "Open", "Refused", "ScrollDown", "ScrollUp", "clamped_top", "read_text", "window"]

_MANY_WINDOWS = 3
_NUMBER = re.compile(r"\s*(?:[Ll](?:ines?)?\s*)?(\d+)\s*(?:[-:,]\s*\d+\s*)?")


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


def _outside(line: int, total: int) -> str:
    if line > total > 0:
        return f"Line {line} is past the end; the last line is {total}.\n"
    return f"There is no line {line}; lines count from 1.\n" if line < 1 else ""


def _show_line(workspace: Workspace, file: File, line: int, note: str = "") -> Observation:
    total = len(file.document.lines)
    note += _outside(line, total)
    if not total:
        note = "The file is empty. Put text into it with `insert` at line 0.\n"
    line = max(1, min(line, total))
    size = workspace.limits.window
    # A line in the first window is shown from the top of the file, any other a sixth below the upper edge.
    top = 1 if line <= size - size // 6 else clamped_top(workspace, total, line - size // 6)
    workspace.show(file.path, top)
    return Observation(text=note + window(file, workspace, top))


def _show_symbol(workspace: Workspace, file: File, symbol: str) -> Observation:
    found = among(sections(file.path, file.document.text), symbol)
    if not found:
        return Observation(text=unknown_symbol(file, symbol), failed=True)
    note = ""
    if len(found) > 1:
        places = listed([f"{other.name} at line {other.first}" for other in found[1:]], 8)
        note = f"Shown is {found[0].name} at line {found[0].first}; there is also {places}.\n"
    first, size = found[0], workspace.limits.window
    if first.top > size - size // 6 and first.last - first.top < size:
        # A definition that fits is shown whole, with a few lines above it.
        above = min(size // 6, size - (first.last - first.top + 1))
        top = clamped_top(workspace, len(file.document.lines), first.top - above)
        workspace.show(file.path, top)
        return Observation(text=note + window(file, workspace, top))
    return _show_line(workspace, file, first.top, note)


def _show_start(workspace: Workspace, file: File) -> Observation:
    """Show a file where it was left; one that is new and long from its top, with an outline."""
    total = len(file.document.lines)
    if file.path in workspace.tops:
        top = clamped_top(workspace, total, workspace.tops[file.path])
        workspace.show(file.path, top)
        return Observation(text=window(file, workspace, top))
    seen = _show_line(workspace, file, 1)
    if total <= _MANY_WINDOWS * workspace.limits.window:
        return seen
    defined = outline(file, workspace.limits.outline)
    if not defined:
        return seen
    head, _, rest = seen.text.partition("\n")
    return Observation(text=f"{head}\n{defined}\n{rest}\nSee a part with `open` and its line or symbol.")


async def _show_part(workspace: Workspace, path: str, line: int, above: int) -> Observation:
    part = await read_part(workspace, path, line, above)
    workspace.show(part.path, part.top)
    return Observation(text=_outside(line, part.total) + part.shown())


class Open(Command):
    """Show a file around a line or symbol, or list a folder."""

    name: ClassVar[str] = "open"

    path: str = Field(description="File or folder, relative to the repository.")
    line: int | None = Field(default=None, description="Line to show.")
    symbol: str = Field(default="", description="Function or class to show, such as Report.render.")

    @model_validator(mode="before")
    @classmethod
    def _name_for_a_line(cls, given: Any) -> Any:
        """Take a name that was given for a line as a symbol, and `10-20` as line 10."""
        if not isinstance(given, dict) or not isinstance(line := given.get("line"), str):
            return given
        number = _NUMBER.fullmatch(line)
        if number is not None:
            return {**given, "line": number[1][:9]}
        if re.match(r"\s*-?\d", line) or given.get("symbol"):
            return given
        return {**given, "line": None, "symbol": line}

    async def execute(self, workspace: Workspace) -> Observation:
        """Show the window, or the listing."""
        try:
            return await self._show(workspace)
        except Refused as refusal:
            if refusal.kind == "directory":
                return await listing(workspace, self.path)
            place = place_in(self.path)
            if refusal.kind == "missing" and place.path != self.path:
                line = self.line if place.line is None else place.line
                meant = Open(path=place.path, line=line, symbol=self.symbol or place.symbol)
                return await meant.execute(workspace)
            return Observation(text=str(refusal), failed=True)

    async def _show(self, workspace: Workspace) -> Observation:
        try:
            file = await read_text(workspace, self.path, outputs=True)
        except Refused as refusal:
            if refusal.kind != "too_large":
                raise
            path = relative(self.path)
            if self.symbol.strip():
                said = f"{name(path)} is too large to tell its symbols; find {name(self.symbol)} with "
                raise Refused(f"{said}`search_file`.") from None
            last = workspace.tops.get(path, 1)
            return await _show_part(
                workspace,
                path,
                last if self.line is None else self.line,
                0 if self.line is None else workspace.limits.window // 6,
            )
        if self.symbol.strip():
            return _show_symbol(workspace, file, self.symbol)
        if self.line is None:
            return _show_start(workspace, file)
        return _show_line(workspace, file, self.line)


class Goto(Command):
    """Show the open file around a line."""

    name: ClassVar[str] = "goto"

    line: int = Field(description="Line to show.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Move the window."""
        if not workspace.open_path:
            return Observation(text="No file is open. Use `open` with a path first.", failed=True)
        return await Open(path=workspace.open_path, line=self.line).execute(workspace)


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


async def _scroll(workspace: Workspace, direction: int) -> Observation:
    if not workspace.open_path:
        return Observation(text="No file is open. Use `open` with a path first.", failed=True)
    stride = direction * max(1, workspace.limits.window - workspace.limits.overlap)
    try:
        file = await read_text(workspace, workspace.open_path, outputs=True)
    except Refused as refusal:
        if refusal.kind == "too_large":
            return await _scroll_part(workspace, stride)
        return Observation(text=str(refusal), failed=True)
    total = len(file.document.lines)
    # The file may have become shorter since it was shown.
    here = clamped_top(workspace, total, workspace.tops.get(file.path, 1))
    top = clamped_top(workspace, total, here + stride)
    if top == here:
        return _at_the_edge(file.path, total, stride)
    workspace.show(file.path, top)
    return Observation(text=window(file, workspace, top))


async def _scroll_part(workspace: Workspace, stride: int) -> Observation:
    path = workspace.open_path
    here = workspace.tops.get(path, 1)
    try:
        part = await read_part(workspace, path, max(1, here + stride), 0)
    except Refused as refusal:
        return Observation(text=str(refusal), failed=True)
    if part.top == here:
        return _at_the_edge(path, part.total, stride)
    workspace.show(path, part.top)
    return Observation(text=part.shown())


def _at_the_edge(path: str, total: int, stride: int) -> Observation:
    edge = "begins at line 1" if stride < 0 else f"ends at line {total}"
    text = f"{name(path)} {edge}, which is shown already. Use `search_file` to find a place in it."
    return Observation(text=text, failed=True)
