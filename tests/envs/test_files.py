"""Files of a sandbox: read, written and removed, and nothing that is no file or lies elsewhere."""

import asyncio

import pytest

from envs.sandbox import FileProblem
from tests.envs.conftest import ENGINE_KINDS, AnySandbox, Place

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\0\xff\\0\\n\r\n'\"%s", bytes(range(256)) * 300], ids=["empty", "x", "odd", "all"]
)
async def test_what_is_written_is_read_again(sandbox: AnySandbox, data: bytes) -> None:
    path = await sandbox.write("deep/er/é 'x'.bin", data, create=True)
    assert path == "/workspace/deep/er/é 'x'.bin"
    content = await sandbox.read("deep/er/é 'x'.bin")
    assert (content.data, content.path, content.mode) == (data, path, 0o644)
    assert (await sandbox.run("wc -c < \"deep/er/é 'x'.bin\"", 10)).output.strip() == str(len(data))
    await sandbox.remove(path)
    with pytest.raises(FileProblem, match=r"There is no file"):
        await sandbox.read(path)


async def test_a_write_keeps_the_mode_and_leaves_nothing_beside(sandbox: AnySandbox) -> None:
    await sandbox.write("run.sh", b"#!/bin/sh\necho again\n")
    assert (await sandbox.run("./run.sh; stat -c %a run.sh; ls -A | grep -c patchwright", 10)).output == (
        "again\n755\n0\n"
    )
    assert (await sandbox.read("run.sh")).mode == 0o755


async def test_a_write_through_a_link_changes_what_it_leads_to(sandbox: AnySandbox) -> None:
    assert await sandbox.write("link", b"changed\n") == "/workspace/a.txt"
    assert (await sandbox.run("cat a.txt; readlink link", 10)).output == "changed\na.txt\n"
    await sandbox.write("a.txt", b"hello\n")


REFUSALS: list[tuple[str, str, str]] = [
    ("read", "missing.txt", "missing"),
    ("read", "a.txt/below", "missing"),
    ("read", "../etc/hostname", "outside"),
    ("read", "/etc/hostname", "outside"),
    ("read", "../workspace2/x", "outside missing"),
    ("read", "leads/out", "outside"),
    ("read", "leads/away/hostname", "outside"),
    ("read", "leads", "directory"),
    ("read", ".", "directory"),
    ("read", "leads/nowhere", "missing"),
    ("read", "leads/round", "special missing"),
    ("read", "leads/pipe", "special"),
    ("read", "leads/big", "too_large"),
    ("read", "a\0b", "failed"),
    ("write", "missing.txt", "missing"),
    ("write", "leads/out", "outside"),
    ("write", "leads/away/new", "outside missing"),
    ("write", "leads", "directory"),
    ("write", "leads/pipe", "special"),
    ("write", "../x", "outside missing"),
    ("create", "a.txt", "exists"),
    ("create", "../x", "outside"),
    ("create", "/tmp/x", "outside"),
    ("create", "leads/away/new", "outside"),
    ("create", "leads/away/deeper/new", "outside"),
    ("create", "a.txt/below", "missing exists failed"),
    ("remove", "missing.txt", "missing"),
    ("remove", "leads", "directory"),
    ("remove", "leads/out", "outside"),
    ("remove", "leads/pipe", "special"),
    ("remove", "../etc/hostname", "outside"),
]


async def test_no_file_outside_the_root_or_of_another_kind_is_touched(sandbox: AnySandbox) -> None:
    made = await sandbox.run(
        "rm -rf leads; mkdir -p leads && cd leads && ln -s /etc/hostname out && ln -s /etc away && "
        "ln -s nothing nowhere && ln -s round round && mkfifo pipe && truncate -s 10485761 big && cd ..",
        10,
    )
    assert made.exit_code == 0, made
    got = []
    for action, path, _ in REFUSALS:
        try:
            if action in ("write", "create"):
                await sandbox.write(path, b"planted", create=action == "create")
            else:
                await getattr(sandbox, action)(path)
        except FileProblem as problem:
            got.append((action, path, problem.kind))
        else:
            got.append((action, path, "allowed"))
    wrong = [(g, w[2]) for g, w in zip(got, REFUSALS, strict=True) if g[2] not in w[2].split()]
    assert wrong == []
    assert (await sandbox.run("ls -d /etc/new /etc/deeper /tmp/x ../x 2>/dev/null", 10)).output == ""


async def test_devices_are_no_files(sandbox: AnySandbox) -> None:
    for device in ("zero", "full", "tty", "stdin"):
        with pytest.raises(FileProblem) as caught:
            await sandbox.read(device, "/dev")
        assert caught.value.kind in ("special", "outside", "denied"), device


async def test_a_huge_file_of_holes_is_refused_unread(sandbox: AnySandbox, place: Place) -> None:
    # In a container no file may be larger than 8 GiB.
    size = "50G" if place.kind == "unsafe" else "8G"
    assert (await sandbox.run(f"truncate -s {size} holes", 10)).exit_code == 0
    with pytest.raises(FileProblem, match="larger than 10 MiB"):
        await sandbox.read("holes")
    await sandbox.remove("holes")


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"], ids=["NUL", "a lone surrogate"])
async def test_a_name_that_no_file_can_have_is_refused(sandbox: AnySandbox, path: str) -> None:
    for request in (sandbox.read(path), sandbox.write(path, b"", create=True), sandbox.remove(path)):
        with pytest.raises(FileProblem) as caught:
            await request
        assert caught.value.kind == "failed"


async def test_a_file_is_created_once(sandbox: AnySandbox) -> None:
    await sandbox.write("once.txt", b"first", create=True)
    with pytest.raises(FileProblem, match="exists already"):
        await sandbox.write("once.txt", b"second", create=True)
    assert (await sandbox.read("once.txt")).data == b"first"
    await sandbox.remove("once.txt")


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_file_without_rights_is_denied(sandbox: AnySandbox, place: Place) -> None:
    await sandbox.write("locked", b"x", create=True)
    await sandbox.run("chmod 000 locked", 10)
    with pytest.raises(FileProblem) as caught:
        await sandbox.read("locked")
    assert caught.value.kind == "denied"
    await sandbox.remove("locked")


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_full_disk_costs_no_old_content(sandbox: AnySandbox, place: Place) -> None:
    # /dev/shm is a small file system of its own.
    await sandbox.write("old", b"precious", "/dev/shm", create=True)
    await sandbox.run("cat /dev/zero > /dev/shm/full", 30)
    with pytest.raises(FileProblem) as caught:
        await sandbox.write("old", b"y" * 300_000, "/dev/shm")
    assert caught.value.kind == "failed"
    await sandbox.run("rm /dev/shm/full", 10)
    assert (await sandbox.read("old", "/dev/shm")).data == b"precious"
    assert (await sandbox.run("ls -A /dev/shm; rm /dev/shm/old", 10)).output == "old\n"


async def test_ten_requests_at_once_are_served_one_after_the_other(sandbox: AnySandbox) -> None:
    results = await asyncio.gather(*(sandbox.run(f"echo {n}", 30) for n in range(10)))
    assert [result.output for result in results] == [f"{n}\n" for n in range(10)]
