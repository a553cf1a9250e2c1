"""A sandbox for machines without a container engine, made of Linux namespaces: by bubblewrap, or by hand.

It hides the machine's users, network and processes, and shows its programs read-only. It shares the kernel,
as a container does, but has no control group: memory is limited for each process and the disk not at all.
"""

import asyncio
import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

from envs.export import copy_tree
from envs.rootfs import HOME, places, search_path, write_etc
from envs.sandbox import OUTPUT_DIR, WORKDIR, CommandResult, FileContent, SandboxInfo
from envs.shell import Shell, command_environment, supervisor_source
from trajectories.errors import SandboxError, SandboxLost

Backend = Literal["bubblewrap", "unshare"]

START_SECONDS = 60.0
_UID = 1000
_MAX_FILE_BYTES = 8 * 1024**3

# The limits that there are without a control group: set before the supervisor starts, they hold inside.
_LIMITS = """\
import resource
for limit, value in ((resource.RLIMIT_NPROC, {processes}), (resource.RLIMIT_DATA, {memory}),
                     (resource.RLIMIT_FSIZE, {file_bytes}), (resource.RLIMIT_CORE, 0)):
    highest = resource.getrlimit(limit)[1]
    value = value if highest == resource.RLIM_INFINITY else min(value, highest)
    resource.setrlimit(limit, (value, value))
"""


class LocalOptions(NamedTuple):
    """How a local sandbox is made.

    Attributes:
        memory: Bytes of memory that each process may use.
        processes: How many processes and threads at once.
        network: Whether commands reach the network.
        backend: "bubblewrap" or "unshare"; None takes the first that works.
    """

    memory: int = 2 * 1024**3
    processes: int = 256
    network: bool = False
    backend: Backend | None = None


class _Cage(NamedTuple):
    """What a backend needs to know to start a first process."""

    folder: Path
    uid: int
    network: bool
    command: list[str]

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def prepare(self) -> None:
        write_etc(self.folder / "etc", self.uid, network=self.network)
        (self.folder / "root").mkdir()


class LocalSandbox:
    """One set of namespaces; see `envs.sandbox.Sandbox` for the contract."""

    def __init__(self, options: LocalOptions = LocalOptions()) -> None:  # noqa: B008  (immutable)
        self._options = options
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._shell: Shell | None = None

    @property
    def tree(self) -> Path:
        """Where the copy of the repository lies on the host."""
        if self._folder is None:
            raise SandboxError("The sandbox was not started.")
        return self._folder / "workspace"

    async def start(self, tree: Path) -> SandboxInfo:
        """See `envs.sandbox.Sandbox.start`."""
        backend = self._options.backend or await asyncio.to_thread(find_backend)
        if backend is None:
            raise SandboxError(how_to_get_one())
        uid = _user()
        self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="patchwright-")).resolve()
        # As root, commands run as a user of their own, who must own the files.
        owner = (uid, uid) if os.geteuid() == 0 else None
        await asyncio.to_thread(copy_tree, tree, self.tree, keep_git=True, owner=owner)
        environment = command_environment({"PATH": search_path()}, home=HOME)
        config: dict[str, object] = {
            "workdir": WORKDIR,
            "environment": environment,
            "home": HOME,
            "output": OUTPUT_DIR,
        }
        if owner is not None:
            config |= {"uid": uid, "gid": uid}
        limits = _LIMITS.format(
            processes=_process_limit(self._options.processes),
            memory=self._options.memory,
            file_bytes=_MAX_FILE_BYTES,
        )
        python = os.path.realpath(sys.executable)
        command = [python, "-I", "-S", "-c", limits + supervisor_source(), json.dumps(config)]
        cage = _Cage(self._folder, uid, self._options.network, command)
        await asyncio.to_thread(cage.prepare)
        await self._launch(_COMMANDS[backend](cage))
        return SandboxInfo(backend, "", "", "python", str(uid), self._isolation())

    async def _launch(self, command: list[str]) -> None:
        errors = self._errors()
        with errors.open("wb") as stderr:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    env={"PATH": os.environ.get("PATH", os.defpath)},
                    start_new_session=True,
                )
            except OSError as error:
                raise SandboxError(f"{command[0]} can't be started: {error.strerror}.") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._shell = Shell(self._process.stdout, self._process.stdin)
        try:
            await self._shell.ping(START_SECONDS)
        except SandboxLost:
            said = errors.read_text("utf-8", "replace").strip()[-300:].replace("\n", " ")
            raise SandboxError(f"The local sandbox ended at once ({said or 'it said nothing'}).") from None

    def _errors(self) -> Path:
        assert self._folder is not None
        return self._folder / "errors"

    def _isolation(self) -> str:
        network = "with" if self._options.network else "without"
        return (
            f"Linux namespaces {network} network, with this machine's programs read-only and no files of its "
            "users; less isolation than a container: memory is limited per process, CPUs and disk are not."
        )

    def _live(self) -> Shell:
        if self._shell is None:
            raise SandboxLost("The sandbox is gone: it was not started.")
        return self._shell

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """See `envs.sandbox.Sandbox.run`."""
        return await self._live().run(command, timeout, keep_over=keep_over)

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """See `envs.sandbox.Sandbox.read`."""
        return await self._live().read(path, root)

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """See `envs.sandbox.Sandbox.write`."""
        return await self._live().write(path, data, root, create=create)

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """See `envs.sandbox.Sandbox.remove`."""
        await self._live().remove(path, root)

    async def export(self, destination: Path) -> None:
        """See `envs.sandbox.Sandbox.export`; the files are on the host, so a dead sandbox's are, too."""
        await asyncio.to_thread(copy_tree, self.tree, destination)

    async def close(self) -> None:
        """See `envs.sandbox.Sandbox.close`."""
        shell, self._shell = self._shell, None
        process, self._process = self._process, None
        folder, self._folder = self._folder, None
        if shell is not None:
            await shell.close()
        try:
            if process is not None:
                await _end(process)
        finally:
            if folder is not None:
                await asyncio.to_thread(_delete, folder)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait until a sandbox has ended by itself, and end it when it does not."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(5):
            # To its end, which comes when the last process inside has gone: only then is the transport done.
            with contextlib.suppress(RuntimeError):  # a cancelled request may still be reading
                while await process.stdout.read(1 << 16):
                    pass
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            _kill(process.pid)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await process.wait()


