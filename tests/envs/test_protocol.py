"""Both ends of the supervisor's protocol: the host's against a peer that misbehaves, the other by itself."""

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from envs.shell import Shell, supervisor_source
from trajectories.errors import SandboxLost

# -- the protocol, against a peer that misbehaves


Answer = Callable[[dict[str, Any]], list[bytes]]


def frame(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


def reply(request: dict[str, Any], **changes: object) -> dict[str, Any]:
    whole = {"id": request["id"], "nonce": request["nonce"], "exit": 0, "timed_out": False, "cwd": "/"}
    whole |= {"seconds": 0.1, "bytes": 2, "killed": 0, "note": "", "head": 2, "kept": "", "kept_bytes": 0}
    return {**whole, "broken": False, "out_of_memory": False, **changes}


@contextlib.asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[Shell]:
    """A shell whose supervisor answers each request with the given bytes."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    their_reader, their_writer = await asyncio.open_connection(sock=theirs)

    async def serve() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                sizes = struct.unpack(">II", await their_reader.readexactly(8))
                header = json.loads(await their_reader.readexactly(sizes[0]))
                await their_reader.readexactly(sizes[1])
                for piece in answer(header):
                    if not piece:
                        their_writer.close()
                        return
                    their_writer.write(piece)
                    await their_writer.drain()

    serving = asyncio.create_task(serve())
    shell = Shell(reader, writer)
    try:
        yield shell
    finally:
        await shell.close()
        serving.cancel()
        their_writer.close()
        await asyncio.gather(serving, return_exceptions=True)


FORGERIES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "a wrong nonce": lambda r: frame(reply(r, nonce="0" * 32), b"no"),
    "no nonce": lambda r: frame({**reply(r), "nonce": None}, b"no"),
    "a nonce that is a number": lambda r: frame(reply(r, nonce=0), b"no"),
    "a nonce beyond ASCII": lambda r: frame(reply(r, nonce="é"), b"no"),
    "a wrong id": lambda r: frame(reply(r, id=r["id"] - 1), b"no"),
    "an empty object": lambda r: frame({}),
    "a list": lambda r: frame([]),
    "a number": lambda r: frame(1),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
async def test_a_reply_that_does_not_know_the_nonce_is_ignored(
    forged: Callable[[dict[str, Any]], bytes],
) -> None:
    async with peer(lambda request: [forged(request), frame(reply(request), b"ok")]) as shell:
        assert (await shell.run("true", 5)).output == "ok"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([b""], "its stream ended"),
        ([b"\0\0\0\4\0\0", b""], "its stream ended"),
        ([b"\xff" * 8], "its stream was corrupted"),
        ([frame(b"not json")], "its stream was corrupted"),
        ([frame(b"\xff\xfe\xfd")], "its stream was corrupted"),
    ],
    ids=["the end", "half a frame", "a huge frame", "no JSON", "no text"],
)
async def test_a_broken_stream_is_a_lost_sandbox_and_stays_one(sent: list[bytes], said: str) -> None:
    async with peer(lambda request: sent) as shell:
        for _ in range(2):
            with pytest.raises(SandboxLost, match=said):
                await shell.run("true", 5)


async def test_a_silent_supervisor_is_a_lost_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.shell.GRACE_SECONDS", 0.1)
    async with peer(lambda request: []) as shell:
        with pytest.raises(SandboxLost, match="did not answer within"):
            await shell.run("true", 0.1)


async def test_a_request_cancelled_within_a_reply_does_not_lose_its_place_in_the_stream() -> None:
    held: list[bytes] = []
    sent = asyncio.Event()

    def answer(request: dict[str, Any]) -> list[bytes]:
        if request["op"] == "interrupt":
            return [held.pop()]
        whole = frame(reply(request), b"ok")
        if request["id"] > 1:
            return [whole]
        held.append(whole[8:])
        sent.set()
        return [whole[:8]]

    async with peer(answer) as shell:
        task = asyncio.create_task(shell.run("first", 30))
        await sent.wait()
        while shell._sizes is None:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await shell.run("second", 5)).output == "ok"


async def test_a_late_reply_to_a_request_given_up_is_skipped() -> None:
    late: list[bytes] = []

    def answer(request: dict[str, Any]) -> list[bytes]:
        if request["op"] == "interrupt":
            return []
        whole = frame(reply(request), b"%02d" % request["id"])
        if request["id"] == 1:
            late.append(whole)
            return []
        return [*late, whole]

    async with peer(answer) as shell:
        task = asyncio.create_task(shell.run("first", 30))
        for _ in range(2):  # the second time while it waits for the interrupt's effect
            while not late:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await shell.run("second", 5)).output == "02"


# -- the supervisor by itself, under every Python that this machine has


def _pythons() -> list[str]:
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    found = {path.parent.parent.name: str(path) for path in Path(root).glob("versions/3.*/bin/python3")}
    return [sys.executable, *(found[name] for name in sorted(found))]


async def _talk(python: str, folder: Path, sent: bytes) -> list[tuple[dict[str, Any], bytes]]:
    config = {"workdir": str(folder), "environment": {"PATH": os.environ["PATH"], "WHO": "it's me"}}
    process = await asyncio.create_subprocess_exec(
        python, "-I", "-S", "-c", supervisor_source(), json.dumps(config),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(sent)
    frames = []
    for _ in range(sent.count(b'"nonce": "n')):
        sizes = struct.unpack(">II", await process.stdout.readexactly(8))
        header = json.loads(await process.stdout.readexactly(sizes[0]))
        frames.append((header, await process.stdout.readexactly(sizes[1])))
    process.stdin.close()
    await process.wait()
    assert process.returncode == 0
    return frames


def ask(op: str, number: int, body: bytes = b"", **more: object) -> bytes:
    limits = {"timeout": 20, "head": 1000, "tail": 1000, "limit": 1000}
    return frame({"op": op, "id": number, "nonce": f"n{number}", **limits, **more}, body)


@pytest.mark.parametrize("python", _pythons())
async def test_the_supervisor_works_under_old_and_new_pythons(python: str, tmp_path: Path) -> None:
    root = str(tmp_path)
    replies = await _talk(
        python,
        tmp_path,
        ask("ping", 1)
        + ask("run", 2, "echo \"$WHO\"; export A='ä'; cd /; yes | head -c 3000; exit 3".encode())
        + ask("run", 3, b'echo "$A"; pwd; sleep 1000', timeout=0.3)
        + ask("write", 4, b"text", path="new/f", root=root, create=True)
        + ask("read", 5, path="new/f", root=root)
        + ask("remove", 6, path="new/f", root=root)
        + ask("read", 7, path="new/f", root=root),
    )
    assert [header["nonce"] for header, _ in replies] == [f"n{n}" for n in range(1, 8)]
    ran, later = replies[1], replies[2]
    assert (ran[0]["exit"], ran[0]["bytes"], len(ran[1])) == (3, 3008, 2000)
    assert ran[1].startswith(b"it's me\ny\n")
    assert (later[0]["timed_out"], later[1].decode()) == (True, "ä\n/\n")
    assert (replies[4][1], replies[6][0]["problem"]) == (b"text", "missing")


async def test_an_interrupt_that_comes_in_one_piece_with_its_command_is_heeded(tmp_path: Path) -> None:
    sent = ask("run", 1, b"sleep 1000", timeout=1000) + frame({"op": "interrupt", "id": 0, "nonce": ""})
    ((header, _),) = await _talk(sys.executable, tmp_path, sent)
    assert (header["interrupted"], header["exit"]) == (True, None)


async def test_a_shell_never_reports_the_death_of_what_the_supervisor_killed(tmp_path: Path) -> None:
    command = (
        b"for i in 1 2 3 4 5 6 7 8 9; do (sh -c 'while :; do sleep 1000; done'; :) & done; sleep 1000; :"
    )
    sent = b"".join(ask("run", n, command, timeout=0.2) for n in range(6))
    replies = await _talk(sys.executable, tmp_path, sent)
    assert [body for _, body in replies] == [b""] * 6
