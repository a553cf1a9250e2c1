"""The images that containers start from: Patchwright's own base image, and any other by name.

The base image is built once per machine, from a registry's Debian when one can be reached and else from
Debian's own packages. Its name holds a hash of the recipe, so a changed recipe is a new image.
`python -m envs.images` builds it and prints its name; `--recipe go` builds a language's image on top of it.
"""

import argparse
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import platformdirs
from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import parse_repository_tag
from requests.exceptions import RequestException

from envs.engine import connect
from envs.labels import LABEL_ROLE, LABEL_RUN, owner_is_gone
from envs.recipes import RECIPES, Recipe
from trajectories.errors import ImageUnavailable, PatchwrightError

Progress = Callable[[str], None]

SUITE = "bookworm"
REGISTRY_BASE = f"debian:{SUITE}-slim"
PACKAGES = (
    "ca-certificates",
    "git",
    "less",
    "patch",
    "procps",
    "python-is-python3",
    "python3",
    "python3-pytest",
    "python3-venv",
)
_SETUP = "useradd --create-home --uid 1000 --shell /bin/sh agent && git config --system safe.directory '*'"
_CHANGES = ("ENV LANG=C.UTF-8", f"LABEL {LABEL_ROLE}=base", 'CMD ["/bin/sh"]')
_DOCKERFILE = "\n".join(
    (
        f"FROM {REGISTRY_BASE}",
        "RUN apt-get update \\",
        f" && apt-get install --yes --no-install-recommends {' '.join(PACKAGES)} \\",
        " && rm -rf /var/lib/apt/lists/* \\",
        f" && {_SETUP}",
        *_CHANGES,
        "",
    )
)
_DOCUMENTS = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")


class _BuildError(Exception):
    """One way to build the image did not work; the message says why."""


def base_image_name() -> str:
    """Return the name of the base image that this version of Patchwright uses."""
    return _name("base", _DOCKERFILE)


def recipe_image_name(recipe: Recipe) -> str:
    """Return the name of the image that is made by a recipe."""
    return _name(recipe.name, recipe.dockerfile(base_image_name()))


def _name(kind: str, dockerfile: str) -> str:
    try:
        release = version("patchwright")
    except PackageNotFoundError:
        release = "0"
    return f"patchwright-{kind}:{release}-{hashlib.sha256(dockerfile.encode()).hexdigest()[:12]}"


def ensure_base_image(client: DockerClient, *, progress: Progress) -> str:
    """Return the name of the base image, built first when it is missing.

    Args:
        client: The engine that must have it.
        progress: Is called with one short sentence for each thing that takes a while.

    Raises:
        ImageUnavailable: It is missing and can't be built.
    """
    name = base_image_name()
    if _present(client, name):
        return name
    with _one_builder(progress):
        if not _present(client, name):
            _build_base(client, name, progress)
    return name


def ensure_recipe_image(client: DockerClient, recipe: Recipe, *, progress: Progress) -> str:
    """Return the name of a recipe's image, built first when it is missing.

    Raises:
        ImageUnavailable: It is missing and can't be built.
    """
    name = recipe_image_name(recipe)
    if _present(client, name):
        return name
    base = ensure_base_image(client, progress=progress)
    with _one_builder(progress):
        if not _present(client, name):
            progress(f"Building the image {name} with {recipe.packages[0]}, once on this machine")
            try:
                _build(client, name, recipe.dockerfile(base), progress)
            except _BuildError as error:
                raise ImageUnavailable(
                    f"The image {name} can't be built ({error}); let the engine's containers reach Debian's "
                    "packages and try again, or name an image with that toolchain with --image."
                ) from None
    return name


def ensure_image(client: DockerClient, name: str, progress: Progress) -> str:
    """Return `name` once the engine has that image, built or pulled first when it is missing.

    Raises:
        ImageUnavailable: It is missing and can't be had.
    """
    for recipe in RECIPES.values():
        if name == recipe_image_name(recipe):
            return ensure_recipe_image(client, recipe, progress=progress)
    if not _present(client, name):
        progress(f"Pulling the image {name}")
        try:
            _pull(client, name, progress)
        except _BuildError as error:
            raise ImageUnavailable(
                f"The image {name} is not on this machine and can't be pulled ({error}); "
                "check its name, load it with `docker load`, or leave --image out for the base image."
            ) from None
    return name


def sweep(client: DockerClient) -> list[str]:
    """Remove the containers of ours whose owner is gone, and return their names."""
    removed = []
    for summary in client.api.containers(all=True, filters={"label": LABEL_RUN}):
        if not owner_is_gone(summary.get("Labels") or {}):
            continue
        try:
            client.api.remove_container(summary["Id"], force=True, v=True)
        except NotFound:
            continue
        except APIError as error:
            # Another process is removing it at this moment.
            if error.status_code != 409:
                raise
            continue
        removed.append(summary["Names"][0].lstrip("/") if summary.get("Names") else summary["Id"][:12])
    return removed


