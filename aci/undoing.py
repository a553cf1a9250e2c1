"""Taking back changes, one action at a time, to any depth."""

from typing import ClassVar

from aci.command import Command, Observation
from aci.document import Document
from aci.excerpts import excerpt_of, follow
from aci.rendering import listed, name, plural
from aci.viewing import File
from aci.workspace import Change, Workspace, Written
from envs.sandbox import FileProblem


class Undo(Command):
    """Take back the last change made by an editing command."""

    name: ClassVar[str] = "undo"

    async def execute(self, workspace: Workspace) -> Observation:
        """Put the bytes back that were there before, in all files of the change or in none."""
        if not workspace.changes:
            return Observation(text="There is no change to undo.", failed=True)
        change = workspace.changes[-1]
        if why := await _hindrance(workspace, change) or await _restore(workspace, change):
            return Observation(text=why, failed=True)
        workspace.changes.pop()
        left = workspace.changes
        earlier = [f"{_files(other)} ({other.what})" for other in left[::-1]]
        more = f" {plural(len(left), 'earlier change')} left: {listed(earlier, 3)}." if left else ""
        paths = tuple(file.path for file in change.files)
        for path in paths:
            if workspace.open_path == path:
                workspace.open_path = ""
        if len(change.files) > 1:
            return Observation(text=f"Undone in {_files(change)}: {change.what}.{more}", changed=paths)
        file = change.files[0]
        if file.before is None:
            return Observation(text=f"Undone: {name(file.path)} is removed again.{more}", changed=paths)
        document = Document.decode(file.before)
        follow(workspace, File(file.path, document, file.before), file.line)
        excerpt = excerpt_of(workspace, document, file.line, file.line, 6 * workspace.limits.context)
        return Observation(
            text=f"Undone in {name(file.path)}: {change.what}.{more}\n{excerpt}", changed=paths
        )


def _files(change: Change) -> str:
    return listed([name(file.path) for file in change.files], 5)


async def _hindrance(workspace: Workspace, change: Change) -> str:
    """Say why a change can't be taken back without losing what came after it."""
    for file in change.files:
        try:
            current = await workspace.read(file.path)
        except FileProblem as problem:
            return _not_undone(change, file.path, problem)
        if current.data != file.after:
            since = f"was changed by something else since ({change.what})"
            return f"Not undone: {name(file.path)} {since}. Look at `diff` and edit it."
    return ""


async def _restore(workspace: Workspace, change: Change) -> str:
    done: list[Written] = []
    for file in change.files:
        try:
            if file.before is None:
                await workspace.sandbox.remove(file.path)
            else:
                await workspace.sandbox.write(file.path, file.before)
        except FileProblem as problem:
            for other in done:
                await workspace.sandbox.write(other.path, other.after, create=other.before is None)
            return _not_undone(change, file.path, problem)
        done.append(file)
    return ""


def _not_undone(change: Change, path: str, problem: FileProblem) -> str:
    why = "it was deleted since" if problem.kind == "missing" else str(problem)
    return f"Not undone ({change.what} in {name(path)}): {why}.".replace("..", ".")
