"""Sharing one server between processes, with a small program in place of llama.cpp."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from agent.models import shared
from agent.models.lease import Lease, State, is_running, process_start
from agent.models.shared import SharedServer
from trajectories.errors import ModelError

SERVER = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from agent.models.lease import Lease, State, boot_id, process_start
from agent.models.llama_server import _watch

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/health" or self.headers["Authorization"] == "Bearer secret"
        self.send_response(200 if known else 401)
        self.end_headers()

    def log_message(self, *args):
        pass

folder = Path(sys.argv[sys.argv.index("--folder") + 1])
with open(folder / "starts", "a") as file:
    file.write("x")
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
pid = os.getpid()
state = State(pid, process_start(pid), boot_id(), f"http://127.0.0.1:{server.server_port}", "secret")
Lease(folder).write(state)
_watch(Lease(folder), state, float(sys.argv[1]))
"""

# Says its pid and never becomes ready.
SLEEPER = """
import os, signal, sys
folder = sys.argv[sys.argv.index("--folder") + 1]
with open(folder + "/pid.new", "w") as file:
    file.write(str(os.getpid()))
os.rename(folder + "/pid.new", folder + "/pid")
signal.pause()
"""

USER = """
import asyncio, sys
from pathlib import Path
from agent.models.shared import SharedServer

async def main():
    state = await SharedServer("m", Path(sys.argv[1]), sys.argv[2:]).acquire()
    print(state.pid, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "server"
    yield folder
    state = Lease(folder).read()
    if state is not None and is_running(state):
        os.kill(state.pid, signal.SIGKILL)


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "server.py"
    path.write_text(SERVER, encoding="utf-8")
    return path


@pytest.fixture
def command(program) -> list[str]:
    """A server that stays: it would wait an hour for the next user."""
    return [sys.executable, str(program), "3600"]


@pytest.fixture
def hasty(program) -> list[str]:
    """A server that leaves at once when its last user has."""
    return [sys.executable, str(program), "0.1"]


def starts(folder: Path) -> int:
    return len((folder / "starts").read_text(encoding="utf-8"))


def is_free(folder: Path) -> bool:
    """Nobody is left who looks for a server."""
    lock = Lease(folder).start
    try:
        return lock.take()
    finally:
        lock.release()


def start_user(folder: Path, command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(shared.__file__).parents[2])},
    )


@pytest.fixture
def share(folder) -> Iterator[Callable[[list[str]], SharedServer]]:
    """Builds a user of the server and gives its lease back at the end."""
    users: list[SharedServer] = []

    def build(command: list[str]) -> SharedServer:
        users.append(SharedServer("m", folder, command))
        return users[-1]

    yield build
    for user in users:
        user.release()


async def test_the_first_starts_it_and_the_second_finds_it(share, folder, command) -> None:
    one, two = share(command), share(command)
    state = await one.acquire()
    assert await two.acquire() == state
    assert starts(folder) == 1
    one.release()
    two.release()


async def test_many_at_once_start_one(share, folder, command) -> None:
    servers = [share(command) for _ in range(8)]
    states = await asyncio.gather(*(server.acquire() for server in servers))
    assert len(set(states)) == 1
    assert starts(folder) == 1


async def test_many_processes_at_once_start_one(share, folder, command) -> None:
    users = [start_user(folder, command) for _ in range(4)]
    pids = {user.stdout.readline() for user in users}
    for user in users:
        user.communicate()
    assert len(pids) == 1
    assert starts(folder) == 1


async def test_it_ends_by_itself_after_the_last_lease(share, folder, hasty, wait_for_end) -> None:
    one, two = share(hasty), share(hasty)
    state = await one.acquire()
    await two.acquire()
    one.release()
    assert await two.is_healthy()
    two.release()
    wait_for_end(state.pid)
    assert Lease(folder).read() is None


async def test_it_ends_when_its_users_are_killed(share, folder, hasty, wait_for_end) -> None:
    user = start_user(folder, hasty)
    pid = int(user.stdout.readline())
    user.kill()
    user.communicate()
    wait_for_end(pid)


async def test_it_outlives_the_one_who_started_it_while_another_uses_it(
    share, folder, hasty, wait_for_end
) -> None:
    user = start_user(folder, hasty)
    pid = int(user.stdout.readline())
    other = share(hasty)
    assert (await other.acquire()).pid == pid
    user.kill()
    user.communicate()
    assert await other.is_healthy()
    other.release()
    wait_for_end(pid)


async def test_one_that_died_is_replaced(share, folder, command, wait_for_end) -> None:
    one = share(command)
    state = await one.acquire()
    os.kill(state.pid, signal.SIGKILL)
    wait_for_end(state.pid)
    assert not await one.is_healthy()
    assert (await one.acquire()).pid != state.pid
    assert starts(folder) == 2


async def test_one_that_hangs_is_replaced(share, folder, command, monkeypatch, wait_for_end) -> None:
    monkeypatch.setattr(shared, "_HEALTH_SECONDS", 0.2)
    state = await share(command).acquire()
    os.kill(state.pid, signal.SIGSTOP)
    other = await share(command).acquire()
    assert other.pid != state.pid
    wait_for_end(state.pid)


async def test_a_stranger_with_the_pid_of_a_dead_server_is_left_alone(share, folder, command) -> None:
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    lease = Lease(folder)
    lease.make_folder()
    lease.write(State(stranger.pid, 1, "another boot", "http://127.0.0.1:9", "k"))
    state = await share(command).acquire()
    assert state.pid != stranger.pid
    assert stranger.poll() is None
    stranger.communicate()


async def test_only_the_owner_can_read_the_key(share, folder, command) -> None:
    state = await share(command).acquire()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "state.json").stat().st_mode & 0o777 == 0o600
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{state.address}/props")).status_code == 401


async def test_one_that_does_not_start_shows_the_end_of_its_log(share, folder) -> None:
    broken = [sys.executable, "-c", "import sys; sys.exit('no such weights')"]
    with pytest.raises(ModelError, match=r"did not start: no such weights \(see '.*server.log'\)"):
        await share(broken).acquire()
    assert is_free(folder)


async def test_who_is_cancelled_while_it_starts_leaves_nothing(share, folder) -> None:
    server = share([sys.executable, "-c", SLEEPER])
    task = asyncio.ensure_future(server.acquire())
    while not (folder / "pid").exists():
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process_start(int((folder / "pid").read_text())) is None
    assert is_free(folder)
