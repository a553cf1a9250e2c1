"""What an episode remembers of failed attempts: its own, and with long-term memory those of earlier tasks.

Each reflection is judged by the first attempt of the episode that was told it: the evaluator's reward before
and after. One that made things worse is not told again.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import platformdirs

from agent.relevance import scores
from agent.settings import MemorySettings
from trajectories.errors import PatchwrightError
from trajectories.events import Event, Notice, ReflectionAdded, ReflectionJudged, ReflectionRecalled
from trajectories.memory import Memory
from trajectories.reflections import Reflection, change, id_of, worth


class Told(NamedTuple):
    """What an attempt is told of earlier ones.

    Attributes:
        attempts: What was learned from earlier attempts at the same task, one line each.
        tasks: What was learned from earlier tasks in the same repository, one line each.
    """

    attempts: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


def long_term(settings: MemorySettings) -> Memory:
    """Return the long-term memory that the settings name."""
    folder = settings.directory or platformdirs.user_data_dir("patchwright")
    return Memory(Path(folder).expanduser(), settings.entries)


class EpisodeMemory:
    """The reflections of one episode.

    Args:
        bound: How many an attempt is told at most.
        record: Takes an event for each that is added, recalled or judged.
        run_id: The episode's run.
        repository: The identity of its repository.
        task: The title of its task.
        store: Long-term memory, or None. What fails there is said once and does not stop the episode.
    """

    def __init__(
        self,
        bound: int,
        record: Callable[[Event], object],
        *,
        run_id: str,
        repository: str,
        task: str,
        store: Memory | None = None,
    ) -> None:
        self._bound = bound
        self._record = record
        self._run_id = run_id
        self._repository = repository
        self._task = task
        self._store = store if bound else None
        self._own: list[Reflection] = []
        self._recalled: list[Reflection] = []
        self._told: list[str] = []
        self._judged: set[str] = set()
        self._worse: set[str] = set()

    def recall(self, statement: str) -> None:
        """Take from long-term memory what is like the task and did not make things worse."""
        if self._store is None:
            return
        try:
            kept = [one for one in self._store.all(self._repository) if not one.harmful]
        except PatchwrightError as error:
            self._give_up(error)
            return
        likeness = scores(statement, [f"{one.task}\n{one.text}" for one in kept])
        fitting = [(like, worth(one), one) for like, one in zip(likeness, kept, strict=True) if like > 0]
        fitting.sort(key=lambda pair: pair[:2], reverse=True)
        self._recalled = [one for _, _, one in fitting[: self._bound]]
        for one in self._recalled:
            self._record(ReflectionRecalled(id=one.id, text=one.text))

    def tell(self) -> Told:
        """Return what the next attempt is told: the best of this episode, then of what was recalled."""
        own = [one for one in self._own if one.id not in self._worse]
        for _ in range(len(own) - self._bound):
            own.remove(min(own, key=worth))
        recalled = [one for one in self._recalled if one.id not in self._worse][: self._bound - len(own)]
        self._told = [one.id for one in (*own, *recalled)]
        return Told(_texts(own), _texts(recalled))

    def add(self, attempt: int, text: str, reward: float) -> None:
        """Keep what an attempt with this reward left."""
        one = Reflection(
            id=id_of(self._run_id, attempt, text),
            time=time.time(),
            repository=self._repository,
            task=self._task,
            text=text,
            reward_before=reward,
        )
        self._own.append(one)
        self._record(ReflectionAdded(attempt=attempt, text=text, id=one.id))
        if self._store is not None:
            try:
                self._store.add(one)
            except PatchwrightError as error:
                self._give_up(error)

    def judge(self, attempt: int, before: float, after: float) -> None:
        """Judge the reflections that an attempt was told and no earlier attempt of the episode was.

        Args:
            attempt: The attempt that was told them.
            before: The reward before it.
            after: Its reward.
        """
        for kept in (self._own, self._recalled):
            for place, one in enumerate(kept):
                if one.id in self._told and one.id not in self._judged:
                    kept[place] = self._judged_one(one, attempt, before, after)

    def _judged_one(self, one: Reflection, attempt: int, before: float, after: float) -> Reflection:
        became = change(before, after)
        self._judged.add(one.id)
        if became == "worse":
            self._worse.add(one.id)
        self._record(ReflectionJudged(attempt=attempt, id=one.id, before=before, after=after, change=became))
        if self._store is not None:
            try:
                self._store.judge(one.id, before, after)
            except PatchwrightError as error:
                self._give_up(error)
        return one.judged(before, after)

    def _give_up(self, error: PatchwrightError) -> None:
        self._store = None
        self._record(Notice(level="warning", text=f"Nothing more is remembered: {error}"))


def _texts(reflections: Sequence[Reflection]) -> tuple[str, ...]:
    return tuple(one.text for one in reflections)
