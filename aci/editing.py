"""Editing: each change is checked before it is written, shown after it, and can be undone to any depth."""

import textwrap
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.docstrings import with_old_docstring
from aci.document import Document, Unencodable
from aci.grammars import Flaw
from aci.matching import Missed, locate, without_line_numbers
from aci.rendering import listed, name, numbered, plural
from aci.symbols import Symbol, find, symbols
from aci.viewing import File, Refused, clamped_top, read_text
from aci.workspace import Change, Workspace, relative
from envs.sandbox import FileProblem

_REFUSAL_LINES = 13
_SHOWN_ERRORS = 5


class _Region(NamedTuple):
    """The lines that a change touched, from 1, before and after it; `last` may lie before `first`."""

    first: int
    old_last: int
    new_last: int


def _region(old: Document, new: Document) -> _Region:
    before, after = old.lines, new.lines
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return _Region(head + 1, len(before) - tail, len(after) - tail)


async def _apply(
    workspace: Workspace, file: File, new: Document, what: str, note: str = "", symbol: str = ""
) -> Observation:
    """Check a change, write it, and show it; or say why not."""
    from aci.linting import judge  # noqa: PLC0415 - needs a process, which most commands don't

    if new.text == file.document.text:
        return Observation(text=f"The edit would change nothing in {name(file.path)}.", failed=True)
    try:
        data = new.encode()
    except Unencodable as problem:
        return Observation(text=f"Edit refused, {name(file.path)} is unchanged. {problem}", failed=True)
    region = _region(file.document, new)
    verdict = await judge(workspace, file.path, file.document.text, new.text)
    if verdict.errors:
        return Observation(text=_refusal(workspace, file, new, verdict.errors, note), failed=True)
    try:
        await workspace.sandbox.write(file.path, data)
    except FileProblem as problem:
        return Observation(text=f"Edit failed, {name(file.path)} is unchanged. {problem}", failed=True)
    workspace.changes.append(Change(file.path, file.data, data, what, region.first, symbol))
    edited = File(file.path, new, data)
    _follow(workspace, edited, region.first)
    parts = [f"Edited {name(file.path)} ({what}; {plural(len(new.lines), 'line')} now)."]
    if note:
        parts.append(note)
    parts += [f"Check line {flaw.line}: {flaw.message}." for flaw in verdict.warnings[:_SHOWN_ERRORS]]
    parts.append(_excerpt(workspace, new, region.first, region.new_last, 12 * workspace.limits.context))
    return Observation(text="\n".join(parts), changed=(file.path,))


