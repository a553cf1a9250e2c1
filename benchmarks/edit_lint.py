"""What an edit with its lint gate costs, next to two flake8 processes as SWE-agent runs them at each edit.

Ours is the whole command: read the file, find the place, check the text, write it, show it, over a shell of
this machine. Flake8's is its two processes alone, before and after. Other ways to check a text stand below,
each for one text: the warm server (what ours uses), a ruff process, pyflakes as a library. All ways are
interleaved, so that load hits them alike.

    python benchmarks/edit_lint.py [--rounds 15]
"""

import argparse
import ast
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from figures import percentile, table
from pyflakes.checker import Checker
from ruff import find_ruff_bin

from aci import COMMANDS, Workspace
from aci.linting import RULES
from aci.ruff_server import RuffServer
from envs.unsafe import UnsafeSandbox

FLAKE8 = (
    *(sys.executable, "-m", "flake8", "--isolated"),
    "--select=F821,F822,F831,E111,E112,E113,E999,E902",
)
FUNCTION = '''\
def compute_{number}(first, second, *, scale={number}):
    """Return a weighted sum, for case {number}."""
    total = 0
    for index, value in enumerate(first):
        if value > scale:
            total += value * second[index % len(second)]
        else:
            total -= os.path.getsize(str(value)) + {number}
    return {{"total": total, "scale": scale}}

'''


def source(lines: int) -> str:
    """Return a module of that many lines."""
    functions = "".join(FUNCTION.format(number=number) for number in range(lines // 10 + 1))
    return "\n".join(f"import os\n\n{functions}".split("\n")[:lines]) + "\n"


async def main(rounds: int) -> None:
    """Measure and print."""
    edits, ways = [], []
    server = RuffServer(RULES)
    for lines in (100, 1_000, 10_000):
        spent = await measure(lines, rounds, server)
        p50 = {way: percentile(times, 50) for way, times in spent.items()}
        ours, theirs = p50["edit"], p50["flake8"] * 2
        edits.append(
            (
                f"{lines:,}",
                f"{ours * 1e3:.1f}",
                f"{percentile(spent['edit'], 99) * 1e3:.1f}",
                f"{theirs * 1e3:.0f}",
                f"{theirs / ours:.0f} x",
            )
        )
        rest = ("server", "ruff", "pyflakes", "flake8")
        ways.append((f"{lines:,}", *(f"{p50[way] * 1e3:.2f}" for way in rest)))
    server.close()
    head = ("lines", "our edit, p50 ms", "p99", "two flake8 processes, p50 ms", "ratio of p50")
    print(table(head, edits))
    print()
    print(table(("lines, one text, p50 ms", "warm server", "ruff", "pyflakes", "flake8"), ways))


async def measure(lines: int, rounds: int, server: RuffServer) -> dict[str, list[float]]:
    """Return the seconds that each way took, round by round."""
    text = source(lines)
    spent: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as tree:
        file = Path(tree, "module.py")
        file.write_text(text, encoding="utf-8")
        sandbox = UnsafeSandbox()
        await sandbox.start(Path(tree))
        workspace = Workspace(sandbox)
        middle = lines // 20

        async def edit(number: int) -> None:
            old = f"scale={middle if number == 0 else number + 99_999}):"
            new = f"scale={number + 100_000}):"
            seen = await COMMANDS["edit"](
                path="module.py",
                search=f"def compute_{middle}(first, second, *, {old}",
                replace=f"def compute_{middle}(first, second, *, {new}",
            ).execute(workspace)
            assert not seen.failed, seen.text

        async def flake8(number: int) -> None:
            await asyncio.to_thread(subprocess.run, [*FLAKE8, str(file)], check=True)

        async def ruff(number: int) -> None:
            command = [find_ruff_bin(), "check", "--isolated", "--no-cache", "--quiet", "--target-version"]
            command += ["py314", "--select", ",".join(RULES), "--stdin-filename", "edited.py", "-"]
            await asyncio.to_thread(subprocess.run, command, input=text.encode(), check=True)

        async def pyflakes(number: int) -> None:
            assert not [m for m in Checker(ast.parse(text)).messages if "undefined" in m.message]

        async def warm(number: int) -> None:
            assert not await asyncio.to_thread(server.check, "edited.py", text)

        ways: dict[str, Callable[[int], Awaitable[None]]] = {
            "edit": edit, "flake8": flake8, "ruff": ruff, "pyflakes": pyflakes, "server": warm,
        }  # fmt: skip
        for number in range(rounds):
            for way, run in ways.items():
                began = time.perf_counter()
                await run(number)
                spent.setdefault(way, []).append(time.perf_counter() - began)
        await sandbox.close()
    return spent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    asyncio.run(main(parser.parse_args().rounds))
