"""Moves file trees between the host and a sandbox, trusting nothing that comes out of one.

Only regular files, folders and symbolic links are made; a link is created but never followed; a `.git` never
comes out; and the whole is capped, by the size a file claims to have before a byte of it is read.
"""

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from envs.landing import CHUNK, MAX_TREE_BYTES, MAX_TREE_FILES, OPEN_FOLDER, Copied, Landing
from trajectories.errors import SandboxError

_BLOCK = 512


class _Chunks:
    """Lets an iterator of byte chunks be read like a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        parts = []
        while size > 0:
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._rest = memoryview(chunk)
            parts.append(bytes(self._rest[:size]))
            self._rest = self._rest[size:]
            size -= len(parts[-1])
        return b"".join(parts)


def unpack(
    archive: Iterable[bytes] | BinaryIO,
    destination: Path,
    root_prefix: str,
    *,
    max_bytes: int = MAX_TREE_BYTES,
    max_files: int = MAX_TREE_FILES,
) -> Copied:
    """Extract the tar stream that a container engine makes of one folder.

    Args:
        archive: The stream, as chunks or as a file.
        destination: An empty or missing folder of the host.
        root_prefix: The folder's name within the archive, e.g. "workspace".
        max_bytes: The cap on the size of all files.
        max_files: The cap on the number of entries.

    Raises:
        SandboxError: The archive is damaged, too large, or reaches outside the folder.
    """
    source = cast("BinaryIO", archive if hasattr(archive, "read") else _Chunks(archive))
    prefix = tuple(part for part in root_prefix.split("/") if part)
    target = Landing(destination, max_bytes, max_files)
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK // 4) as tar:
            for member in tar:
                # The list of members would grow with the archive.
                tar.members = []  # type: ignore[attr-defined]  # the stubs leave it out
                _unpack_member(tar, member, prefix, target, destination)
    except tarfile.TarError as error:
        raise SandboxError(f"The engine's archive of the work tree is damaged: {error}.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SandboxError(f"The work tree can't be unpacked into {destination}: {reason}.") from None
    finally:
        target.close()
    return target.copied()


def _unpack_member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, prefix: tuple[str, ...], target: Landing, destination: Path
) -> None:
    parts = _inside(member.name, prefix)
    if parts is None:
        raise SandboxError(f"The archive of the work tree reaches outside it with {member.name!r}; refused.")
    if _is_git(parts):
        return
    if member.isdir():
        target.folder(parts, member.mode)
    elif not parts:
        raise SandboxError("The work tree was replaced by something that is not a folder.")
    elif member.issym():
        target.link(parts, member.linkname)
    elif member.isreg():
        target.need(member.size)
        contents = tar.extractfile(member)
        if contents is None:
            raise SandboxError(f"The archive holds no contents for {member.name!r}.")
        target.file(parts, member.mode, member.size, contents, int(member.mtime * 1e9))
    elif member.islnk():
        first = _inside(member.linkname, prefix)
        if not first or _is_git(first):
            target.skip(member.name, "it is a hard link to a file outside the work tree")
            return
        _copy_again(first, parts, target, destination, member.name)
    else:
        target.skip(member.name, "it is neither a file, a folder nor a symbolic link")


def _copy_again(
    first: tuple[str, ...], parts: tuple[str, ...], target: Landing, destination: Path, shown: str
) -> None:
    """Write a hard link as a second file; the first name came earlier in the archive."""
    try:
        above = target.parent(first[:-1])
        handle = os.open(first[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=above)
    except OSError:
        target.skip(shown, "it is a hard link to something that is not in the archive")
        return
    with open(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            target.skip(shown, "it is a hard link to something that is not a file")
            return
        target.file(parts, status.st_mode, status.st_size, stream, status.st_mtime_ns)


def _inside(name: str, prefix: tuple[str, ...]) -> tuple[str, ...] | None:
    """The path within the folder, or None for a name that leaves it."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or "\0" in name or parts[: len(prefix)] != prefix:
        return None
    return parts[len(prefix) :]


def _is_git(parts: tuple[str, ...]) -> bool:
    return any(part.lower() == ".git" for part in parts)


def copy_tree(
    source: Path,
    destination: Path,
    *,
    keep_git: bool = False,
    owner: tuple[int, int] | None = None,
    max_bytes: int = MAX_TREE_BYTES,
    max_files: int = MAX_TREE_FILES,
) -> Copied:
    """Copy a folder by the rules of `unpack`, whoever wrote it.

    Args:
        source: The folder.
        destination: An empty or missing folder.
        keep_git: Whether `.git` is copied, too: only for a tree that the host made.
        owner: User and group id that the copies are given.
        max_bytes: The cap on the size of all files.
        max_files: The cap on the number of entries.

    Raises:
        SandboxError: The folder is gone, too large, or can't be read.
    """
    target = Landing(destination, max_bytes, max_files)
    try:
        top = os.open(source, OPEN_FOLDER)
        try:
            _copy_folder(top, (), target, keep_git)
        finally:
            os.close(top)
        if owner is not None:
            _give(destination, owner)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SandboxError(f"The work tree {source} can't be copied: {reason}.") from None
    finally:
        target.close()
    return target.copied()


