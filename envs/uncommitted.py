"""What a user has changed in their own work tree, found without running git in their repository."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from envs.hostgit import HostGit, inspect_git
from envs.junk import is_junk
from envs.source import Source


def uncommitted(source: Source, git: HostGit, base: str) -> tuple[str, ...]:
    """List what differs between the base commit and the user's own work tree, without their git folder."""
    if source.work_tree is None or source.git_folder is None:
        return ()
    common = inspect_git(source.git_folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
    common_folder = (
        Path(os.fsdecode(common.stdout.rstrip(b"\n"))) if common.status == 0 else source.git_folder
    )
    settings = tuple(_harmless_settings(common_folder))
    ignores = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser(), "git", "ignore")
    with tempfile.TemporaryDirectory(dir=git.folder.parent, prefix="status-") as scratch:
        kind = "sha256" if len(base) == 64 else "sha1"
        mirror = HostGit.create(
            Path(scratch, "git"), verbatim=False, borrow=git.folder, object_format=kind, excludes=str(ignores)
        )
        if (common_folder / "info" / "exclude").is_file():
            shutil.copyfile(common_folder / "info" / "exclude", mirror.folder / "info" / "exclude")
        mirror.run("update-ref", "refs/heads/main", base)
        mirror.run("read-tree", base)
        command = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all", "-unormal")
        said = mirror.run(*command, work_tree=source.work_tree, settings=settings)
        records = [record for record in said.split(b"\0") if record]
        paths = [record[3:] for record in records if not (record[:2] == b"??" and is_junk(record[3:]))]
        elsewhere = _kept_elsewhere(mirror, source.work_tree, paths)
    return tuple(os.fsdecode(path) for path in paths if path not in elsewhere)


def _harmless_settings(common_folder: Path) -> Iterator[str]:
    """Settings of the source that only say how its files lie on the disk."""
    for name, pattern in (("core.filemode", "true|false"), ("core.autocrlf", "true|false|input")):
        asked = inspect_git(common_folder, "config", "--file", str(common_folder / "config"), "--get", name)
        value = asked.stdout.decode("utf-8", "replace").strip()
        if re.fullmatch(pattern, value):
            yield f"{name}={value}"


def _kept_elsewhere(mirror: HostGit, work_tree: Path, paths: list[bytes]) -> frozenset[bytes]:
    """Files that LFS keeps elsewhere: the commit holds pointers, so they look changed without its filter."""
    if not paths:
        return frozenset()
    asked = b"\0".join(paths) + b"\0"
    answer = mirror.run("check-attr", "-z", "--stdin", "filter", work_tree=work_tree, stdin=asked).split(
        b"\0"
    )
    return frozenset(path for path, value in zip(answer[0::3], answer[2::3], strict=False) if value == b"lfs")
