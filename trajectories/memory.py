"""Long-term memory: the reflections of many episodes, by repository, in one SQLite file of the user's.

Each change is one transaction. So a process that is killed leaves all of it or nothing, and two processes
take turns. Secrets are redacted before anything is written.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from trajectories.errors import StoreError, UsageError
from trajectories.redaction import Redactor, secrets_of
from trajectories.reflections import Reflection, worth

FILE = "memory.sqlite"
VERSION = 1
PATIENCE = 30.0
"""Seconds to wait for another process that writes."""

_TABLE = """\
CREATE TABLE IF NOT EXISTS reflections (id TEXT PRIMARY KEY, repository TEXT NOT NULL, record TEXT NOT NULL)
"""


class Memory:
    """The reflections that are kept across tasks.

    Args:
        folder: Where the file is or will be.
        size: How many reflections are kept of one repository.
        redactor: Takes secrets out; by default those that the environment names.
    """

    def __init__(self, folder: Path, size: int, redactor: Redactor | None = None) -> None:
        self.path = folder / FILE
        self._size = size
        self._redactor = redactor or Redactor(secrets_of())

    def add(self, reflection: Reflection) -> None:
        """Keep a reflection; where there is no room, what is worth least of its repository is forgotten.

        Raises:
            StoreError: It can't be written.
        """
        redact = self._redactor.text
        clean = reflection.model_copy(
            update={name: redact(getattr(reflection, name)) for name in ("repository", "task", "text")}
        )
        with self._writing() as database:
            database.execute("DELETE FROM reflections WHERE id = ?", (clean.id,))
            there = sorted(_select(database, clean.repository), key=worth)
            for one in there[: max(0, len(there) + 1 - self._size)]:
                database.execute("DELETE FROM reflections WHERE id = ?", (one.id,))
            _insert(database, clean)

    def judge(self, id_: str, before: float, after: float) -> None:
        """Record what an attempt that was told a reflection came to; one that was forgotten stays so.

        Args:
            id_: The reflection's id.
            before: The reward before that attempt.
            after: Its reward.

        Raises:
            StoreError: It can't be written.
        """
        with self._writing() as database:
            for one in _select(database, id_=id_):
                _insert(database, one.judged(before, after))

    def all(self, repository: str | None = None) -> list[Reflection]:
        """Return the reflections, oldest first, of one repository or of all.

        Raises:
            StoreError: They can't be read.
        """
        if not self.path.exists():
            return []
        wanted = None if repository is None else self._redactor.text(repository)
        with self._opened() as database:
            return sorted(_select(database, wanted), key=lambda one: (one.time, one.id))

    def find(self, start: str) -> Reflection:
        """Return the reflection whose id begins like this.

        Raises:
            UsageError: There is none, or several.
            StoreError: They can't be read.
        """
        found = [one for one in self.all() if start and one.id.startswith(start)]
        if not found:
            raise UsageError(
                f"There is no reflection {start!r} in memory; `patchwright memory` lists those there are."
            )
        if len(found) > 1:
            raise UsageError(f"{len(found)} reflections begin with {start!r}; give more of the id.")
        return found[0]

    def forget(self, id_: str | None = None) -> int:
        """Forget the reflection of an id, or all of them; return how many were forgotten.

        Raises:
            StoreError: It can't be written.
        """
        if not self.path.exists():
            return 0
        with self._writing() as database:
            if id_ is None:
                return database.execute("DELETE FROM reflections").rowcount
            return database.execute("DELETE FROM reflections WHERE id = ?", (id_,)).rowcount

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # What a reflection tells of a private repository is nobody else's.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with contextlib.closing(
                sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            ) as database:
                _ready(database, self.path)
                yield database
        except OSError as error:
            raise StoreError(
                f"The memory {self.path} can't be used ({error.strerror}); mend it, or name another folder "
                "in memory.directory."
            ) from None
        except (sqlite3.Error, ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"The memory {self.path} can't be used ({reason}); move the file away to begin anew."
            ) from None


def _ready(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreError(f"The memory {path} was written by a newer Patchwright; upgrade this one.")
    if version < VERSION:
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {VERSION}")


def _select(
    database: sqlite3.Connection, repository: str | None = None, id_: str | None = None
) -> list[Reflection]:
    rows = database.execute(
        "SELECT record FROM reflections WHERE (?1 IS NULL OR repository = ?1) AND (?2 IS NULL OR id = ?2)",
        (None if repository is None else _key(repository), id_),
    )
    return [Reflection.model_validate(json.loads(record)) for (record,) in rows]


def _insert(database: sqlite3.Connection, reflection: Reflection) -> None:
    # ASCII only: bytes of a path that are not UTF-8 are lone surrogates here, which SQLite refuses.
    record = json.dumps(reflection.model_dump(mode="json"))
    database.execute(
        "INSERT OR REPLACE INTO reflections VALUES (?, ?, ?)",
        (reflection.id, _key(reflection.repository), record),
    )


def _key(repository: str) -> str:
    return json.dumps(repository)
