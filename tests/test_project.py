"""Tests of the project itself: generated files, floors, what a start imports, what a newcomer is promised."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from agent.settings import default_toml, reference

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]
HEAVY = ["litellm", "docker", "textual", "pydantic_settings", "httpx", "xllamacpp"]


def run(*command: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_agent_toml_is_what_the_settings_say() -> None:
    written = (ROOT / "agent.toml").read_text(encoding="utf-8")
    assert written == default_toml(), "run `make generate`"


def test_the_configuration_page_is_what_the_settings_say() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == reference(), "run `make generate`"


def test_every_import_goes_down() -> None:
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_help_imports_only_what_it_needs() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['patchwright', '--help']\n"
        "try:\n"
        "    from agent.cli import main\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    assert "resolve" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_the_command_is_installed_under_its_name() -> None:
    done = run(str(Path(sys.executable).with_name("patchwright")), "--help")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_script_can_be_run_and_parsed(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    done = run("bash", "-n", str(script))
    assert done.returncode == 0, done.stderr


def test_make_shows_its_targets() -> None:
    done = run("make")
    assert done.returncode == 0, done.stderr
    for target in ("demo", "test", "lint", "bench", "docker"):
        assert f"make {target} " in done.stdout


def test_the_engine_script_takes_the_engine_that_answers(engine: object) -> None:
    done = run("scripts/engine", "start")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("export DOCKER_HOST=unix://")
    assert done.stdout.endswith("# was there before\n")


def test_stopping_an_engine_that_was_never_started_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_DIR", str(tmp_path / "none"))
    done = run("scripts/engine", "stop")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_heavy_dependencies_are_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = " ".join(project["dependencies"])
    assert not [name for name in ("vllm", "ray", "swebench", "xllamacpp", "torch") if f"{name}>" in core]
    assert {"local", "vllm", "ray", "swebench", "dev"} <= set(project["optional-dependencies"])
