import contextlib
import io
import os
import socket
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.export import copy_tree, pack, unpack
from trajectories.errors import SandboxError


def archive(*members: tuple[str, bytes | str | None], **fields: object) -> bytes:
    """A tar of (name, what) with bytes for a file, text for a link and None for a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, what in members:
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            data = None
            if what is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(what, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, what
            else:
                entry.size, data = len(what), io.BytesIO(what)
            for field, value in fields.items():
                setattr(entry, field, value)
            tar.addfile(entry, data)
    return buffer.getvalue()


def chunks(data: bytes, size: int = 700) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    top = tmp_path / "zoo"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "deep" / "er" / "x.txt").write_bytes(b"x\r\n")
    (top / "big").write_bytes(os.urandom(3_000_000))
    (top / "nothing").write_bytes(b"")
    (top / "run").write_bytes(b"#!")
    (top / "run").chmod(0o755)
    (top / "link").symlink_to("/etc/shadow")
    (top / "loop").symlink_to("loop")
    (top / ("n" * 200)).write_bytes(b"long")
    with open(os.path.join(os.fsencode(top), b"\xff\n -x"), "wb") as stream:
        stream.write(b"odd")
    return top


def test_a_packed_tree_unpacks_to_the_same_tree(zoo: Path, landing: Path) -> None:
    copied = unpack(pack(zoo, "workspace", 1000, 1000), landing, "workspace")
    assert names(landing) == names(zoo)
    assert copied.notes == ()
    assert (landing / "big").read_bytes() == (zoo / "big").read_bytes()
    assert (landing / "run").stat().st_mode & 0o777 == 0o755
    assert os.readlink(landing / "link") == "/etc/shadow"


def test_packing_is_deterministic_and_gives_every_member_to_the_user(zoo: Path) -> None:
    data = b"".join(pack(zoo, "workspace", 1000, 1001))
    os.utime(zoo / "empty")
    assert data == b"".join(pack(zoo, "/workspace/", 1000, 1001))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
    assert members[0].name == "workspace"
    assert {(member.uid, member.gid) for member in members} == {(1000, 1001)}
    assert [member.name for member in members[1:]] == sorted(
        (member.name for member in members[1:]), key=lambda name: os.fsencode(name).split(b"/")
    )
    assert all(pack(zoo, "workspace", 0, 0))


def test_git_comes_along_on_the_way_in_and_never_on_the_way_out(tmp_path: Path, landing: Path) -> None:
    for path in (".git/config", "sub/.git/hooks/x", "other/.GIT/config", "file/.gitignore"):
        (tmp_path / "tree" / path).parent.mkdir(parents=True)
        (tmp_path / "tree" / path).write_text("x")
    packed = b"".join(pack(tmp_path / "tree", "workspace", 0, 0))
    assert b".git/config" in packed
    unpack(chunks(packed), landing, "workspace")
    assert names(landing) == {"sub", "other", "file", "file/.gitignore"}
    copy_tree(tmp_path / "tree", tmp_path / "out")
    assert names(tmp_path / "out") == names(landing)
    copy_tree(tmp_path / "tree", tmp_path / "in", keep_git=True)
    assert names(tmp_path / "in") == names(tmp_path / "tree")


@pytest.mark.parametrize(
    "name",
    [
        "workspace/../escaped",
        "../escaped",
        "/workspace/escaped",
        "/etc/escaped",
        "elsewhere/escaped",
        "workspaceescaped",
        "workspace/a/../../escaped",
        "workspace/..",
        "escaped",
    ],
)
def test_a_name_outside_the_folder_is_refused(name: str, landing: Path, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="outside"):
        unpack(chunks(archive(("workspace", None), (name, b"x"))), landing, "workspace")
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("points_to", ["..", "/tmp", "/etc"])
def test_a_file_is_never_written_through_a_link(points_to: str, landing: Path, tmp_path: Path) -> None:
    for second in (("w/l/escaped", b"x"), ("w/l/escaped", None), ("w/l", b"x")):
        target = tmp_path / str(abs(hash(second)))
        with pytest.raises(SandboxError, match="unpacked"):
            unpack(chunks(archive(("w", None), ("w/l", points_to), second)), target, "w")
    assert not list(tmp_path.rglob("escaped"))
    assert not Path("/tmp/escaped").exists()


def test_the_same_name_twice_is_refused(landing: Path) -> None:
    with pytest.raises(SandboxError, match="exists"):
        unpack(chunks(archive(("w", None), ("w/a", b"1"), ("w/a", b"2"))), landing, "w")


def test_devices_and_pipes_are_left_out_with_a_note(landing: Path) -> None:
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        copied = unpack(chunks(archive(("w/device", b""), type=kind)), landing, "w")
        assert "neither" in copied.notes[0]
    assert names(landing) == set()


def test_a_hard_link_is_copied_from_within_and_left_out_from_without(landing: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        first = tarfile.TarInfo("w/a")
        first.size = 5
        tar.addfile(first, io.BytesIO(b"hello"))
        link = tarfile.TarInfo("w/l")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
        for number, target in enumerate(
            ("w/a", "etc/hostname", "/etc/hostname", "w/l", "w/none", "w/../x", "w")
        ):
            entry = tarfile.TarInfo(f"w/h{number}")
            entry.type, entry.linkname = tarfile.LNKTYPE, target
            tar.addfile(entry)
    copied = unpack(chunks(buffer.getvalue()), landing, "w")
    assert names(landing) == {"a", "l", "h0"}
    assert (landing / "h0").read_bytes() == b"hello"
    assert len(copied.notes) == 6


def test_setuid_and_world_bits_and_unreadable_modes_are_tamed(landing: Path) -> None:
    data = archive(("w", None), ("w/d", None), ("w/s", b"x"), mode=0o7777) + b""
    unpack(chunks(data), landing, "w")
    assert stat.S_IMODE((landing / "s").stat().st_mode) == 0o777
    assert stat.S_IMODE((landing / "d").stat().st_mode) == 0o777
    unpack(chunks(archive(("w/none", b"x"), ("w/d2", None), mode=0)), landing, "w")
    assert stat.S_IMODE((landing / "none").stat().st_mode) == 0o600
    assert stat.S_IMODE((landing / "d2").stat().st_mode) == 0o700


def test_a_work_tree_that_became_a_link_or_a_file_is_refused(landing: Path) -> None:
    for what in ("/etc", b"x"):
        with pytest.raises(SandboxError, match="not a folder"):
            unpack(chunks(archive(("w", what))), landing, "w")


def test_a_file_that_claims_too_much_is_refused_before_it_is_read(landing: Path) -> None:
    header = tarfile.TarInfo("w/bomb")
    header.size = 50 * 1024**3
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield header.tobuf(tarfile.GNU_FORMAT)
        while True:
            read += 1 << 16
            yield bytes(1 << 16)

    with pytest.raises(SandboxError, match="more than"):
        unpack(endless(), landing, "w")
    assert read < 1 << 20
    assert names(landing) == set()


def test_many_small_files_are_capped_in_bytes_and_in_number(landing: Path, tmp_path: Path) -> None:
    data = archive(*((f"w/{number}", b"x" * 100) for number in range(20)))
    with pytest.raises(SandboxError, match="1000 bytes"):
        unpack(chunks(data), landing, "w", max_bytes=1000)
    with pytest.raises(SandboxError, match="10 files"):
        unpack(chunks(data), tmp_path / "other", "w", max_files=10)


def test_a_negative_size_and_a_torn_or_foreign_archive_are_refused(landing: Path) -> None:
    header = bytearray(archive(("w/a", b"x"))[:512])
    header[124:136] = b"\xff" * 11 + b"\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    for data in (bytes(header), b"", b"not a tar at all" * 100, archive(("w/a", b"x" * 5000))[:1500]):
        with pytest.raises(SandboxError):
            unpack(chunks(data), landing, "w")


def test_folders_nested_beyond_reason_are_refused(landing: Path, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="nests folders"):
        unpack(chunks(archive(("w" + "/d" * 900, None))), landing, "w")
    top = tmp_path / "deep"
    folder = os.open(tmp_path, os.O_RDONLY)
    for name in ("deep", *("d" * 600)):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    with pytest.raises(SandboxError, match="nests folders"):
        copy_tree(top, tmp_path / "copy")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 5000))
def test_random_bytes_in_an_archive_never_write_outside(noise: bytes, at: int) -> None:
    data = bytearray(archive(("w", None), ("w/a", b"x" * 600), ("w/l", ".."), ("w/d", None), ("w/d/b", b"y")))
    data[at : at + len(noise)] = noise
    with tempfile.TemporaryDirectory() as name:
        top = Path(name, "top")
        with contextlib.suppress(SandboxError):
            unpack(chunks(bytes(data)), top / "landing", "w")
        assert os.listdir(name) == ["top"]
        assert os.listdir(top) == ["landing"]


def test_a_copy_keeps_contents_times_and_modes(zoo: Path, landing: Path) -> None:
    os.utime(zoo / "run", (1_600_000_000, 1_600_000_000))
    copied = copy_tree(zoo, landing)
    assert names(landing) == names(zoo)
    assert (landing / "run").stat().st_mtime == 1_600_000_000
    assert (landing / "run").stat().st_mode & 0o777 == 0o755
    assert (landing / "big").read_bytes() == (zoo / "big").read_bytes()
    assert copied.entries == len(names(zoo))


def test_a_copy_leaves_out_what_is_special_and_follows_no_link(tmp_path: Path, landing: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("hidden")
    tree = tmp_path / "tree"
    tree.mkdir()
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "sock"))
    (tree / "out").symlink_to(secret)
    (tree / "file").symlink_to(secret / "key")
    copied = copy_tree(tree, landing)
    assert (landing / "out").is_symlink()
    assert names(landing) == {"out", "file"}
    assert len(copied.notes) == 2
    tree.rename(tmp_path / "moved")
    tree.symlink_to(secret)
    with pytest.raises(SandboxError, match="can't be copied"):
        copy_tree(tree, tmp_path / "second")
    with pytest.raises(SandboxError, match="can't be copied"):
        copy_tree(tmp_path / "missing", tmp_path / "third")


def test_a_sparse_bomb_is_refused_by_its_size(tmp_path: Path, landing: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "bomb").open("wb") as stream:
        stream.truncate(50 * 1024**3)
    with pytest.raises(SandboxError, match="more than"):
        copy_tree(tree, landing)
    assert not (landing / "bomb").exists()


def test_files_without_rights_are_copied_all_the_same(tmp_path: Path, landing: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "closed").mkdir(parents=True)
    (tree / "closed" / "file").write_text("x")
    (tree / "closed" / "file").chmod(0)
    (tree / "closed").chmod(0)
    copy_tree(tree, landing)
    assert (landing / "closed" / "file").read_text() == "x"
