"""What long output costs: the time and this process's memory, next to piping it out of the engine.

Each size is printed by one command in a Docker sandbox, as a model's command would be, kept file included.
The yardstick is the same command by one `docker exec`, its output thrown away.

    python benchmarks/output.py [--image NAME] [--sizes 1 16 1000]
"""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from figures import table

from aci.workspace import Limits
from envs.docker import DockerOptions, DockerSandbox
from envs.engine import connect
from envs.images import ensure_base_image

MB = 1_000_000


async def main(image: str | None, sizes: list[int]) -> None:
    """Measure and print."""
    client = connect()
    name = image or ensure_base_image(client, progress=print)
    rows = []
    with tempfile.TemporaryDirectory() as tree:
        sandbox = DockerSandbox(client, DockerOptions(name))
        info = await sandbox.start(Path(tree))
        first = 0.0
        for size in sizes:
            command = f"yes 'a line of text, of no great length' | head -c {size * MB}"
            resident = _forget_peak()
            began = time.perf_counter()
            result = await sandbox.run(command, 600, keep_over=Limits().observation)
            seconds = time.perf_counter() - began
            grown = _memory("VmHWM") - resident
            assert result.output_bytes == size * MB
            piped = _piped(sandbox.container.id, info.user, command)
            first = first or seconds / size
            rows.append(
                (
                    f"{size:,} MB",
                    f"{seconds * 1e3:.0f}",
                    f"{seconds / size * 1e3:.2f}",
                    f"{seconds / size / first:.2f} x",
                    f"{seconds / piped:.2f} x" if piped else "no docker command",
                    f"{grown / 1024:.1f}",
                    f"{result.kept_bytes / MB:,.1f}",
                )
            )
        await sandbox.close()
    head = ("output", "ms", "ms per MB", "per MB, ratio to the first", "ratio to `docker exec | cat`")
    print(f"supervisor: {info.supervisor}, commands as user {info.user}")
    print(table((*head, "host memory, MiB more", "kept in the sandbox, MB"), rows))


def _piped(container: str, user: str, command: str) -> float:
    """Return how long the engine's own exec takes to bring the same output out; 0 when there is none."""
    if not shutil.which("docker"):
        return 0.0
    began = time.perf_counter()
    with subprocess.Popen(
        ["docker", "exec", "-u", user, container, "sh", "-c", command], stdout=subprocess.PIPE
    ) as run:
        subprocess.run(["cat"], stdin=run.stdout, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _forget_peak() -> int:
    """Let the peak of this process's memory begin anew; return what it takes now, in KiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 16, 1000], help="in MB")
    options = parser.parse_args()
    asyncio.run(main(options.image, options.sizes))
