"""Editing one place of a file: by its text, by line numbers, and new files."""

from typing import ClassVar

from pydantic import Field

from aci.changing import FileEdit, apply, place_of, without_numbers, write_all
from aci.command import Command, Observation
from aci.document import Document
from aci.excerpts import Planned
from aci.matching import Missed
from aci.rendering import name, plural
from aci.rewriting import Rewrite, named_whole
from aci.viewing import File, Refused
from aci.workspace import Workspace, relative


class Edit(FileEdit):
    """Replace a text that stands exactly once in a file."""

    name: ClassVar[str] = "edit"
    block: ClassVar[str] = "replace"

    search: str = Field(description="Text to replace, copied exactly, with enough lines to be unique.")
    replace: str = Field(description="Text to put there; empty to delete.")

    async def change(self, workspace: Workspace, file: File) -> Observation:
        """Find the place and change it."""
        if self.search.replace("\r\n", "\n") == self.replace.replace("\r\n", "\n"):
            raise Refused("Search and replace are the same text, so nothing was changed.")
        if not self.search:
            raise Refused("The search text is empty. Give the text to replace, or use `insert` to add lines.")
        if symbol := named_whole(file, self.search, self.replace):
            # A model that sends a whole function but searches for its name alone means all of it.
            whole = Rewrite(path=self.path, symbol=symbol.name, content=self.replace)
            return await whole.execute(workspace)
        place = await place_of(file.document, self.search, self.replace)
        if isinstance(place, Missed):
            raise Refused(f"Edit refused, {name(file.path)} is unchanged. {place.explanation}")
        new = file.document.spliced(place.start, place.end, place.replace)
        line = file.document.line_at(place.start)
        return await apply(workspace, file, new, f"edit at line {line}", place.note)


class EditLines(FileEdit):
    """Replace whole lines by number."""

    name: ClassVar[str] = "edit_lines"
    block: ClassVar[str] = "content"

    first: int = Field(description="First line to replace.")
    last: int = Field(description="Last line to replace.")
    content: str = Field(description="New lines; empty to delete.")

    async def change(self, workspace: Workspace, file: File) -> Observation:
        """Replace the lines."""
        total = len(file.document.lines)
        if not 1 <= self.first <= self.last <= total:
            has = f"{name(file.path)}, which has {plural(total, 'line')}"
            way = (
                "Use `insert` to add lines." if self.first > total else "Give the first line, then the last."
            )
            raise Refused(f"There are no lines {self.first} to {self.last} in {has}. {way}")
        content, note = without_numbers(self.content)
        starts = file.document.starts
        start, end = starts[self.first - 1], starts[self.last]
        new_text = content
        if content:
            # The ending of the last replaced line stays as it is, and so does a missing one.
            old = file.document.text[start:end]
            end -= len(old) - len(old.removesuffix("\n").removesuffix("\r"))
            new_text = content.removesuffix("\n").removesuffix("\r")
        new = file.document.spliced(start, end, new_text)
        what = (
            f"lines {self.first} to {self.last} replaced"
            if content
            else f"lines {self.first} to {self.last} deleted"
        )
        return await apply(workspace, file, new, what, note)


class Insert(FileEdit):
    """Insert lines after a line."""

    name: ClassVar[str] = "insert"
    block: ClassVar[str] = "content"

    line: int = Field(description="Insert after this line; 0 is the top.")
    content: str = Field(description="Lines to insert.")

    async def change(self, workspace: Workspace, file: File) -> Observation:
        """Insert the lines."""
        total = len(file.document.lines)
        if not 0 <= self.line <= total:
            where = f"in {name(file.path)}; lines go from 0 (the top) to {total}"
            raise Refused(f"There is no line {self.line} {where}.")
        if not self.content:
            raise Refused("The content is empty, so nothing was inserted.")
        content, note = without_numbers(self.content)
        at = file.document.starts[self.line]
        text = file.document.text
        ending = file.document.ending_at(max(0, at - 1))
        lines = content.replace("\r\n", "\n").removesuffix("\n").replace("\n", ending)
        # After a last line without an ending the new last line has none either.
        added = ending + lines if at and text[at - 1] != "\n" else lines + ending
        new = file.document._replace(text=text[:at] + added + text[at:])
        return await apply(
            workspace, file, new, f"{plural(lines.count(chr(10)) + 1, 'line')} after line {self.line}", note
        )


class Create(Command):
    """Create a new file; missing folders are made."""

    name: ClassVar[str] = "create"
    block: ClassVar[str] = "content"

    path: str = Field(description="Path of the new file.")
    content: str = Field(description="Its text; a missing last newline is added.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Check the text and write it."""
        path = relative(self.path.strip())
        if not path or path == "." or path.endswith("/"):
            text = f"{name(self.path)} is no path for a file. Give one like `src/new.py`."
            return Observation(text=text, failed=True)
        text = self.content if not self.content or self.content.endswith("\n") else self.content + "\n"
        new = Document(text.encode("utf-8", "replace").decode())
        try:
            outcome = await write_all(
                workspace, [Planned(File(path, Document(""), b""), new, created=True)], "created"
            )
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        created = f"Created {name(outcome.paths[0])} ({plural(len(new.lines), 'line')})."
        return Observation(text="\n".join([created, *outcome.doubts]), changed=outcome.paths)
