import subprocess
import sys
from typing import NamedTuple

import pytest

from envs import choose as choosing
from envs import local
from envs.choose import choose
from envs.local import LocalSandbox
from envs.unsafe import UnsafeSandbox
from trajectories.errors import EngineUnavailable, SandboxError, UsageError


class Wanted(NamedTuple):
    kind: str = "auto"
    image: str = ""
    memory: str = "2g"
    cpus: float = 2.0
    pids: int = 256
    network: bool = False
    root: bool = False


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_backend", lambda: "unshare")


def quiet(_: str) -> None:
    pass


@pytest.mark.usefixtures("no_engine", "works")
async def test_without_an_engine_auto_takes_the_local_sandbox_and_says_so() -> None:
    chosen = await choose(Wanted(), progress=quiet)
    assert chosen.kind == "local"
    assert isinstance(chosen.new("run"), LocalSandbox)
    assert "isolates less than a container" in chosen.notices[0].text
    assert chosen.notices[0].text.count(".") <= 3


@pytest.mark.usefixtures("no_engine", "works")
async def test_docker_demanded_and_unreachable_is_an_error() -> None:
    with pytest.raises(EngineUnavailable, match="--sandbox local"):
        await choose(Wanted("docker"), progress=quiet)


@pytest.mark.usefixtures("works")
async def test_local_demanded_is_taken_without_a_word() -> None:
    chosen = await choose(Wanted("local", memory="512m", pids=64, network=True), progress=quiet)
    assert (chosen.kind, chosen.notices) == ("local", ())
    sandbox = chosen.new("run")
    assert isinstance(sandbox, LocalSandbox)
    assert sandbox._options == local.LocalOptions(memory=512 << 20, processes=64, network=True)


@pytest.mark.usefixtures("works")
async def test_an_image_is_said_not_to_count_in_a_local_sandbox() -> None:
    chosen = await choose(Wanted("local", image="python:3.12"), progress=quiet)
    assert "python:3.12" in chosen.notices[0].text


@pytest.mark.usefixtures("no_engine")
async def test_where_nothing_works_both_reasons_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_backend", lambda: None)
    monkeypatch.setattr(local, "trouble_with", lambda backend: "forbidden")
    with pytest.raises(SandboxError, match="apt-get install bubblewrap"):
        await choose(Wanted("local"), progress=quiet)
    with pytest.raises(SandboxError, match=r"No Docker engine answers .*bubblewrap: forbidden"):
        await choose(Wanted(), progress=quiet)


async def test_unsafe_is_taken_only_when_it_is_typed_and_warns() -> None:
    chosen = await choose(Wanted("unsafe"), progress=quiet)
    assert isinstance(chosen.new("run"), UnsafeSandbox)
    assert chosen.notices[0].level == "warning"


async def test_an_unknown_kind_or_memory_limit_is_named() -> None:
    with pytest.raises(UsageError, match="'podman'"):
        await choose(Wanted("podman"), progress=quiet)
    with pytest.raises(UsageError, match="'lots'"):
        choosing._bytes("lots")
    assert [choosing._bytes(text) for text in ("7", "1k", "2M", "3g")] == [7, 1024, 2 << 20, 3 << 30]


def test_choosing_imports_neither_docker_nor_git() -> None:
    heavy = ("docker", "git", "litellm")
    code = f"import sys, envs.choose; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


async def test_with_an_engine_auto_takes_docker(base_image: str) -> None:
    chosen = await choose(Wanted(), progress=quiet)
    assert (chosen.kind, chosen.notices) == ("docker", ())
