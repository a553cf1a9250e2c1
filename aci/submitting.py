"""The end of an attempt: looking at the patch and handing it in."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.rendering import elided, harmless, listed, name
from aci.workspace import Workspace
from envs.scratch import scratch_in, sections, without

_SHOWN_FILES = 10


class Diff(Command):
    """Show all changes made so far."""

    name: ClassVar[str] = "diff"

    async def execute(self, workspace: Workspace) -> Observation:
        """Show the patch."""
        if workspace.current_diff is None:
            return Observation(
                text="The changes can't be shown here; use `bash`, e.g. `git diff`.", failed=True
            )
        patch = await workspace.current_diff()
        if not patch.strip():
            return Observation(text="Nothing is changed yet.")
        text = elided(harmless(patch.rstrip("\n")), workspace.limits.observation)
        if scratch := scratch_in(patch, workspace.files):
            text = (
                f"(These new files look like scratch; `submit` leaves them out: {_named(scratch)}.)\n{text}"
            )
        return Observation(text=text)


class Submit(Command):
    """Hand in the changes and end."""

    name: ClassVar[str] = "submit"

    keep: str = Field(
        default="", description='New files to hand in although they look like scratch, or "all".'
    )

    async def execute(self, workspace: Workspace) -> Observation:
        """Ask for the end of the attempt; an empty patch and scratch files are sent back once."""
        patch = "unknown" if workspace.current_diff is None else await workspace.current_diff()
        scratch = scratch_in(patch, workspace.files)
        kept = _kept(self.keep, scratch)
        made = {part.path for part in sections(patch) if part.new}
        if unknown := [path for path in kept if path not in made]:
            text = f"Not submitted: no new file is called {_named(unknown)}."
            text += f" Those that look like scratch: {_named(scratch)}." if scratch else ""
            return Observation(text=text, failed=True)
        workspace.kept_scratch |= frozenset(kept)
        left_out = [path for path in scratch if path not in workspace.kept_scratch]
        if question := _question(workspace, without(patch, left_out), left_out):
            return Observation(text=question, failed=True)
        text = f"Submitted without {_named(left_out)}." if left_out else "Submitted."
        return Observation(text=text, submitted=True)


def _question(workspace: Workspace, patch: str, left_out: Sequence[str]) -> str:
    """Return what the model should think of before it ends, or nothing once it was told."""
    again = "`submit` again"
    if not patch.strip():
        if workspace.empty_submit_refused:
            return ""
        workspace.empty_submit_refused = True
        workspace.told_scratch |= set(left_out)
        if left_out:
            text = f"Nothing is changed but new files that look like scratch: {_named(left_out)}. "
            return f'{text}To hand them in, `submit` with keep "all"; to end without a change, {again}.'
        text = "Nothing is changed yet, so there is nothing to submit. Change the code first; "
        return f"{text}to end without a change, {again}."
    if set(left_out) <= workspace.told_scratch:
        return ""
    workspace.told_scratch |= set(left_out)
    text = f"Not submitted yet: these new files look like scratch and will be left out: {_named(left_out)}. "
    return f'{text}To end without them, {again}; to hand them in, `submit` with keep "all" or their paths.'


def _kept(keep: str, scratch: Sequence[str]) -> list[str]:
    wanted = keep.strip()
    if wanted.lower() in {"", "none", "false", "no"}:
        return []
    if wanted.lower() in {"all", "true", "yes"}:
        return list(scratch)
    return (
        [wanted]
        if wanted in scratch
        else [path.removeprefix("./") for path in wanted.replace(",", " ").split()]
    )


def _named(paths: Collection[str]) -> str:
    return listed([name(path) for path in paths], _SHOWN_FILES)
