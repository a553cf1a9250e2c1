"""Tests of how images are found, built and refused, and of how leftovers are told and removed."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envs import images
from envs.engine import connect
from envs.images import (
    base_image_name,
    ensure_base_image,
    ensure_image,
    ensure_recipe_image,
    recipe_image_name,
    sweep,
)
from envs.labels import LABEL_MACHINE, LABEL_ROLE, LABEL_RUN, owner_is_gone, owner_labels
from envs.recipes import RECIPES, Recipe
from trajectories.errors import EngineUnavailable, ImageUnavailable

if TYPE_CHECKING:
    from docker import DockerClient


def quiet(_: str) -> None:
    pass


def labels_of_another_process() -> dict[str, str]:
    """Return the labels of a process that has ended."""
    script = "import json, envs.labels; print(json.dumps(envs.labels.owner_labels('run-1')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_living_process_is_not_gone() -> None:
    assert not owner_is_gone(owner_labels("run-1"))


def test_a_process_that_ended_is_gone() -> None:
    assert owner_is_gone(labels_of_another_process())


def test_another_process_with_the_same_id_is_not_mistaken_for_the_owner() -> None:
    reused = labels_of_another_process() | {"patchwright.owner": str(os.getpid())}
    assert owner_is_gone(reused)


def test_an_owner_that_ended_but_was_not_waited_for_is_gone() -> None:
    script = "import json, envs.labels; print(json.dumps(envs.labels.owner_labels('run-1')))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        labels = json.loads(process.stdout.read())
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert owner_is_gone(labels)


def test_everything_from_before_a_reboot_is_gone() -> None:
    assert owner_is_gone(owner_labels("run-1") | {"patchwright.boot": "another"})


@pytest.mark.parametrize(
    "changed",
    [
        {LABEL_MACHINE: "another", "patchwright.boot": "another"},
        {"patchwright.namespace": "pid:[1]", "patchwright.owner": "999999999"},
        {"patchwright.owner": "nonsense"},
        {"patchwright.owner": "1", "patchwright.machine": ""},
    ],
)
def test_an_owner_that_can_not_be_seen_from_here_is_never_called_gone(changed: dict[str, str]) -> None:
    assert not owner_is_gone(labels_of_another_process() | changed)


def test_labels_that_are_not_ours_are_never_called_gone() -> None:
    assert not owner_is_gone({})
    assert not owner_is_gone({"patchwright.owner": "999999999"})


@pytest.mark.parametrize("address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense://x"])
def test_an_engine_that_does_not_answer_is_told_in_one_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailable) as caught:
        connect()
    message = str(caught.value)
    assert message.startswith(f"No Docker engine answers at {address} (")
    assert message.endswith("or use --sandbox local.")
    assert "\n" not in message


def test_the_base_image_is_there_and_says_what_it_is(engine: "DockerClient", base_image: str) -> None:
    config = engine.images.get(base_image).attrs["Config"]
    assert base_image == base_image_name()
    assert config["Labels"][LABEL_ROLE] == "base"
    assert "LANG=C.UTF-8" in config["Env"]


def test_the_base_image_has_what_a_python_project_needs(engine: "DockerClient", base_image: str) -> None:
    script = (
        "python --version && python3 -m pytest --version && git --version && patch --version && id -u agent"
    )
    output = engine.containers.run(
        base_image,
        ["sh", "-c", script],
        network_mode="none",
        remove=True,
        labels=owner_labels("test"),
        stderr=True,
    )
    assert b"Python 3.11" in output
    assert output.endswith(b"1000\n")


def test_a_present_base_image_is_not_built_again(engine: "DockerClient", base_image: str) -> None:
    said: list[str] = []
    assert ensure_base_image(engine, progress=said.append) == base_image
    assert said == []


@pytest.fixture
def other_name(engine: "DockerClient", monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name for the base image that no engine has yet."""
    name = f"patchwright-test-{uuid.uuid4().hex[:12]}:1"
    monkeypatch.setattr(images, "base_image_name", lambda: name)
    yield name
    if engine.images.list(name):
        engine.images.remove(name, force=True)


def test_the_base_image_is_built_from_debians_packages_where_no_registry_answers(
    engine: "DockerClient", other_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "REGISTRY_BASE", "127.0.0.1:1/debian:none")
    monkeypatch.setattr(images, "PACKAGES", ("git",))
    said: list[str] = []
    assert ensure_base_image(engine, progress=said.append) == other_name
    assert any("from Debian's packages instead" in line for line in said)
    config = engine.images.get(other_name).attrs["Config"]
    assert config["Labels"] == {LABEL_ROLE: "base"}


