"""The repository of a task as the host keeps it: fetched, checked out, compared and patched.

The agent works on a copy of `tree`. What it did is found by comparing that copy with `base.git`, which the
host owns: git is never run inside a tree that the agent has written.
"""

import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envs.hostgit import HostGit, first_line
from envs.patching import Base, apply_patch, make_patch
from envs.source import Source, fetch, find_commit, identity_of, object_format, resolve
from envs.uncommitted import uncommitted
from trajectories.errors import RepositoryError, UsageError

_FETCHED = "refs/patchwright/fetched"
_TREE_CONFIG = """\
[user]
\tname = Patchwright
\temail = patchwright@localhost
[core]
\tcheckStat = minimal
\ttrustctime = false
"""


@dataclass(frozen=True)
class Repository:
    """A repository at one commit, ready for a sandbox.

    Attributes:
        source: The path or URL it came from, without credentials.
        ref: The ref that was asked for.
        folder: The host's own folder for it.
        base_commit: The id of the commit that the agent starts from.
        changed_in_worktree: Paths in the work tree of a local source that differ from the base commit and so
            are not part of the task.
        identity: Names the repository, the same for its clones, see `envs.source.identity_of`.
    """

    source: str
    ref: str
    folder: Path
    base_commit: str
    changed_in_worktree: tuple[str, ...] = ()
    identity: str = ""

    @property
    def _git(self) -> HostGit:
        return HostGit(self.folder / "base.git")

    @property
    def tree(self) -> Path:
        """The byte-exact checkout of the base commit, with a small `.git` of its own."""
        return self.folder / "tree"

    @property
    def dirty(self) -> bool:
        """Whether the source holds changes that are not committed."""
        return bool(self.changed_in_worktree)

    @property
    def submodules(self) -> tuple[str, ...]:
        """Paths of the submodules; they stay empty folders and out of every patch."""
        return tuple(os.fsdecode(path) for path in sorted(self._base.gitlinks))

    @classmethod
    def prepare(
        cls, source: str | Path, folder: Path, *, ref: str = "HEAD", history: int = 1
    ) -> "Repository":
        """Fetch one commit of a repository and check it out.

        Args:
            source: A local path or a URL.
            folder: An empty or missing folder that the host keeps for it.
            ref: A branch, a tag, a commit id, or with a local source anything that git resolves.
            history: How many commits back the history goes; 0 for all of it.

        Raises:
            UsageError: The source or the ref is not what it must be.
            RepositoryError: Git, the network or the disk failed.
        """
        found = resolve(source)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder = folder.resolve()
            wanted = find_commit(found, ref, folder)
            git = HostGit.create(folder / "base.git", object_format=object_format(found))
            fetch(found, wanted, git, _FETCHED, history)
            base = _commit_of(git, found, ref)
            changed = uncommitted(found, git, base)
            repository = cls(found.shown, ref, folder, base, changed, identity_of(found))
            repository._check_out()
        except OSError as error:
            raise RepositoryError(f"The repository can't be kept in {folder}: {error.strerror}.") from None
        return repository

    @classmethod
    def reopen(cls, folder: Path, *, source: str = "", ref: str = "HEAD") -> "Repository":
        """Use what `prepare` left in a folder, e.g. to resume.

        Raises:
            RepositoryError: It is gone or incomplete.
        """
        git = HostGit(folder.resolve() / "base.git")
        if not git.folder.is_dir():
            raise RepositoryError(f"There is no repository in {folder}; start the run again.")
        base = git.run("rev-parse", "--verify", "refs/heads/main^{commit}").decode().strip()
        return cls(source, ref, folder.resolve(), base)

    def files(self) -> list[str]:
        """Return the paths of all files of the base commit, in git's order; undecodable names are escaped."""
        paths = (path for path in self._base.entries if path not in self._base.gitlinks)
        return [path.decode("utf-8", "backslashreplace") for path in paths]

    def patch(self, work_tree: Path, *, include: Collection[str] = ()) -> str:
        """Return the unified diff from the base commit to an exported work tree.

        Files that git ignores and what tools left behind are no part of it, unless the base commit tracks
        them or they are named in `include`.

        Args:
            work_tree: The exported tree; a `.git` in it, at any depth, is not looked at.
            include: Paths that belong to the patch although an ignore rule names them.

        Returns:
            The patch; bytes that are not UTF-8 stand in it as surrogate escapes.

        Raises:
            RepositoryError: The changes are too large for a patch.
        """
        return make_patch(self._base, work_tree, include, self.folder)

    def apply(self, patch: str, target: Path) -> list[str]:
        """Apply a patch to the user's work tree, all of it or nothing.

        Args:
            patch: A patch as `patch` returns it.
            target: The user's work tree, or a folder in it.

        Returns:
            The paths it changed, from the top of the work tree.

        Raises:
            UsageError: The patch doesn't fit the files as they are now, or it leaves the work tree.
        """
        return apply_patch(self._base, patch, target, self.folder)

    @cached_property
    def _base(self) -> Base:
        return Base(self._git, self.base_commit)

    def _check_out(self) -> None:
        """Make `tree` with a `.git` of its own that a sandbox can't tell from a usual clone."""
        self.tree.mkdir()
        inner = HostGit.create(self.tree / ".git", bare=False, object_format=self._base.object_format)
        shutil.copytree(self._git.folder / "objects", inner.folder / "objects", dirs_exist_ok=True)
        if (self._git.folder / "shallow").exists():
            shutil.copyfile(self._git.folder / "shallow", inner.folder / "shallow")
        with (inner.folder / "config").open("a") as config:
            config.write(_TREE_CONFIG)
        inner.run("update-ref", "refs/heads/main", self.base_commit)
        inner.run("read-tree", "HEAD", work_tree=self.tree)
        outcome = inner.attempt("checkout-index", "--all", "--quiet", work_tree=self.tree)
        if outcome.status:
            raise RepositoryError(f"{self.source} can't be checked out: {first_line(outcome.stderr)}")
        self._date_files(inner)
        inner.run("update-index", "-q", "--refresh", work_tree=self.tree)

    def _date_files(self, inner: HostGit) -> None:
        """Give every file the commit's time: older than the index, so git in a sandbox trusts the index."""
        committed = int(inner.run("show", "--no-patch", "--format=%ct", "HEAD").split()[-1])
        moment = max(0, min(committed, int(time.time()) - 3600))
        for folder, _, files in os.walk(os.fsencode(self.tree)):
            for name in files:
                os.utime(os.path.join(folder, name), (moment, moment), follow_symlinks=False)


def _commit_of(git: HostGit, source: Source, ref: str) -> str:
    found = git.attempt("rev-parse", "--verify", "--quiet", f"{_FETCHED}^{{commit}}")
    if found.status:
        raise UsageError(
            f"The ref {ref!r} of {source.shown} is not a commit; give a branch, a tag or a commit id."
        )
    base = found.stdout.decode().strip()
    git.run("update-ref", "refs/heads/main", base)
    git.run("update-ref", "-d", _FETCHED)
    return base
