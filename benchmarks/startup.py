"""How long until the first action: our sandbox next to the bare start of a container.

The bare start creates and starts a container of the same image with the same hardening that only sleeps. Ours
adds the supervisor and its first answer; copying the repository in is shown apart, for trees of two sizes.

    python benchmarks/startup.py [--image NAME] [--rounds 15]
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from figures import percentile, table

from envs.docker import DockerOptions, DockerSandbox, hardening
from envs.engine import connect
from envs.images import ensure_base_image

SIZES = {"1 file": 1, "1,000 files of 4 kB": 1000}


async def main(image: str | None, rounds: int) -> None:
    """Measure and print."""
    client = connect()
    name = image or ensure_base_image(client, progress=print)
    options = DockerOptions(name)
    times: dict[str, list[float]] = {}

    def note(way: str, began: float) -> None:
        times.setdefault(way, []).append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder:
        trees = {way: _tree(Path(folder) / str(count), count) for way, count in SIZES.items()}
        for _ in range(rounds):
            began = time.perf_counter()
            bare = client.containers.create(name, ["sleep", "60"], **hardening(options))
            bare.start()
            note("bare container (create and start)", began)
            bare.remove(force=True)
            sandbox = DockerSandbox(client, options)
            began = time.perf_counter()
            await sandbox.boot()
            await sandbox.run("true", 10)
            note("ours, until the first action has run", began)
            await sandbox.close()
            for way, tree in trees.items():
                sandbox = DockerSandbox(client, options)
                began = time.perf_counter()
                await sandbox.start(tree)
                await sandbox.run("true", 10)
                note(f"ours, with a repository of {way} copied in", began)
                await sandbox.close()
    bare_p50 = percentile(times["bare container (create and start)"], 50)
    rows = [
        (
            way,
            f"{percentile(t, 50) * 1e3:.0f}",
            f"{percentile(t, 99) * 1e3:.0f}",
            f"{percentile(t, 50) / bare_p50:.2f} x",
        )
        for way, t in times.items()
    ]
    print(table(("start, ms", "p50", "p99", "ratio to bare"), rows))


def _tree(folder: Path, files: int) -> Path:
    folder.mkdir()
    for number in range(files):
        (folder / f"file{number}.py").write_text("x = 1\n" * 683)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    asyncio.run(main(options.image, options.rounds))
