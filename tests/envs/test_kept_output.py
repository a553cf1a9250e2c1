"""Long output is kept in the sandbox: whole, bounded, and whatever a command does to the place."""

import pytest

from envs.sandbox import OUTPUT_DIR
from envs.unsafe import UnsafeSandbox
from tests.envs.conftest import ENGINE_KINDS, AnySandbox, Place

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
NUMBERS = "".join(f"{number}\n" for number in range(1, 200_001)).encode()


async def read(sandbox: AnySandbox, path: str) -> bytes:
    return (await sandbox.read(path, OUTPUT_DIR)).data


def place_of(sandbox: AnySandbox) -> str:
    """The folder of the kept files as commands know it."""
    return str(sandbox.tree.parent / "output") if isinstance(sandbox, UnsafeSandbox) else OUTPUT_DIR


@pytest.mark.parametrize("last", [3_000, 20_000, 200_000])
async def test_output_longer_than_asked_for_is_kept_whole(
    sandbox: AnySandbox, place: Place, last: int
) -> None:
    whole = NUMBERS[: NUMBERS.index(b"\n%d\n" % last) + len(b"\n%d\n" % last)]
    result = await sandbox.run(f"seq 1 {last}", 60, keep_over=10_000)
    assert result.kept.startswith(OUTPUT_DIR + "/")
    assert result.output_bytes == len(whole)
    assert result.hidden_bytes == max(0, len(whole) - 128 * 1024)
    kept = whole if place.kind != "sh" else whole[:MIB]
    assert result.kept_bytes == len(kept)
    assert await read(sandbox, result.kept) == kept


@pytest.mark.parametrize(
    ("command", "keep_over", "kept"),
    [
        ("seq 1 200000", None, False),
        ("printf 12345", 5, False),
        ("printf 12345", 4, True),
        ("printf '\\377\\377'", 7, True),
        ("printf ''", 0, False),
    ],
    ids=["nobody asked", "as long as allowed", "one more", "spelled out", "nothing"],
)
async def test_only_what_is_asked_for_is_kept(
    sandbox: AnySandbox, command: str, keep_over: int | None, kept: bool
) -> None:
    result = await sandbox.run(command, 30, keep_over=keep_over)
    assert (bool(result.kept), result.kept_bytes) == (kept, result.output_bytes if kept else 0)


@pytest.mark.parametrize("ending", ["exit 3", "kill -9 $$", "sleep 1000"])
async def test_output_is_kept_however_the_command_ends(
    sandbox: AnySandbox, place: Place, ending: str
) -> None:
    seconds = 1 if ending.startswith("sleep") else 30
    result = await sandbox.run(f"seq 1 20000; {ending}", seconds, keep_over=10_000)
    assert result.timed_out == (seconds == 1)
    assert await read(sandbox, result.kept) == NUMBERS[:108_894]
    assert place.is_empty()


async def test_the_oldest_files_give_way(sandbox: AnySandbox, place: Place) -> None:
    await place.drop()
    fresh = await place.sandbox()
    for number in range(18):
        result = await fresh.run(f"echo {number}", 30, keep_over=0)
    listed = (await fresh.run(f"ls {place_of(fresh)} | sort -n", 30)).output.split()
    assert listed == [f"{number}.txt" for number in range(3, 19)]
    assert await read(fresh, result.kept) == b"17\n"


@pytest.mark.parametrize("place", [ENGINE_KINDS[0]], indirect=True)
async def test_the_files_take_a_bounded_part_of_the_disk(sandbox: AnySandbox, place: Place) -> None:
    # /tmp has 256 MiB here: one file an eighth of it, all together a quarter.
    for _ in range(4):
        result = await sandbox.run("yes 0123456789abcde | head -c 64000000", 60, keep_over=10_000)
        assert (result.output_bytes, result.kept_bytes) == (64_000_000, 32 * MIB)
    used = await sandbox.run(f"du -sm {OUTPUT_DIR} | cut -f 1; ls -l {OUTPUT_DIR} | grep -c $USER", 30)
    assert int(used.output.split()[0]) <= 64


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_full_disk_costs_the_kept_file_and_nothing_else(sandbox: AnySandbox, place: Place) -> None:
    await sandbox.run(f"rm -rf {OUTPUT_DIR}; cat /dev/zero > /tmp/full", 60)
    result = await sandbox.run("seq 1 20000", 60, keep_over=10_000)
    assert (result.exit_code, result.output.encode()) == (0, NUMBERS[:108_894])
    assert (result.kept, result.kept_bytes) == ("", 0)
    await sandbox.run("rm /tmp/full", 10)
    result = await sandbox.run("seq 1 20000", 60, keep_over=10_000)
    assert await read(sandbox, result.kept) == NUMBERS[:108_894]


SPOILED = {
    "a file in its place": "echo > $D",
    "a link in its place": "ln -s $PWD $D",
    "a pipe where the next file goes": "mkdir $D; for i in $(seq 1 200); do mkfifo $D/$i.txt; done",
    "a link where the next file goes": "mkdir $D; for i in $(seq 1 200); do ln -s $PWD/a.txt $D/$i.txt; done",
    "a folder where the next file goes": "mkdir $D; for i in $(seq 1 200); do mkdir $D/$i.txt; done",
    "no rights": "mkdir $D; chmod 0 $D",
    "nothing": ":",
}


@pytest.mark.parametrize("harm", SPOILED.values(), ids=SPOILED)
async def test_a_spoiled_place_harms_nothing(sandbox: AnySandbox, harm: str) -> None:
    folder = place_of(sandbox)
    clean = f"D={folder}; chmod 700 $D 2>/dev/null; rm -rf $D; "
    await sandbox.run(clean + harm, 30)
    for last in (20_000, 200_000):
        result = await sandbox.run(f"seq 1 {last}", 60, keep_over=10_000)
        assert (result.exit_code, result.timed_out) == (0, False)
        if result.kept:
            assert NUMBERS.startswith(await read(sandbox, result.kept))
    assert (await sandbox.run("cat a.txt; ls", 30)).output.startswith("hello\na.txt\n")
    await sandbox.run(clean, 30)


@pytest.mark.parametrize("place", [ENGINE_KINDS[0]], indirect=True)
async def test_a_gigabyte_costs_little_memory_here_and_there(sandbox: AnySandbox, place: Place) -> None:
    def memory(field: str) -> int:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) // 1024

    supervisor = "grep VmHWM /proc/1/status"
    before = int((await sandbox.run(supervisor, 30)).output.split()[1])
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
    resident = memory("VmRSS")
    result = await sandbox.run("yes 0123456789abcde | head -c 1000000000", 100, keep_over=10_000)
    assert result.output_bytes == 1_000_000_000
    assert memory("VmHWM") - resident < 16
    assert int((await sandbox.run(supervisor, 30)).output.split()[1]) - before < 4 * 1024
