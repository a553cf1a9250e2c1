"""The host's end of the supervisor's protocol: one stream, one request at a time.

A frame is two big-endian 32-bit lengths, a JSON header and a body, in both directions. Every request
carries a fresh nonce that its reply must repeat: the supervisor runs under another user than the commands
wherever the image allows it, so that they can't write to its stream, and where it can't, a forged reply
still has to guess 128 bits.
"""

import asyncio
import json
import secrets
import struct
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

from envs.output import decode_output
from envs.sandbox import (
    MAX_FILE_BYTES,
    OUT_OF_MEMORY,
    WORKDIR,
    CommandResult,
    FileContent,
    FileProblem,
)
from trajectories.errors import SandboxLost

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024
GRACE_SECONDS = 10.0
"""How long after its own timeout a command may take to be cleaned up before the sandbox counts as lost."""

_LENGTHS = struct.Struct(">II")
_MAX_FRAME = 64 * 1024 * 1024

_PROBLEMS = {
    "missing": "There is no file {path}.",
    "directory": "{path} is a folder, not a file.",
    "outside": "{path} lies outside the repository.",
    "too_large": "{path} is larger than {limit} MiB.",
    "special": "{path} is not a regular file.",
    "denied": "{path} can't be accessed: permission denied.",
    "exists": "{path} exists already.",
    "failed": "{path} can't be accessed: {detail}.",
}


def supervisor_source() -> str:
    """Return the text of the supervisor program, to be run by the sandbox's own Python."""
    return resources.files("envs").joinpath("supervisor.py").read_text(encoding="utf-8")


