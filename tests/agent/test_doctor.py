"""Tests of what `patchwright doctor` finds and what it advises."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent.doctor import Check, Level, _runc, examine, exit_status, render
from agent.settings import Settings
from envs.local import find_backend, trouble_with
from trajectories.errors import ExitStatus

if TYPE_CHECKING:
    from docker import DockerClient


def settings(**sections: dict[str, object]) -> Settings:
    return Settings.model_validate(sections)


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    """Forget what was found on the real machine, and after each test what was found on a broken one."""
    for cached in (find_backend, trouble_with):
        cached.cache_clear()
    yield
    for cached in (find_backend, trouble_with):
        cached.cache_clear()


@pytest.fixture
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"unix://{tmp_path}/nothing.sock"
    monkeypatch.setenv("DOCKER_HOST", address)
    return address


def test_on_a_machine_with_an_engine_a_run_is_possible(engine: "DockerClient") -> None:
    checks = by_name(examine(Settings()))
    assert checks["Docker"].level is Level.OK
    assert "storage" in checks["Docker"].found
    assert "runc" in checks
    assert checks["sandbox"].found == "docker (setting: auto)"
    assert exit_status(checks.values()) == ExitStatus.RESOLVED


def test_without_an_engine_the_advice_names_the_address_and_the_way_out(no_engine: str) -> None:
    docker = by_name(examine(Settings()))["Docker"]
    assert docker.level is Level.WARN
    assert docker.found == f"No Docker engine answers at {no_engine} (no such socket)"
    assert "--sandbox local" in docker.mend


def test_a_demanded_engine_that_does_not_answer_is_a_failure(no_engine: str) -> None:
    checks = examine(settings(sandbox={"kind": "docker"}))
    assert by_name(checks)["sandbox"].level is Level.FAIL
    assert exit_status(checks) == ExitStatus.ENVIRONMENT


def test_an_address_that_makes_no_sense_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nonsense://[")
    assert by_name(examine(Settings()))["Docker"].level is Level.WARN


@pytest.mark.usefixtures("bubblewrap", "no_engine")
def test_where_no_sandbox_can_be_made_it_fails_and_says_what_to_do(tmp_path: Path) -> None:
    # In here the kernel really refuses any further namespace, and there is no git.
    cage = ["--unshare-user", "--disable-userns", "--dev-bind", "/", "/", "--setenv", "PATH", str(tmp_path)]
    script = (
        "import sys; from agent.doctor import *; from agent.settings import Settings;"
        "checks = examine(Settings()); print(render(checks)); sys.exit(exit_status(checks))"
    )
    bubblewrap = shutil.which("bwrap")
    assert bubblewrap
    done = subprocess.run(
        [bubblewrap, *cage, sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitStatus.ENVIRONMENT, done.stderr
    assert re.search(r"^fail  git +not installed\n +-> sudo apt-get install git$", done.stdout, re.MULTILINE)
    assert re.search(r"^warn  local sandbox +No local sandbox can be made here", done.stdout, re.MULTILINE)
    assert re.search(r"-> install bubblewrap", done.stdout)
    assert re.search(r"^fail  sandbox +neither Docker nor a local sandbox works$", done.stdout, re.MULTILINE)
    assert "Patchwright can't run yet: mend what is marked fail (2)." in done.stdout


@pytest.mark.usefixtures("bubblewrap", "no_engine")
def test_bubblewrap_is_tried_by_running_it() -> None:
    checks = by_name(examine(Settings()))
    assert checks["local sandbox"].found == "bubblewrap works (isolates less than Docker)"
    assert checks["sandbox"].found == "local (setting: auto)"


@pytest.mark.usefixtures("no_engine")
def test_a_bubblewrap_that_does_not_work_is_not_called_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho no permission >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "bubblewrap works" not in by_name(examine(Settings()))["local sandbox"].found


@pytest.mark.parametrize(
    ("version", "holes"),
    [
        ("1.1.5+ds1", ["CVE-2024-21626", "CVE-2025-31133"]),
        ("1.1.12", ["CVE-2025-31133"]),
        ("1.2.7", ["CVE-2025-31133"]),
        ("1.2.8", []),
        ("1.3.2", ["CVE-2025-31133"]),
        ("1.3.3", []),
        ("v2.0.0", []),
        ("", []),
        ("crun 1.8", []),
    ],
)
def test_a_runc_with_known_holes_is_warned_of(version: str, holes: list[str]) -> None:
    check = _runc(version)
    assert check.level is (Level.WARN if holes else Level.OK)
    assert [hole for hole in ("CVE-2024-21626", "CVE-2025-31133") if hole in check.found] == holes


@pytest.mark.usefixtures("no_engine")
def test_keys_are_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    checks = examine(settings(model={"name": "openai/gpt-5-mini"}))
    assert by_name(checks)["API keys"] == Check("API keys", Level.OK, "OPENAI_API_KEY")
    assert "sk-canary" not in render(checks)


@pytest.mark.usefixtures("no_engine")
def test_the_missing_key_of_the_chosen_model_is_named() -> None:
    check = by_name(examine(settings(model={"name": "anthropic/claude-opus-4-5"})))["API keys"]
    assert check.level is Level.WARN
    assert check.mend == "export ANTHROPIC_API_KEY=... before you use anthropic/claude-opus-4-5"


@pytest.mark.usefixtures("no_engine")
def test_the_model_cache_tells_missing_from_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHWRIGHT_CACHE", str(tmp_path))
    assert "the first run fetches 1.1 GB" in by_name(examine(Settings()))["model cache"].found
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf").write_bytes(b"GGUF")
    check = by_name(examine(Settings()))["model cache"]
    assert check.level is Level.WARN
    assert "has 4 bytes instead of 1117320768" in check.found


@pytest.mark.usefixtures("no_engine")
def test_an_unknown_embedded_model_is_told_with_the_known_ones() -> None:
    check = by_name(examine(settings(model={"name": "embedded:9b"})))["model cache"]
    assert check.level is Level.WARN
    assert "embedded:0.5b" in check.mend


def test_every_missing_thing_has_its_mend_on_the_line_below() -> None:
    text = render(
        [Check("git", Level.FAIL, "not installed", "sudo apt-get install git"), Check("x", Level.OK, "y")]
    )
    assert text == (
        "fail  git  not installed\n"
        "           -> sudo apt-get install git\n"
        "ok    x    y\n"
        "\nPatchwright can't run yet: mend what is marked fail (1).\n"
    )


def test_importing_the_doctor_imports_nothing_heavy() -> None:
    script = (
        "import sys, agent.doctor;"
        "print(sorted({'litellm', 'docker', 'textual', 'xllamacpp', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
