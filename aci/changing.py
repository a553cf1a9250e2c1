"""What every change of a file goes through: it is checked before it is written and shown after it."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.document import Document, Unencodable, region_of
from aci.excerpts import Doubt, Planned, excerpt_of, explain_refusal, follow
from aci.matching import Missed, Place, locate, without_line_numbers
from aci.rendering import name, plural
from aci.viewing import File, Refused, read_text
from aci.workspace import Change, Workspace, Written, relative
from envs.sandbox import FileProblem

_SHOWN_WARNINGS = 5


class FileEdit(Command):
    """A change of one file that exists."""

    path: str = Field(description="File to change.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Open the file and change it."""
        try:
            return await self.change(workspace, await read_text(workspace, self.path))
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)

    @abstractmethod
    async def change(self, workspace: Workspace, file: File) -> Observation:
        """Change the file.

        Raises:
            Refused: It can't be changed so; the message is the observation.
        """


async def place_of(document: Document, search: str, replace: str) -> Place | Missed:
    """Return the one place that `search` means, or why there is none, holding up nothing meanwhile."""
    from asyncio import to_thread  # noqa: PLC0415 - heavy for those who only list the commands

    return await to_thread(locate, document, search, replace)


class Outcome(NamedTuple):
    """What became of a change.

    Attributes:
        paths: The files that were written, symbolic links resolved.
        doubts: Lines on what is odd about it though it was let through.
    """

    paths: tuple[str, ...]
    doubts: list[str]


async def apply(
    workspace: Workspace, file: File, new: Document, what: str, note: str = "", symbol: str = ""
) -> Observation:
    """Check a change of one file, write it, and show it.

    Raises:
        Refused: It changes nothing or would break something.
    """
    if new.text == file.document.text:
        raise Refused(f"The edit would change nothing in {name(file.path)}.")
    outcome = await write_all(workspace, [Planned(file, new)], what, note, symbol)
    region = region_of(file.document.text, new.text)
    parts = [f"Edited {name(file.path)} ({what}; {plural(len(new.lines), 'line')} now)."]
    parts += [note] if note else []
    parts += outcome.doubts
    parts.append(excerpt_of(workspace, new, region.first, region.new_last, 12 * workspace.limits.context))
    return Observation(text="\n".join(parts), changed=outcome.paths)


async def write_all(
    workspace: Workspace, planned: Sequence[Planned], what: str, note: str = "", symbol: str = ""
) -> Outcome:
    """Check texts and write them, all or none, as one step of the undo history.

    Raises:
        Refused: One of them would break something or can't be written; nothing is changed.
    """
    unchanged = f"{name(planned[0].file.path)} is unchanged" if len(planned) == 1 else "nothing is changed"
    datas = []
    for one in planned:
        try:
            datas.append(one.new.encode())
        except Unencodable as problem:
            raise Refused(f"Edit refused, {unchanged}. {problem}") from None
    doubts = await _check(workspace, planned, note)
    written: list[Written] = []
    for one, data in zip(planned, datas, strict=True):
        path = one.file.path
        try:
            if one.created:
                path = relative(await workspace.sandbox.write(path, data, create=True))
            else:
                await workspace.sandbox.write(path, data)
        except FileProblem as problem:
            await _take_back(workspace, written)
            if one.created:
                raise Refused(_not_created(path, problem)) from None
            raise Refused(f"Edit failed, {unchanged}. {problem}") from None
        first = region_of(one.file.document.text, one.new.text).first
        written.append(Written(path, None if one.created else one.file.data, data, first))
    workspace.changes.append(Change(tuple(written), what, symbol))
    for one, file in reversed(list(zip(planned, written, strict=True))):
        follow(workspace, File(file.path, one.new, file.after), file.line)
    return Outcome(tuple(file.path for file in written), doubts)


async def _check(workspace: Workspace, planned: Sequence[Planned], note: str) -> list[str]:
    from aci.linting import judge  # noqa: PLC0415 - needs a process, which most commands don't

    texts = {one.file.path: one.new.text for one in planned}
    errors: list[Doubt] = []
    warnings: list[Doubt] = []
    for one in planned:
        path = one.file.path
        verdict = await judge(workspace, path, one.file.document.text, one.new.text, texts)
        errors += [Doubt(one, flaw) for flaw in verdict.errors]
        warnings += [Doubt(one, flaw) for flaw in verdict.warnings]
    if errors:
        raise Refused(explain_refusal(workspace, planned, errors, note))
    several = len(planned) > 1
    return [
        f"Check {f'{name(one.file.path)} ' if several else ''}line {flaw.line}: {flaw.message}."
        for one, flaw in warnings[:_SHOWN_WARNINGS]
    ]


async def _take_back(workspace: Workspace, written: Sequence[Written]) -> None:
    for file in reversed(written):
        if file.before is None:
            await workspace.sandbox.remove(file.path)
        else:
            await workspace.sandbox.write(file.path, file.before)


def _not_created(path: str, problem: FileProblem) -> str:
    if problem.kind == "exists":
        return f"{name(path)} exists already. Use `edit` to change it, or `open` to see it."
    if problem.kind == "outside":
        return f"{name(path)} lies outside the repository; files are created only inside it."
    return str(problem)


def without_numbers(content: str) -> tuple[str, str]:
    """Return new lines without the viewer's numbers, if they were copied with them."""
    plain = without_line_numbers(content) if content.strip() else None
    # A single numbered line may well be data (`80:443`); several in a row are not.
    if plain is None or content.removesuffix("\n").count("\n") < 1:
        return content, ""
    return plain, "The line numbers in the new text were left out."
