"""Patches: made by comparing an exported tree with the base commit, and applied to a user's work tree.

Git sees the changed bytes and never the exported tree itself, apart from its ignore files. So nothing that
the agent planted there (configuration, attributes, nested repositories) has a say.
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from envs.hostgit import HostGit, first_line
from envs.junk import is_junk
from trajectories.errors import RepositoryError, UsageError

MAX_PATCH_BYTES = 256 * 1024 * 1024
"""How many bytes of changed files one patch may be made of."""

_GITLINK = "160000"
_DIFF = (
    *("diff-tree", "-p", "-r", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"),
    *("--no-color", "--no-relative", "--ignore-submodules=all", "--diff-algorithm=myers", "--unified=3"),
    *("--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"),
)


# A header without "---" and "+++" lines (an empty file, a mode) is split at such spaces.
_AMBIGUOUS = re.compile(rb"^ | /| $")


class Entry(NamedTuple):
    """A file of a commit: its mode as git writes it, and its object name."""

    mode: str
    name: str


class Base:
    """A commit in a git folder of the host, as patches see it.

    Args:
        git: The host's git folder.
        commit: The commit's id.
    """

    def __init__(self, git: HostGit, commit: str) -> None:
        self.git = git
        self.commit = commit
        self.object_format = "sha256" if len(commit) == 64 else "sha1"
        self.entries = dict(self._list())
        self.gitlinks = frozenset(path for path, entry in self.entries.items() if entry.mode == _GITLINK)

    def _list(self) -> Iterator[tuple[bytes, Entry]]:
        listed = self.git.run("ls-tree", "-r", "-z", "--full-tree", self.commit)
        for record in listed.split(b"\0")[:-1]:
            described, _, path = record.partition(b"\t")
            mode, _, name = described.decode().split(" ")
            yield path, Entry(mode, name)

    def holds(self, path: bytes, mode: str, data: bytes) -> bool:
        """Whether the commit has exactly this file."""
        entry = self.entries.get(path)
        if entry is None or _canonical(entry.mode) != mode:
            return False
        digest = hashlib.new(self.object_format, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return entry.name == digest.hexdigest()

    def in_submodule(self, path: bytes) -> bool:
        """Whether a path is a submodule or lies in one."""
        parts = path.split(b"/")
        return any(b"/".join(parts[:count]) in self.gitlinks for count in range(1, len(parts) + 1))

    def scratch(self, folder: Path, *, verbatim: bool = True) -> HostGit:
        """Make a git folder that sees the commit and can be thrown away."""
        return HostGit.create(
            folder, verbatim=verbatim, borrow=self.git.folder, object_format=self.object_format
        )


def make_patch(base: Base, work_tree: Path, include: Collection[str], folder: Path) -> str:
    """Return the unified diff from `base` to `work_tree`; `folder` is for temporary files."""
    present = dict(_walk(work_tree, base.gitlinks))
    forced = {os.fsencode(path) for path in include}
    candidates = [
        path for path in present if path not in base.entries and path not in forced and not is_junk(path)
    ]
    ignored = _ignored(base.git, work_tree, candidates)
    new = {path for path in candidates if path not in ignored} | (forced & present.keys())
    with tempfile.TemporaryDirectory(dir=folder, prefix="patch-") as scratch:
        script = Path(scratch, "script")
        with script.open("wb") as stream:
            changes = _write_script(stream, base, work_tree, present, new)
        if not changes:
            return ""
        git = base.scratch(Path(scratch, "git"))
        with script.open("rb") as stream:
            git.run("fast-import", "--quiet", stdin=stream)
        diff = git.run(*_DIFF, base.commit, "refs/heads/result")
    for path in base.entries.keys() | new:
        if _AMBIGUOUS.search(path):
            diff = _quote_header(diff, path)
    return diff.decode("utf-8", "surrogateescape")


def apply_patch(base: Base, patch: str, target: Path, folder: Path) -> list[str]:
    """Apply `patch` to the work tree that holds `target`, all of it or nothing; return the changed paths."""
    if not patch.strip():
        return []
    if not target.is_dir():
        raise UsageError(f"There is no folder {target} to apply the patch to.")
    target = target.resolve()
    top = next((at for at in (target, *target.parents) if (at / ".git").exists()), target)
    data = patch.encode("utf-8", "surrogateescape")
    with tempfile.TemporaryDirectory(dir=folder, prefix="apply-") as scratch:
        # Line ends are converted as the user's attributes say; drivers and hooks there are none.
        git = base.scratch(Path(scratch, "git"), verbatim=False)

        def run(*more: str) -> bytes:
            options = ("apply", "-p1", "--whitespace=nowarn", *more, "-")
            outcome = git.attempt(*options, work_tree=top, stdin=data)
            if outcome.status:
                reason = first_line(outcome.stderr)
                raise UsageError(f"The patch does not fit {top}, nothing was changed: {reason}")
            return outcome.stdout

        run("--check")
        paths = [record.split(b"\t", 2)[2] for record in run("--numstat", "-z").split(b"\0") if record]
        inside = next((path for path in paths if base.in_submodule(path)), None)
        if inside is not None:
            raise UsageError(
                f"The patch reaches into a submodule with {os.fsdecode(inside)!r}; nothing was changed."
            )
        run()
    return [os.fsdecode(path) for path in paths]


def _ignored(git: HostGit, work_tree: Path, paths: list[bytes]) -> frozenset[bytes]:
    """Which paths the ignore files of the exported tree name; git reads nothing else of the tree."""
    if not paths:
        return frozenset()
    # The prefix keeps a name such as ":x" from being read as a pathspec with magic.
    asked = b"".join(b"./" + path + b"\0" for path in paths)
    command = ("check-ignore", "--no-index", "-z", "--stdin")
    outcome = git.attempt(*command, work_tree=work_tree.resolve(), stdin=asked)
    if outcome.status not in (0, 1):
        raise RepositoryError(f"git can't tell which files are ignored: {first_line(outcome.stderr)}")
    return frozenset(path[2:] for path in outcome.stdout.split(b"\0")[:-1])


def _write_script(
    stream: BinaryIO, base: Base, work_tree: Path, present: dict[bytes, os.stat_result], new: set[bytes]
) -> int:
    """Write the changes as `git fast-import` takes them; return how many there are."""
    author = "Patchwright <patchwright@localhost> 0 +0000"
    stream.write(f"commit refs/heads/result\ncommitter {author}\ndata 0\nfrom {base.commit}\n".encode())
    changes = 0
    total = 0
    for path, entry in base.entries.items():
        # Deletions come first: a file may have become a folder.
        if entry.mode != _GITLINK and path not in present:
            stream.write(b"D " + _quoted(path) + b"\n")
            changes += 1
    for path in sorted(present):
        if path not in base.entries and path not in new:
            continue
        mode, data = _content(work_tree, path, present[path])
        if base.holds(path, mode, data):
            continue
        total += len(data)
        if total > MAX_PATCH_BYTES:
            raise RepositoryError(
                f"The changed files hold more than {MAX_PATCH_BYTES >> 20} MB, "
                f"{os.fsdecode(path)!r} among them; remove build results or ignore them in .gitignore."
            )
        stream.write(f"M {mode} inline ".encode() + _quoted(path) + f"\ndata {len(data)}\n".encode())
        stream.write(data + b"\n")
        changes += 1
    return changes


def _walk(top: Path, gitlinks: Collection[bytes]) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield each file and symbolic link under `top`, following nothing."""
    folders = [b""]
    root = os.fsencode(top)
    while folders:
        prefix = folders.pop()
        with os.scandir(os.path.join(root, prefix) if prefix else root) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.name.lower() == b".git" or path in gitlinks:
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(path + b"/")
                elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                    yield path, status


