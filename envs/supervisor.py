"""The supervisor: the program that runs as the sandbox's first process, where the image has a Python.

This file is never imported inside a sandbox: its text is handed to the sandbox's own interpreter, so it
keeps to Python 3.5 and the standard library and imports little, since it starts with every container.

It reads requests from standard input and writes one reply to each on standard output. A frame is two
big-endian 32-bit lengths, a JSON header and a body. End of input ends the sandbox, so a runtime that was
killed leaves nothing behind. As process 1 it reaps orphans and outlives `kill -9 -1`.

Each command runs in a shell of its own, in its own session, under another user where the sandbox allows
it, so that no command can forge a reply or take the supervisor with it. The next shell is started while
the model still thinks: it has already restored the state the last one left and waits to be told what to
run, which takes the start of a shell off the path of every action.
"""

import errno
import json
import os
import select
import signal
import stat
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Header = dict[str, Any]

# All on one line: bash counts the lines of what `eval` runs from the line that `eval` stands on.
BASH = "; ".join(
    (
        "IFS= read -r -d '' __pw_text <&6",
        "exec 6<&-",
        'eval "$__pw_text" 2>/dev/null',
        "builtin unset __pw_text",
        "__pw_dump() { { set +eux; __pw_saved=1; } 2>/dev/null; builtin unset -f __pw_dump"
        "; { builtin printf '\\0'; builtin pwd; builtin printf '\\0'"
        "; builtin export -p; builtin declare -f; builtin declare -Fx; builtin printf '\\0'; } >&250; }",
        "builtin read -r -u 8 __pw_go || builtin exit",
        "builtin exec 8<&-",
        "IFS= builtin read -r -d '' __pw_text <&9",
        "builtin exec 9<&-",
        "builtin trap '{ __pw_code=$?; } 2>/dev/null; [[ -n ${__pw_saved-} ]] || __pw_dump"
        '; builtin exit "$__pw_code"\' EXIT',
        'builtin eval "$__pw_text"',
        "{ __pw_code=$?; } 2>/dev/null",
        "{ [[ -n ${__pw_saved-} ]] || __pw_dump; } 2>/dev/null",
        '{ builtin exit "$__pw_code"; } 2>/dev/null',
    )
)

POSIX_SH = """
. /proc/self/fd/6 2>/dev/null
exec 6<&-
read -r __pw_go <&8 || exit
exec 8<&-
__pw_dump() { { set +eux; } 2>/dev/null; { printf '\\0'; pwd; printf '\\0'; export -p; printf '\\0'; } >&7; }
trap '__pw_code=$?; __pw_dump; exit $__pw_code' EXIT
. /proc/self/fd/9
"""


PROBLEMS = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EROFS: "denied",
    errno.ELOOP: "special",
    errno.ENXIO: "special",
    errno.EISDIR: "directory",
    errno.EEXIST: "exists",
}
"""What the host calls the errors of a file request."""

SHELL_FILE = 299
"""The descriptor of the shell's program: out of the way of those that commands get."""

KEPT_FILES = 16
KEPT_FILE_BYTES = 64 << 20
PLAIN = bytes(range(32, 127)) + b"\t\n"

STATE_BYTES = 4 << 20
"""How much the exported variables and functions may take to be carried over."""


