"""What the repair engine finds without a model: shares of faults repaired, and how fast.

For each fault a search sees the visible tests only; whether a repair is right is then decided by the sealed
ones. Data is read from the paths given, none is shipped.

    python benchmarks/repair.py humanevalfix PATH/python.dev.jsonl [--limit 400] [--depth 1] [--only Python/3]
    python benchmarks/repair.py quixbugs PATH/python.dev.jsonl
    python benchmarks/repair.py injected FOLDER --module pkg/file.py [--faults 10] [--edits 1] [--seed 0]
"""

import argparse
import ast
import asyncio
import json
import re
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from faults import inject
from figures import table

from aci.repair.search import Found, search
from aci.testing import run_tests
from aci.trials import try_texts
from aci.workspace import Workspace
from envs.unsafe import UnsafeSandbox


class Fault(NamedTuple):
    """One faulty program: its file without tests, and what is appended to it for either kind of test."""

    name: str
    kind: str
    program: str
    visible: str
    sealed: str
    entry: str


class Row(NamedTuple):
    """What became of one fault."""

    fault: Fault
    found: Found
    right: tuple[bool, ...]
    first: bool
    exposed: bool


def last_check(text: str) -> str:
    """Return the last `check` function of a test and what follows it."""
    at = text.rfind("def check(")
    return text[at:] if at >= 0 else text


def humanevalfix(path: Path) -> Iterator[Fault]:
    """Yield the faults of HumanEvalPack in Python."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        program = row["prompt"].rstrip() + "\n" + row["buggy_solution"].rstrip() + "\n"
        yield Fault(
            row["task_id"],
            row["bug_type"],
            program,
            last_check(row["example_test"]),
            row["test"],
            row["entry_point"],
        )


def quixbugs(path: Path) -> Iterator[Fault]:
    """Yield the faults of QuixBugs, their docstrings put into the functions; nothing else is visible."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        head, _, body = row["buggy_program"].strip("\n").partition("\n")
        text = row["docstring"].strip().strip('"').strip("\n").replace("\\", "\\\\")
        document = textwrap.indent(f'"""{text}\n"""', "    ")
        # Where the tests are functions that nobody calls, they are called here.
        calls = "".join(
            f"\n{name}()" for name in re.findall(r"^def (test\d+)\(\)", row["tests"], re.MULTILINE)
        )
        sealed = row["tests"] + calls + "\n"
        yield Fault(row["name"], "", f"{head}\n{document}\n{body}\n", "", sealed, row["name"])


async def judged(fault: Fault, texts: Sequence[str]) -> list[bool]:
    """Say of each program whether the sealed tests pass."""
    if not texts:
        return []
    async with workspace_of(fault.program + "\n\n" + fault.sealed) as workspace:
        whole = [text + "\n\n" + fault.sealed for text in texts]
        trials = await try_texts(workspace, "main.py", whole, tests=["main.py"], cpu_seconds=3.0)
        return [trial.status == "passed" for trial in trials]


class workspace_of:  # noqa: N801
    """A sandbox with one file."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def __aenter__(self) -> Workspace:
        self._sandbox = UnsafeSandbox()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "main.py").write_text(self._text, "utf-8")
            await self._sandbox.start(Path(folder))
        return Workspace(self._sandbox)

    async def __aexit__(self, *_: object) -> None:
        await self._sandbox.close()


async def single(fault: Fault, limit: int, depth: int) -> Row:
    """Search for one fault's repairs, and judge them."""
    suffix = f"\n\n{fault.visible}" if fault.visible else ""
    async with workspace_of(fault.program + suffix) as workspace:
        found = await search(workspace, "main.py", fault.entry, limit=limit, depth=depth, seconds=120)
    texts = [repair.text.removesuffix(suffix) for repair in (*found.passing, *found.repairs[:1])]
    right = await judged(fault, texts)
    first = bool(found.repairs) and right[-1]
    exposed = found.before is not None and bool(found.before.failed)
    return Row(fault, found, tuple(right[: len(found.passing)]), first, exposed)


async def programs(faults: Iterator[Fault], only: str, limit: int, depth: int, verbose: bool) -> None:
    """Measure single-file programs and print."""
    rows = []
    for fault in faults:
        if only and fault.name != only:
            continue
        row = await single(fault, limit, depth)
        rows.append(row)
        count = len(row.right)
        share = f"{sum(row.right)}/{count}" if count else "-"
        top = row.found.repairs[0] if row.found.repairs else None
        pick = (
            f"{'RIGHT' if row.first else 'wrong'} line {top.line}: {top.what} ({top.score:.2f})"
            if top
            else ""
        )
        shown = "" if row.exposed else " unexposed"
        print(
            f"{fault.name:24} {share:>8} of {row.found.tried:4} in {row.found.seconds:5.1f} s{shown} {pick}",
            flush=True,
        )
        if verbose:
            for at, repair in enumerate(sorted(row.found.repairs, key=lambda r: -r.score)[:12]):
                texts = [r.text for r in row.found.passing]
                ok = row.right[texts.index(repair.text)]
                print(
                    f"      {at} {ok} {repair.score:.3f} +{repair.alike} {repair.operator}:"
                    f" line {repair.line} {repair.what}"
                )
    report(rows)


