"""Local sandboxes, made for real by each backend that works here: as the user of the tests, and as nobody."""

import asyncio
import json
import multiprocessing
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from envs import local, rootfs
from envs.local import Backend, LocalOptions, LocalSandbox
from envs.sandbox import OUTPUT_DIR, FileProblem
from trajectories.errors import SandboxError, SandboxLost

BACKENDS: tuple[Backend, ...] = ("bubblewrap", "unshare")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "a.txt").write_text("hello\n")
    (folder / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    return folder


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    if trouble := local.trouble_with(chosen):
        pytest.skip(f"{chosen}: {trouble}")
    return chosen


@pytest.fixture
async def sandbox(backend: Backend, tree: Path) -> AsyncIterator[LocalSandbox]:
    made = LocalSandbox(LocalOptions(backend=backend, memory=1 << 30, processes=200))
    await made.start(tree)
    yield made
    await made.close()


async def out(sandbox: LocalSandbox, command: str) -> str:
    return (await sandbox.run(command, 20)).output.strip()


async def test_commands_work_in_a_copy_of_the_tree(sandbox: LocalSandbox, tree: Path, tmp_path: Path) -> None:
    assert await out(sandbox, "pwd; cat a.txt; ./run.sh") == "/workspace\nhello\nran"
    assert await out(sandbox, "echo changed > a.txt; mkdir -p x && echo new > x/y; cat .git/HEAD") != ""
    assert (tree / "a.txt").read_text() == "hello\n"
    await sandbox.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "changed\n"
    assert (tmp_path / "out" / "x" / "y").read_text() == "new\n"
    assert not (tmp_path / "out" / ".git").exists()


async def test_files_are_read_written_and_removed(sandbox: LocalSandbox) -> None:
    assert (await sandbox.read("a.txt")).data == b"hello\n"
    assert await sandbox.write("deep/new.bin", b"\x00\xff", create=True) == "/workspace/deep/new.bin"
    assert await out(sandbox, "od -An -tx1 deep/new.bin") == "00 ff"
    await sandbox.remove("deep/new.bin")
    for path in ("deep/new.bin", "/etc/passwd", "../etc/passwd"):
        with pytest.raises(FileProblem):
            await sandbox.read(path)


async def test_the_users_own_python_comes_first(sandbox: LocalSandbox) -> None:
    said = await out(sandbox, "python3 -c 'import sys; print(sys.prefix, sys.version_info[:3])'")
    assert said == f"{sys.prefix} {sys.version_info[:3]}"
    assert "pytest" in await out(sandbox, "python3 -m pytest --version")


async def test_state_goes_from_one_command_to_the_next(sandbox: LocalSandbox) -> None:
    await sandbox.run("cd /tmp; export COLOUR=red; f() { echo $COLOUR; }; exit 3", 10)
    assert await out(sandbox, "pwd; f") == "/tmp\nred"


async def test_long_output_is_kept_inside(sandbox: LocalSandbox) -> None:
    result = await sandbox.run("seq 1 200000", 60, keep_over=10_000)
    assert (result.kept, result.kept_bytes) == (f"{OUTPUT_DIR}/1.txt", result.output_bytes)
    assert await out(sandbox, f"tail -n 1 {result.kept}") == "200000"
    assert (await sandbox.read(result.kept, OUTPUT_DIR)).data.endswith(b"\n199999\n200000\n")


async def test_nothing_of_the_host_is_seen(
    sandbox: LocalSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = (
        *(
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/etc/shadow",
            "/etc/ssl/private",
            "/sys/kernel",
            "/boot",
        ),
        *(str(tmp_path), os.path.expanduser("~/.ssh"), str(sandbox.tree)),
    )
    for path in hidden:
        assert await out(sandbox, f"test -e '{path}' && echo seen") == "", path
    # Patchwright's own Python is there at its own place, which may be below /tmp.
    ours = {
        f"/tmp/{Path(prefix).parts[2]}"
        for prefix in (sys.prefix, sys.base_prefix)
        if prefix.startswith("/tmp/")
    }
    seen = set((await out(sandbox, "echo /tmp/*")).split())
    assert seen - ours == {"/tmp/home"}
    assert "patchwright" in await out(sandbox, "cat /etc/passwd")
    assert (
        os.environ.get("USER", "no-user")
        not in (await out(sandbox, "cut -d: -f1 /etc/passwd")).split("\n")[2:]
    )


async def test_secrets_of_the_environment_stay_outside(
    backend: Backend, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", "sk-canary-0123456789")
    sandbox = LocalSandbox(LocalOptions(backend=backend))
    await sandbox.start(tree)
    try:
        assert "canary" not in await out(sandbox, "env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null")
    finally:
        await sandbox.close()


async def test_the_machines_programs_cannot_be_changed(sandbox: LocalSandbox) -> None:
    for folder in ("/", "/usr", "/usr/bin", "/etc", "/run", "/dev", sys.prefix, sys.base_prefix):
        result = await sandbox.run(f"touch '{folder}/planted'", 10)
        assert result.exit_code != 0, folder
        assert not Path(folder, "planted").exists()
    assert (await sandbox.run("mount -o remount,rw /usr || mount -t tmpfs x /mnt", 10)).exit_code != 0


async def test_commands_have_no_rights_beyond_a_users(sandbox: LocalSandbox) -> None:
    status = dict(
        line.split(":\t")
        for line in (await out(sandbox, "grep -E 'Cap(Eff|Prm)|NoNewPrivs' /proc/self/status")).split("\n")
    )
    assert (int(status["CapEff"], 16), int(status["CapPrm"], 16), status["NoNewPrivs"]) == (0, 0, "1")
    assert await out(sandbox, "id -u") != "0"
    for attempt in (
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "dmesg",
        "chroot /",
    ):
        assert (await sandbox.run(attempt, 10)).exit_code != 0, attempt
    assert (await sandbox.run("cat /proc/1/environ; ls /proc/1/fd", 10)).exit_code != 0


async def test_there_is_no_network_but_the_sandboxs_own(sandbox: LocalSandbox) -> None:
    connect = "python3 -c 'import socket; socket.create_connection((\"{}\", {}), 3)'"
    for host, port in (("8.8.8.8", 53), ("169.254.169.254", 80), ("example.org", 80)):
        assert (await sandbox.run(connect.format(host, port), 10)).exit_code == 1
    serve = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    )
    assert (await sandbox.run(f'python3 -c "{serve}"', 10)).exit_code == 0


async def test_other_processes_are_neither_seen_nor_killed(sandbox: LocalSandbox) -> None:
    seen = (await out(sandbox, "cd /proc; echo [0-9]*")).split()
    assert str(os.getpid()) not in seen
    assert len(seen) < 6
    await sandbox.run("kill -9 -1; kill -9 1", 10)
    assert await out(sandbox, "echo alive") == "alive"


@pytest.mark.parametrize(
    "command",
    [*("exit 3", "exec false", "cat <<X", "echo 'unclosed", "setsid sleep 1000 & disown; echo x"),
     *("rm -rf /workspace/*", "yes | head -c 3000000", ":(){ :|:& };:", "kill -STOP $$"),
     "trap '' TERM; sleep 1000"],
)  # fmt: skip
async def test_no_command_breaks_the_shell(command: str, sandbox: LocalSandbox) -> None:
    await sandbox.run(command, 1.5)
    assert await out(sandbox, "echo alive") == "alive"
    assert len((await out(sandbox, "cd /proc; echo [0-9]*")).split()) < 6


async def test_memory_and_file_sizes_are_limited(sandbox: LocalSandbox) -> None:
    assert "MemoryError" in await out(sandbox, "python3 -c 'bytearray(2 << 30)'")
    result = await sandbox.run("truncate -s 20G big", 10)
    assert result.exit_code != 0


async def test_the_tree_can_be_exported_after_the_sandbox_died(sandbox: LocalSandbox, tmp_path: Path) -> None:
    await sandbox.run("echo changed > a.txt; ln -s /etc/passwd link; mkfifo pipe; mkdir no; chmod 0 no", 10)
    assert sandbox._process is not None
    local._kill(sandbox._process.pid)
    with pytest.raises(SandboxLost):
        await sandbox.run("true", 10)
    await sandbox.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "changed\n"
    assert os.readlink(tmp_path / "out" / "link") == "/etc/passwd"
    assert not (tmp_path / "out" / "pipe").exists()


async def test_closing_leaves_nothing_behind(backend: Backend, tree: Path) -> None:
    sandbox = LocalSandbox(LocalOptions(backend=backend))
    await sandbox.start(tree)
    await sandbox.run("mkdir -p d/e; echo x > d/e/f; chmod 0 d/e d; (setsid sleep 1000 &)", 10)
    folder, process = sandbox.tree.parent, sandbox._process
    await sandbox.close()
    await sandbox.close()
    assert not folder.exists()
    assert process is not None
    assert process.returncode is not None
    with pytest.raises(SandboxLost):
        await sandbox.run("true", 1)
    with pytest.raises(SandboxError, match="not started"):
        await sandbox.export(folder)


def _run_and_wait(backend: Backend, tree: str, pipe: int) -> None:
    async def serve() -> None:
        sandbox = LocalSandbox(LocalOptions(backend=backend))
        await sandbox.start(Path(tree))
        assert sandbox._process is not None
        os.write(pipe, f"{sandbox._process.pid}\n{sandbox.tree.parent}\n".encode())
        await sandbox.run("sleep 1000", 1000)

    asyncio.run(serve())


def test_a_killed_runtime_leaves_no_process_behind(backend: Backend, tree: Path) -> None:
    reading, writing = os.pipe()
    victim = multiprocessing.get_context("fork").Process(
        target=_run_and_wait, args=(backend, str(tree), writing)
    )
    victim.start()
    os.close(writing)
    with os.fdopen(reading) as lines:
        outer, folder = int(lines.readline()), Path(lines.readline().strip())
        handles = [os.pidfd_open(outer)]
        handles += [
            os.pidfd_open(int(pid))
            for pid in Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        ]
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        for handle in handles:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(30_000), "a process outlived its runtime"
            os.close(handle)
    local._delete(folder)


async def test_a_sandbox_that_cannot_start_says_why(
    backend: Backend, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "supervisor_source", lambda: "import sys; sys.exit('no luck')")
    sandbox = LocalSandbox(LocalOptions(backend=backend))
    with pytest.raises(SandboxError, match="no luck"):
        await sandbox.start(tree)
    folder = sandbox.tree.parent
    await sandbox.close()
    assert not folder.exists()


async def test_a_machine_without_any_backend_is_told_what_to_install(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "find_backend", lambda: None)
    monkeypatch.setattr(local, "trouble_with", lambda backend: "forbidden")
    with pytest.raises(SandboxError, match="apt-get install bubblewrap"):
        await LocalSandbox().start(tree)


def test_a_missing_program_and_a_failing_one_are_reasons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    local.trouble_with.cache_clear()
    assert local.trouble_with("bubblewrap") == "it is not installed"
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'no permission' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    local.trouble_with.cache_clear()
    local._bubblewrap_version.cache_clear()
    assert local.trouble_with("bubblewrap") == "no permission"
    local.trouble_with.cache_clear()
    local._bubblewrap_version.cache_clear()


def test_a_prefix_that_holds_a_home_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    home = str(Path.home())
    monkeypatch.setattr(sys, "prefix", home)
    monkeypatch.setattr(sys, "base_prefix", "/")
    assert home not in rootfs.python_prefixes()
    assert "/" not in rootfs.python_prefixes()


async def _as_seen_inside(backend: Backend, tree: Path) -> dict[str, Any]:
    sandbox = LocalSandbox(LocalOptions(backend=backend, processes=5000))
    info = await sandbox.start(tree)
    try:
        commands = {
            "id": "id -u",
            "files": "cat a.txt; ls -lan | grep -c ' 1000 *1000 '",
            "rights": "grep -h CapEff /proc/self/status /proc/1/status",
            "changed": "touch /usr/planted /planted 2>/dev/null && echo changed",
            "nested": "unshare -r true 2>/dev/null && echo nested",
            "alive": "kill -9 -1 2>/dev/null; echo alive",
            "copy": "echo more >> a.txt && cat a.txt",
        }
        said = {name: await out(sandbox, command) for name, command in commands.items()}
        return {"kind": info.kind, "user": info.user, **said}
    finally:
        await sandbox.close()


def _as_nobody(
    python: str,
    action: Callable[[Backend, Path], Awaitable[dict[str, Any]]],
    backend: Backend,
    tree: str,
    pipe: int,
) -> None:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    # The tests' own Python may lie in root's home.
    sys.executable, sys.prefix, sys.base_prefix = python, "/usr", "/usr"
    local.trouble_with.cache_clear()
    if trouble := local.trouble_with(backend):
        said: dict[str, Any] = {"trouble": trouble}
    else:
        said = asyncio.run(action(backend, Path(tree)))
    os.write(pipe, json.dumps(said).encode())


@pytest.mark.parametrize("backend_for_nobody", BACKENDS)
def test_a_user_without_rights_gets_the_same_sandbox(
    backend_for_nobody: Backend, tmp_path_factory: pytest.TempPathFactory
) -> None:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if os.geteuid() != 0 or python is None:
        pytest.skip("needs root, to become nobody, and a Python that everyone can run")
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        folder.chmod(0o755)
        (folder / "a.txt").write_text("hello\n")
        reading, writing = os.pipe()
        arguments = (python, _as_seen_inside, backend_for_nobody, str(folder), writing)
        child = multiprocessing.get_context("fork").Process(target=_as_nobody, args=arguments)
        child.start()
        os.close(writing)
        with os.fdopen(reading) as answer:
            said = json.loads(answer.read() or '{"trouble": "it crashed"}')
        child.join()
    finally:
        shutil.rmtree(folder)
    if trouble := said.get("trouble"):
        assert trouble != "it crashed"
        pytest.skip(f"{backend_for_nobody}: {trouble}")
    assert said == {
        "kind": backend_for_nobody,
        "user": "1000",
        "id": "1000",
        "files": "hello\n3",
        "rights": "CapEff:\t0000000000000000\nCapEff:\t0000000000000000",
        "changed": "",
        "nested": "",
        "alive": "alive",
        "copy": "hello\nmore",
    }
