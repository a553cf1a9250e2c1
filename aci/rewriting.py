"""Rewriting a whole function, method or class by its name."""

import textwrap
from typing import ClassVar

from pydantic import Field

from aci.changing import FileEdit, apply, without_numbers
from aci.command import Observation
from aci.docstrings import with_old_docstring
from aci.rendering import listed, name
from aci.symbols import Symbol, find, symbols
from aci.viewing import File, Refused, read_text
from aci.workspace import Workspace


class Rewrite(FileEdit):
    """Replace a whole function, method or class by new text."""

    name: ClassVar[str] = "rewrite"
    block: ClassVar[str] = "content"

    symbol: str = Field(description="Name of the function or class, such as parse or Report.render.")
    content: str = Field(description="Its whole new text, from def or class to its last line.")

    async def change(self, workspace: Workspace, file: File) -> Observation:
        """Find the definition and change it, indented as it was."""
        found = find(file.path, file.document.text, self.symbol)
        note = ""
        if not found and (elsewhere := await _seen_elsewhere(workspace, file.path, self.symbol)):
            note = f"{name(self.symbol)} is defined in {name(elsewhere.path)}, not in {name(file.path)}."
            file, found = elsewhere, find(elsewhere.path, elsewhere.document.text, self.symbol)
        if len(found) != 1:
            raise Refused(_which_symbol(file, self.symbol, found))
        symbol = found[0]
        content, unnumbered = without_numbers(self.content)
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
            raise Refused(f"Edit refused: the new text must be {what}.")
        end -= len(old) - len(old.removesuffix("\n").removesuffix("\r"))
        new = file.document.spliced(start, end, new_text)
        return await apply(workspace, file, new, f"{symbol.name} rewritten", note, symbol.name)


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


def named_whole(file: File, search: str, replace: str) -> Symbol | None:
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
