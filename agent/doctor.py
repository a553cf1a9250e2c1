"""What `patchwright doctor` looks at: is all there that a run needs, and how is the missing mended?"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from agent.models.weights import cache_folder, known
from agent.settings import Settings, user_file
from trajectories.errors import EngineUnavailable, ExitStatus, UsageError

OLDEST_PYTHON = (3, 11)
WEIGHTS_SPACE = 3_000_000_000
"""Bytes that fetching the embedded model takes at its peak: its parts and the joined file."""
RUN_SPACE = 1_000_000_000
EMBEDDED_MEMORY = 3_000_000_000

_KEYS = {
    "ANTHROPIC_API_KEY": "anthropic",
    "AZURE_API_KEY": "azure",
    "COHERE_API_KEY": "cohere",
    "DEEPSEEK_API_KEY": "deepseek",
    "FIREWORKS_AI_API_KEY": "fireworks_ai",
    "GEMINI_API_KEY": "gemini",
    "GROQ_API_KEY": "groq",
    "HOSTED_VLLM_API_KEY": "",
    "MISTRAL_API_KEY": "mistral",
    "OPENAI_API_KEY": "openai",
    "OPENROUTER_API_KEY": "openrouter",
    "TOGETHERAI_API_KEY": "together_ai",
    "XAI_API_KEY": "xai",
}
"""The providers' names for their keys, and the prefix of the models that can't do without."""


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What it is, in a word or two.
        level: "fail" only where no run is possible.
        found: What was found, in one sentence or less.
        mend: What to do about it, or "" when nothing needs to be done.
    """

    name: str
    level: Level
    found: str
    mend: str = ""


def examine(settings: Settings) -> list[Check]:
    """Look at everything that a run with these settings needs; takes a few seconds at most."""
    docker = _docker(settings)
    local = _local()
    return [
        _python(),
        _git(),
        *docker,
        local,
        _sandbox(settings, engine=docker[0].level is Level.OK, local=local.level is Level.OK),
        _space("disk for models", cache_folder(), WEIGHTS_SPACE if _embedded(settings) else RUN_SPACE),
        _space("disk for runs", Path(settings.runs.directory), RUN_SPACE),
        _memory(settings),
        _runtime(settings),
        _weights(settings),
        _keys(settings),
        _settings_file(),
    ]


def exit_status(checks: Iterable[Check]) -> ExitStatus:
    """Return 3 when something is missing that no run can do without, else 0."""
    failed = any(check.level is Level.FAIL for check in checks)
    return ExitStatus.ENVIRONMENT if failed else ExitStatus.RESOLVED


def render(checks: Sequence[Check]) -> str:
    """Return the checks as text, each with the line that mends it below."""
    width = max((len(check.name) for check in checks), default=0)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.level:<4}  {check.name:<{width}}  {check.found}")
        if check.mend:
            lines.append(f"{'':<{width + 8}}-> {check.mend}")
    failed = sum(check.level is Level.FAIL for check in checks)
    warned = sum(check.level is Level.WARN for check in checks)
    if failed:
        lines.append(f"\nPatchwright can't run yet: mend what is marked fail ({failed}).")
    else:
        lines.append("\nPatchwright can run" + (f"; {warned} to look at." if warned else "."))
    return "\n".join(lines) + "\n"


def _embedded(settings: Settings) -> bool:
    return settings.model.name.partition(":")[0] == "embedded"


def _python() -> Check:
    found = f"{platform_version()} at {sys.executable}"
    if sys.version_info >= OLDEST_PYTHON:
        return Check("Python", Level.OK, found)
    return Check("Python", Level.FAIL, found, "install Python 3.11 or newer and install Patchwright with it")


def platform_version() -> str:
    """Return the version of the running Python."""
    return ".".join(str(part) for part in sys.version_info[:3])


def _git() -> Check:
    mend = "sudo apt-get install git"
    if shutil.which("git") is None:
        return Check("git", Level.FAIL, "not installed", mend)
    status, output = _probe("git", "--version")
    if status != 0:
        return Check("git", Level.FAIL, f"does not run: {output}", mend)
    return Check("git", Level.OK, output.removeprefix("git version "))


def _docker(settings: Settings) -> list[Check]:
    from envs.engine import connect  # noqa: PLC0415

    demanded = settings.sandbox.kind == "docker"
    try:
        client = connect(timeout=20)
    except EngineUnavailable as error:
        found, _, mend = str(error).rstrip(".").partition("; ")
        return [Check("Docker", Level.FAIL if demanded else Level.WARN, found, mend)]
    try:
        version: dict[str, Any] = client.version()
        info: dict[str, Any] = client.info()
        image = _base_image(client) if not settings.sandbox.image else None
    finally:
        client.close()
    found = (
        f"engine {version.get('Version', '?')}, storage {info.get('Driver', '?')} "
        f"at {info.get('DockerRootDir', '?')}, cgroup v{info.get('CgroupVersion', '?')}"
    )
    components = {part.get("Name"): str(part.get("Version")) for part in version.get("Components") or []}
    checks = [Check("Docker", Level.OK, found), _runc(components.get("runc", ""))]
    return [*checks, image] if image else checks


def _base_image(client: Any) -> Check:
    from envs.images import base_image_name  # noqa: PLC0415

    name = base_image_name()
    present = any(name in (image.get("RepoTags") or []) for image in client.api.images())
    found = name if present else "not built yet; the first run builds it, in about half a minute"
    return Check("base image", Level.OK, found)


