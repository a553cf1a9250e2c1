"""The end of an attempt: looking at the patch and handing it in."""

from typing import ClassVar

from aci.command import Command, Observation
from aci.rendering import elided, harmless
from aci.workspace import Workspace


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
        return Observation(text=elided(harmless(patch.rstrip("\n")), workspace.limits.observation))


class Submit(Command):
    """Hand in the changes and end."""

    name: ClassVar[str] = "submit"

    async def execute(self, workspace: Workspace) -> Observation:
        """Ask for the end of the attempt; once, a patch without any change is sent back."""
        patch = "unknown" if workspace.current_diff is None else await workspace.current_diff()
        if not patch.strip() and not workspace.empty_submit_refused:
            workspace.empty_submit_refused = True
            text = "Nothing is changed yet, so there is nothing to submit. Change the code first; "
            text += "to end without a change, `submit` again."
            return Observation(text=text, failed=True)
        return Observation(text="Submitted.", submitted=True)