def _follow(workspace: Workspace, file: File, line: int) -> None:
    """Let the viewer stand where the change is."""
    size = workspace.limits.window
    workspace.show(file.path, clamped_top(workspace, len(file.document.lines), line - size // 6))


def _excerpt(workspace: Workspace, document: Document, first: int, last: int, limit: int) -> str:
    """Return the lines from `first` to `last` and some around them, the middle left out beyond `limit`."""
    context, length = workspace.limits.context, workspace.limits.line_length
    lines = document.lines
    start, end = max(1, first - context), min(len(lines), max(last, first - 1) + context)
    if not lines:
        return "(the file is empty)"
    if end - start + 1 <= limit:
        return numbered(lines[start - 1 : end], start, length)
    half = limit // 2
    return "\n".join(
        [
            numbered(lines[start - 1 : start - 1 + half], start, length),
            f"({end - start + 1 - 2 * half} lines not shown)",
            numbered(lines[end - half : end], end - half + 1, length),
        ]
    )


def _refusal(workspace: Workspace, file: File, new: Document, errors: list[Flaw], note: str = "") -> str:
    region = _region(file.document, new)
    parts = [f"Edit refused, {name(file.path)} is unchanged: it would add {plural(len(errors), 'error')}."]
    parts += [f"line {flaw.line}: {flaw.message}" for flaw in errors[:_SHOWN_ERRORS]]
    if len(errors) > _SHOWN_ERRORS:
        parts.append(f"({len(errors) - _SHOWN_ERRORS} more)")
    if note:
        parts.append(note)
    # What the edit put there matters most, unless the error shows far from it.
    lines = new.lines
    centre = errors[0].line if lines else 0
    inside = region.first - 5 <= centre <= region.new_last + 5
    if inside:
        middle = max(region.first, min(centre, region.new_last))
        parts += ["As it would look:", _around(workspace, new, region, middle)]
    else:
        parts += [f"As it would look at line {centre}:", _around(workspace, new, region, centre)]
    if file.document.lines:
        last = min(region.old_last, region.first + 2)
        parts += [
            "As it is:",
            _around(workspace, file.document, region, (region.first + max(last, region.first)) // 2),
        ]
    parts.append("Correct the error and send the whole edit again.")
    return "\n".join(parts)


def _around(workspace: Workspace, document: Document, region: _Region, line: int) -> str:
    half = _REFUSAL_LINES // 2
    total = len(document.lines)
    first = max(1, min(line - half, total - _REFUSAL_LINES + 1))
    shown = document.lines[first - 1 : first - 1 + _REFUSAL_LINES]
    return numbered(shown, first, workspace.limits.line_length)


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
        if symbol := _named_whole(file, self.search, self.replace):
            # A model that sends a whole function but searches for its name alone means all of it.
            whole = Rewrite(path=self.path, symbol=symbol.name, content=self.replace)
            return await whole.execute(workspace)
        place = locate(file.document, self.search, self.replace)
        if isinstance(place, Missed):
            text = f"Edit refused, {name(file.path)} is unchanged. {place.explanation}"
            return Observation(text=text, failed=True)
        new = file.document.spliced(place.start, place.end, place.replace)
        line = file.document.line_at(place.start)
        return await _apply(workspace, file, new, f"edit at line {line}", place.note)


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
        content, note = _unnumbered(self.content)
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
        return await _apply(workspace, file, new, what, note)


def _unnumbered(content: str) -> tuple[str, str]:
    """Return new lines without the viewer's numbers, if they were copied with them."""
    plain = without_line_numbers(content) if content.strip() else None
    # A single numbered line may well be data (`80:443`); several in a row are not.
    if plain is None or content.removesuffix("\n").count("\n") < 1:
        return content, ""
    return plain, "The line numbers in the new text were left out."


class Rewrite(Command):
    """Replace a whole function, method or class by new text."""

    name: ClassVar[str] = "rewrite"
    block: ClassVar[str] = "content"

    path: str = Field(description="File to change.")
    symbol: str = Field(description="Name of the function or class, such as parse or Report.render.")
    content: str = Field(description="Its whole new text, from def or class to its last line.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Find the definition and change it, indented as it was."""
        try:
            file = await read_text(workspace, self.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        found = find(file.path, file.document.text, self.symbol)
        note = ""
        if not found and (elsewhere := await _seen_elsewhere(workspace, file.path, self.symbol)):
            note = f"{name(self.symbol)} is defined in {name(elsewhere.path)}, not in {name(file.path)}."
            file, found = elsewhere, find(elsewhere.path, elsewhere.document.text, self.symbol)
        if len(found) != 1:
            return Observation(text=_which_symbol(file, self.symbol, found), failed=True)
        symbol = found[0]
        content, unnumbered = _unnumbered(self.content)
        note = " ".join(part for part in (note, unnumbered) if part)
        content = _definition_in(content, symbol)
        # Decorators stay unless the new text brings its own.
        first = symbol.top if content.lstrip().startswith(("@", "#[")) else symbol.first
        starts = file.document.starts
        start, end = starts[first - 1], starts[symbol.last]
        old = file.document.text[start:end]
        indent = old[: len(old) - len(old.lstrip())]
        content = _exported(content, file.document.lines[symbol.first - 1], symbol)
        if file.path.endswith(".py"):
            content = with_old_docstring(old.replace("\r\n", "\n"), content.replace("\r\n", "\n"))
        new_text = _indented(content, indent)
        if not _defines(file.path, new_text, symbol):
            what = f"the whole text of {name(symbol.name)}, from its first line on"
            return Observation(text=f"Edit refused: the new text must be {what}.", failed=True)
        end -= len(old) - len(old.removesuffix("\n").removesuffix("\r"))
        new = file.document.spliced(start, end, new_text)
        return await _apply(workspace, file, new, f"{symbol.name} rewritten", note, symbol.name)


async def _seen_elsewhere(workspace: Workspace, path: str, symbol: str) -> File | None:
    """Return the one other file that the model has seen and that defines a symbol."""
    found = []
    for other in sorted(set(workspace.tops) - {path}):
        try:
            file = await read_text(workspace, other)
        except Refused:
            continue
        if len(find(other, file.document.text, symbol)) == 1:
            found.append(file)
    return found[0] if len(found) == 1 else None


def _defines(path: str, text: str, symbol: Symbol) -> bool:
    """Say whether a new text defines the symbol, as far as can be told of a part of a file."""
    last = symbol.name.rpartition(".")[2]
    plain = textwrap.dedent(text)
    if any(found.name.rpartition(".")[2] == last for found in symbols(path, plain)):
        return True
    # Outside its class a method is no definition in every language.
    return not path.endswith(".py") and last in plain


def _definition_in(content: str, symbol: Symbol) -> str:
    """Return the part of a new text that defines the symbol, without imports and examples around it."""
    text = textwrap.dedent(content.replace("\r\n", "\n").strip("\n"))
    lines = text.split("\n")
    last = symbol.name.rpartition(".")[2]
    defined = [s for s in symbols("new.py", text) if s.name.rpartition(".")[2] == last]
    if len(defined) != 1:
        return content
    around = lines[: defined[0].first - 1] + lines[defined[0].last :]
    # Whatever else defines something is meant to be there.
    if any(line.strip() and not line.startswith(("import ", "from ", "#", "print(", "@")) for line in around):
        return content
    first = defined[0].first - 1
    while first and lines[first - 1].startswith("@"):
        first -= 1
    return "\n".join(lines[first : defined[0].last])


def _exported(content: str, line: str, symbol: Symbol) -> str:
    """Return a definition with what stands before the old one in its line, such as `export default`."""
    before = line.encode("utf-8", "replace")[: symbol.column].decode("utf-8", "replace").strip()
    text = content.lstrip()
    return content if not before or text.startswith(before) else f"{before} {text}"


def _named_whole(file: File, search: str, replace: str) -> Symbol | None:
    """Return the definition that a search names by name or first line while its replacement is all of it."""
    defined = [s for s in symbols(file.path, textwrap.dedent(replace.strip("\n"))) if "." not in s.name]
    if len(defined) != 1 or defined[0].first == defined[0].last:
        return None
    found = find(file.path, file.document.text, defined[0].name)
    if len(found) != 1:
        return None
    header = file.document.lines[found[0].first - 1].strip()
    named = search.strip().removesuffix("()")
    return found[0] if named in {defined[0].name, header, header.removesuffix(":")} else None


def _indented(content: str, indent: str) -> str:
    """Return a definition's text at another depth; it may come with or without its old indentation."""
    lines = textwrap.dedent(content.replace("\r\n", "\n").strip("\n")).split("\n")
    return "\n".join(indent + line if line.strip() else line for line in lines).rstrip()


def _which_symbol(file: File, wanted: str, found: list[Symbol]) -> str:
    if found:
        places = listed([f"{symbol.name} at line {symbol.first}" for symbol in found], 8)
        return f"{name(wanted)} may be each of these: {places}. Use `edit_lines` for the one you mean."
    known = [symbol.name for symbol in symbols(file.path, file.document.text)]
    if not known:
        return f"No functions can be told in {name(file.path)}; use `edit` or `edit_lines`."
    return f"{name(file.path)} defines no {name(wanted)}; it defines {listed(known, 20)}."


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
        content, note = _unnumbered(self.content)
        at = file.document.starts[self.line]
        text = file.document.text
        ending = file.document.ending_at(max(0, at - 1))
        lines = content.replace("\r\n", "\n").removesuffix("\n").replace("\n", ending)
        # After a last line without an ending the new last line has none either.
        added = ending + lines if at and text[at - 1] != "\n" else lines + ending
        new = file.document._replace(text=text[:at] + added + text[at:])
        return await _apply(
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
            refusal = _refusal(workspace, empty, new, verdict.errors)
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
        parts += [f"Check line {flaw.line}: {flaw.message}." for flaw in verdict.warnings[:_SHOWN_ERRORS]]
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
        _follow(workspace, File(change.path, document, change.before), change.line)
        excerpt = _excerpt(workspace, document, change.line, change.line, 6 * workspace.limits.context)
        return Observation(text=f"Undone in {shown}: {change.what}.{more}\n{excerpt}", changed=(change.path,))
