"""The shell for images without Python: what sets it apart, in busybox and against a peer that misbehaves."""

import asyncio
import contextlib
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.posix_shell import MAX_WRITE_BYTES, STATE_BYTES, PosixShell, escaped
from envs.sandbox import FileProblem
from tests.envs.conftest import ENGINE_KINDS, AnySandbox, Place
from trajectories.errors import SandboxLost


def only_sh(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run a test in the container that has nothing but `sh`."""
    in_sh = pytest.mark.parametrize("place", [ENGINE_KINDS[1]], indirect=True)
    marked: Callable[..., Awaitable[None]] = pytest.mark.asyncio(loop_scope="module")(in_sh(test))
    return marked


@only_sh
async def test_it_drops_roots_rights_where_the_image_can(place: Place, sandbox: AnySandbox) -> None:
    assert place.info is not None
    assert (place.info.supervisor, place.info.kind) == ("sh", "docker")
    assert (await sandbox.run("id -u", 10)).output.strip() == place.info.user


@only_sh
async def test_a_file_of_a_megabyte_is_written_and_a_larger_one_refused(
    place: Place, sandbox: AnySandbox
) -> None:
    data = b"0123456789abcd\n\\" * (MAX_WRITE_BYTES // 16)
    await sandbox.write("large", data, create=True)
    assert (await sandbox.read("large")).data == data
    with pytest.raises(FileProblem) as caught:
        await sandbox.write("large", data + b"x")
    assert caught.value.kind == "too_large"
    await sandbox.remove("large")


@only_sh
async def test_variables_beyond_what_can_be_kept_are_dropped_and_the_output_is_not_mistaken(
    place: Place, sandbox: AnySandbox
) -> None:
    await sandbox.run("export KEPT=1", 10)
    command = f"export KEPT=2 BIG=$(head -c {STATE_BYTES + 200_000} /dev/zero | tr '\\0' x); echo said"
    result = await sandbox.run(command, 30)
    assert result.exit_code == 0
    assert result.output.startswith("said\n")
    assert (await sandbox.run("echo $KEPT ${#BIG}", 10)).output == "1 0\n"


@only_sh
async def test_a_state_mixed_with_a_background_jobs_output_is_still_whole(
    place: Place, sandbox: AnySandbox
) -> None:
    for number in range(20):
        await sandbox.run(f"export NUMBER={number}; yes NOISE=1 & yes & true", 10)
        assert (await sandbox.run("echo $NUMBER; echo $NOISE", 10)).output == f"{number}\n\n"


@given(st.binary())
def test_escaped_text_is_one_line_that_printf_turns_back(data: bytes) -> None:
    line = escaped(data)
    assert line.isascii()
    assert line.isprintable()


def test_printf_turns_every_byte_back() -> None:
    data = bytes(range(256)) + b"\\n\\\\0\\c%s%%"
    done = subprocess.run(
        ["sh", "-c", "IFS= read -r line; printf '%b' \"$line\""],
        input=escaped(data).encode() + b"\n", capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == data


# -- against a peer


Answer = Callable[[str], list[bytes]]


@contextlib.asynccontextmanager
async def peer(
    answer: Answer, stop: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[PosixShell]:
    """A shell whose supervisor answers the nonce of each request with the given bytes."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    their_reader, their_writer = await asyncio.open_connection(sock=theirs)

    async def serve() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                nonce, _, _ = [(await their_reader.readuntil(b"\n")).decode().strip() for _ in range(3)]
                for piece in answer(nonce):
                    if not piece:
                        their_writer.close()
                        return
                    their_writer.write(piece)
                    await their_writer.drain()

    serving = asyncio.create_task(serve())
    shell = PosixShell(reader, writer, stop)
    try:
        yield shell
    finally:
        await shell.close()
        serving.cancel()
        their_writer.close()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_reply_in_pieces_of_any_size_is_put_together(size: int) -> None:
    def answer(nonce: str) -> list[bytes]:
        whole = b"x" * 500 + f"\n{'0' * 32} 0\nout\n{nonce} 3 0\n".encode()
        return [whole[at : at + size] for at in range(0, len(whole), size)]

    async with peer(answer) as shell:
        result = await shell.run("true", 5)
        assert (result.exit_code, result.output) == (3, "x" * 500 + f"\n{'0' * 32} 0\nout")


async def test_what_comes_after_the_reply_is_not_taken_for_the_exit_status() -> None:
    async with peer(lambda nonce: [f"out\n{nonce} 3 0\ny\ny\n".encode()]) as shell:
        assert (await shell.run("true", 5)).exit_code == 3
        assert (await shell.run("true", 5)).exit_code == 3


async def test_the_end_of_the_stream_is_a_lost_sandbox_and_stays_one() -> None:
    async with peer(lambda nonce: [f"out\n{nonce[:10]}".encode(), b""]) as shell:
        for _ in range(2):
            with pytest.raises(SandboxLost, match="its stream ended"):
                await shell.run("true", 5)


@pytest.mark.parametrize("can_stop", [True, False])
async def test_a_silent_supervisor_is_a_lost_sandbox(can_stop: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.posix_shell.GRACE_SECONDS", 0.1)
    monkeypatch.setattr("envs.posix_shell.SLACK_SECONDS", -0.9)
    asked = []

    async def stop() -> None:
        asked.append(1)

    async with peer(lambda nonce: [], stop if can_stop else None) as shell:
        with pytest.raises(SandboxLost, match="did not answer within"):
            await shell.run("true", 0.1)
    assert bool(asked) == can_stop


async def test_a_command_with_a_nul_byte_is_not_sent() -> None:
    async with peer(lambda nonce: []) as shell:
        assert re.search("offset 4", (await shell.run("echo\0", 5)).note)
