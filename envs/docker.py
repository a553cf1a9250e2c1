"""A sandbox in a Docker container, hardened by default and driven over the container's own stdin and stdout.

Nothing is mounted and nothing is installed: the supervisor's text travels on the container's command line,
the repository is copied in by the engine and comes out again by the engine, from a dead container too.
"""

import asyncio
import contextlib
import functools
import json
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from envs.export import pack, unpack
from envs.labels import owner_labels
from envs.posix_shell import SUPERVISOR as POSIX_SUPERVISOR
from envs.posix_shell import PosixShell
from envs.sandbox import OUTPUT_DIR, WORKDIR, CommandResult, FileContent, SandboxInfo
from envs.shell import Shell, command_environment, supervisor_source
from trajectories.errors import SandboxError, SandboxLost

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

Made = TypeVar("Made")

UID = 1000
HOME = "/tmp/home"  # noqa: S108  a folder of the container, on its own tmpfs
START_SECONDS = 120.0
MAX_FILE_SIZE = 8 * 1024**3

# The Python supervisor drops to UID for each command; a shell-only image needs a tool of its own to drop.
_BOOT = f"""\
if command -v python3 >/dev/null 2>&1; then echo python; exec python3 -I -S -c "$1" "$2"; fi
drop="setpriv --reuid {UID} --regid {UID} --clear-groups"
if [ "$4" = {UID} ] && $drop true >/dev/null 2>&1; then echo sh {UID}; exec $drop sh -c "$3"; fi
echo sh 0; exec sh -c "$3"
"""


class DockerOptions(NamedTuple):
    """How a container is made.

    Attributes:
        image: Name or id of an image that is present.
        memory: Memory limit as Docker writes it, e.g. "2g"; swap is not added to it.
        cpus: How many CPUs' worth of time.
        pids: How many processes and threads at once.
        network: Whether commands reach the network.
        root: Whether commands run as root inside; needed by few images and less safe.
        run_id: Ties the container to a run, so that leftovers can be found.
    """

    image: str
    memory: str = "2g"
    cpus: float = 2.0
    pids: int = 256
    network: bool = False
    root: bool = False
    run_id: str = ""


def hardening(options: DockerOptions) -> dict[str, Any]:
    """Return the arguments of the engine's create call that label, limit and isolate a container."""
    from docker.types import Ulimit  # noqa: PLC0415
    from docker.utils import parse_bytes  # noqa: PLC0415

    memory = parse_bytes(options.memory)
    # Files in memory count as memory and no kill frees them: a full /tmp must not end the container.
    tmp = min(1024**3, memory // 2)
    needed = ["SETUID", "SETGID", "KILL"]  # the supervisor's: to drop to UID and to kill what UID started
    if options.root:
        needed += ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
    return {
        "labels": owner_labels(options.run_id),
        "network_mode": "bridge" if options.network else "none",
        "cap_drop": ["ALL"],
        "cap_add": needed,
        "security_opt": ["no-new-privileges"],
        "pids_limit": options.pids,
        "mem_limit": options.memory,
        "memswap_limit": options.memory,
        "nano_cpus": int(options.cpus * 1e9),
        "tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={tmp}"},  # noqa: S108
        "ulimits": [
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=MAX_FILE_SIZE, hard=MAX_FILE_SIZE),
        ],
        "log_config": {"type": "none"},
    }