def memory_file(data: bytes = b"") -> int:
    """Return a file descriptor of an unnamed file in memory that holds `data`, positioned at its start."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("patchwright", 0)
    else:
        name = "/tmp/.patchwright-%d-%d" % (os.getpid(), time.time() * 1e6)
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        os.unlink(name)
    if data:
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
    return fd


def quoted(text: bytes) -> bytes:
    """Return `text` as one word of a shell command, whatever it holds."""
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def exit_code(status: int) -> int:
    """Return a wait status as a shell would put it: 128 and the signal for who was killed."""
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


class Archive:
    """A folder that holds long outputs for later, bounded in number and size: the oldest go first.

    It belongs to the commands' user, who may spoil it at will: nothing that is read from it is trusted, and
    all is done with that user's rights. A full disk costs what does not fit, and no command.
    """

    def __init__(self, folder: str, as_command_user: "Callable[..., Any]") -> None:
        self.folder, self.as_command_user = folder, as_command_user
        self.number = 0
        self.files = []  # type: list[tuple[str, int]]
        self.fd = -1
        self.path, self.size, self.room = "", 0, 0

    def begin(self) -> None:
        """Open a new file for `add`; none when the disk has no place or the folder was spoiled."""
        self.number += 1
        self.path, self.size = os.path.join(self.folder, "%d.txt" % self.number), 0
        try:
            self.fd = self.as_command_user(self.open)
        except OSError:
            self.room = 0

    def open(self) -> int:
        os.makedirs(self.folder, 0o755, True)
        if not stat.S_ISDIR(os.lstat(self.folder).st_mode):
            raise OSError(errno.ENOTDIR, "a link was put in its place")
        disk = os.statvfs(self.folder)
        whole, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
        largest = min(KEPT_FILE_BYTES, whole // 8)
        while len(self.files) >= KEPT_FILES or sum(size for _, size in self.files) > largest:
            path, size = self.files.pop(0)
            if self.unlink(path):
                free += size
        self.room = min(largest, free // 2)
        self.unlink(self.path)  # whatever a command has put there: a pipe would hold us up
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)

    def unlink(self, path: str) -> bool:
        try:
            os.unlink(path)
        except OSError:
            return False
        return True

    def add(self, data: bytes) -> None:
        view = memoryview(data)[: self.room]
        try:
            while view:
                written = os.write(self.fd, view)
                view = view[written:]
                self.size += written
                self.room -= written
        except OSError:
            self.room = 0

    def end(self) -> None:
        """Close the file; an empty one is no file."""
        if self.fd < 0:
            return
        os.close(self.fd)
        self.fd = -1
        if self.size:
            self.files.append((self.path, self.size))
        else:
            self.as_command_user(self.unlink, self.path)


class Output:
    """Collects output in bounded memory, its first `head` and its last `tail` bytes, and long output on disk.

    Output is long when it would show as more than `keep_over` characters; None keeps nothing.
    """

    def __init__(self, header: "Header", archive: Archive) -> None:
        self.head_limit, self.tail_limit = header["head"], header["tail"]  # type: int, int
        self.head, self.tail, self.total = bytearray(), bytearray(), 0
        self.keep_over = header.get("keep_over")  # type: int | None
        self.archive = archive
        self.kept = False

    def keep(self) -> None:
        self.kept = True
        self.archive.begin()
        self.archive.add(b"".join(self.parts()))

    def feed(self, data: bytes) -> None:
        self.total += len(data)
        if self.kept:
            self.archive.add(data)
        elif self.keep_over is not None and self.total > self.head_limit + self.tail_limit:
            self.keep()  # the last moment at which all of it is at hand
            self.archive.add(data)
        room = self.head_limit - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            self.tail += data
            if len(self.tail) > 2 * self.tail_limit:
                del self.tail[: -self.tail_limit]

    def parts(self) -> "tuple[bytes, bytes]":
        return bytes(self.head), bytes(self.tail[-self.tail_limit :] if self.tail_limit else b"")

    def finish(self) -> "dict[str, Any]":
        """Return what a reply says about the output."""
        if self.keep_over is not None and not self.kept:
            odd = sum(len(part.translate(None, PLAIN)) for part in self.parts())
            if self.total + 3 * odd > self.keep_over:  # a byte that is no text is shown as four characters
                self.keep()
        found = {"bytes": self.total, "head": len(self.head), "kept": "", "kept_bytes": 0}
        if self.kept:
            self.archive.end()
            if self.archive.size:
                found.update(kept=self.archive.path, kept_bytes=self.archive.size)
        return found


class WarmShell:
    """A started shell that has restored the last state and waits for its command."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self.go_read, self.go_write = os.pipe()
        self.script = memory_file()
        self.state_in = memory_file(supervisor.state)
        self.state_out = memory_file()
        self.out_read, out_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                supervisor.become_command(
                    {
                        0: supervisor.null,
                        1: out_write,
                        2: out_write,
                        8: self.go_read,
                        9: self.script,
                        6: self.state_in,
                        supervisor.state_fd: self.state_out,
                    }
                )
            except BaseException as error:
                os.write(2, ("the shell can't be started: %s\n" % error).encode())
            finally:
                os._exit(127)
        for fd in (out_write, self.state_in):
            os.close(fd)
        os.set_blocking(self.out_read, False)

    def release(self, command: bytes) -> None:
        written = 0
        while written < len(command):
            written += os.pwrite(self.script, command[written:], written)
        os.write(self.go_write, b"\n")

    def never_started(self) -> bool:
        """Whether the word to go still lies there unread."""
        return bool(select.select([self.go_read], [], [], 0)[0])

    def left_state(self) -> "bytes | None":
        """Return what the shell left to be restored, or None when that is too much."""
        size = os.fstat(self.state_out).st_size
        return os.pread(self.state_out, size, 0) if size <= STATE_BYTES else None

    def close(self) -> None:
        for fd in (self.go_read, self.go_write, self.script, self.state_out, self.out_read):
            os.close(fd)


