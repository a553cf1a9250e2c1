"""The Docker sandbox against a real engine: how it isolates, how it dies, and that nothing of it is left."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envs.docker import DockerOptions, DockerSandbox, hardening
from envs.labels import LABEL_OWNER, LABEL_RUN
from trajectories.errors import SandboxError, SandboxLost

if TYPE_CHECKING:
    from docker import DockerClient

RUN = f"test-{os.getpid()}"


def ours(engine: "DockerClient", run_id: str) -> list[str]:
    """The ids of the containers of a run, whatever their state."""
    found = engine.api.containers(all=True, filters={"label": f"{LABEL_RUN}={run_id}"})
    return [summary["Id"] for summary in found]


@pytest.fixture
async def sandbox(engine: "DockerClient", base_image: str, project: Path) -> AsyncIterator[DockerSandbox]:
    made = DockerSandbox(engine, DockerOptions(image=base_image, memory="512m", run_id=RUN))
    await made.start(project)
    yield made
    await made.close()


async def out(sandbox: DockerSandbox, command: str) -> str:
    return (await sandbox.run(command, 20)).output.strip()


# -- isolation


async def test_commands_have_no_rights_beyond_a_users(sandbox: DockerSandbox) -> None:
    status = dict(re.findall(r"(\w+):\s+(\w+)", await out(sandbox, "cat /proc/self/status")))
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Amb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert await out(sandbox, "id -u; id -g; id -G") == "1000\n1000\n1000"
    for attempt in (
        "touch /etc/planted",
        "touch /usr/bin/planted",
        "chroot / true",
        "mount -t tmpfs x /mnt",
        "unshare -r true",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "cat /etc/shadow",
        "kill -0 1",
    ):
        assert (await sandbox.run(attempt, 10)).exit_code != 0, attempt


@pytest.mark.parametrize("fd", ["/proc/1/fd/0", "/proc/1/fd/1", "/proc/1/mem", "/proc/1/environ"])
async def test_a_command_reaches_neither_the_supervisors_stream_nor_its_memory(
    sandbox: DockerSandbox, fd: str
) -> None:
    for attempt in (f"echo forged > {fd}", f"cat < {fd}"):
        result = await sandbox.run(attempt, 10)
        assert (result.exit_code, "Permission denied" in result.output) == (1, True), attempt


async def test_there_is_no_network_no_mount_and_no_engine(sandbox: DockerSandbox) -> None:
    assert "lo:" in await out(sandbox, "cat /proc/net/dev")
    assert len((await out(sandbox, "cat /proc/net/dev")).splitlines()) == 3
    for host in ("8.8.8.8", "169.254.169.254", "172.17.0.1"):
        connect = f"import socket; socket.create_connection(('{host}', 53), 3)"
        assert "unreachable" in await out(sandbox, f'python3 -c "{connect}"')
    assert await out(sandbox, "ls /var/run/docker.sock /run/docker.sock 2>/dev/null") == ""
    attributes = sandbox.container.attrs
    assert (attributes["Mounts"], attributes["HostConfig"]["Binds"]) == ([], None)


async def test_secrets_of_the_environment_stay_outside(
    engine: "DockerClient", base_image: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", "sk-canary-0123456789")
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, run_id=RUN))
    await sandbox.start(project)
    try:
        said = await out(sandbox, "env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'")
        assert "PATH=" in said
        assert "canary" not in said + json.dumps(sandbox.container.attrs)
        assert os.uname().nodename not in said
    finally:
        await sandbox.close()


async def test_the_container_is_limited_and_labelled(sandbox: DockerSandbox) -> None:
    await asyncio.to_thread(sandbox.container.reload)
    attributes: dict[str, Any] = sandbox.container.attrs
    host = attributes["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (
        512 * 1024**2,
        512 * 1024**2,
        2_000_000_000,
        256,
    )
    assert (host["NetworkMode"], host["CapDrop"], host["Privileged"]) == ("none", ["ALL"], False)
    assert "no-new-privileges" in host["SecurityOpt"]
    labels = attributes["Config"]["Labels"]
    assert (labels[LABEL_RUN], labels[LABEL_OWNER]) == (RUN, str(os.getpid()))


@pytest.mark.parametrize(("memory", "tmp"), [("64m", 32 * 1024**2), ("8g", 1024**3)])
def test_files_in_memory_never_fill_the_memory_limit(memory: str, tmp: int) -> None:
    made = hardening(DockerOptions(image="any", memory=memory))
    assert made["tmpfs"]["/tmp"].endswith(f",size={tmp}")


async def test_commands_may_run_as_root_where_it_is_asked_for(
    engine: "DockerClient", base_image: str, project: Path
) -> None:
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, root=True, run_id=RUN))
    info = await sandbox.start(project)
    try:
        assert (info.user, "as root" in info.isolation) == ("0", True)
        assert await out(sandbox, "id -u; touch /etc/planted && chown 1000 /etc/planted; echo $?") == "0\n0"
        await sandbox.write("new", b"x", create=True)
        assert await out(sandbox, "stat -c %u new") == "0"
        for attempt in ("mount -t tmpfs x /mnt", "kill -9 1; false", "echo forged > /proc/1/fd/1"):
            assert (await sandbox.run(attempt, 10)).exit_code != 0, attempt
        assert await out(sandbox, "echo alive") == "alive"
    finally:
        await sandbox.close()


async def test_the_network_is_there_where_it_is_asked_for(
    engine: "DockerClient", base_image: str, project: Path
) -> None:
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, network=True, run_id=RUN))
    info = await sandbox.start(project)
    try:
        assert "eth0" in await out(sandbox, "cat /proc/net/dev")
        assert "with network" in info.isolation
    finally:
        await sandbox.close()


# -- the tree goes in and comes out


async def test_the_tree_goes_in_with_git_and_comes_out_without(
    sandbox: DockerSandbox, project: Path, tmp_path: Path
) -> None:
    assert await out(sandbox, "pwd; cat a.txt .git/HEAD; ./run.sh; readlink link") == (
        "/workspace\nhello\nref: refs/heads/main\nran\na.txt"
    )
    assert await out(sandbox, "stat -c %u . a.txt .git run.sh | sort -u") == "1000"
    await sandbox.run(
        "echo changed > a.txt; mkdir new; echo x > new/y; mkfifo pipe; ln -s /etc/passwd out", 10
    )
    await sandbox.export(tmp_path / "out")
    found = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*")}
    assert found == {"a.txt", "run.sh", "link", "new", "new/y", "out"}
    assert (tmp_path / "out" / "a.txt").read_text() == "changed\n"
    assert os.readlink(tmp_path / "out" / "out") == "/etc/passwd"
    assert (project / "a.txt").read_text() == "hello\n"


@pytest.mark.parametrize("image", ["base_image", "sh_image"])
async def test_what_was_started_is_described(
    engine: "DockerClient", image: str, project: Path, request: pytest.FixtureRequest
) -> None:
    name = request.getfixturevalue(image)
    sandbox = DockerSandbox(engine, DockerOptions(image=name, run_id=RUN))
    info = await sandbox.start(project)
    await sandbox.close()
    assert (info.kind, info.image, info.digest[:7]) == ("docker", name, "sha256:")
    assert info.supervisor == ("python" if image == "base_image" else "sh")


# -- death


@pytest.mark.parametrize("image", ["base_image", "sh_image"])
async def test_the_end_of_its_input_ends_the_container(
    engine: "DockerClient", image: str, project: Path, request: pytest.FixtureRequest
) -> None:
    options = DockerOptions(image=request.getfixturevalue(image), run_id=RUN)
    sandbox = DockerSandbox(engine, options)
    await sandbox.start(project)
    try:
        await sandbox.run("setsid sleep 1000 & true", 10)
        assert sandbox._stream is not None
        sandbox._stream.close()
        ended = await asyncio.to_thread(sandbox.container.wait, timeout=30)
        assert ended["StatusCode"] == 0
    finally:
        await sandbox.close()


_RUNTIME = """
import asyncio, sys
from pathlib import Path
from envs.docker import DockerOptions, DockerSandbox
from envs.engine import connect

