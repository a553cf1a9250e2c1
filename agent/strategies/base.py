"""The contract of a strategy: how one attempt gets from a broken work tree to a changed one."""

from dataclasses import dataclass, field
from typing import Protocol

from aci.workspace import Workspace
from agent.ground import Ground
from agent.history import History
from agent.loop import Ending
from agent.memory import Told
from agent.models.base import Sampling


@dataclass(frozen=True)
class Desk:
    """What a strategy works with during one attempt.

    Attributes:
        ground: What all attempts stand on; its baseline is established.
        workspace: The attempt's sandbox, with the tests' report at the base.
        history: The conversation of the attempt, still empty.
        sampling: How the attempt's answers are drawn.
        number: Which attempt this is, counted from 1.
        told: What earlier attempts, and earlier tasks, learned.
        vain: Changes that were taken back; filled by the strategy, told to the next attempt.
    """

    ground: Ground
    workspace: Workspace
    history: History
    sampling: Sampling
    number: int
    told: Told
    vain: list[str] = field(default_factory=list)


class Strategy(Protocol):
    """Changes the work tree of an attempt; what it leaves there becomes the patch and is judged."""

    name: str
    """As in `agent.toml`."""
    repeats: bool
    """Another attempt after a failed one may do better; else the strategy has spent all it knows."""
    reflects: bool
    """A failed attempt leaves a reflection for the next one."""

    async def work(self, desk: Desk) -> Ending:
        """Change the work tree.

        Raises:
            PatchwrightError: The model or the sandbox failed for good, or the run was asked to stop.
        """
        ...
