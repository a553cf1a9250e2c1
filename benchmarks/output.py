"""What a long output costs: time, and memory of the runtime, for 1 MB, 16 MB and 1 GB from one command.

Each size is printed by the same command in the same container, through our shell (which keeps the head and
the tail, and a file in the sandbox) and by `docker exec` into `cat`, which keeps nothing. Memory is how far
the runtime's own peak rises above where it stood.

    python benchmarks/output.py [--image NAME] [--rounds 3]
"""

import argparse
import asyncio
import re
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from figures import table

from envs.docker import DockerOptions, DockerSandbox
from envs.engine import connect
from envs.images import ensure_base_image

SIZES = {"1 MB": 10**6, "16 MB": 16 * 10**6, "1 GB": 10**9}
SHOWN = 10_000


class Cost(NamedTuple):
    """Medians for one size: seconds of our shell, of `docker exec`, and megabytes of memory."""

    ours: float
    docker: float
    memory: float


def command(size: int) -> str:
    """Return the command that prints so many bytes, in lines."""
    return f"yes 0123456789abcde | head -c {size}"


def memory(field: str) -> float:
    """Return a figure of this process's memory in megabytes: VmRSS now, VmHWM at its peak."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 1024


async def ours(sandbox: DockerSandbox, size: int) -> tuple[float, float]:
    """Return seconds, and by how many megabytes the peak rose."""
    Path("/proc/self/clear_refs").write_text("5")
    before, began = memory("VmRSS"), time.perf_counter()
    result = await sandbox.run(command(size), 600, keep_over=SHOWN)
    seconds = time.perf_counter() - began
    assert (result.output_bytes, result.exit_code) == (size, 0), result
    return seconds, memory("VmHWM") - before


def by_docker(container: str, user: str, size: int) -> float:
    """Return the seconds of the engine's own way."""
    began = time.perf_counter()
    line = ["docker", "exec", "-u", user, container, "sh", "-c", command(size)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as printing:
        subprocess.run(["cat"], stdin=printing.stdout, stdout=subprocess.DEVNULL, check=True)
    assert printing.returncode == 0
    return time.perf_counter() - began


async def main(image: str | None, rounds: int) -> None:
    """Measure and print."""
    client = connect()
    name = image or ensure_base_image(client, progress=print)
    costs: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as tree:
        sandbox = DockerSandbox(client, DockerOptions(name))
        info = await sandbox.start(Path(tree))
        await ours(sandbox, 1000)  # what is imported at the first run is not the output's
        for label, size in SIZES.items():
            runs = []
            for _ in range(rounds):
                seconds, rise = await ours(sandbox, size)
                docker = await asyncio.to_thread(by_docker, sandbox.container.id, info.user, size)
                runs.append(Cost(seconds, docker, rise))
            costs[label] = Cost(*(median(values) for values in zip(*runs, strict=True)))
        await sandbox.close()
    first = costs["1 MB"].ours / SIZES["1 MB"]
    rows = [
        (
            label,
            f"{cost.ours:.3f}",
            f"{cost.docker:.3f}",
            f"{cost.ours / cost.docker:.2f} x",
            f"{cost.ours / SIZES[label] / first:.2f} x",
            f"{max(0.0, cost.memory):.1f}",
        )
        for label, cost in costs.items()
    ]
    head = ("output", "ours, s", "docker exec, s", "ours to that", "time a MB, to 1 MB", "memory, MB")
    print(table(head, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(main(options.image, options.rounds))
