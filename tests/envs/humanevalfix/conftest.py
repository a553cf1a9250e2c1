"""Problems of our own in the data set's shape, the real data where it lies, and scorers with a toolchain."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envs.humanevalfix.languages import BY_NAME, LANGUAGES, LanguageName
from envs.humanevalfix.reader import Problem, read
from envs.humanevalfix.scoring import Scorer
from envs.sandbox import Sandbox

if TYPE_CHECKING:
    from docker import DockerClient

ROWS = Path(__file__).parent / "rows"
_HOST_PROGRAMS = {
    "python": "python3",
    "js": "node",
    "java": "javac",
    "go": "go",
    "cpp": "g++",
    "rust": "rustc",
}

Row = dict[str, Any]
NewSandbox = Callable[[], Sandbox]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> LanguageName:
    """Each language in turn."""
    name: LanguageName = request.param
    return name


@pytest.fixture
def rows() -> Callable[[LanguageName], list[Row]]:
    """Return the rows of a language, two made-up tasks each."""

    def load(language: LanguageName) -> list[Row]:
        text = (ROWS / f"{language}.json").read_text(encoding="utf-8")
        found: list[Row] = json.loads(text)
        return found

    return load


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[[list[Row]], str]:
    """Write rows as the data set's files are written and return the file's path."""

    def write(rows: list[Row]) -> str:
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def problems(
    rows: Callable[[LanguageName], list[Row]], write_rows: Callable[[list[Row]], str]
) -> Callable[[LanguageName], list[Problem]]:
    """Return the made-up problems of a language."""
    return lambda language: read(write_rows(rows(language)), language)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the benchmarks' own rows, which is no part of this repository."""
    beside = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("PATCHWRIGHT_TEST_DATA") or beside)
    if not (folder / "humanevalfix").is_dir():
        pytest.skip(f"the benchmark's data is not in {folder}; name its folder in PATCHWRIGHT_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def sandboxes_for(request: pytest.FixtureRequest) -> Callable[[LanguageName], NewSandbox]:
    """Return what makes sandboxes with a toolchain: its image where the engine has it, else a local one."""
    return lambda language: _in_image(request, language) or _in_local_sandbox(language)


@pytest.fixture(scope="session")
def scorer_for(sandboxes_for: Callable[[LanguageName], NewSandbox]) -> Callable[[LanguageName], Scorer]:
    """Return a scorer for a language."""
    return lambda language: Scorer(sandboxes_for(language))


def _in_image(request: pytest.FixtureRequest, language: LanguageName) -> NewSandbox | None:
    from envs.docker import DockerOptions, DockerSandbox  # noqa: PLC0415
    from envs.images import recipe_image_name  # noqa: PLC0415
    from envs.recipes import RECIPES  # noqa: PLC0415

    recipe = BY_NAME[language].recipe
    try:
        client: DockerClient = request.getfixturevalue("engine")
        # Building a language's image takes minutes: the tests take what is there.
        image = recipe_image_name(RECIPES[recipe]) if recipe else request.getfixturevalue("base_image")
    except pytest.skip.Exception:
        return None
    if not client.images.list(image):
        return None
    return lambda: DockerSandbox(client, DockerOptions(image=image))


def _in_local_sandbox(language: LanguageName) -> NewSandbox:
    from envs.local import LocalSandbox, find_backend  # noqa: PLC0415
    from envs.rootfs import search_path  # noqa: PLC0415

    program = _HOST_PROGRAMS[language]
    testify = Path("/usr/share/gocode/src/github.com/stretchr/testify")
    if (
        find_backend() is None
        or shutil.which(program, path=search_path()) is None
        or (language == "go" and not testify.is_dir())
    ):
        recipe = BY_NAME[language].recipe
        way = f"python -m envs.images{f' --recipe {recipe}' if recipe else ''}"
        pytest.skip(f"there is neither the image ({way}) nor {program} in a local sandbox")
    return LocalSandbox
