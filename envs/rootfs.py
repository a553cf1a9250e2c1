"""What a local sandbox sees of this machine: its programs, read-only, and nothing of its users."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from envs.sandbox import WORKDIR

HOME = "/tmp/home"  # noqa: S108  a folder of the sandbox, on its own tmpfs

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
# Never all of /etc: as root, what is readable for root alone (keys, shadow) would be readable inside.
_ETC = (
    *("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "mime.types"),
    *(
        "nsswitch.conf",
        "protocols",
        "services",
        "ssl/certs",
        "ssl/openssl.cnf",
        "pki/tls/certs",
        "ca-certificates",
    ),
    *("java-11-openjdk", "java-17-openjdk", "java-21-openjdk", "debian_version", "os-release"),
)
_ETC_NETWORK = ("resolv.conf", "hosts")


class Place(NamedTuple):
    """One entry of the sandbox's root.

    Attributes:
        kind: "ro" and "rw" show `source` of the host; "link" is a symbolic link to `source`; "tmpfs" is an
            empty file system in memory that everyone inside may write to.
        path: Where it lies inside.
        source: The path on the host, or where the link points to.
    """

    kind: str
    path: str
    source: str = ""


def places(workspace: Path, etc: Path, *, network: bool) -> list[Place]:
    """Return the sandbox's root, in the order in which it is to be built.

    Args:
        workspace: The host's folder that commands work in.
        etc: A folder whose files are shown in /etc.
        network: Whether name resolution is to work as on the host.
    """
    found = [*_system(), *_configuration(etc, network=network)]
    found += [Place("tmpfs", "/tmp"), Place("tmpfs", "/var/tmp")]  # noqa: S108
    for prefix in python_prefixes():
        covered = any(place.kind == "ro" and Path(prefix).is_relative_to(place.path) for place in found)
        if not covered:
            found.append(Place("ro", prefix, prefix))
    found.append(Place("rw", WORKDIR, str(workspace)))
    return found


def _system() -> Iterator[Place]:
    for path in _SYSTEM:
        if os.path.islink(path):
            yield Place("link", path, os.readlink(path))
        elif os.path.isdir(path):
            yield Place("ro", path, path)


def _configuration(etc: Path, *, network: bool) -> Iterator[Place]:
    made = sorted(entry.name for entry in etc.iterdir())
    for name in made:
        yield Place("ro", f"/etc/{name}", str(etc / name))
    for name in (*_ETC, *(_ETC_NETWORK if network else ())):
        path = f"/etc/{name}"
        if name not in made and os.path.exists(path):
            yield Place("ro", path, os.path.realpath(path))


def write_etc(folder: Path, uid: int, *, network: bool) -> None:
    """Write the files of /etc that must not be the host's: they name its users."""
    folder.mkdir()
    user = f"patchwright:x:{uid}:{uid}::{HOME}:/bin/sh\n"
    root = "" if uid == 0 else "root:x:0:0::/:/bin/sh\n"
    (folder / "passwd").write_text(f"{root}{user}nobody:x:65534:65534::/:/bin/false\n")
    (folder / "group").write_text(f"root:x:0:\npatchwright:x:{uid}:\nnogroup:x:65534:\n")
    (folder / "hostname").write_text("patchwright\n")
    if not network:
        (folder / "hosts").write_text("127.0.0.1 localhost patchwright\n::1 localhost\n")
    for file in folder.iterdir():
        file.chmod(0o644)


def python_prefixes() -> list[str]:
    """The folders of the Python that runs Patchwright: its environment and the installation beneath."""
    program = os.path.realpath(sys.executable)
    candidates = (sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(program)))
    home = Path.home()
    found: list[str] = []
    for prefix in candidates:
        # A prefix that holds a whole home, or the whole disk, is not only a Python's.
        wide = home.is_relative_to(prefix) or prefix in ("/", "/opt", "/home", "/root")
        if prefix not in found and not wide and os.path.isdir(prefix):
            found.append(prefix)
    return found


def search_path() -> str:
    """The PATH inside: the user's own Python first."""
    own = [os.path.join(prefix, "bin") for prefix in python_prefixes()]
    usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return ":".join(dict.fromkeys([*own, *usual]))
