"""The contract of a command of the ACI, and what comes back from one."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from trajectories.events import TestReport

if TYPE_CHECKING:
    from aci.workspace import Workspace


class Observation(BaseModel):
    """What a model sees after an action.

    Attributes:
        text: The words shown to the model.
        failed: The action did not do what it was asked to (a refused edit, a missing file, a bad pattern).
        changed: Paths, relative to the repository, that the action is known to have written.
        exit_code: The exit status when the action ran a process.
        tests: The report when the action ran tests.
        submitted: The action asks to end the attempt.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    failed: bool = False
    changed: tuple[str, ...] = ()
    exit_code: int | None = None
    tests: TestReport | None = None
    submitted: bool = False


class Command(BaseModel):
    """One command of the ACI: its fields are the arguments, its docstring the help.

    From this one class come the prompt's command list, the schema for native tool calls, the schema for
    constrained decoding, the text parser, the help of the command line and the docs. The first paragraph
    of the docstring is what a model is told; each field carries a one-line `description`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    name: ClassVar[str]
    block: ClassVar[str] = ""
    """The field that holds program text, if there is one."""

    @abstractmethod
    async def execute(self, workspace: "Workspace") -> Observation:
        """Do it. Anything a model can get wrong comes back as an observation, never as an exception."""
