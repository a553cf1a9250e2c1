"""What makes sense right now: the commands and the paths that constrained decoding leaves a model to choose.

A small model names files that do not exist, edits what it never looked at and submits nothing. Where the
server constrains the decoding, such answers are made impossible instead of being refused: the schema of each
step holds only existing paths, only files that were seen can be edited, and only a change can be submitted.
The prompt lists all commands all the time, so the server's prefix cache is not touched.
"""

from collections.abc import Sequence
from typing import NamedTuple

from aci.command import Command
from aci.workspace import Workspace, is_output

MAX_CHOICES = 200
"""A grammar with more alternatives costs more at each token than it saves."""

MAX_OUTPUTS = 5
"""Of the kept outputs, only the latest are offered."""

_NEEDS_SEEN_FILE = ("edit", "edit_lines", "rewrite", "insert")
_CHANGES_LESS = ("edit", "edit_lines", "insert")
_NEEDS_OPEN_FILE = ("goto", "scroll_up", "scroll_down")
_NEEDS_CHANGE = ("undo", "diff", "submit")


class Offer(NamedTuple):
    """The commands that make sense, and the values their fields may take, by `command.field`."""

    commands: tuple[type[Command], ...]
    choices: dict[str, tuple[str, ...]]


def offer(commands: Sequence[type[Command]], workspace: Workspace) -> Offer:
    """Return what a model may choose from, given what it has seen and done."""
    seen = tuple(sorted(path for path in workspace.tops if not is_output(path)))
    barred: set[str] = set()
    if not seen:
        barred.update(_NEEDS_SEEN_FILE)
    if not workspace.open_path:
        barred.update(_NEEDS_OPEN_FILE)
    if not workspace.changed:
        barred.update(_NEEDS_CHANGE)
    choices = {f"{command}.path": seen for command in _NEEDS_SEEN_FILE if seen}
    if 0 < len(workspace.files) <= MAX_CHOICES:
        choices["outline.path"] = tuple(workspace.files)
        readable = (*workspace.files, *workspace.outputs[-MAX_OUTPUTS:])
        choices["open.path"] = choices["search_file.path"] = readable
    if workspace.suspects and not workspace.open_path:
        # Each suspect gets its turn: left free, a small model goes on about the first one it thought of.
        choices["rewrite.symbol"] = (workspace.next_suspect,)
        barred.update(_CHANGES_LESS)
    allowed = tuple(command for command in commands if command.name not in barred)
    return Offer(allowed or tuple(commands), choices)
