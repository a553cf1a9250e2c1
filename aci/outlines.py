"""What a file defines, with the lines of each definition."""

from collections import Counter
from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.reading import File, Refused, place_in, read_text
from aci.rendering import clipped, listed, name, plural
from aci.symbols import Symbol, plain, sections
from aci.workspace import Workspace

_LINE = 100
_INDENT = 2
_NEAR = 20


def outline(file: File, limit: int) -> str:
    """Return the definitions of a file, nested, at most `limit` of them; "" when none can be told.

    The inner ones are left out first.
    """
    found = sections(file.path, file.document.text)
    if not found:
        return ""
    by_depth = Counter(symbol.depth for symbol in found)
    depth, count = 0, by_depth[0]
    while count + by_depth[depth + 1] <= limit and depth < max(by_depth):
        depth += 1
        count += by_depth[depth]
    shown = [symbol for symbol in found if symbol.depth <= depth]
    lines = file.document.lines
    kinds = ", ".join(plural(number, kind) for kind, number in Counter(s.kind for s in found).items())
    parts = [f"[Outline: {kinds}]"]
    parts += [_entry(symbol, lines) for symbol in shown[:limit]]
    if hidden := len(found) - len(shown[:limit]):
        where = "further down" if len(shown) > limit else "inside these"
        parts.append(f"({hidden} more {where}; find one with `search_file`)")
    return "\n".join(parts)


def _entry(symbol: Symbol, lines: list[str]) -> str:
    span = f"{symbol.first}-{symbol.last}" if symbol.last > symbol.first else f"{symbol.first}"
    text = clipped(lines[symbol.first - 1].strip(), _LINE) if symbol.first <= len(lines) else symbol.name
    return f"{span}:{' ' * _INDENT * symbol.depth}{text}"


def unknown_symbol(file: File, wanted: str) -> str:
    """Say that a file does not define a name, and what it defines: names like it first."""
    import difflib  # noqa: PLC0415

    known = list(dict.fromkeys(symbol.name for symbol in sections(file.path, file.document.text)))
    if not known:
        return f"No functions can be told in {name(file.path)}; find {name(wanted)} with `search_file`."
    last = plain(wanted).rpartition(".")[2].lower()
    alike = set(
        difflib.get_close_matches(last, [entry.rpartition(".")[2].lower() for entry in known], 5, 0.6)
    )
    near = [entry for entry in known if entry.rpartition(".")[2].lower() in alike or last in entry.lower()]
    first = f" Did you mean {listed(near, 5)}?" if near and last else ""
    return (
        f"{name(file.path)} defines no {name(clipped(wanted, 80))}.{first} "
        f"It defines {listed(known, _NEAR)}. `find_symbol` looks in the other files."
    )


class Outline(Command):
    """List what a file defines, with lines."""

    name: ClassVar[str] = "outline"

    path: str = Field(default="", description="File, relative to the repository; the open one when empty.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the definitions."""
        path = self.path.strip() or workspace.open_path
        if not path:
            return Observation(text="No file is open. Give a path, or use `find_file`.", failed=True)
        try:
            try:
                file = await read_text(workspace, path)
            except Refused as refusal:
                place = place_in(path)
                if refusal.kind != "missing" or place.path == path:
                    raise
                file = await read_text(workspace, place.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        head = f"[File: {name(file.path)} ({plural(len(file.document.lines), 'line')})]"
        shown = outline(file, 2 * workspace.limits.outline)
        if not shown:
            text = f"{head}\nNothing it defines can be told; see its lines with `open`."
            return Observation(text=text, failed=True)
        text = f"{head}\n{shown}\nSee one with `open`, path {name(file.path)} and its name as symbol."
        return Observation(text=text)
