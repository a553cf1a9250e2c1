"""A git repository made of a plain folder: of the example, or of an unpacked source distribution.

The folder's content is the user's own or ours, so GitPython may work in it; what an agent has written is
only ever looked at by `envs.hostgit`.
"""

import contextlib
from pathlib import Path

from git import Actor, Repo

_AUTHOR = Actor("Patchwright", "patchwright@localhost")
_MOMENT = "2026-01-01T00:00:00"
"""A fixed time, so that the same content always has the same commit id."""


def commit_folder(folder: Path, message: str) -> str:
    """Make `folder` a git repository with one commit that holds all of it; return the commit's id."""
    with contextlib.closing(Repo.init(folder, initial_branch="main")) as repository:
        repository.git.add("--all", "--force", ".")
        commit = repository.index.commit(
            message,
            author=_AUTHOR,
            committer=_AUTHOR,
            author_date=_MOMENT,
            commit_date=_MOMENT,
            skip_hooks=True,
        )
        return str(commit.hexsha)
