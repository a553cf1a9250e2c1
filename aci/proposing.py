"""Proposing small repairs that were found without a model and verified by the tests."""

import difflib
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from aci.changing import apply
from aci.command import Command, Observation
from aci.rendering import clipped, name, plural
from aci.repair.proposals import MENDED, is_mended
from aci.repair.search import Found, Repair, search
from aci.suspects import find_suspects
from aci.viewing import File, Refused, read_text
from aci.workspace import Workspace

MAX_SHOWN = 5
MAX_PLACES = 3
MAX_DIFF_LINES = 16
SECONDS = 40.0


class ProposeFixes(Command):
    """Show small changes, found by trying, that make failing tests pass; or apply one."""

    name: ClassVar[str] = "propose_fixes"

    path: str = Field(default="", description="File to change; where failing tests point when empty.")
    symbol: str = Field(default="", description="Function to change; all of the file when empty.")
    apply: int = Field(default=0, description="Number of a shown change to apply; 0 to look for some.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Search, or apply what an earlier search found."""
        if self.apply:
            return await _applied(workspace, self.apply)
        places = [(self.path, self.symbol)]
        if not self.path:
            places = await _suspected(workspace)
            if not places:
                text = (
                    "Where failing tests point is known of Python only, and no failing test calls a function"
                )
                text += " of it. Name a file, and a function if you can."
                return Observation(text=text, failed=True)
        workspace.proposals = []
        tried = 0
        searched = []
        for path, symbol in places:
            try:
                file = await read_text(workspace, path)
            except Refused as refusal:
                return Observation(text=str(refusal), failed=True)
            if not is_mended(file.path):
                known = ", ".join(sorted(MENDED))
                return Observation(text=f"Changes are sought in files of {known} only.", failed=True)
            found = await search(workspace, file.path, symbol, seconds=SECONDS)
            tried += found.tried
            searched.append(f"{symbol or 'all'} in {name(file.path)}" if symbol else name(file.path))
            if found.repairs:
                workspace.proposals = list(found.repairs[:MAX_SHOWN])
                workspace.tops.setdefault(file.path, found.repairs[0].line)
                return Observation(text=_shown(file, found, tried))
            if found.before is None or not found.before.failed:
                return Observation(text=_nothing_fails(file, found), failed=True)
        where = ", ".join(searched)
        text = (
            f"No single small change of {where} makes the failing tests pass ({plural(tried, 'text')} tried)."
        )
        return Observation(text=f"{text} Read the code and use `edit`.", failed=True)


async def _suspected(workspace: Workspace) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for suspect in await find_suspects(workspace):
        if suspect.path.endswith(".py"):
            found[suspect.path, suspect.name.replace(".<locals>", "").removesuffix(".<lambda>")] = None
    return list(found)[:MAX_PLACES]


async def _applied(workspace: Workspace, number: int) -> Observation:
    proposals: Sequence[Repair] = workspace.proposals
    if not 1 <= number <= len(proposals):
        known = f"There are changes 1 to {len(proposals)}." if proposals else "None was shown yet."
        text = f"There is no change {number} to apply. {known} Without `apply` it looks for some."
        return Observation(text=text, failed=True)
    repair = proposals[number - 1]
    try:
        file = await read_text(workspace, repair.path)
    except Refused as refusal:
        return Observation(text=str(refusal), failed=True)
    if file.document.text != repair.before:
        text = f"{name(repair.path)} was changed since. Use `propose_fixes` without `apply` to look anew."
        return Observation(text=text, failed=True)
    new = file.document._replace(text=repair.text)
    return await apply(workspace, file, new, f"proposed change {number}")


def _nothing_fails(file: File, found: Found) -> str:
    if found.before is None:
        return f"No tests are known to try changes of {name(file.path)} against. Use `run_tests`."
    return f"No test that runs {name(file.path)} fails, so there is nothing to go by."


def _shown(file: File, found: Found, tried: int) -> str:
    before = found.before
    failing = before.failed if before is not None else ()
    parts = [f"Changes of {name(file.path)} that make failing tests pass ({plural(tried, 'text')} tried):"]
    for number, repair in enumerate(found.repairs[:MAX_SHOWN], 1):
        kept = len(set(before.passed) & set(repair.trial.passed)) if before is not None else 0
        fixed = len(set(failing) & set(repair.trial.passed))
        evidence = f"Makes {fixed} of {plural(len(failing), 'failing test')} pass, breaks none"
        evidence += f" of {kept} that run the file." if kept else "."
        if repair.alike:
            evidence += f" {plural(repair.alike, 'other change')} found behaved the same."
        head = f"{number}. line {repair.line}: {clipped(repair.what, 160)}"
        parts += ["", head, *_difference(file.document.text, repair.text), evidence]
    more = len(found.repairs) - MAX_SHOWN
    if more > 0:
        parts += ["", f"({more} more that behave otherwise are not shown)"]
    advice = "Check that this is what the code is meant to do."
    if len(found.repairs) > 1:
        advice = "The tests can't tell these apart: choose what the code is meant to do."
    parts += ["", f"{advice} Use `propose_fixes` with its number as `apply`, or `edit`."]
    return "\n".join(parts)


def _difference(old: str, new: str) -> list[str]:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))[2:]
    shown = [clipped(line, 200) for line in lines if not line.startswith("@@")]
    if len(shown) > MAX_DIFF_LINES:
        shown = [*shown[:MAX_DIFF_LINES], f"({len(shown) - MAX_DIFF_LINES} lines not shown)"]
    return shown