async def main():
    sandbox = DockerSandbox(connect(), DockerOptions(image=sys.argv[1], run_id=sys.argv[2]))
    await sandbox.start(Path(sys.argv[3]))
    print(sandbox.container.id, flush=True)
    await sandbox.run("trap '' TERM; setsid sleep 1000 & while :; do sleep 1000; done", 1000)

asyncio.run(main())
"""


def test_a_killed_runtime_leaves_no_running_container(
    engine: "DockerClient", base_image: str, project: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _RUNTIME, base_image, RUN, str(project)], stdout=subprocess.PIPE, text=True
    ) as runtime:
        assert runtime.stdout is not None
        container = engine.containers.get(runtime.stdout.readline().strip())
        runtime.send_signal(signal.SIGKILL)
    try:
        assert container.wait(timeout=30)["StatusCode"] == 0
    finally:
        container.remove(force=True)


async def test_closing_leaves_no_container_and_may_be_repeated(
    engine: "DockerClient", base_image: str, project: Path, tmp_path: Path
) -> None:
    run_id = f"{RUN}-close"
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, run_id=run_id))
    await sandbox.close()
    await sandbox.start(project)
    assert len(ours(engine, run_id)) == 1
    await sandbox.close()
    await sandbox.close()
    assert ours(engine, run_id) == []
    with pytest.raises(SandboxLost, match="closed"):
        await sandbox.run("true", 1)
    with pytest.raises(SandboxError):
        await sandbox.export(tmp_path / "out")


async def test_a_sandbox_that_was_not_started_says_so(engine: "DockerClient", tmp_path: Path) -> None:
    sandbox = DockerSandbox(engine, DockerOptions(image="any"))
    with pytest.raises(SandboxLost, match="not started"):
        await sandbox.run("true", 1)
    with pytest.raises(SandboxError, match="never started"):
        await sandbox.export(tmp_path)


# -- a start that fails


async def test_an_image_that_is_not_there_is_named(engine: "DockerClient", project: Path) -> None:
    sandbox = DockerSandbox(engine, DockerOptions(image="no-such-image:at-all"))
    with pytest.raises(
        SandboxError, match=r"^The container of image 'no-such-image:at-all' can't be started"
    ):
        await sandbox.start(project)


async def test_an_engine_that_went_away_is_told(base_image: str, project: Path) -> None:
    from docker import DockerClient as Client  # noqa: PLC0415  (slow to import)

    client = Client(base_url="tcp://127.0.0.1:1", version="1.41")
    sandbox = DockerSandbox(client, DockerOptions(image=base_image))
    with pytest.raises(SandboxError, match=r"can't be started: .*refused.*\.$"):
        await sandbox.start(project)
    client.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "printf '#!/bin/false\\n' > /bin/sh.new; chmod 755 /bin/sh.new; mv /bin/sh.new /bin/sh",
            "a working /bin/sh",
        ),
        ("rm /bin/sh", "no such file or directory"),
    ],
    ids=["a shell that fails", "no shell"],
)
async def test_an_image_without_a_shell_is_told_and_leaves_no_container(
    engine: "DockerClient", sh_image: str, project: Path, change: str, said: str
) -> None:
    run_id = f"{RUN}-shell"
    command = ["/bin/busybox", "sh", "-c", change]
    maker = engine.containers.create(sh_image, command=command)
    try:
        maker.start()
        assert maker.wait(timeout=30)["StatusCode"] == 0
        image = maker.commit()
    finally:
        maker.remove(force=True)
    try:
        with pytest.raises(SandboxError, match=said):
            await DockerSandbox(engine, DockerOptions(image=image.id, run_id=run_id)).start(project)
        assert ours(engine, run_id) == []
    finally:
        engine.images.remove(image.id)


async def test_a_tree_that_can_not_be_copied_in_leaves_no_container(
    engine: "DockerClient", base_image: str, tmp_path: Path
) -> None:
    run_id = f"{RUN}-copy"
    with pytest.raises(SandboxError, match=r"can't be copied into the container.*No such file"):
        await DockerSandbox(engine, DockerOptions(image=base_image, run_id=run_id)).start(tmp_path / "none")
    assert ours(engine, run_id) == []


async def test_a_start_that_takes_too_long_leaves_no_container(
    engine: "DockerClient", base_image: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = f"{RUN}-slow"
    monkeypatch.setattr("envs.docker.START_SECONDS", 0.01)
    with pytest.raises(SandboxError, match="did not start within"):
        await DockerSandbox(engine, DockerOptions(image=base_image, run_id=run_id)).start(project)
    assert ours(engine, run_id) == []


async def test_a_start_cancelled_while_it_attaches_leaves_neither_container_nor_socket(
    engine: "DockerClient", base_image: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = f"{RUN}-attach"
    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    original, made = engine.api.attach_socket, []

    def announced(*arguments: object) -> object:
        loop.call_soon_threadsafe(reached.set)
        made.append(original(*arguments))
        return made[0]

    monkeypatch.setattr(engine.api, "attach_socket", announced)
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, run_id=run_id))
    starting = asyncio.create_task(sandbox.start(project))
    await reached.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert ours(engine, run_id) == []
    assert made[0].closed


@pytest.mark.parametrize("step", ["_create", "_greet", "_copy_in"])
async def test_a_start_cancelled_at_any_step_leaves_no_container(
    engine: "DockerClient", base_image: str, project: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = f"{RUN}-{step}"
    sandbox = DockerSandbox(engine, DockerOptions(image=base_image, run_id=run_id))
    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    original = getattr(sandbox, step)

    def announced(*arguments: object) -> object:
        loop.call_soon_threadsafe(reached.set)
        return original(*arguments)

    monkeypatch.setattr(sandbox, step, announced)
    starting = asyncio.create_task(sandbox.start(project))
    await reached.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert ours(engine, run_id) == []