def _content(top: Path, path: bytes, status: os.stat_result) -> tuple[str, bytes]:
    full = os.path.join(os.fsencode(top), path)
    if stat.S_ISLNK(status.st_mode):
        return "120000", os.readlink(full)
    if status.st_size > MAX_PATCH_BYTES:
        raise RepositoryError(
            f"{os.fsdecode(path)!r} of {status.st_size >> 20} MB is too large for a patch; remove it."
        )
    with open(os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as stream:
        return "100755" if status.st_mode & 0o100 else "100644", stream.read()


def _canonical(mode: str) -> str:
    """Old commits hold modes such as 100664, which git reads as 100644."""
    return mode if not mode.startswith("100") else "100755" if int(mode, 8) & 0o100 else "100644"


def _quote_header(diff: bytes, path: bytes) -> bytes:
    """Put a name in quotes that `git apply` would misread: git itself quotes only control characters."""
    plain = b"diff --git a/" + path + b" b/" + path + b"\n"
    quoted = b"diff --git " + _quoted(b"a/" + path) + b" " + _quoted(b"b/" + path) + b"\n"
    if diff.startswith(plain):
        return quoted + diff[len(plain) :]
    return diff.replace(b"\n" + plain, b"\n" + quoted, 1)


def _quoted(path: bytes) -> bytes:
    """Quote a path the way git reads it back, byte for byte."""
    plain = b"".join(
        bytes((byte,)) if 32 < byte < 127 and byte not in b'"\\' else b"\\%03o" % byte for byte in path
    )
    return b'"' + plain + b'"'