class Supervisor:
    """Serves requests one after the other, with the next command's shell always ready."""

    def __init__(self, config: "dict[str, Any]") -> None:
        self.workdir = config["workdir"]
        self.uid = config.get("uid")  # type: int | None
        self.gid = config.get("gid") or 0  # type: int
        self.status = None  # type: int | None
        if config.get("home"):
            self.as_command_user(os.makedirs, config["home"], 0o755, True)
        self.null = os.open("/dev/null", os.O_RDWR)
        self.cwd = self.workdir
        self.shell = next(
            (p for p in ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash") if os.path.exists(p)), ""
        )
        # Held open, so that even a shell that a command deletes can still be started.
        shell_file = os.open(self.shell or "/bin/sh", os.O_RDONLY)
        os.dup2(shell_file, SHELL_FILE, False)
        os.close(shell_file)
        self.state_fd = 250 if self.shell else 7
        environment = dict(os.environ) if config.get("inherit") else {}
        environment.update(config["environment"])
        environment.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        self.state = b"".join(
            b"export " + os.fsencode(name) + b"=" + quoted(os.fsencode(value)) + b"\n"
            for name, value in sorted(environment.items())
        )
        self.state += self.going_to(os.fsencode(self.cwd))
        self.archive = Archive(config.get("output", "/tmp/patchwright-output"), self.as_command_user)
        self.buffer = bytearray()
        self.wake_read, wake_write = os.pipe()
        for fd in (self.wake_read, wake_write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        # A command must not reach us through a terminal signal or by looking at our memory.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.orphans_come_here()
        self.warm = WarmShell(self)

    def orphans_come_here(self) -> None:
        if os.getpid() == 1 and self.uid is not None:
            return  # both follow from our place and user already, and importing ctypes takes time
        try:
            import ctypes  # noqa: PLC0415  slow to import, and seldom needed

            libc = ctypes.CDLL(None)
            if os.getpid() != 1:
                libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
            if self.uid is None:
                libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: same-user commands can't open our descriptors
        except Exception:
            pass

    def become_command(self, descriptors: "dict[int, int]") -> None:
        """In the child: take the command's descriptors, session and user, and become its shell."""
        for target, fd in descriptors.items():
            os.dup2(fd, 300 + target)
        for target in descriptors:
            os.dup2(300 + target, target)
        keep = sorted([SHELL_FILE, *descriptors])
        low = 0
        for fd in keep:
            if fd > low:  # an empty range is read as "all of them" by some Pythons
                os.closerange(low, fd)
            low = fd + 1
        os.closerange(low, 1024)
        os.setsid()
        if self.uid is not None:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.chdir("/")
        arguments = ["bash", "--noprofile", "--norc", "-c", BASH, "bash"]
        if not self.shell:
            arguments = ["sh", "-c", POSIX_SH, "sh"]
        try:
            os.execve(self.shell or "/bin/sh", arguments, {})
        except OSError:
            os.execve(SHELL_FILE, arguments, {})

    # -- processes

    def children_left(self) -> bool:
        """Reap what has died; say whether a child is still alive."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.warm.pid:
                self.status = status

    def descendants(self) -> "set[int]":
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/stat" % name, "rb") as f:
                        rest = f.read().rsplit(b")", 1)[1].split()
                except (OSError, IndexError):
                    continue
                if rest[0] != b"Z":
                    parents[int(name)] = int(rest[1])
        me, found, grew = os.getpid(), set(), True
        while grew:
            grew = False
            for pid, parent in parents.items():
                if pid not in found and (parent == me or parent in found):
                    found.add(pid)
                    grew = True
        return found

    def freeze(self) -> "set[int]":
        """Stop all descendants, so that no shell sees its child die and prints so, or starts another."""
        frozen = set()  # type: set[int]
        for _ in range(100):
            new = self.descendants() - frozen
            if not new:
                break
            for pid in new:
                self.send_signal(pid, signal.SIGSTOP)
            frozen |= new
        return frozen

    def send_signal(self, pid: int, number: int) -> None:
        try:
            os.kill(pid, number)
        except OSError:
            pass

    def kill_all(self) -> int:
        """Kill and reap every process of the sandbox but this one; return how many were found."""
        found = 0
        for _ in range(2000):
            if not self.children_left():
                break
            if os.getpid() == 1:
                found = found or len(self.descendants())
                self.send_signal(-1, signal.SIGKILL)
            else:
                pids = self.freeze()
                found = max(found, len(pids))
                for pid in pids:
                    self.send_signal(pid, signal.SIGKILL)
            select.select([self.wake_read], [], [], 0.01)
            self.drain_wakeups()
        return found

    def drain_wakeups(self) -> None:
        try:
            while os.read(self.wake_read, 4096):
                pass
        except BlockingIOError:
            pass

    def out_of_memory_kills(self) -> int:
        if os.getpid() != 1:
            return 0  # the counters would be those of all the machine
        for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
            try:
                with open(path) as f:
                    for line in f:
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
            except OSError:
                pass
        return 0

    # -- the four requests

    def run(self, header: "Header", command: bytes) -> None:
        began = time.monotonic()
        deadline = began + header["timeout"]
        kills_before = self.out_of_memory_kills()
        output = Output(header, self.archive)
        self.status = None
        if not self.children_left():  # the waiting shell was lost, for instance to a memory limit
            self.warm.close()
            self.warm = WarmShell(self)
            self.status = None
        warm = self.warm
        warm.release(command)
        # A request to stop may have come in one piece with the command.
        stopped = "interrupt" if self.interrupt_waits() else ""
        poll = select.poll()
        for fd in (0, warm.out_read, self.wake_read):
            poll.register(fd, select.POLLIN)
        while not stopped:
            left = deadline - time.monotonic()
            if left <= 0:
                stopped = "timeout"
                break
            for fd, _ in poll.poll(left * 1000 + 1):
                if fd == warm.out_read and self.pump(warm.out_read, output):
                    poll.unregister(warm.out_read)
                elif fd == self.wake_read:
                    self.drain_wakeups()
                    self.children_left()
                elif fd == 0 and self.interrupted():
                    stopped = "interrupt"
            if self.status is not None or stopped:
                break
        killed = self.kill_all() if self.status is None or self.children_left() else 0
        self.pump(warm.out_read, output, sys.maxsize)
        code = None if stopped else exit_code(self.status or 0)
        found = {
            "exit": code,
            "timed_out": stopped == "timeout",
            "interrupted": stopped == "interrupt",
            "broken": code == 127 and warm.never_started(),
            "note": self.take_state(warm.left_state()),
            "out_of_memory": self.out_of_memory_kills() > kills_before,
            "cwd": self.cwd,
            "killed": 0 if stopped else killed,
            "seconds": time.monotonic() - began,
        }
        warm.close()
        found.update(output.finish())
        self.reply(header, found, b"".join(output.parts()))
        self.warm = WarmShell(self)

    def pump(self, fd: int, output: Output, rounds: int = 16) -> bool:
        """Take what the pipe holds now, at most `rounds` reads; return whether its end was reached."""
        while rounds:
            rounds -= 1
            try:
                data = os.read(fd, 65536)
            except BlockingIOError:
                return False
            if not data:
                return True
            output.feed(data)
        return False

    def interrupted(self) -> bool:
        data = os.read(0, 65536)
        if not data:
            self.end()
        self.buffer += data
        return self.interrupt_waits()

    def interrupt_waits(self) -> bool:
        unread = self.buffer[:]
        frame = self.next_frame()
        if frame is not None and frame[0]["op"] == "interrupt":
            return True
        self.buffer = unread
        return False

    def going_to(self, folder: bytes) -> bytes:
        # A command may have left a function of that name.
        return (b"builtin cd -- " if self.shell else b"cd -- ") + quoted(folder) + b"\n"

    def take_state(self, dumped: "bytes | None") -> str:
        """Keep the state a shell left, if it left a whole one; return a note of what can't be kept."""
        if dumped is None:
            return "The exported variables and functions take more than %d MiB and were not kept." % (
                STATE_BYTES >> 20
            )
        # What a command may have written there itself comes before.
        folder, state, rest = dumped.rsplit(b"\0", 3)[1:] if dumped.count(b"\0") >= 3 else (b"", b"", b"?")
        if not rest and folder.endswith(b"\n"):
            self.cwd = os.fsdecode(folder[:-1])
            self.state = state + b"\n" + self.going_to(folder[:-1])
        # As the command's user: without its capabilities root can't look into another user's closed folders.
        if self.as_command_user(os.path.isdir, self.cwd):
            return ""
        gone, self.cwd = self.cwd, self.workdir if os.path.isdir(self.workdir) else "/"
        self.state += self.going_to(os.fsencode(self.cwd))
        return "The working directory %s is gone; the next command starts in %s." % (gone, self.cwd)

    def resolve(self, header: "Header") -> "str | None":
        """Return the real path of a request, or reply with the problem and return None."""
        root = os.path.realpath(header["root"])
        real = os.path.realpath(os.path.join(root, header["path"]))  # type: str
        if real != root and not real.startswith(root.rstrip("/") + "/"):
            self.problem(header, "outside")
            return None
        return real

    def problem(self, header: "Header", kind: str) -> None:
        self.reply(header, {"problem": kind})

    def read(self, header: "Header") -> None:
        real = self.resolve(header)
        if real is None:
            return
        fd = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            info = os.fstat(fd)
            if stat.S_ISDIR(info.st_mode):
                self.problem(header, "directory")
                return
            if not stat.S_ISREG(info.st_mode):
                self.problem(header, "special")
                return
            limit, parts, size = header["limit"], [], 0
            if info.st_size > limit:
                self.problem(header, "too_large")
                return
            while size <= limit:
                data = os.read(fd, min(1 << 20, limit + 1 - size))
                if not data:
                    break
                parts.append(data)
                size += len(data)
            if size > limit:
                self.problem(header, "too_large")
                return
            self.reply(header, {"path": real, "mode": stat.S_IMODE(info.st_mode)}, b"".join(parts))
        finally:
            os.close(fd)

    def write(self, header: "Header", data: bytes) -> None:
        real = self.resolve(header)
        if real is None:
            return
        try:
            info = os.lstat(real)
        except FileNotFoundError:
            info = None
        if info is not None and header["create"]:
            self.problem(header, "exists")
            return
        if info is None and not header["create"]:
            self.problem(header, "missing")
            return
        if info is not None and not stat.S_ISREG(info.st_mode):
            self.problem(header, "directory" if stat.S_ISDIR(info.st_mode) else "special")
            return
        if info is not None and not os.access(real, os.W_OK, effective_ids=True):
            self.problem(header, "denied")
            return
        folder = os.path.dirname(real)
        if header["create"]:
            os.makedirs(folder, exist_ok=True)
        # A new file under another name first: a full disk must not cost the old content.
        beside = os.path.join(folder, ".patchwright-" + os.urandom(8).hex())
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if info is not None:
                os.fchmod(fd, stat.S_IMODE(info.st_mode))
            os.rename(beside, real)
        except OSError:
            os.unlink(beside)
            raise
        finally:
            os.close(fd)
        self.reply(header, {"path": real})

    def remove(self, header: "Header") -> None:
        real = self.resolve(header)
        if real is None:
            return
        info = os.lstat(real)
        if not stat.S_ISREG(info.st_mode):
            self.problem(header, "directory" if stat.S_ISDIR(info.st_mode) else "special")
            return
        os.unlink(real)
        self.reply(header, {})

    # -- the stream

    def reply(self, request: "Header", header: "Header", body: bytes = b"") -> None:
        header.update(id=request["id"], nonce=request["nonce"])
        text = json.dumps(header).encode()
        view = memoryview(struct.pack(">II", len(text), len(body)) + text + body)
        while view:
            view = view[os.write(1, view) :]

    def next_frame(self) -> "tuple[Header, bytes] | None":
        if len(self.buffer) < 8:
            return None
        header_size, body_size = struct.unpack(">II", bytes(self.buffer[:8]))
        end = 8 + header_size + body_size
        if len(self.buffer) < end:
            return None
        header = json.loads(bytes(self.buffer[8 : 8 + header_size]).decode())
        body = bytes(self.buffer[8 + header_size : end])
        del self.buffer[:end]
        return header, body

    def end(self) -> None:
        self.kill_all()
        os._exit(0)

    def as_command_user(self, action: "Callable[..., object]", *arguments: "Any") -> "Any":
        if self.uid is None:
            return action(*arguments)
        os.setegid(self.gid)
        os.seteuid(self.uid)
        try:
            return action(*arguments)
        finally:
            os.seteuid(0)
            os.setegid(0)

    def handle(self, header: "Header", body: bytes) -> None:
        operation = header["op"]
        if operation == "run":
            self.run(header, body)
        elif operation == "ping":
            self.reply(
                header,
                {"uid": os.getuid() if self.uid is None else self.uid, "shell": self.shell or "/bin/sh"},
            )
        elif operation in ("read", "write", "remove"):
            try:
                arguments = (header, body) if operation == "write" else (header,)
                self.as_command_user(getattr(self, operation), *arguments)
            except OSError as error:
                kind = PROBLEMS.get(error.errno or 0, "failed")
                self.reply(header, {"problem": kind, "detail": error.strerror or str(error)})
            except ValueError as error:  # a NUL byte in a path
                self.reply(header, {"problem": "failed", "detail": str(error)})

    def serve(self) -> None:
        while True:
            frame = self.next_frame()
            if frame is not None:
                self.handle(*frame)
                continue
            data = b""
            ready = select.select([0, self.wake_read], [], [])[0]
            if self.wake_read in ready:
                self.drain_wakeups()
                self.children_left()
            if 0 in ready:
                data = os.read(0, 1 << 16)
                if not data:
                    self.end()
                self.buffer += data


if __name__ == "__main__":
    Supervisor(json.loads(sys.argv[1])).serve()