def _copy_folder(handle: int, parts: tuple[str, ...], target: Landing, keep_git: bool) -> None:
    with os.scandir(handle) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path = (*parts, name)
        if name.lower() == ".git" and not keep_git:
            continue
        status = os.stat(name, dir_fd=handle, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            target.link(path, os.readlink(name, dir_fd=handle))
        elif stat.S_ISDIR(status.st_mode):
            inner = _open(name, handle, OPEN_FOLDER, 0o700)
            try:
                target.folder(path, status.st_mode)
                _copy_folder(inner, path, target, keep_git)
            finally:
                os.close(inner)
        elif stat.S_ISREG(status.st_mode):
            target.need(status.st_size)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(_open(name, handle, flags, 0o600), "rb", buffering=0) as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise SandboxError(f"The file {'/'.join(path)!r} changed while it was copied.")
                target.file(path, status.st_mode, status.st_size, stream, status.st_mtime_ns)
        else:
            target.skip("/".join(path), "it is neither a file, a folder nor a symbolic link")


def _open(name: str, above: int, flags: int, needed: int) -> int:
    """Open an entry; one whose owner took away its own rights is given them back."""
    try:
        return os.open(name, flags, dir_fd=above)
    except PermissionError:
        # An O_PATH handle needs no rights and can't be swapped for a link between check and use.
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        try:
            status = os.fstat(handle)
            if stat.S_ISLNK(status.st_mode):
                raise
            os.chmod(f"/proc/self/fd/{handle}", stat.S_IMODE(status.st_mode) | needed)
        finally:
            os.close(handle)
        return os.open(name, flags, dir_fd=above)


def _give(folder: Path, owner: tuple[int, int]) -> None:
    os.chown(folder, *owner)
    for above, _, names, handle in os.fwalk(os.fsencode(folder)):
        del above
        for name in names:
            os.chown(name, *owner, dir_fd=handle, follow_symlinks=False)
        os.fchown(handle, *owner)


def pack(tree: Path, prefix: str, uid: int, gid: int) -> Iterator[bytes]:
    """Make a tar stream of a folder for a container engine, the same bytes for the same tree.

    Args:
        tree: The folder, `.git` included; one that the host made.
        prefix: The folder's name within the archive, e.g. "workspace".
        uid: The user that all entries are to belong to.
        gid: The group that all entries are to belong to.

    Yields:
        Chunks of the archive.
    """
    waiting = bytearray()
    for piece in _pieces(tree, prefix.strip("/"), uid, gid):
        waiting += piece
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    waiting += bytes(-len(waiting) % _BLOCK + 2 * _BLOCK)
    yield bytes(waiting)


def _pieces(tree: Path, prefix: str, uid: int, gid: int) -> Iterator[bytes]:
    root = os.fsencode(tree)
    waiting = [(root, prefix)]
    while waiting:
        path, name = waiting.pop()
        status = os.lstat(path)
        entry = tarfile.TarInfo(name or ".")
        entry.uid, entry.gid = uid, gid
        entry.mode = stat.S_IMODE(status.st_mode) & 0o777
        entry.mtime = int(status.st_mtime)
        if stat.S_ISDIR(status.st_mode):
            entry.type = tarfile.DIRTYPE
            below = sorted(os.listdir(path), reverse=True)
            inner = f"{name}/" if name else ""
            waiting += [(os.path.join(path, part), inner + os.fsdecode(part)) for part in below]
            # Folders have the time of their copying, which differs each time.
            entry.mtime = 0
        elif stat.S_ISLNK(status.st_mode):
            entry.type, entry.linkname = tarfile.SYMTYPE, os.fsdecode(os.readlink(path))
        elif stat.S_ISREG(status.st_mode):
            entry.size = status.st_size
        else:
            continue
        yield entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        if entry.type == tarfile.REGTYPE:
            yield from _contents(path, entry.size)


def _contents(path: bytes, size: int) -> Iterator[bytes]:
    left = size
    with open(path, "rb", buffering=0) as stream:
        while left:
            data = stream.read(min(left, CHUNK))
            if not data:
                raise SandboxError(f"The file {os.fsdecode(path)!r} ended early while it was packed.")
            left -= len(data)
            yield data
    yield bytes(-size % _BLOCK)
