"""The agent-computer interface: the compact set of commands that a model may use."""

from collections.abc import Mapping
from types import MappingProxyType

from aci.command import Command, Observation
from aci.debugging import TraceFunction
from aci.editing import Create, Edit, EditLines, Insert
from aci.finding import FindFile
from aci.lookup import FindSymbol
from aci.outlines import Outline
from aci.proposing import ProposeFixes
from aci.rewriting import Rewrite
from aci.searching import SearchDir, SearchFile
from aci.several import EditMany
from aci.shell import Bash
from aci.submitting import Diff, Submit
from aci.suspects import Suspects
from aci.testing import RunTests
from aci.undoing import Undo
from aci.viewing import Goto, Open, ScrollDown, ScrollUp
from aci.workspace import Limits, Workspace

_CLASSES: tuple[type[Command], ...] = (
    FindFile, SearchDir, SearchFile, FindSymbol,
    Open, Outline, Goto, ScrollUp, ScrollDown,
    Edit, EditMany, EditLines, Rewrite, Insert, Create, Undo,
    RunTests, Suspects, TraceFunction, ProposeFixes, Bash, Diff, Submit,
)  # fmt: skip

COMMANDS: Mapping[str, type[Command]] = MappingProxyType({command.name: command for command in _CLASSES})
"""Every command by its name, in the order in which a model is told of them."""

__all__ = ["COMMANDS", "Command", "Limits", "Observation", "Workspace"]
