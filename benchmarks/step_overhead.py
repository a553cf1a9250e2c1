"""What one action costs: our shell next to one `docker exec` for each command, by CLI and by SDK.

All ways run the same `bash -c 'echo hi'` in the same container, interleaved so that load hits all alike.

    python benchmarks/step_overhead.py [--image NAME] [--rounds 200]
"""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from figures import percentile, table

from envs.docker import DockerOptions, DockerSandbox
from envs.engine import connect
from envs.images import ensure_base_image

COMMAND = "echo hi"


async def main(image: str | None, rounds: int) -> None:
    """Measure and print."""
    client = connect()
    name = image or ensure_base_image(client, progress=print)
    with tempfile.TemporaryDirectory() as tree:
        sandbox = DockerSandbox(client, DockerOptions(name))
        info = await sandbox.start(Path(tree))
        container = sandbox.container
        # The engine's own exec runs as the same user, so that all ways do the same.
        by_cli = ["docker", "exec", "-u", info.user, container.id, "bash", "-c", COMMAND]

        async def ours() -> None:
            assert (await sandbox.run(COMMAND, 10)).output == "hi\n"

        async def ours_after_a_thought() -> None:
            # A model thinks between two actions; meanwhile the next shell gets ready.
            await asyncio.sleep(0.02)

        async def cli() -> None:
            assert subprocess.run(by_cli, capture_output=True, check=True).stdout == b"hi\n"

        async def sdk() -> None:
            _, output = container.exec_run(["bash", "-c", COMMAND], user=info.user)
            assert output == b"hi\n"

        async def host() -> None:
            assert subprocess.run(["bash", "-c", COMMAND], capture_output=True, check=True).stdout == b"hi\n"

        ways: dict[str, Callable[[], Awaitable[None]]] = {
            f"our shell ({info.supervisor} supervisor, commands as user {info.user})": ours,
            "docker exec by SDK": sdk,
            "bash -c on the host (yardstick)": host,
        }
        if shutil.which("docker"):
            ways["docker exec by CLI"] = cli
        times: dict[str, list[float]] = {way: [] for way in [*ways, "our shell, 20 ms after the last action"]}
        for _ in range(rounds):
            for way, run in ways.items():
                began = time.perf_counter()
                await run()
                times[way].append(time.perf_counter() - began)
                if run is ours:
                    await ours_after_a_thought()
                    began = time.perf_counter()
                    await ours()
                    times["our shell, 20 ms after the last action"].append(time.perf_counter() - began)
        await sandbox.close()
    ours_p50 = percentile(next(iter(times.values())), 50)
    rows = [
        (
            way,
            f"{percentile(t, 50) * 1e3:.2f}",
            f"{percentile(t, 99) * 1e3:.2f}",
            f"{percentile(t, 50) / ours_p50:.1f} x",
        )
        for way, t in times.items()
    ]
    print(table(("one action, ms", "p50", "p99", "ratio to ours"), rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    asyncio.run(main(options.image, options.rounds))