def command_environment(base: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the environment that commands start with.

    Nothing of the host gets in but the locale-neutral basics; tools that would wait for a terminal, page,
    ask for a password or draw progress bars are told not to.

    Args:
        base: Where PATH and, in a container, the image's own variables come from.
        home: A folder that commands may write to.
    """
    return {
        "PATH": base.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        "HOME": home,
        "USER": "patchwright",
        "LOGNAME": "patchwright",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PAGER": "cat",
        "MANPAGER": "cat",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "true",
        "EDITOR": "false",
        "VISUAL": "false",
        "GIT_TERMINAL_PROMPT": "0",
        "PIP_PROGRESS_BAR": "off",
        "PIP_NO_INPUT": "1",
        "TQDM_DISABLE": "1",
        "PYTHONUNBUFFERED": "1",
        "DEBIAN_FRONTEND": "noninteractive",
    }


def refusal(command: str, cwd: str) -> CommandResult | None:
    """Return the result of a command that can't be run as it is: bytes that no shell takes, or no bytes."""
    odd = {"NUL byte": command.find("\0")}
    try:
        command.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        odd["lone surrogate"] = error.start
    for what, offset in odd.items():
        if offset >= 0:
            note = f"The command has a {what} at offset {offset}; nothing was run."
            return CommandResult("", 2, False, cwd, 0.0, 0, note=note)
    return None


def notes(*sentences: str) -> str:
    """Return those sentences that say something, as one note."""
    return " ".join(sentence for sentence in sentences if sentence)


class Reply(NamedTuple):
    """One reply of the supervisor."""

    header: dict[str, Any]
    body: bytes


def problem_of(kind: str, path: str, detail: str = "unknown error") -> FileProblem:
    """Return the error for a file request that the sandbox refused."""
    template = _PROBLEMS.get(kind, _PROBLEMS["failed"])
    return FileProblem(kind, template.format(path=path, limit=MAX_FILE_BYTES // 1024 // 1024, detail=detail))


class Shell:
    """Runs commands and moves files over the supervisor's stream.

    The lock keeps the stream's frames from interleaving: requests are strictly one after the other.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, memory: str = "") -> None:
        """Drive the supervisor at the other end.

        Args:
            reader: What the supervisor writes.
            writer: What it reads.
            memory: The sandbox's memory limit, for who runs into it.
        """
        self._out_of_memory = OUT_OF_MEMORY.format(size=memory and f" of {memory}")
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()
        self._next_id = 0
        self._lost = ""
        self._cwd = WORKDIR
        self._sizes: tuple[int, int] | None = None

    async def ping(self, timeout: float = 30.0) -> dict[str, Any]:
        """Return what the supervisor says of itself: the commands' user id and shell."""
        return (await self._ask({"op": "ping"}, b"", timeout)).header

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """Run one command; see `envs.sandbox.Sandbox.run`."""
        if (refused := refusal(command, self._cwd)) is not None:
            return refused
        request = {"op": "run", "timeout": timeout, "head": HEAD_BYTES, "tail": TAIL_BYTES}
        if keep_over is not None:
            request["keep_over"] = keep_over
        header, body = await self._ask(
            request, command.encode("utf-8", "surrogateescape"), timeout + GRACE_SECONDS
        )
        self._cwd = header["cwd"]
        output = decode_output(body[: header["head"]], body[header["head"] :], header["bytes"])
        if header["broken"]:
            # Not by another command's doing could that one be run: it is no observation.
            self._lost = f"its shell can't be started any more ({output.strip()[-200:]})"
            raise SandboxLost(f"The sandbox is gone: {self._lost}.")
        return CommandResult(
            output=output,
            exit_code=header["exit"],
            timed_out=header["timed_out"],
            cwd=self._cwd,
            seconds=header["seconds"],
            output_bytes=header["bytes"],
            killed=header["killed"],
            note=notes(header["note"], self._out_of_memory if header["out_of_memory"] else ""),
            hidden_bytes=header["bytes"] - len(body),
            kept=header["kept"],
            kept_bytes=header["kept_bytes"],
        )

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """Read one file; see `envs.sandbox.Sandbox.read`."""
        header, body = await self._file({"op": "read", "path": path, "root": root, "limit": MAX_FILE_BYTES})
        return FileContent(body, header["path"], header["mode"])

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """Write one file; see `envs.sandbox.Sandbox.write`."""
        if len(data) > MAX_FILE_BYTES:
            raise problem_of("too_large", path)
        header, _ = await self._file({"op": "write", "path": path, "root": root, "create": create}, data)
        return str(header["path"])

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """Delete one file; see `envs.sandbox.Sandbox.remove`."""
        await self._file({"op": "remove", "path": path, "root": root})

    async def close(self) -> None:
        """End the input, which ends the supervisor and with it the sandbox."""
        self._lost = self._lost or "it was closed"
        self._writer.close()

    async def _file(self, request: dict[str, Any], body: bytes = b"") -> Reply:
        reply = await self._ask(request, body, 60.0)
        if "problem" in reply.header:
            raise problem_of(
                reply.header["problem"], request["path"], reply.header.get("detail", "unknown error")
            )
        return reply

    async def _ask(self, request: dict[str, Any], body: bytes, timeout: float) -> Reply:
        async with self._lock:
            if self._lost:
                raise SandboxLost(f"The sandbox is gone: {self._lost}.")
            self._next_id += 1
            request = {**request, "id": self._next_id, "nonce": secrets.token_hex(16)}
            try:
                async with asyncio.timeout(timeout):
                    await self._send(request, body)
                    return await self._await_reply(request)
            except TimeoutError:
                self._lost = f"it did not answer within {timeout:.0f} seconds"
            except (OSError, EOFError) as error:
                self._lost = f"its stream ended ({error or type(error).__name__})"
            except ValueError:
                self._lost = "its stream was corrupted"
            except asyncio.CancelledError:
                await self._interrupt(request)
                raise
            raise SandboxLost(f"The sandbox is gone: {self._lost}.")

    async def _interrupt(self, request: dict[str, Any]) -> None:
        """Stop the command in flight and take its reply off the stream, so that the next one fits again."""
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._send({"op": "interrupt", "id": 0, "nonce": ""}, b"")
                await self._await_reply(request)
        except (TimeoutError, OSError, EOFError, ValueError):
            self._lost = "it did not answer to an interrupt"

    async def _send(self, header: dict[str, Any], body: bytes) -> None:
        text = json.dumps(header).encode()
        self._writer.write(_LENGTHS.pack(len(text), len(body)) + text + body)
        await self._writer.drain()

    async def _await_reply(self, request: dict[str, Any]) -> Reply:
        while True:
            header, body = await self._next_frame()
            if not isinstance(header, dict) or header.get("id") != request["id"]:
                continue
            if secrets.compare_digest(repr(header.get("nonce")).encode(), repr(request["nonce"]).encode()):
                return Reply(header, body)

    async def _next_frame(self) -> tuple[Any, bytes]:
        # A request may be cancelled between the two reads: the next one goes on from here.
        if self._sizes is None:
            self._sizes = _LENGTHS.unpack(await self._reader.readexactly(_LENGTHS.size))
        header_size, body_size = self._sizes
        if header_size + body_size > _MAX_FRAME:
            raise ValueError("frame too large")
        frame = await self._reader.readexactly(header_size + body_size)
        self._sizes = None
        return json.loads(frame[:header_size]), frame[header_size:]