class DockerSandbox:
    """One container; see `envs.sandbox.Sandbox` for the contract."""

    def __init__(self, client: "DockerClient", options: DockerOptions) -> None:
        self._client = client
        self._options = options
        self._container: Container | None = None
        self._stream: _ContainerStream | None = None
        self._shell: Shell | PosixShell | None = None

    async def start(self, tree: Path) -> SandboxInfo:
        """Create and start the container, then copy `tree` in; see `envs.sandbox.Sandbox.start`."""
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._start(tree)
        except TimeoutError:
            await self.close()
            raise SandboxError(
                f"The container of image {self._options.image!r} did not start within {START_SECONDS:.0f} "
                "seconds; the engine may be overloaded, try again or start fewer at once."
            ) from None
        except BaseException:
            await self.close()
            raise

    @property
    def container(self) -> "Container":
        """The engine's own handle of the container."""
        if self._container is None:
            raise SandboxError("The container was not started.")
        return self._container

    async def _start(self, tree: Path) -> SandboxInfo:
        info = await self.boot()
        with _docker_errors("The repository can't be copied into the container"):
            await asyncio.to_thread(self._copy_in, tree, int(info.user))
        return info

    async def boot(self) -> SandboxInfo:
        """Start the container with an empty `WORKDIR`, up to the point where it takes commands."""
        uid = None if self._options.root else UID
        with _docker_errors(f"The container of image {self._options.image!r} can't be started"):
            # The image's own variables, PATH among them, are the supervisor's and go on to the commands.
            environment = command_environment({}, HOME)
            del environment["PATH"]
            create = functools.partial(self._create, environment, uid)
            self._container = await _made(create, _remove)
            self._stream = await _ContainerStream.attach(self._client, self._container)
            await asyncio.to_thread(self.container.start)
        try:
            supervisor, user = await self._greet(environment, uid)
        except (SandboxLost, EOFError, OSError):
            said = self._stream.errors.decode("utf-8", "backslashreplace").strip()[-300:]
            raise SandboxError(
                f"The container of image {self._options.image!r} ended at once"
                + (f" ({said})" if said else "")
                + "; the image needs a working /bin/sh."
            ) from None
        return SandboxInfo(
            kind="docker",
            image=self._options.image,
            digest=str(self.container.attrs.get("Image", "")),
            supervisor=supervisor,
            user=str(user),
            isolation=self._isolation(user),
        )

    def _isolation(self, user: int) -> str:
        network = "with" if self._options.network else "without"
        commands = "as root with few capabilities" if user == 0 else f"as user {user} without capabilities"
        return f"A container {network} network and without host mounts; commands run in it {commands}."

    def _create(self, environment: dict[str, str], uid: int | None) -> "Container":
        config = {"workdir": WORKDIR, "environment": environment, "uid": uid, "gid": uid, "home": HOME}
        config |= {"inherit": True, "output": OUTPUT_DIR}
        return self._client.containers.create(
            self._options.image,
            entrypoint=["/bin/sh", "-c", _BOOT, "patchwright"],
            command=[supervisor_source(), json.dumps(config), POSIX_SUPERVISOR, str(uid or 0)],
            stdin_open=True,
            tty=False,
            user="0:0",
            working_dir=WORKDIR,
            **hardening(self._options),
        )

    async def _greet(self, environment: dict[str, str], uid: int | None) -> tuple[str, int]:
        assert self._stream is not None
        hello = (await self._stream.reader.readuntil(b"\n")).split()
        if hello[0] == b"python":
            shell = Shell(self._stream.reader, self._stream.writer, self._options.memory)
            self._shell = shell
            await shell.ping(START_SECONDS)
            return "python", uid or 0
        posix = PosixShell(self._stream.reader, self._stream.writer, self._stop_command, self._options.memory)
        self._shell = posix
        await posix.start(environment)
        return "sh", int(hello[1])

    async def _stop_command(self) -> None:
        with _docker_errors("The command can't be stopped"):
            await asyncio.to_thread(self.container.reload)
            if not self.container.attrs["State"].get("Paused"):  # else the engine would let it go on
                await asyncio.to_thread(self.container.kill, signal="TERM")

    def _copy_in(self, tree: Path, user: int) -> None:
        assert self._container is not None
        self._container.put_archive("/", _gathered(pack(tree, WORKDIR.lstrip("/"), user, user)))

    def _live(self) -> "Shell | PosixShell":
        if self._shell is None:
            raise SandboxLost("The sandbox is gone: it was not started.")
        return self._shell

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """See `envs.sandbox.Sandbox.run`."""
        try:
            return await self._live().run(command, timeout, keep_over=keep_over)
        except SandboxLost as lost:
            raise await self._diagnosed(lost) from None

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """See `envs.sandbox.Sandbox.read`."""
        try:
            return await self._live().read(path, root)
        except SandboxLost as lost:
            raise await self._diagnosed(lost) from None

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """See `envs.sandbox.Sandbox.write`."""
        try:
            return await self._live().write(path, data, root, create=create)
        except SandboxLost as lost:
            raise await self._diagnosed(lost) from None

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """See `envs.sandbox.Sandbox.remove`."""
        try:
            await self._live().remove(path, root)
        except SandboxLost as lost:
            raise await self._diagnosed(lost) from None

    async def _diagnosed(self, lost: SandboxLost) -> SandboxLost:
        """Say why the container ended: by what the engine knows of it, never by the text of an output."""
        from docker.errors import DockerException, NotFound  # noqa: PLC0415

        container = self._container
        if container is None:
            return lost
        name = container.name
        try:
            await asyncio.to_thread(container.reload)
        except NotFound:
            return SandboxLost(f"The container {name} was removed from outside.")
        except (DockerException, OSError):
            return SandboxLost("The Docker engine no longer answers.")
        state: dict[str, Any] = container.attrs["State"]
        if state.get("OOMKilled") and not state.get("Running"):
            return SandboxLost(f"The container {name} ran out of its {self._options.memory} of memory.")
        if not state.get("Running"):
            return SandboxLost(f"The container {name} ended (exit status {state.get('ExitCode')}).")
        if state.get("Paused"):
            return SandboxLost(f"The container {name} was paused from outside.")
        return lost

    async def export(self, destination: Path) -> None:
        """See `envs.sandbox.Sandbox.export`; the engine reads a stopped container just as well."""
        if self._container is None:
            raise SandboxError("The work tree can't be copied out: the container was never started.")
        with _docker_errors("The work tree can't be copied out of the container"):
            await asyncio.to_thread(self._copy_out, destination)

    def _copy_out(self, destination: Path) -> None:
        assert self._container is not None
        stream, _ = self._container.get_archive(WORKDIR)
        unpack(stream, destination, WORKDIR.lstrip("/"))

    async def close(self) -> None:
        """See `envs.sandbox.Sandbox.close`."""
        from docker.errors import DockerException  # noqa: PLC0415

        if self._shell is not None:
            await self._shell.close()
        if self._stream is not None:
            self._stream.close()
        container, self._container = self._container, None
        if container is not None:
            # What is left when even this fails carries our labels: the next start sweeps it.
            with contextlib.suppress(DockerException, OSError):
                await asyncio.to_thread(container.remove, force=True, v=True)


