"""The shell of a sandbox: what goes from one command to the next, how commands end, what is seen of them."""

import asyncio
import re

import pytest

from envs.shell import HEAD_BYTES, TAIL_BYTES
from envs.unsafe import UnsafeSandbox
from tests.envs.conftest import ENGINE_KINDS, AnySandbox, Place

pytestmark = pytest.mark.asyncio(loop_scope="module")


# -- what goes from one command to the next


async def test_folder_and_exported_variables_go_from_one_command_to_the_next(
    sandbox: AnySandbox, place: Place
) -> None:
    await sandbox.run(
        'mkdir -p "it\'s here" && cd "it\'s here"; export COLOUR="deep\n  \'red\'"; LOCAL=1', 10
    )
    result = await sandbox.run('echo "$COLOUR/$LOCAL"; basename "$PWD"', 10)
    assert result.output == "deep\n  'red'/\nit's here\n"
    assert result.cwd.endswith("/workspace/it's here")
    await sandbox.run("unset COLOUR", 10)
    assert (await sandbox.run('echo "<$COLOUR>"', 10)).output == "<>\n"


@pytest.mark.parametrize("ending", ["exit 3", "set -e; false", "false", "set -u; echo $NOT_SET", "(exit 9)"])
async def test_state_outlives_the_way_a_command_ends(sandbox: AnySandbox, ending: str) -> None:
    await sandbox.run(f"mkdir -p sub; cd sub; export LAST='{ending}'; {ending}", 10)
    result = await sandbox.run('echo "$LAST"; basename "$PWD"', 10)
    assert result.output == f"{ending}\nsub\n"


@pytest.mark.parametrize("place", [ENGINE_KINDS[0], "unsafe"], indirect=True)
async def test_functions_go_from_one_command_to_the_next(sandbox: AnySandbox, place: Place) -> None:
    await sandbox.run('greet() { echo "hello $1"; }; cd() { builtin cd "$@" && echo moved; }', 10)
    assert (await sandbox.run("greet you; cd /; pwd", 10)).output == "hello you\nmoved\n/\n"
    assert (await sandbox.run("pwd", 10)).output == "/\n"
    await place.drop()


async def test_a_killed_command_leaves_the_state_of_the_one_before(sandbox: AnySandbox) -> None:
    await sandbox.run("mkdir -p kept; cd kept; export KEPT=1", 10)
    await sandbox.run("cd /; export KEPT=2; kill -9 $$", 10)
    result = await sandbox.run('echo "$KEPT"; basename "$PWD"', 10)
    assert result.output == "1\nkept\n"


# -- time


async def test_a_timeout_keeps_what_was_printed_and_leaves_no_process(
    sandbox: AnySandbox, place: Place
) -> None:
    command = (
        "echo begin; (setsid sleep 1000 &); sleep 1000 & sh -c 'trap \"\" TERM; sleep 1000; :'; echo never"
    )
    result = await sandbox.run(command, 1)
    assert (result.output, result.exit_code, result.timed_out) == ("begin\n", None, True)
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"
    assert place.is_empty()


async def test_a_command_that_returns_in_time_is_not_called_slow(sandbox: AnySandbox) -> None:
    result = await sandbox.run("kill -9 $$", 30)
    assert (result.timed_out, result.exit_code) == (False, 137)


async def test_less_than_a_second_is_time_enough_for_a_short_command(sandbox: AnySandbox) -> None:
    assert (await sandbox.run("echo quick", 0.9)).output == "quick\n"


@pytest.mark.parametrize("times", [1, 3])
async def test_an_interrupted_command_ends_and_the_next_one_works(
    sandbox: AnySandbox, place: Place, times: int
) -> None:
    for _ in range(times):
        task = asyncio.create_task(sandbox.run("trap '' TERM INT; sleep 1000 & yes", 1000))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"
    assert place.is_empty()


async def test_a_command_interrupted_in_the_middle_ends_too(sandbox: AnySandbox, place: Place) -> None:
    task = asyncio.create_task(sandbox.run("touch running; while :; do :; done", 1000))
    while not await _running(sandbox):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await sandbox.run("echo alive; rm running", 10)).output == "alive\n"
    assert place.is_empty()


async def _running(sandbox: AnySandbox) -> bool:
    if isinstance(sandbox, UnsafeSandbox):
        return (sandbox.tree / "running").exists()
    done = await asyncio.to_thread(sandbox.container.exec_run, "test -e /workspace/running")
    return bool(done.exit_code == 0)


# -- output


async def test_long_output_keeps_its_head_and_its_tail_and_its_length(sandbox: AnySandbox) -> None:
    result = await sandbox.run("seq 1 200000; printf end", 30)
    whole = "".join(f"{n}\n" for n in range(1, 200_001)) + "end"
    assert result.output_bytes == len(whole)
    head, gap, tail = re.split(r"(\n\[\.\.\. [\d,]+ bytes elided \.\.\.\]\n)", result.output)
    assert (head, tail) == (whole[:HEAD_BYTES], whole[-TAIL_BYTES:])
    assert f"{len(whole) - HEAD_BYTES - TAIL_BYTES:,} bytes" in gap


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_output_at_the_limit_is_whole_and_above_it_is_cut(sandbox: AnySandbox, extra: int) -> None:
    size = HEAD_BYTES + TAIL_BYTES + extra
    result = await sandbox.run(f"head -c {size} /dev/zero | tr '\\0' x", 30)
    assert result.output_bytes == size
    assert result.output.count("x") == min(size, HEAD_BYTES + TAIL_BYTES)
    assert ("1 bytes elided" in result.output) == (extra > 0)


async def test_a_command_with_a_nul_byte_is_refused_with_its_place(sandbox: AnySandbox) -> None:
    await sandbox.run("cd /", 10)
    result = await sandbox.run("echo a\0b", 10)
    assert (result.exit_code, result.output, result.cwd) == (2, "", "/")
    assert "NUL byte at offset 6" in result.note


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_process_that_runs_out_of_memory_is_noted_and_the_sandbox_lives(
    sandbox: AnySandbox, place: Place
) -> None:
    result = await sandbox.run("tail /dev/zero; echo after", 60)
    assert result.output.endswith("after\n")
    assert result.note == "A process was killed because the sandbox's memory limit of 512m was reached."
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_full_tmp_is_told_and_does_not_end_the_sandbox(sandbox: AnySandbox, place: Place) -> None:
    result = await sandbox.run("cat /dev/zero > /tmp/full; wc -c < /tmp/full; rm /tmp/full", 60)
    assert "No space left" in result.output
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"
