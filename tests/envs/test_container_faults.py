"""What happens to a container from outside, and what a command with root's rights does to it.

All of it is an error of the environment, typed by what the engine says, and never an observation that a model
would have to make sense of.
"""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from aci import COMMANDS, Workspace
from envs.docker import DockerOptions, DockerSandbox
from trajectories.errors import SandboxError, SandboxLost

if TYPE_CHECKING:
    from docker import DockerClient

RUN = f"test-{os.getpid()}"


@pytest.fixture(params=["base_image", "sh_image"])
async def sandbox(
    engine: "DockerClient", project: Path, request: pytest.FixtureRequest
) -> AsyncIterator[DockerSandbox]:
    """A container with the Python supervisor, and one with that of plain `sh`."""
    image = request.getfixturevalue(request.param)
    made = DockerSandbox(engine, DockerOptions(image=image, memory="512m", run_id=RUN))
    await made.start(project)
    yield made
    await made.close()


async def test_a_container_killed_in_mid_command_is_named_and_its_files_are_saved(
    sandbox: DockerSandbox, tmp_path: Path
) -> None:
    await sandbox.run("echo changed > a.txt", 10)
    running = asyncio.create_task(sandbox.run("sleep 1000", 1000))
    await asyncio.to_thread(sandbox.container.kill)
    with pytest.raises(SandboxLost) as lost:
        await running
    assert str(lost.value) == f"The container {sandbox.container.name} ended (exit status 137)."
    for attempt in (sandbox.run("true", 10), sandbox.read("a.txt"), sandbox.write("a.txt", b"x")):
        with pytest.raises(SandboxLost, match="exit status 137"):
            await attempt
    await sandbox.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "changed\n"


async def test_a_container_removed_from_outside_is_named(sandbox: DockerSandbox, tmp_path: Path) -> None:
    name = sandbox.container.name
    running = asyncio.create_task(sandbox.run("sleep 1000", 1000))
    await asyncio.to_thread(sandbox.container.remove, force=True)
    with pytest.raises(SandboxLost, match=f"The container {name} (was removed|ended)"):
        await running
    with pytest.raises(SandboxLost, match=f"The container {name} was removed from outside"):
        await sandbox.remove("a.txt")
    with pytest.raises(SandboxError, match="can't be copied out"):
        await sandbox.export(tmp_path / "out")
    await sandbox.close()


async def test_a_model_never_sees_a_dead_container(sandbox: DockerSandbox) -> None:
    workspace = Workspace(sandbox)
    await COMMANDS["bash"](command="true").execute(workspace)
    await asyncio.to_thread(sandbox.container.kill)
    for command in (COMMANDS["bash"](command="echo hi"), COMMANDS["open"](path="a.txt")):
        with pytest.raises(SandboxLost, match="exit status 137"):
            await command.execute(workspace)


async def test_a_paused_container_is_named(sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shell", "posix_shell"):
        monkeypatch.setattr(f"envs.{module}.GRACE_SECONDS", 0.5)
    await asyncio.to_thread(sandbox.container.pause)
    with pytest.raises(SandboxLost, match=f"The container {sandbox.container.name} was paused"):
        await sandbox.run("true", 1)


async def test_a_pause_within_the_time_of_a_command_costs_nothing(sandbox: DockerSandbox) -> None:
    running = asyncio.create_task(sandbox.run("sleep 1; echo slept", 60))
    await asyncio.to_thread(sandbox.container.pause)
    await asyncio.to_thread(sandbox.container.unpause)
    assert (await running).output == "slept\n"


# -- an engine that goes away


class Proxy:
    """Passes on what is said to an engine's socket, until it is cut."""

    def __init__(self, path: Path, engine: str) -> None:
        self._engine = engine
        self._open: list[socket.socket] = []
        self._is_cut = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._engine)
                self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """End every connection, and every new one as soon as it is made."""
        self._is_cut = True
        for ended in self._open:
            self._end(ended)

    def close(self) -> None:
        """Go away altogether."""
        self.cut()
        self._end(self._listener)

    def _end(self, ended: socket.socket) -> None:
        with contextlib.suppress(OSError):
            ended.shutdown(socket.SHUT_RDWR)
        ended.close()


@pytest.fixture
def proxied(engine: "DockerClient", tmp_path: Path) -> "Iterator[tuple[DockerClient, Callable[[], None]]]":
    """A client of the engine, and what takes the engine away from it."""
    from docker import DockerClient as Client  # noqa: PLC0415  (slow to import)

    address = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    if address.scheme != "unix":
        pytest.skip("the engine has no socket file")
    proxy = Proxy(tmp_path / "s", address.path)
    client = Client(base_url=f"unix://{tmp_path / 's'}", version="auto")
    yield client, proxy.cut
    client.close()
    proxy.close()


async def test_an_engine_that_goes_away_in_mid_command_is_told(
    proxied: "tuple[DockerClient, Callable[[], None]]", base_image: str, project: Path, tmp_path: Path
) -> None:
    client, cut = proxied
    sandbox = DockerSandbox(client, DockerOptions(image=base_image, run_id=RUN))
    await sandbox.start(project)
    running = asyncio.create_task(sandbox.run("sleep 1000", 1000))
    await asyncio.sleep(0)
    cut()
    with pytest.raises(SandboxLost, match="The Docker engine no longer answers"):
        await running
    with pytest.raises(SandboxError, match="can't be copied out"):
        await sandbox.export(tmp_path / "out")
    await sandbox.close()


# -- commands with root's rights


@pytest.fixture
async def as_root(engine: "DockerClient", base_image: str, project: Path) -> AsyncIterator[DockerSandbox]:
    """A container whose commands are root's."""
    made = DockerSandbox(engine, DockerOptions(image=base_image, root=True, run_id=RUN))
    await made.start(project)
    yield made
    await made.close()


async def test_a_deleted_bash_is_still_the_shell(as_root: DockerSandbox) -> None:
    await as_root.run("f() { echo kept; }; rm -f /bin/bash /usr/bin/bash", 20)
    for _ in range(2):
        assert (await as_root.run("f; echo $BASH_VERSION | cut -c 1", 20)).output == "kept\n5\n"


async def test_a_sandbox_without_any_program_left_is_lost_and_its_tree_saved(
    as_root: DockerSandbox, tmp_path: Path
) -> None:
    command = (
        "echo new > a.txt; cd /; rm -rf --one-file-system /bin /lib* /usr /sbin /etc 2>/dev/null; echo done"
    )
    assert (await as_root.run(command, 60)).output == "done\n"
    for _ in range(2):
        with pytest.raises(SandboxLost, match="its shell can't be started any more"):
            await as_root.run("true", 20)
    await as_root.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "new\n"
