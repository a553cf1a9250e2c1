"""A folder of the host that is being filled with what a sandbox holds, and what it takes: the one policy.

Everything is opened relative to an open folder and without following links, so a link that came out of the
sandbox can't lead a later file elsewhere.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple, Protocol

from trajectories.errors import SandboxError

MAX_TREE_BYTES = 2 * 1024**3
"""How many bytes of file contents come out of a sandbox."""

MAX_TREE_FILES = 400_000
"""How many files, folders and links come out of a sandbox."""

MAX_DEPTH = 200
"""How deep folders may be nested: more overflows paths, and is never a project."""

CHUNK = 1024 * 1024
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Copied(NamedTuple):
    """What was copied.

    Attributes:
        entries: How many files, folders and links.
        bytes: The size of all file contents.
        notes: One sentence about each thing that was left out, at most a hundred.
    """

    entries: int
    bytes: int
    notes: tuple[str, ...]


class Reader(Protocol):
    """What file contents are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


class Landing:
    """The folder, its budget, and notes on what was left out.

    Args:
        folder: An empty or missing folder.
        max_bytes: The cap on the size of all files.
        max_files: The cap on the number of entries.

    Raises:
        SandboxError: The folder can't be used.
    """

    def __init__(self, folder: Path, max_bytes: int, max_files: int) -> None:
        self._max_bytes = max_bytes
        self._max_files = max_files
        self.entries = 0
        self.bytes = 0
        self.notes: list[str] = []
        self._opened: tuple[str, ...] = ()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._root = os.open(folder, OPEN_FOLDER)
        except OSError as error:
            raise SandboxError(
                f"The folder {folder} can't be used for the export: {error.strerror}."
            ) from None
        self._parent = os.dup(self._root)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._parent)
        os.close(self._root)

    def skip(self, path: str, why: str) -> None:
        """Note that an entry is left out."""
        if len(self.notes) < 100:
            self.notes.append(f"{path!r} was left out: {why}.")

    def count(self, size: int = 0) -> None:
        """Take one entry with `size` claimed bytes off the budget."""
        self.entries += 1
        if self.entries > self._max_files:
            raise SandboxError(
                f"The work tree holds more than {self._max_files} files; remove what the task does not need."
            )
        self.need(size)

    def need(self, size: int) -> None:
        """Refuse a file that claims more than is left of the budget."""
        if size < 0 or size > self._max_bytes - self.bytes:
            raise SandboxError(
                f"The work tree holds more than {self._max_bytes} bytes; remove large files that the task "
                "does not need."
            )

    def parent(self, parts: tuple[str, ...]) -> int:
        """Open the folder above an entry; folders that are missing on the way are made."""
        if parts == self._opened:
            return self._parent
        if len(parts) > MAX_DEPTH:
            raise SandboxError(f"The work tree nests folders deeper than {MAX_DEPTH}; remove them.")
        at = os.dup(self._root)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=at)
                deeper = os.open(part, OPEN_FOLDER, dir_fd=at)
                os.close(at)
                at = deeper
        except OSError:
            os.close(at)
            raise
        os.close(self._parent)
        self._parent, self._opened = at, parts
        return at

    def folder(self, parts: tuple[str, ...], mode: int) -> None:
        """Make a folder, or set the mode of one that is there."""
        self.count()
        if parts:
            os.fchmod(self.parent(parts), mode & 0o777 | 0o700)

    def link(self, parts: tuple[str, ...], points_to: str) -> None:
        """Make a symbolic link, wherever it points to."""
        self.count()
        os.symlink(points_to, parts[-1], dir_fd=self.parent(parts[:-1]))

    def file(self, parts: tuple[str, ...], mode: int, size: int, source: Reader, mtime_ns: int) -> None:
        """Write exactly `size` bytes of `source`."""
        self.count(size)
        handle = os.open(parts[-1], _NEW, 0o600, dir_fd=self.parent(parts[:-1]))
        with open(handle, "wb", buffering=0) as stream:
            while size:
                data = source.read(min(size, CHUNK))
                if not data:
                    raise SandboxError(f"The file {'/'.join(parts)!r} ended early while it was copied.")
                self.bytes += stream.write(data)
                size -= len(data)
            os.fchmod(handle, mode & 0o777 | 0o600)
            os.utime(handle, ns=(mtime_ns, mtime_ns))

    def copied(self) -> Copied:
        """Sum up."""
        return Copied(self.entries, self.bytes, tuple(self.notes))
