"""What a failed attempt leaves for later ones, and what is known of whether it helped them.

After Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning" (arXiv 2303.11366). The
paper keeps the newest one to three; here each is judged by the attempt that was told it, and the worst goes.
"""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Change = Literal["better", "same", "worse"]


def change(before: float, after: float) -> Change:
    """Say what became of the evaluator's reward from one attempt to the next."""
    if after == before:
        return "same"
    return "better" if after > before else "worse"


class Reflection(BaseModel):
    """A reflection, with what became of the attempts that were told it.

    Attributes:
        id: Names it, in a trajectory and in long-term memory.
        time: When it was written, in seconds since the epoch.
        repository: The identity of the repository, see `envs.repository.Repository.identity`.
        task: The title of the task that it was written for.
        text: What was learned.
        reward_before: The evaluator's reward, from 0 to 1, before the attempt that was last told it; of the
            attempt that it was written after, as long as there is none.
        reward_after: The reward of the attempt that was last told it; None as long as there is none.
        shown: How many episodes told it to an attempt that was judged.
        helped: How many of these attempts were better than what was before.
        worsened: How many of them were worse.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    time: float
    repository: str
    task: str
    text: str
    reward_before: float = 0.0
    reward_after: float | None = None
    shown: int = Field(default=0, ge=0)
    helped: int = Field(default=0, ge=0)
    worsened: int = Field(default=0, ge=0)

    @property
    def harmful(self) -> bool:
        """It made things worse more often than better."""
        return self.worsened > self.helped

    def judged(self, before: float, after: float) -> "Reflection":
        """Return it with one more attempt that was told it and has a reward."""
        became = change(before, after)
        return self.model_copy(
            update={
                "reward_before": before,
                "reward_after": after,
                "shown": self.shown + 1,
                "helped": self.helped + (became == "better"),
                "worsened": self.worsened + (became == "worse"),
            }
        )


def worth(reflection: Reflection) -> tuple[int, float, float]:
    """Return what reflections are ordered by; the smallest is forgotten first.

    Harmful ones come first, then those that were told and changed nothing on balance, then the untried, then
    those that helped. Within these the share of attempts that got better decides, then age.
    """
    balance = reflection.helped - reflection.worsened
    if not reflection.shown:
        return 2, 0.0, reflection.time
    rank = 0 if balance < 0 else 1 if balance == 0 else 3
    return rank, balance / reflection.shown, reflection.time


def id_of(run_id: str, attempt: int, text: str) -> str:
    """Return the id of the reflection that an attempt of a run left."""
    seed = f"{run_id}\0{attempt}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(seed).hexdigest()[:12]
