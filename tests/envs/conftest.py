"""What the tests of sandboxes share: a small project, an image with nothing but `sh`, places to torture."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from envs.docker import DockerOptions, DockerSandbox
from envs.labels import LABEL_ROLE
from envs.sandbox import SandboxInfo
from envs.unsafe import UnsafeSandbox

if TYPE_CHECKING:
    from docker import DockerClient

ENGINE_KINDS = (
    pytest.param("docker", marks=pytest.mark.engine),
    pytest.param("sh", marks=pytest.mark.engine),
)
ALL_KINDS = (*ENGINE_KINDS, pytest.param("unsafe"))

AnySandbox = DockerSandbox | UnsafeSandbox


def make_project(folder: Path) -> Path:
    """Make the small project that sandboxes are started with."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "a.txt").write_text("hello\n")
    (folder / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("a.txt")
    return folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project that no test changes."""
    return make_project(tmp_path_factory.mktemp("project") / "tree")


@pytest.fixture(scope="session")
def sh_image(engine: "DockerClient", tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with nothing in it but busybox: no bash, no Python, no C library."""
    package = tmp_path_factory.mktemp("busybox")
    subprocess.run(
        ["apt-get", "download", "busybox-static"], cwd=package, capture_output=True, check=False
    ) if shutil.which("apt-get") else None
    found = next(package.glob("*.deb"), None)
    if found is None or shutil.which("dpkg-deb") is None:
        reason = "Debian's busybox-static can't be downloaded"
        if "engine" in os.environ.get("PATCHWRIGHT_TEST_REQUIRE", ""):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    subprocess.run(["dpkg-deb", "--extract", str(found), str(package / "files")], check=True)
    busybox = next((package / "files").glob("**/bin/busybox"))
    archive = _busybox_archive(busybox)
    tag = hashlib.sha256(archive).hexdigest()[:12]
    engine.api.import_image_from_data(
        archive, repository="patchwright-test-busybox", tag=tag, changes=[f"LABEL {LABEL_ROLE}=test"]
    )
    return f"patchwright-test-busybox:{tag}"


def _busybox_archive(busybox: Path) -> bytes:
    names = subprocess.run(
        [str(busybox), "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder, mode in (("bin", 0o755), ("tmp", 0o1777), ("etc", 0o755)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        data = busybox.read_bytes()
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(data), 0o755
        tar.addfile(entry, io.BytesIO(data))
        for name in sorted(set(names) - {"busybox"}):
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return stream.getvalue()


class Place:
    """A sandbox of one kind that many tests share; one that a test has spoiled is replaced."""

    def __init__(self, kind: str, client: "DockerClient | None", image: str, project: Path) -> None:
        self.kind = kind
        self._client = client
        self._image = image
        self._project = project
        self._running: AnySandbox | None = None
        self.info: SandboxInfo | None = None

    async def sandbox(self) -> AnySandbox:
        """Return the running sandbox, started when there is none."""
        if self._running is None:
            if self._client is None:
                self._running = UnsafeSandbox()
            else:
                options = DockerOptions(image=self._image, memory="512m", pids=128)
                self._running = DockerSandbox(self._client, options)
            self.info = await self._running.start(self._project)
        return self._running

    async def drop(self) -> None:
        """End the sandbox; the next test gets a new one."""
        running, self._running = self._running, None
        if running is not None:
            await running.close()

    def is_empty(self) -> bool:
        """Whether no process, dead ones included, is left but the supervisor and its waiting shell."""
        # Who was killed may take a moment to be gone.
        return any(self._processes() <= 0 for _ in range(50))

    def _processes(self) -> int:
        if isinstance(self._running, DockerSandbox):
            listed = self._running.container.top(ps_args="-eo pid,stat")["Processes"]
            return len(listed) - (2 if self.kind == "docker" else 1)
        assert isinstance(self._running, UnsafeSandbox)
        assert self._running._process is not None
        pid = self._running._process.pid
        return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) - 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _places() -> AsyncIterator[dict[str, Place]]:
    made: dict[str, Place] = {}
    yield made
    for place in made.values():
        await place.drop()


@pytest.fixture(params=ALL_KINDS)
def place(request: pytest.FixtureRequest, project: Path, _places: dict[str, Place]) -> Place:
    """A place of each kind, the same for all tests of a module."""
    kind = request.param
    if kind not in _places:
        client = None if kind == "unsafe" else request.getfixturevalue("engine")
        image = {"docker": "base_image", "sh": "sh_image"}.get(kind)
        name = request.getfixturevalue(image) if image else ""
        _places[kind] = Place(kind, client, name, project)
    return _places[kind]


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(place: Place) -> AsyncIterator[AnySandbox]:
    """The place's sandbox, in its own folder again; one that no longer answers as it should is dropped."""
    running = await place.sandbox()
    top = str(running.tree) if isinstance(running, UnsafeSandbox) else "/workspace"
    await running.run(f"cd {top}", 10)
    yield running
    try:
        whole = (await running.run("echo whole", 5)).output == "whole\n"
    except Exception:  # noqa: BLE001  (what was wrong with it, the test has said)
        whole = False
    if not whole:
        await place.drop()