def report(rows: Sequence[Row]) -> None:
    """Print the figures of all rows."""
    total = len(rows)
    picks = [row for row in rows if row.right]

    def line(name: str, value: float, of: int) -> list[str]:
        return [name, f"{value:.1f}", f"{100 * value / of:.1f} %" if of else "-"]

    tried = sum(row.found.tried for row in rows)
    seconds = sum(row.found.seconds for row in rows)
    exposed = sum(row.exposed for row in rows)
    print(f"\n{total} faults, {exposed} exposed by the visible tests; {tried} texts in {seconds:.1f} s,"
          f" {tried / max(seconds, 1e-9):.0f} a second\n")  # fmt: skip
    print(table(["", "faults", "share"], [
        line("some repair passes the visible tests", len(picks), total),
        line("some of those is right", sum(any(row.right) for row in rows), total),
        line("the first pick is right", sum(row.first for row in rows), total),
        line("a random pick of them is right", sum(sum(r.right) / len(r.right) for r in picks), total),
    ]))  # fmt: skip
    kinds = Counter(row.fault.kind for row in rows)
    if len(kinds) > 1:
        body = [
            [kind, str(count), *(str(sum(test(row) for row in rows if row.fault.kind == kind)) for test in (
                lambda row: row.exposed, lambda row: any(row.right), lambda row: row.first))]
            for kind, count in kinds.most_common()
        ]  # fmt: skip
        print(
            "\n" + table(["kind of fault", "faults", "exposed", "right one found", "first pick right"], body)
        )


async def injected(folder: Path, module: str, faults: int, edits: int, seed: int, limit: int) -> None:
    """Put faults into a package, search for repairs by its own tests, and print."""
    original = (folder / module).read_text("utf-8")
    rows, at, began = [], 0, time.monotonic()
    while len(rows) < faults and at < faults * 6:
        at += 1
        fault = inject(original, edits, 1000 * seed + at)
        sandbox = UnsafeSandbox()
        await sandbox.start(folder)
        try:
            workspace = Workspace(sandbox)
            await sandbox.write(module, fault.text.encode())
            workspace.base_report, _ = await run_tests(workspace)
            if not workspace.base_report.failed:
                continue
            found = await search(workspace, module, limit=limit, depth=min(2, edits), seconds=90)
            best = found.repairs[0] if found.repairs else None
            fixed = best is not None and set(workspace.base_report.failed) <= set(best.trial.passed)
            same = best is not None and ast.dump(ast.parse(best.text)) == ast.dump(ast.parse(original))
        finally:
            await sandbox.close()
        rows.append((fixed, same, found.tried, found.seconds))
        result = "as it was" if same else "all tests pass" if fixed else "some tests pass" if best else "none"
        print(f"{result:16} {found.tried:4} in {found.seconds:5.1f} s  {fault.what}", flush=True)
    total = len(rows)
    seconds = sum(row[3] for row in rows)
    whole, same = sum(row[0] for row in rows), sum(row[1] for row in rows)
    rate = sum(row[2] for row in rows) / max(seconds, 1e-9)
    print(f"\n{module}: {total} exposed faults of {edits} edit(s) out of {at} injected")
    print(f"repaired {whole}, as it was {same}; {rate:.0f} texts a second, {time.monotonic() - began:.0f} s")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["humanevalfix", "quixbugs", "injected"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--module", default="")
    parser.add_argument("--faults", type=int, default=10)
    parser.add_argument("--edits", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    began = time.monotonic()
    if arguments.what == "injected":
        asyncio.run(
            injected(
                arguments.path, arguments.module, arguments.faults, arguments.edits, arguments.seed,
                arguments.limit,
            )
        )  # fmt: skip
        return
    read: dict[str, Callable[[Path], Iterator[Fault]]] = {"humanevalfix": humanevalfix, "quixbugs": quixbugs}
    work: Coroutine[None, None, None] = programs(
        read[arguments.what](arguments.path),
        arguments.only,
        arguments.limit,
        arguments.depth,
        arguments.verbose,
    )
    asyncio.run(work)
    print(f"\nall in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
