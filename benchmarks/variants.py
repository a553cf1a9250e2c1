"""Trying texts of compiled languages as variants of one program: how many, how fast, and do both ways agree.

The texts are the faulty functions of HumanEvalPack with an operator or a number of theirs exchanged, all over
one container of the language's image. Data is read from the folder given, none is shipped.

    python benchmarks/variants.py FOLDER --language go [--files 20] [--texts 100] [--compare 5]
"""

import argparse
import asyncio
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from figures import table

from aci.command_trials import run_texts
from aci.functions import function
from aci.variants import Unusual, try_variants
from aci.workspace import Workspace
from envs.docker import DockerOptions, DockerSandbox
from envs.engine import connect
from envs.humanevalfix.instance import Instance
from envs.humanevalfix.languages import BY_NAME, LANGUAGES, LanguageName
from envs.humanevalfix.reader import read
from envs.images import ensure_recipe_image
from envs.recipes import RECIPES

_OTHERS = {
    "+": "-*", "-": "+*", "*": "+/", "/": "*%", "%": "/*", "<": [">", "<=", ">="], ">": ["<", ">=", "<="],
    "<=": ["<", ">=", "=="], ">=": [">", "<=", "=="], "==": ["!=", "<=", ">="], "!=": ["==", "<", ">"],
    "&&": ["||"], "||": ["&&"], "+=": ["-=", "*="], "-=": ["+=", "*="], "*=": ["+=", "-="],
    "===": ["!==", "<="], "!==": ["===", "<"], "0": "12", "1": "02", "2": "13", "++": ["--"], "--": ["++"],
}  # fmt: skip
_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|\w+|->|=>|<<|>>|::|[-+*/%<>=!&|]+", re.DOTALL)


class Row(NamedTuple):
    """What became of one file."""

    name: str
    texts: int
    quick: bool
    seconds: float
    cpu: float
    statuses: Counter[str]
    known: int
    compared: int
    agreed: int


def mutants(instance: Instance) -> list[str]:
    """Return the texts that differ from an instance's file in one token of the faulty function."""
    text = instance.contents[instance.file]
    one = function(instance.file, text, instance.entry_point)
    if one is None:
        return []
    return [
        text[: match.start()] + other + text[match.end() :]
        for match in _TOKEN.finditer(text, one.body, one.end)
        for other in _OTHERS.get(match[0], ())
    ]


async def measured(instance: Instance, image: str, count: int, compare: int, probes: int) -> Row | None:
    """Try the texts of one file both ways."""
    texts = mutants(instance)[:count]
    if not texts:
        return None
    sandbox = DockerSandbox(connect(timeout=600), DockerOptions(image=image))
    with tempfile.TemporaryDirectory() as folder:
        for path, data in instance.files().items():
            (Path(folder) / path).write_bytes(data)
        await sandbox.start(Path(folder))
    try:
        workspace = Workspace(sandbox, test_command=instance.test_command)
        calls = [call for check in instance.visible for call in _calls(check, instance.entry_point)][:probes]
        began, used, quick = time.monotonic(), await _cpu(workspace), True
        try:
            trials = await try_variants(
                workspace, instance.file, texts, instance.test_command, probes=calls,
                cpu_seconds=1.0, wall_seconds=60.0,
            )  # fmt: skip
        except Unusual as reason:
            print(f"{instance.id}: {reason}")
            quick, trials = False, []
        seconds, cpu = time.monotonic() - began, await _cpu(workspace) - used
        step = max(1, len(texts) // max(1, compare))
        chosen = list(range(0, len(texts), step))[:compare] if quick else []
        runs = await run_texts(
            workspace, instance.file, [texts[at] for at in chosen], instance.test_command,
            cpu_seconds=1.0, wall_seconds=60.0,
        ) if chosen else []  # fmt: skip
        agreed = 0
        for at, run in zip(chosen, runs, strict=True):
            agreed += run.status == trials[at].status
            if run.status != trials[at].status:
                print(f"{instance.id}[{at}]: {trials[at].status} ({trials[at].message}), alone {run}")
        statuses = Counter(trial.status for trial in trials)
        known = sum(bool(trial.behaviour) for trial in trials)
        return Row(instance.id, len(texts), quick, seconds, cpu, statuses, known, len(chosen), agreed)
    finally:
        await sandbox.close()


def _calls(check: str, name: str) -> list[str]:
    """Return the calls of a function in a check."""
    found = []
    for match in re.finditer(rf"(?:\w+\.)?\b{name}\(", check):
        depth, at = 0, match.end() - 1
        while at < len(check):
            depth += {"(": 1, ")": -1}.get(check[at], 0)
            at += 1
            if not depth:
                break
        call = check[match.start() : at]
        found.append("new Solution()." + call[2:] if call.startswith("s.") else call)
    return found


async def _cpu(workspace: Workspace) -> float:
    """Return the CPU time that the container has used, in seconds; 0 where nobody counts it."""
    said = (await workspace.probe("cat /sys/fs/cgroup/cpu.stat 2>/dev/null")).output
    match = re.search(r"usage_usec (\d+)", said)
    return int(match[1]) / 1e6 if match else 0.0


async def main(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    language = cast("LanguageName", arguments.language)
    recipe = RECIPES[BY_NAME[language].recipe]
    image = ensure_recipe_image(connect(timeout=600), recipe, progress=lambda text: None)
    rows: list[Row] = []
    problems = read(str(arguments.folder / f"{language}.dev.jsonl"), language)
    for problem in problems[arguments.skip : arguments.skip + arguments.files]:
        row = await measured(problem.instance, image, arguments.texts, arguments.compare, arguments.probes)
        if row is not None:
            rows.append(row)
            print(row._replace(statuses=Counter(row.statuses)), flush=True)
    print(summary(rows))


def summary(rows: Sequence[Row]) -> str:
    """Return the figures of all files as a table."""
    texts = sum(row.texts for row in rows if row.quick) or 1
    quick = sum(row.quick for row in rows)
    seconds = sum(row.seconds for row in rows if row.quick)
    cpu = sum(row.cpu for row in rows if row.quick)
    return table(
        ("files", "quick", "texts", "s per 100", "CPU s per 100", "errors", "with behaviour", "agree"),
        [(
            str(len(rows)), str(quick), str(texts),
            f"{100 * seconds / texts:.1f}", f"{100 * cpu / texts:.1f}",
            str(sum(row.statuses["error"] for row in rows)), str(sum(row.known for row in rows)),
            f"{sum(row.agreed for row in rows)}/{sum(row.compared for row in rows)}",
        )],
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=LANGUAGES, required=True)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--compare", type=int, default=3)
    parser.add_argument("--probes", type=int, default=10)
    asyncio.run(main(parser.parse_args()))
