"""Editing several places in one action, in one file or many: all of them are changed, or none."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.changing import place_of, write_all
from aci.command import Command, Observation
from aci.document import Document
from aci.excerpts import Planned, excerpt_of
from aci.hunks import Hunk, parse_hunks
from aci.matching import Missed, Place
from aci.rendering import listed, name, plural
from aci.viewing import File, Refused, read_text
from aci.workspace import Workspace, relative

_SHOWN_PLACES = 8
_SHOWN_LINES = 60
_CONTEXT = 2


class _Found(NamedTuple):
    """A hunk and where it goes."""

    number: int
    hunk: Hunk
    place: Place


class _Misfit(NamedTuple):
    """A hunk that can't be applied, and why."""

    number: int
    hunk: Hunk
    why: str


class EditMany(Command):
    """Change several places or none: hunks of path, <<<<<<< SEARCH, old, =======, new, >>>>>>> REPLACE.

    Each of these stands on lines of its own. A hunk without a path belongs to the file of the one before, a
    hunk without old lines makes a new file. The old lines are looked for in the files as they are before the
    action, and errors in what all hunks together make of them.
    """

    name: ClassVar[str] = "edit_many"
    block: ClassVar[str] = "changes"

    changes: str = Field(description="Hunks, one after the other, each part on lines of its own.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Find all places, then change all."""
        try:
            hunks = parse_hunks(self.changes)
            planned, places = await _plan(workspace, hunks)
            count = len(hunks)
            what = f"{plural(count, 'place')} at once"
            outcome = await write_all(workspace, planned, what)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        files = listed([name(path) for path in outcome.paths], 5)
        parts = [f"Edited {files} ({what})."]
        notes = dict.fromkeys(found.place.note for one in places for found in one if found.place.note)
        parts += [*notes, *outcome.doubts, *_excerpts(workspace, planned, places, count)]
        return Observation(text="\n".join(parts), changed=outcome.paths)


async def _plan(workspace: Workspace, hunks: Sequence[Hunk]) -> tuple[list[Planned], list[list[_Found]]]:
    """Return the files with their new texts, and the places of each in their order.

    Raises:
        Refused: A hunk does not fit.
    """
    files: dict[str, File] = {}
    created: dict[str, Planned] = {}
    found: dict[str, list[_Found]] = {}
    misfits: list[_Misfit] = []
    for number, hunk in enumerate(hunks, 1):
        try:
            if hunk.search or not await _is_new(workspace, hunk.path):
                file = await read_text(workspace, hunk.path)
                file = files.setdefault(file.path, file)
                found.setdefault(file.path, []).append(_Found(number, hunk, await _place(file, hunk)))
                continue
            new_file = _new_file(hunk, created)
            created[new_file.file.path] = new_file
        except Refused as refusal:
            misfits.append(_Misfit(number, hunk, str(refusal)))
    for places in found.values():
        places.sort(key=lambda one: one.place.start)
        for one, following in pairwise(places):
            if following.place.start < one.place.end:
                why = f"It overlaps hunk {one.number}; make one of the two."
                misfits.append(_Misfit(following.number, following.hunk, why))
    if misfits:
        raise Refused(_explain(sorted(misfits), len(hunks)))
    planned = [Planned(file, _spliced(file.document, found[path])) for path, file in files.items()]
    if all(one.new.text == one.file.document.text for one in planned) and not created:
        raise Refused("The edit would change nothing.")
    return [*planned, *created.values()], [*(found[path] for path in files), *([] for _ in created)]


def _new_file(hunk: Hunk, created: Collection[str]) -> Planned:
    path = relative(hunk.path)
    if path in created:
        raise Refused("An earlier hunk makes this file; put all of its text there.")
    text = f"{hunk.replace}\n" if hunk.replace else ""
    new = Document(text.encode("utf-8", "replace").decode())
    return Planned(File(path, Document(""), b""), new, created=True)


async def _is_new(workspace: Workspace, path: str) -> bool:
    try:
        await read_text(workspace, path)
    except Refused as refusal:
        return "There is no file" in str(refusal)
    return False


async def _place(file: File, hunk: Hunk) -> Place:
    if not hunk.search:
        raise Refused(f"It has no old lines, and {name(file.path)} exists; give the lines to replace.")
    if hunk.search == hunk.replace:
        raise Refused("Its old and new lines are the same.")
    place = await place_of(file.document, hunk.search, hunk.replace)
    if isinstance(place, Missed):
        raise Refused(place.explanation)
    if hunk.replace or place.note:
        return place
    # No new lines at all: the old ones go with their line end, if whole lines are meant.
    text = file.document.text
    whole = not place.start or text[place.start - 1] == "\n"
    after = next((end for end in ("\r\n", "\n") if text.startswith(end, place.end)), "")
    return place._replace(end=place.end + len(after)) if whole else place


def _spliced(document: Document, places: Sequence[_Found]) -> Document:
    for found in reversed(places):
        document = document.spliced(found.place.start, found.place.end, found.place.replace)
    return document


def _explain(misfits: Sequence[_Misfit], total: int) -> str:
    first, *others = misfits
    parts = [f"Edit refused, nothing is changed: {len(misfits)} of {plural(total, 'hunk')} can't be applied."]
    parts.append(f"Hunk {first.number} ({name(first.hunk.path)}): {first.why}")
    parts += [
        f"Hunk {one.number} ({name(one.hunk.path)}): {one.why.split(chr(10))[0].removesuffix(':')}"
        for one in others[:5]
    ]
    if len(others) > 5:
        parts.append(f"({len(others) - 5} more)")
    parts.append("Send all hunks again.")
    return "\n".join(parts)


def _excerpts(
    workspace: Workspace, planned: Sequence[Planned], places: Sequence[Sequence[_Found]], count: int
) -> list[str]:
    """Return the changed lines of each file, few of each where there are many places."""
    limit = max(8, _SHOWN_LINES // count)
    parts, left = [], _SHOWN_PLACES
    for one, found_here in zip(planned, places, strict=True):
        if not left:
            break
        total = len(one.new.lines)
        parts.append(f"{name(one.file.path)} ({plural(total, 'line')}{' now' if found_here else ', new'}):")
        if not found_here:
            parts.append(excerpt_of(workspace, one.new, 1, total, limit))
            left -= 1
        shift, shown = 0, 0
        for found in found_here[:left]:
            old, place = one.file.document, found.place
            first = old.line_at(place.start) + shift
            last = first + place.replace.count("\n")
            shift += place.replace.count("\n") - old.text.count("\n", place.start, place.end)
            start = max(first - _CONTEXT, shown + 1)
            if start <= last + _CONTEXT:
                parts.append(excerpt_of(workspace, one.new, start, min(last + _CONTEXT, total), limit, 0))
            shown = last + _CONTEXT
            left -= 1
    if count > _SHOWN_PLACES:
        parts.append(f"({count - _SHOWN_PLACES} more places; look at them with `open`)")
    return parts
