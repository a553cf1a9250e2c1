"""Builds a sandbox out of Linux namespaces without any tool, then becomes its first process's parent.

The text of this file is run as a program of its own, because what it does to its process can't be undone.
Its only argument is a JSON object: `places` (see `envs.rootfs.Place`), `root` (an empty folder to build in),
`uid` (the user inside), `network`, and `command`, which becomes process 1.

As a normal user it makes a user namespace and everything in it runs as that user, shown as `uid`. As root it
needs none: process 1 stays root with three capabilities, to start commands as `uid` and to kill them.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND = 0x20, 0x400, 0x800, 0x1000
MS_REC, MS_PRIVATE, MS_SLAVE, MS_RELATIME = 0x4000, 0x40000, 0x80000, 0x200000
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = (
    1,
    24,
    38,
    47,
    4,
)
CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_LAST = 5, 6, 7, 63
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "i686": 217}
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

libc = ctypes.CDLL(None, use_errno=True)


def check(status: int, what: str) -> None:
    """Raise the error of a failed call into the C library."""
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Attach a file system or a part of one."""
    arguments = (source.encode(), os.fsencode(target), kind.encode() or None, flags, data.encode() or None)
    check(
        libc.mount(arguments[0], arguments[1], arguments[2], ctypes.c_ulong(flags), arguments[4]),
        f"mount {target}",
    )


def enter_namespaces(uid: int, *, network: bool) -> None:
    """Leave the host's namespaces; without root, in a user namespace that has only this user."""
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (0 if network else CLONE_NEWNET)
    me, group = os.geteuid(), os.getegid()
    if me != 0:
        flags |= CLONE_NEWUSER
    check(libc.unshare(flags), "unshare")
    if me != 0:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {me} 1"),
            ("gid_map", f"{uid} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    mount("none", "/", flags=MS_REC | (MS_PRIVATE if me == 0 else MS_SLAVE))


def held_flags(point: str | bytes) -> int:
    """The flags of a mount that a user may not lift, and so must repeat."""
    held = os.statvfs(point).f_flag  # the same numbers as mount's, but for RELATIME
    return held & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME) | (
        MS_RELATIME if held & 0x1000 else 0
    )


def make_read_only(target: str) -> None:
    """Make a bind mount and all mounts below it read-only, keeping the flags that a user may not lift."""
    with open("/proc/self/mountinfo", "rb") as file:
        points = [line.split(b" ")[4].decode("unicode_escape").encode("latin-1") for line in file]
    top = os.fsencode(target)
    for point in points:
        if point == top or point.startswith(top + b"/"):
            # Below a folder that the user can't look into, nothing needs to be protected.
            with contextlib.suppress(PermissionError, FileNotFoundError):
                flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | held_flags(point)
                mount("none", os.fsdecode(point), flags=flags)


def make_point(path: str, source: str) -> None:
    """Make the empty file or folder that `source` is mounted on."""
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab"):
        pass


def build(root: str, places: list[list[str]]) -> None:
    """Build the new root in `root`, which ends up a mount of its own."""
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m")
    os.umask(0o022)
    for kind, path, source in places:
        target = root + path
        if kind == "link":
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(source, target)
        elif kind == "tmpfs":
            os.makedirs(target, exist_ok=True)
            mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=1g")
        else:
            make_point(target, source)
            mount(source, target, flags=MS_BIND | MS_REC)
            if kind == "ro":
                make_read_only(target)
            else:
                mount("none", target, flags=MS_BIND | MS_REMOUNT | held_flags(target) | MS_NOSUID | MS_NODEV)
    devices = root + "/dev"
    os.makedirs(devices)
    mount("tmpfs", devices, "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    for name in DEVICES:
        make_point(f"{devices}/{name}", f"/dev/{name}")
        mount(f"/dev/{name}", f"{devices}/{name}", flags=MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{devices}/{name}")
    os.mkdir(f"{devices}/shm")
    mount("tmpfs", f"{devices}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m")
    os.mkdir(f"{devices}/pts")
    with contextlib.suppress(OSError):  # pseudo-terminals are a comfort
        mount(
            "devpts", f"{devices}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"
        )
        os.symlink("pts/ptmx", f"{devices}/ptmx")
    os.makedirs(f"{root}/proc", exist_ok=True)
    os.makedirs(f"{root}/run", exist_ok=True)


def move_in(root: str) -> None:
    """Make `root` the root of this process's mount namespace and let go of the old one."""
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.chdir(root)
    number = SYS_PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(f"pivot_root is not known on {os.uname().machine}")
    # The new root stacked over the old one, which is then taken from beneath it.
    check(libc.syscall(number, b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount")
    os.chdir("/")
    mount("none", "/", flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)


def raise_loopback() -> None:
    """Switch on the network that has only this machine in it: tests serve to themselves."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def drop_rights(*, root: bool) -> None:
    """Keep no capability; as root the three that starting and ending commands as another user takes."""
    kept = {CAP_KILL, CAP_SETGID, CAP_SETUID} if root else set()
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(CAP_LAST + 1):
        if capability not in kept:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if root:
        os.setgroups([])
    words = [sum(1 << number for number in kept), 0]
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)(words[0], words[0], 0, words[1], words[1], 0)
    check(libc.capset(header, sets), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def main(config: dict[str, Any]) -> int:
    """Build the sandbox, start its first process and wait for it."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    root = os.geteuid() == 0
    enter_namespaces(config["uid"], network=config["network"])
    build(config["root"], config["places"])
    child = os.fork()
    if child:
        os.close(0)
        os.close(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.setsid()
        # Its parent's end is its own, and with it that of all processes inside.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with contextlib.suppress(OSError):
            socket.sethostname("patchwright")
        if not config["network"]:
            raise_loopback()
        move_in(config["root"])
        if not root:
            # Our own user namespace's limit: no further ones, which would hand out capabilities again.
            with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as limit:
                limit.write("0")
        drop_rights(root=root)
        os.closerange(3, 1024)
        os.execve(config["command"][0], config["command"], {})  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        sys.stderr.flush()
    finally:
        os._exit(126)


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(sys.argv[1])))
    except OSError as failure:
        sys.stderr.write(f"{failure.strerror or failure}\n")
        sys.exit(126)