def test_without_registry_and_mmdebstrap_both_ways_out_are_named(
    engine: "DockerClient", other_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(images, "REGISTRY_BASE", "127.0.0.1:1/debian:none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageUnavailable) as caught:
        ensure_base_image(engine, progress=quiet)
    message = str(caught.value)
    assert "mmdebstrap is not installed" in message
    assert "let the engine reach a registry" in message
    assert "apt-get install mmdebstrap" in message
    assert "\n" not in message


def test_a_failing_mmdebstrap_is_told_with_its_last_words(
    engine: "DockerClient", other_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "mmdebstrap"
    program.write_text("#!/bin/sh\necho 'E: no mirror' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(images, "REGISTRY_BASE", "127.0.0.1:1/debian:none")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(ImageUnavailable, match=r"E: no mirror"):
        ensure_base_image(engine, progress=quiet)


def test_the_recipe_builds_on_an_image_that_is_present(
    engine: "DockerClient", base_image: str, other_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "REGISTRY_BASE", base_image)
    recipe = f"FROM {base_image}\nLABEL {LABEL_ROLE}=base\n"
    monkeypatch.setattr(images, "_DOCKERFILE", recipe)
    said: list[str] = []
    assert ensure_base_image(engine, progress=said.append) == other_name
    assert any(line.startswith("Step 1/2") for line in said)


def test_an_image_that_is_present_is_taken_at_once(engine: "DockerClient", base_image: str) -> None:
    said: list[str] = []
    assert ensure_image(engine, base_image, said.append) == base_image
    assert said == []


@pytest.mark.parametrize("name", ["127.0.0.1:1/nothing:1", "127.0.0.1:1/nothing"])
def test_an_image_that_does_not_exist_is_told_in_one_sentence(engine: "DockerClient", name: str) -> None:
    with pytest.raises(ImageUnavailable) as caught:
        ensure_image(engine, name, quiet)
    message = str(caught.value)
    assert message.startswith(f"The image {name} is not on this machine and can't be pulled (")
    assert "docker load" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["UPPER case", "a:b:c", "-x"])
def test_what_is_no_image_name_is_told_so(engine: "DockerClient", name: str) -> None:
    with pytest.raises(ImageUnavailable, match="is not the name of an image"):
        ensure_image(engine, name, quiet)


def test_a_language_has_an_image_of_its_own_whose_name_changes_with_the_base_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {recipe.name: recipe_image_name(recipe) for recipe in RECIPES.values()}
    assert set(names) == {"js", "java", "go", "cpp", "rust"}
    assert all(name.startswith(f"patchwright-{kind}:") for kind, name in names.items())
    monkeypatch.setattr(images, "PACKAGES", ())
    monkeypatch.setattr(images, "_DOCKERFILE", "FROM scratch\n")
    assert not {recipe_image_name(recipe) for recipe in RECIPES.values()} & set(names.values())


def test_a_recipe_that_can_not_be_built_is_told_in_one_sentence(
    engine: "DockerClient", base_image: str
) -> None:
    recipe = Recipe("test-nothing", ("patchwright-no-such-package",))
    said: list[str] = []
    with pytest.raises(ImageUnavailable) as caught:
        ensure_recipe_image(engine, recipe, progress=said.append)
    message = str(caught.value)
    assert message.startswith(f"The image {recipe_image_name(recipe)} can't be built (")
    assert message.endswith("or name an image with that toolchain with --image.")
    assert "\n" not in message
    assert all(len(line) < 200 for line in said)


def test_the_image_of_a_recipe_that_is_present_is_taken_by_its_name(
    engine: "DockerClient", base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe("test-present", ())
    name = recipe_image_name(recipe)
    repository, tag = name.split(":")
    monkeypatch.setitem(RECIPES, recipe.name, recipe)
    engine.images.get(base_image).tag(repository, tag)
    try:
        said: list[str] = []
        assert ensure_image(engine, name, said.append) == name
        assert said == []
    finally:
        engine.images.remove(name, noprune=True)


def test_leftovers_are_swept_and_what_is_in_use_stays(engine: "DockerClient", base_image: str) -> None:
    ours = owner_labels("test")
    used = engine.containers.create(base_image, labels=ours)
    left = engine.containers.run(
        base_image, ["sleep", "600"], detach=True, network_mode="none", labels=labels_of_another_process()
    )
    other = engine.containers.create(base_image)
    try:
        removed = sweep(engine)
        present = {container.id for container in engine.containers.list(all=True)}
        assert left.name in removed
        assert left.id not in present
        assert {used.id, other.id} <= present
    finally:
        for container in (used, other):
            container.remove(force=True)
    assert LABEL_RUN in ours
