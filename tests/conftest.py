"""What all tests share: a world without the developer's own settings, and the real things they run against.

A test that asks for a real thing (an engine, a model, bubblewrap) is skipped with the reason where it is not
to be had, unless PATCHWRIGHT_TEST_REQUIRE names it: then it fails.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from agent.models.weights import cache_folder, locate
from trajectories.errors import EngineUnavailable, ImageUnavailable, ModelError

if TYPE_CHECKING:
    from docker import DockerClient

REQUIRED = frozenset(os.environ.get("PATCHWRIGHT_TEST_REQUIRE", "").replace(",", " ").split())
_FIXTURE_MARKERS = {"engine": "engine", "base_image": "engine", "embedded_weights": "model"}
_KEPT = {"PATCHWRIGHT_TEST_REQUIRE", "PATCHWRIGHT_TEST_DATA"}

GitRepo = Callable[..., Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they run against, so that `-m "not engine"` needs no one's care."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _FIXTURE_MARKERS:
                item.add_marker(_FIXTURE_MARKERS[fixture])


def _missing(what: str, reason: str) -> NoReturn:
    if what in REQUIRED:
        pytest.fail(f"{what} is required by PATCHWRIGHT_TEST_REQUIRE: {reason}", pytrace=False)
    pytest.skip(f"{what}: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's settings, keys and git configuration out; only the model cache stays theirs."""
    cache = cache_folder()
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            ours = name.startswith("PATCHWRIGHT_") and name not in _KEPT
            if ours or name.startswith(("GIT_DIR", "GIT_WORK", "GIT_INDEX")) or name.endswith("_API_KEY"):
                patch.delenv(name)
        if "PYENV_ROOT" not in os.environ and (pyenv := Path.home() / ".pyenv").is_dir():
            # The python3 on the PATH may be a shim that looks for its root at home.
            patch.setenv("PYENV_ROOT", str(pyenv))
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("XDG_DATA_HOME", str(home / ".local/share"))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("PATCHWRIGHT_CACHE", str(cache))
        yield


@pytest.fixture(scope="session")
def engine(_own_world: None) -> Iterator["DockerClient"]:
    """A client of the running container engine."""
    from envs.engine import connect  # noqa: PLC0415
    from envs.images import sweep  # noqa: PLC0415

    try:
        client = connect(timeout=600)
    except EngineUnavailable as error:
        _missing("engine", str(error))
    yield client
    sweep(client)
    client.close()


@pytest.fixture(scope="session")
def base_image(engine: "DockerClient") -> str:
    """The name of the base image, which the engine has."""
    from envs.images import ensure_base_image  # noqa: PLC0415

    try:
        return ensure_base_image(engine, progress=lambda text: None)
    except ImageUnavailable as error:
        _missing("engine", str(error))


@pytest.fixture(scope="session")
def embedded_weights(_own_world: None) -> Path:
    """The path of the small embedded model's weights, fetched when they are not in the cache."""
    if find_spec("xllamacpp") is None:
        _missing("model", "xllamacpp is not installed; make install")
    try:
        return locate("embedded:0.5b")
    except ModelError as error:
        _missing("model", str(error))


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Bubblewrap is installed and the kernel lets it make a sandbox."""
    from envs.local import trouble_with  # noqa: PLC0415

    if trouble := trouble_with("bubblewrap"):
        _missing("bubblewrap", trouble)


@pytest.fixture
def git_repo(tmp_path: Path) -> GitRepo:
    """Make real git repositories: `git_repo({"a.py": "x = 1\\n"}, name="repo")` returns the work tree."""

    def make(
        files: Mapping[str, str | bytes], *, name: str = "repo", message: str = "Initial commit"
    ) -> Path:
        root = tmp_path / name
        if not root.exists():
            root.mkdir(parents=True)
            _git(root, "init", "--quiet", "--initial-branch=main")
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        _git(root, "add", "--all")
        _git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")
        return root

    return make


def _git(root: Path, *arguments: str) -> None:
    """Run git with an identity and a date that are the same everywhere, so that commit ids are, too."""
    fixed = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "Tester"),
            ("EMAIL", "tester@example.com"),
            ("DATE", "2026-01-01T00:00:00Z"),
        )
    }
    subprocess.run(
        ["git", *arguments], cwd=root, env={**os.environ, **fixed}, check=True, capture_output=True
    )