class _ContainerStream(asyncio.StreamReaderProtocol):
    """The container's stdin and stdout as asyncio streams, taken out of the engine's multiplexed one.

    The engine puts eight bytes before each piece: the stream's number and, big-endian, the piece's length.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.reader = reader
        self.errors = b""
        """The last of what the container wrote to its stderr, which only a failing start uses."""
        self._pending = bytearray()
        self._response: Any = None

    writer: asyncio.StreamWriter

    @classmethod
    async def attach(cls, client: "DockerClient", container: "Container") -> "_ContainerStream":
        """Attach to a created container, before it starts, so that nothing it says is missed."""
        parameters = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        attach = functools.partial(client.api.attach_socket, container.id, parameters)
        response = await _made(attach, _release)
        raw: socket.socket = getattr(response, "_sock", response)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 20)
        transport, stream = await loop.create_connection(lambda: cls(reader), sock=raw)
        stream._response = response  # it owns the socket and would close it when collected
        stream.writer = asyncio.StreamWriter(transport, stream, reader, loop)
        return stream

    def data_received(self, data: bytes) -> None:
        """Pass on the payload of whole and partial pieces."""
        self._pending += data
        while len(self._pending) >= 8:
            number, size = struct.unpack_from(">BxxxI", self._pending)
            if len(self._pending) < 8 + size:
                return
            payload = bytes(self._pending[8 : 8 + size])
            del self._pending[: 8 + size]
            if number == 2:
                self.errors = (self.errors + payload)[-4096:]
            else:
                super().data_received(payload)

    def close(self) -> None:
        """Close the connection."""
        self.writer.close()
        _release(self._response)


def _remove(container: "Container") -> None:
    container.remove(force=True, v=True)


def _release(attached: Any) -> None:
    """Close what the SDK attached: each of its layers keeps the socket open until it is closed itself."""
    for layer in (getattr(attached, "_response", None), attached):
        if layer is not None:
            layer.close()


async def _made(make: Callable[[], Made], undo: Callable[[Made], object]) -> Made:
    """Let the engine make something in a thread; what it makes after a cancellation is undone."""
    making = asyncio.create_task(asyncio.to_thread(make))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await asyncio.to_thread(undo, await making)
        raise


def _gathered(chunks: Iterable[bytes], size: int = 1 << 20) -> Iterator[bytes]:
    """Join small chunks: each one that is sent costs a round through the HTTP client."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        if len(pending) >= size:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


@contextlib.contextmanager
def _docker_errors(what: str) -> Iterator[None]:
    """Turn the engine's errors into one sentence."""
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        explanation = getattr(error, "explanation", None) or str(error)
        raise SandboxError(f"{what}: {str(explanation).strip().rstrip('.')}.") from error
