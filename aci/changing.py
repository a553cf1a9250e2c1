"""What every change of a file goes through: it is checked before it is written and shown after it."""

from typing import NamedTuple

from aci.command import Observation
from aci.document import Document, Unencodable
from aci.grammars import Flaw
from aci.matching import without_line_numbers
from aci.rendering import name, numbered, plural
from aci.viewing import File, clamped_top
from aci.workspace import Change, Workspace
from envs.sandbox import FileProblem

_REFUSAL_LINES = 13
SHOWN_ERRORS = 5


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


async def apply(
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
        return Observation(text=explain_refusal(workspace, file, new, verdict.errors, note), failed=True)
    try:
        await workspace.sandbox.write(file.path, data)
    except FileProblem as problem:
        return Observation(text=f"Edit failed, {name(file.path)} is unchanged. {problem}", failed=True)
    workspace.changes.append(Change(file.path, file.data, data, what, region.first, symbol))
    edited = File(file.path, new, data)
    follow(workspace, edited, region.first)
    parts = [f"Edited {name(file.path)} ({what}; {plural(len(new.lines), 'line')} now)."]
    if note:
        parts.append(note)
    parts += [f"Check line {flaw.line}: {flaw.message}." for flaw in verdict.warnings[:SHOWN_ERRORS]]
    parts.append(excerpt_of(workspace, new, region.first, region.new_last, 12 * workspace.limits.context))
    return Observation(text="\n".join(parts), changed=(file.path,))


def follow(workspace: Workspace, file: File, line: int) -> None:
    """Let the viewer stand where the change is."""
    size = workspace.limits.window
    workspace.show(file.path, clamped_top(workspace, len(file.document.lines), line - size // 6))


def excerpt_of(workspace: Workspace, document: Document, first: int, last: int, limit: int) -> str:
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


def explain_refusal(
    workspace: Workspace, file: File, new: Document, errors: list[Flaw], note: str = ""
) -> str:
    """Return why a change was refused: the errors, how it would look, how it is."""
    region = _region(file.document, new)
    parts = [f"Edit refused, {name(file.path)} is unchanged: it would add {plural(len(errors), 'error')}."]
    parts += [f"line {flaw.line}: {flaw.message}" for flaw in errors[:SHOWN_ERRORS]]
    if len(errors) > SHOWN_ERRORS:
        parts.append(f"({len(errors) - SHOWN_ERRORS} more)")
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


def without_numbers(content: str) -> tuple[str, str]:
    """Return new lines without the viewer's numbers, if they were copied with them."""
    plain = without_line_numbers(content) if content.strip() else None
    # A single numbered line may well be data (`80:443`); several in a row are not.
    if plain is None or content.removesuffix("\n").count("\n") < 1:
        return content, ""
    return plain, "The line numbers in the new text were left out."