def _runc(found: str) -> Check:
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", found)
    if match is None:
        return Check("runc", Level.OK, found or "not the engine's runtime")
    release = tuple(int(part) for part in match.groups())
    holes = []
    if release < (1, 1, 12):
        holes.append("CVE-2024-21626")
    if release < (1, 2, 8) or (1, 3, 0) <= release < (1, 3, 3):
        holes.append("CVE-2025-31133")
    if not holes:
        return Check("runc", Level.OK, found)
    return Check(
        "runc",
        Level.WARN,
        f"{found} lets a container escape ({', '.join(holes)}) unless your distribution patched it",
        "upgrade runc to 1.2.8 or newer (`sudo apt-get install runc`, or Docker's package containerd.io)",
    )


def _local() -> Check:
    """Make a local sandbox as a run would, since the kernel may forbid it."""
    from envs.local import find_backend, how_to_get_one  # noqa: PLC0415

    backend = find_backend()
    if backend is None:
        found, _, mend = how_to_get_one().rstrip(".").partition("; install ")
        return Check("local sandbox", Level.WARN, found, f"install {mend}")
    mend = "" if backend == "bubblewrap" else "sudo apt-get install bubblewrap (isolates better)"
    return Check("local sandbox", Level.OK, f"{backend} works (isolates less than Docker)", mend)


def _sandbox(settings: Settings, *, engine: bool, local: bool) -> Check:
    kind = settings.sandbox.kind
    if kind == "unsafe":
        return Check(
            "sandbox", Level.WARN, "unsafe: commands run on this machine as you", "leave --sandbox out"
        )
    usable = {"docker": engine, "local": local, "auto": engine or local}[kind]
    if not usable:
        wanted = (
            "neither Docker nor a local sandbox works" if kind == "auto" else f"{kind} was demanded and fails"
        )
        return Check(
            "sandbox", Level.FAIL, wanted, "mend one of the lines above, or choose another --sandbox"
        )
    chosen = "docker" if engine and kind != "local" else "local"
    return Check("sandbox", Level.OK, f"{chosen} (setting: {kind})")


def _space(name: str, folder: Path, wanted: int) -> Check:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    found = f"{_gigabytes(free)} free at {folder}"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check(name, Level.WARN, f"{existing} can't be written to", f"sudo chown $USER {existing}")
    if free >= wanted:
        return Check(name, Level.OK, found)
    return Check(name, Level.WARN, found, f"make room: {_gigabytes(wanted)} may be needed")


def _memory(settings: Settings) -> Check:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return Check("memory", Level.OK, "not known on this system")
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        return Check("memory", Level.OK, "not known on this system")
    available = int(match[1]) * 1024
    found = f"{_gigabytes(available)} available"
    if available >= EMBEDDED_MEMORY or not _embedded(settings):
        return Check("memory", Level.OK, found)
    return Check(
        "memory",
        Level.WARN,
        found,
        f"free some: the embedded model wants {_gigabytes(EMBEDDED_MEMORY)}; or name another by --model",
    )


def _runtime(settings: Settings) -> Check:
    """Import the embedded runtime in another process: on a processor that it does not suit, that one dies."""
    status, output = _probe(sys.executable, "-c", "import xllamacpp", timeout=60)
    if status == 0:
        return Check("embedded runtime", Level.OK, "xllamacpp works")
    missing = "No module named" in output
    found = (
        "xllamacpp is not installed" if missing else f"xllamacpp does not run: {output or f'status {status}'}"
    )
    if not _embedded(settings):
        return Check("embedded runtime", Level.OK, f"{found} (only the embedded model needs it)")
    if missing:
        mend = "pip install 'patchwright[local]'"
    elif "libgomp" in output:
        mend = "sudo apt-get install libgomp1"
    else:
        mend = "use another model with --model"
    return Check("embedded runtime", Level.WARN, found, mend)


def _weights(settings: Settings) -> Check:
    if not _embedded(settings):
        return Check("model cache", Level.OK, f"not needed by {settings.model.name}")
    try:
        weights = known(settings.model.name)
    except UsageError as error:
        found, _, mend = str(error).rstrip(".").partition("; ")
        return Check("model cache", Level.WARN, found, mend)
    path = cache_folder() / "models" / weights.file
    size = path.stat().st_size if path.is_file() else None
    if size is None:
        return Check(
            "model cache", Level.OK, f"empty; the first run fetches {_gigabytes(weights.size)} to {path}"
        )
    if size != weights.size:
        found = f"{path} has {size} bytes instead of {weights.size}"
        return Check("model cache", Level.WARN, found, "nothing to do: the next run fetches it anew")
    return Check("model cache", Level.OK, f"{_gigabytes(size)} at {path}")


def _keys(settings: Settings) -> Check:
    present = [name for name in _KEYS if os.environ.get(name)]
    found = ", ".join(present) if present else "none in the environment"
    provider, slash, _ = settings.model.name.partition("/")
    needed = next((name for name, prefix in _KEYS.items() if slash and prefix == provider), None)
    if needed and needed not in present and not settings.model.api_base:
        return Check(
            "API keys", Level.WARN, found, f"export {needed}=... before you use {settings.model.name}"
        )
    return Check("API keys", Level.OK, found)


def _settings_file() -> Check:
    path = user_file()
    return Check("user settings", Level.OK, f"{path}{'' if path.exists() else ' (none yet)'}")


def _probe(*command: str, timeout: float = 10) -> tuple[int, str]:
    """Run a command and return its status and the last line that it printed."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no answer in {timeout:g} seconds"
    except OSError as error:
        return -1, str(error)
    lines = done.stdout.strip().splitlines()
    return done.returncode, lines[-1][:200] if lines else ""


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