def _kill(outer: int) -> None:
    """Kill a sandbox by its first process, with which the kernel ends all others of its namespace.

    That process was to end with its parent, but the kernel forgets that when a process changes its user.
    """
    with contextlib.suppress(OSError):
        for pid in Path(f"/proc/{outer}/task/{outer}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(outer, signal.SIGKILL)


def _user() -> int:
    """The user id inside."""
    if os.geteuid() != 0:
        return _UID
    # Ids from here on are nobody's by convention; one of its own keeps the count of its processes its own.
    return 0x70000000 + secrets.randbelow(0x0F000000)


def _process_limit(wanted: int) -> int:
    """Older kernels count all processes of the host's user, not only those of the sandbox."""
    kernel = tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])
    return wanted if kernel >= (5, 14) or os.geteuid() == 0 else max(wanted, 4096)


def _bubblewrap(cage: _Cage) -> list[str]:
    options = ["--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--hostname", "patchwright"]
    options += [
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--cap-drop",
        "ALL",
    ]
    if not cage.network:
        options.append("--unshare-net")
    if os.geteuid() == 0:
        # What the supervisor needs to start and to kill commands as another user.
        options += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
    else:
        options += ["--unshare-user", "--uid", str(cage.uid), "--gid", str(cage.uid)]
        if _bubblewrap_version() >= (0, 8):
            options.append("--disable-userns")
    options += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]  # noqa: S108
    made = {"/"}
    for kind, path, source in places(cage.workspace, cage.folder / "etc", network=cage.network):
        for above in reversed(Path(path).parents):
            # The folders that bubblewrap makes by itself are closed to all but its user.
            if str(above) not in made:
                options += ["--perms", "0755", "--dir", str(above)]
        made |= {path, *map(str, Path(path).parents)}
        if kind == "tmpfs":
            if _bubblewrap_version() >= (0, 7):
                options += ["--size", str(1024**3)]
            options += ["--perms", "1777", "--tmpfs", path]
        else:
            options += [{"ro": "--ro-bind", "rw": "--bind", "link": "--symlink"}[kind], source, path]
    options += ["--dir", "/run", "--remount-ro", "/", "--chdir", WORKDIR]
    return ["bwrap", *options, "--", *cage.command]


def _unshare(cage: _Cage) -> list[str]:
    program = resources.files("envs").joinpath("namespaces.py").read_text(encoding="utf-8")
    config = {
        "places": places(cage.workspace, cage.folder / "etc", network=cage.network),
        "root": str(cage.folder / "root"),
        "uid": cage.uid,
        "network": cage.network,
        "command": cage.command,
    }
    return [sys.executable, "-I", "-S", "-c", program, json.dumps(config)]


_COMMANDS: dict[Backend, Callable[[_Cage], list[str]]] = {"bubblewrap": _bubblewrap, "unshare": _unshare}


@functools.cache
def _bubblewrap_version() -> tuple[int, ...]:
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


@functools.cache
def find_backend() -> Backend | None:
    """Return the first way to make a local sandbox that works here, found by making one."""
    return next((backend for backend in _COMMANDS if trouble_with(backend) == ""), None)


@functools.cache
def trouble_with(backend: Backend) -> str:
    """Say why a backend does not work here, or return ""."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no namespaces"
    if backend == "bubblewrap" and shutil.which("bwrap") is None:
        return "it is not installed"
    with tempfile.TemporaryDirectory(prefix="patchwright-") as folder:
        python = os.path.realpath(sys.executable)
        cage = _Cage(
            Path(folder).resolve(),
            _user(),
            network=False,
            command=[python, "-I", "-S", "-c", "print('made')"],
        )
        cage.workspace.mkdir()
        cage.prepare()
        try:
            done = subprocess.run(
                _COMMANDS[backend](cage),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=START_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    if done.stdout == b"made\n":
        return ""
    return done.stderr.decode("utf-8", "replace").strip()[-300:].replace("\n", " ") or "it said nothing"


def how_to_get_one() -> str:
    """One sentence for a machine on which no local sandbox can be made."""
    reasons = "; ".join(f"{backend}: {trouble_with(backend)}" for backend in _COMMANDS)
    return (
        f"No local sandbox can be made here ({reasons}); install bubblewrap (`sudo apt-get install "
        "bubblewrap`) and let users make namespaces (`sudo sysctl kernel.unprivileged_userns_clone=1 "
        "kernel.apparmor_restrict_unprivileged_userns=0`), or start a Docker engine."
    )


def _delete(folder: Path) -> None:
    """Remove a folder that commands have written to, folders without rights included."""

    def give_rights(function: Callable[..., object], path: str, _: object) -> None:
        with contextlib.suppress(OSError):
            for name in (os.path.dirname(path), path):
                if stat.S_ISDIR(os.lstat(name).st_mode):
                    os.chmod(name, 0o700)
            if function in (os.unlink, os.rmdir):
                function(path)
            else:
                shutil.rmtree(path, ignore_errors=True)

    shutil.rmtree(folder, onerror=give_rights)
