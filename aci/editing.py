"""Editing: each change is checked before it is written, shown after it, and can be undone to any depth."""

from typing import ClassVar

from pydantic import Field

from aci.changing import SHOWN_ERRORS, apply, excerpt_of, explain_refusal, follow, without_numbers
from aci.command import Command, Observation
from aci.document import Document
from aci.matching import Missed, locate
from aci.rendering import listed, name, plural
from aci.rewriting import Rewrite, named_whole
from aci.viewing import File, Refused, read_text
from aci.workspace import Change, Workspace, relative
from envs.sandbox import FileProblem


class Edit(Command):
    """Replace a text that stands exactly once in a file."""

    name: ClassVar[str] = "edit"
    block: ClassVar[str] = "replace"

    path: str = Field(description="File to change.")
    search: str = Field(description="Text to replace, copied exactly, with enough lines to be unique.")
    replace: str = Field(description="Text to put there; empty to delete.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Find the place and change it."""
        if self.search.replace("\r\n", "\n") == self.replace.replace("\r\n", "\n"):
            return Observation(
                text="Search and replace are the same text, so nothing was changed.", failed=True
            )
        try:
            file = await read_text(workspace, self.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        if not self.search:
            text = "The search text is empty. Give the text to replace, or use `insert` to add lines."
            return Observation(text=text, failed=True)
        if symbol := named_whole(file, self.search, self.replace):
            # A model that sends a whole function but searches for its name alone means all of it.
            whole = Rewrite(path=self.path, symbol=symbol.name, content=self.replace)
            return await whole.execute(workspace)
        place = locate(file.document, self.search, self.replace)
        if isinstance(place, Missed):
            text = f"Edit refused, {name(file.path)} is unchanged. {place.explanation}"
            return Observation(text=text, failed=True)
        new = file.document.spliced(place.start, place.end, place.replace)
        line = file.document.line_at(place.start)
        return await apply(workspace, file, new, f"edit at line {line}", place.note)


class EditLines(Command):
    """Replace whole lines by number."""

    name: ClassVar[str] = "edit_lines"
    block: ClassVar[str] = "content"

    path: str = Field(description="File to change.")
    first: int = Field(description="First line to replace.")
    last: int = Field(description="Last line to replace.")
    content: str = Field(description="New lines; empty to delete.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Replace the lines."""
        try:
            file = await read_text(workspace, self.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        total = len(file.document.lines)
        if not 1 <= self.first <= self.last <= total:
            has = f"{name(file.path)}, which has {plural(total, 'line')}"
            text = f"There are no lines {self.first} to {self.last} in {has}. "
            text += (
                "Use `insert` to add lines." if self.first > total else "Give the first line, then the last."
            )
            return Observation(text=text, failed=True)
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


class Insert(Command):
    """Insert lines after a line."""

    name: ClassVar[str] = "insert"
    block: ClassVar[str] = "content"

    path: str = Field(description="File to change.")
    line: int = Field(description="Insert after this line; 0 is the top.")
    content: str = Field(description="Lines to insert.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Insert the lines."""
        try:
            file = await read_text(workspace, self.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        total = len(file.document.lines)
        if not 0 <= self.line <= total:
            text = f"There is no line {self.line} in {name(file.path)}; lines go from 0 (the top) to {total}."
            return Observation(text=text, failed=True)
        if not self.content:
            return Observation(text="The content is empty, so nothing was inserted.", failed=True)
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
        from aci.linting import judge  # noqa: PLC0415 - needs a process, which most commands don't

        path = relative(self.path.strip())
        if not path or path == "." or path.endswith("/"):
            return Observation(
                text=f"{name(self.path)} is no path for a file. Give one like `src/new.py`.", failed=True
            )
        text = self.content if not self.content or self.content.endswith("\n") else self.content + "\n"
        new = Document(text)
        data = text.encode("utf-8", "replace")
        empty = File(path, Document(""), b"")
        verdict = await judge(workspace, path, "", text)
        if verdict.errors:
            refusal = explain_refusal(workspace, empty, new, verdict.errors)
            return Observation(
                text=refusal.replace(" is unchanged: it", " was not created: it", 1), failed=True
            )
        try:
            written = relative(await workspace.sandbox.write(path, data, create=True))
        except FileProblem as problem:
            text = str(problem)
            if problem.kind == "exists":
                text = f"{name(path)} exists already. Use `edit` to change it, or `open` to see it."
            elif problem.kind == "outside":
                text = f"{name(path)} lies outside the repository; files are created only inside it."
            return Observation(text=text, failed=True)
        workspace.changes.append(Change(written, None, data, "created"))
        workspace.show(written, 1)
        parts = [f"Created {name(written)} ({plural(len(new.lines), 'line')})."]
        parts += [f"Check line {flaw.line}: {flaw.message}." for flaw in verdict.warnings[:SHOWN_ERRORS]]
        return Observation(text="\n".join(parts), changed=(written,))


class Undo(Command):
    """Take back the last change made by an editing command."""

    name: ClassVar[str] = "undo"

    async def execute(self, workspace: Workspace) -> Observation:
        """Put the bytes back that were there before."""
        if not workspace.changes:
            return Observation(text="There is no change to undo.", failed=True)
        change = workspace.changes[-1]
        shown = name(change.path)
        try:
            current = await workspace.read(change.path)
            if current.data != change.after:
                since = f"was changed by something else since ({change.what})"
                text = f"Not undone: {shown} {since}. Look at `diff` and edit it."
                return Observation(text=text, failed=True)
            if change.before is None:
                await workspace.sandbox.remove(change.path)
            else:
                await workspace.sandbox.write(change.path, change.before)
        except FileProblem as problem:
            why = "it was deleted since" if problem.kind == "missing" else str(problem)
            return Observation(
                text=f"Not undone ({change.what} in {shown}): {why}.".replace("..", "."), failed=True
            )
        workspace.changes.pop()
        left = workspace.changes
        earlier = [f"{other.path} ({other.what})" for other in left[::-1]]
        more = f" {plural(len(left), 'earlier change')} left: {listed(earlier, 3)}." if left else ""
        if change.before is None:
            if workspace.open_path == change.path:
                workspace.open_path = ""
            return Observation(text=f"Undone: {shown} is removed again.{more}", changed=(change.path,))
        document = Document.decode(change.before)
        follow(workspace, File(change.path, document, change.before), change.line)
        excerpt = excerpt_of(workspace, document, change.line, change.line, 6 * workspace.limits.context)
        return Observation(text=f"Undone in {shown}: {change.what}.{more}\n{excerpt}", changed=(change.path,))
