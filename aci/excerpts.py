"""A change in a few lines: how a text looks where it changed, and why a change was refused."""

from collections.abc import Sequence
from typing import NamedTuple

from aci.document import Document, region_of
from aci.grammars import Flaw
from aci.rendering import clipped, name, numbered, plural
from aci.viewing import File, clamped_top
from aci.workspace import Workspace

_REFUSAL_LINES = 13
_SHOWN_ERRORS = 5
_MESSAGE_LENGTH = 300


class Planned(NamedTuple):
    """A file and the text that it is to have.

    Attributes:
        file: The file as it is; an empty one where there is none yet.
        new: Its text as it would be.
        created: There is none yet.
    """

    file: File
    new: Document
    created: bool = False


class Doubt(NamedTuple):
    """Something wrong with a planned change."""

    where: Planned
    flaw: Flaw


def follow(workspace: Workspace, file: File, line: int) -> None:
    """Let the viewer stand where the change is."""
    size = workspace.limits.window
    workspace.show(file.path, clamped_top(workspace, len(file.document.lines), line - size // 6))


def excerpt_of(
    workspace: Workspace, document: Document, first: int, last: int, limit: int, context: int | None = None
) -> str:
    """Return the lines from `first` to `last` and some around them, the middle left out beyond `limit`."""
    around = workspace.limits.context if context is None else context
    length = workspace.limits.line_length
    lines = document.lines
    start, end = max(1, first - around), min(len(lines), max(last, first - 1) + around)
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


def explain_refusal(
    workspace: Workspace, planned: Sequence[Planned], errors: Sequence[Doubt], note: str = ""
) -> str:
    """Return why a change was refused, in at most 40 lines: the errors, how it would look, how it is."""
    several = len(planned) > 1
    first = errors[0].where
    unchanged = "was not created" if first.created else "is unchanged"
    kept = "nothing is changed" if several else f"{name(first.file.path)} {unchanged}"
    parts = [f"Edit refused, {kept}: it would add {plural(len(errors), 'error')}."]
    parts += [
        f"{f'{name(one.file.path)} ' if several else ''}line {flaw.line}: "
        f"{clipped(flaw.message.replace(chr(10), ' '), _MESSAGE_LENGTH)}"
        for one, flaw in errors[:_SHOWN_ERRORS]
    ]
    if len(errors) > _SHOWN_ERRORS:
        parts.append(f"({len(errors) - _SHOWN_ERRORS} more)")
    if note:
        parts.append(note)
    old, new = first.file.document, first.new
    region = region_of(old.text, new.text)
    # What the edit put there matters most, unless the error shows far from it.
    centre = errors[0].flaw.line if new.text else 0
    place = f" {name(first.file.path)}" if several else ""
    if region.first - 5 <= centre <= region.new_last + 5:
        middle = max(region.first, min(centre, region.new_last))
        parts += [f"As{place or ' it'} would look:", _around(workspace, new, middle)]
    else:
        parts += [f"As{place or ' it'} would look at line {centre}:", _around(workspace, new, centre)]
    if old.text:
        last = min(region.old_last, region.first + 2)
        middle = (region.first + max(last, region.first)) // 2
        parts += [f"As{place or ' it'} is:", _around(workspace, old, middle)]
    parts.append("Correct the error and send the whole edit again.")
    return "\n".join(parts)


def _around(workspace: Workspace, document: Document, line: int) -> str:
    half = _REFUSAL_LINES // 2
    lines = document.lines
    first = max(1, min(line - half, len(lines) - _REFUSAL_LINES + 1))
    shown = lines[first - 1 : first - 1 + _REFUSAL_LINES]
    return numbered(shown, first, workspace.limits.line_length)