def _present(client: DockerClient, name: str) -> bool:
    try:
        client.api.inspect_image(name)
    except (ImageNotFound, NotFound):
        return False
    except APIError as error:
        if error.status_code != 400:
            raise
        raise ImageUnavailable(
            f"{name!r} is not the name of an image; write it like debian:bookworm-slim."
        ) from None
    return True


def _build_base(client: DockerClient, name: str, progress: Progress) -> None:
    try:
        progress(f"Building the base image {name} from {REGISTRY_BASE}, once on this machine")
        if not _present(client, REGISTRY_BASE):
            _pull(client, REGISTRY_BASE, progress)
        _build(client, name, _DOCKERFILE, progress)
    except _BuildError as error:
        registry_reason = str(error)
    else:
        return
    try:
        progress(f"Building it from Debian's packages instead ({registry_reason})")
        _build_from_packages(client, name, progress)
    except _BuildError as error:
        raise ImageUnavailable(
            f"The base image can't be built: from a registry ({registry_reason}) or from Debian's packages "
            f"({error}); let the engine reach a registry, install mmdebstrap "
            "(`sudo apt-get install mmdebstrap debian-archive-keyring`) and try again, or name an image you "
            "have with --image."
        ) from None


def _pull(client: DockerClient, name: str, progress: Progress) -> None:
    repository, tag = parse_repository_tag(name)
    try:
        # Without a tag the engine would pull every tag there is.
        lines = client.api.pull(repository, tag=tag or "latest", stream=True, decode=True)
        _follow(lines, progress)
    except (DockerException, RequestException) as error:
        raise _BuildError(_shorten(error)) from None


def _build(client: DockerClient, name: str, dockerfile: str, progress: Progress) -> None:
    try:
        lines = client.api.build(
            fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, forcerm=True, decode=True
        )
        _follow(lines, progress)
    except (DockerException, RequestException) as error:
        raise _BuildError(_shorten(error)) from None


def _build_from_packages(client: DockerClient, name: str, progress: Progress) -> None:
    program = shutil.which("mmdebstrap")
    if program is None:
        raise _BuildError("mmdebstrap is not installed")
    with tempfile.TemporaryDirectory(prefix="patchwright-") as folder:
        archive = Path(folder) / "base.tar"
        command = [
            program,
            "--quiet",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _DOCUMENTS),
            f'--customize-hook=chroot "$1" sh -c "{_SETUP}"',
            SUITE,
            str(archive),
        ]
        progress(f"Unpacking {len(PACKAGES)} packages of Debian {SUITE} and what they need")
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode != 0:
            raise _BuildError(_shorten(done.stderr or f"mmdebstrap ended with {done.returncode}"))
        progress(f"Importing {archive.stat().st_size // 1_000_000} MB into the engine")
        repository, tag = parse_repository_tag(name)
        try:
            reply = client.api.import_image(
                src=str(archive), repository=repository, tag=tag, changes=list(_CHANGES)
            )
            _follow((json.loads(line) for line in reply.splitlines()), progress)
        except (DockerException, RequestException) as error:
            raise _BuildError(_shorten(error)) from None


def _follow(lines: Iterable[Mapping[str, Any]], progress: Progress) -> None:
    """Pass on what the engine says while it works, without the bars of each layer."""
    failure = None
    # Read to the end after a failure too, or the connection stays open.
    for line in lines:
        if "error" in line:
            failure = _shorten(line["error"])
        text = str(line.get("stream") or line.get("status") or "").strip()
        if text.startswith(("Step ", "Status: ")):
            progress(text.splitlines()[0][:100])
    if failure is not None:
        raise _BuildError(failure)


def _shorten(reason: object) -> str:
    text = reason.explanation if isinstance(reason, APIError) and reason.explanation else reason
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:300] if lines else "no reason given"


@contextmanager
def _one_builder(progress: Progress) -> Iterator[None]:
    """Let one process at a time build, the others wait and then find the image."""
    chosen = os.environ.get("PATCHWRIGHT_CACHE")
    folder = Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("patchwright"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "base-image.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another process that builds the base image")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m envs.images", description="Build an image.")
    parser.add_argument("--recipe", choices=RECIPES, help="a language's image instead of the base image")
    recipe = parser.parse_args().recipe
    try:
        client = connect(timeout=3600)
        if recipe:
            name = ensure_recipe_image(client, RECIPES[recipe], progress=_say)
        else:
            name = ensure_base_image(client, progress=_say)
    except PatchwrightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
