"""The gate before an edit is written: errors that the new text has and the old one has not.

Python is judged by ruff, whose parser knows the syntax of every Python 3 and goes on after an error. A file
that ruff could not read before the edit is Python 2 or broken: there tree-sitter, which is more tolerant,
decides. Nothing is compiled or run here, since the text is not ours.

Ruff runs as one warm server for the whole process, since starting it costs more than its work on most files.
Measured one beside the other on a busy machine, a text of 1,000 lines takes the server 5 ms, a ruff process
24 ms, pyflakes as a library 102 ms, which hold up all else, and a flake8 process 954 ms. Pyflakes would also
know only the syntax of the Python that it runs under. `benchmarks/edit_lint.py` prints all of them.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from aci.document import Region, region_of
from aci.grammars import ADVISORY, Flaw, flaws, language_of
from aci.imports import added_imports, lost_imports
from aci.modules import broken_imports
from aci.ruff_server import NoAnswer, shared
from aci.workspace import Workspace

RULES = ("F821", "F822", "F823", "E9", "F701", "F702", "F704", "F706", "F707")
"""Undefined names, and what the compiler refuses though the grammar allows it."""

_SYNTAX_ERRORS = 2
_CACHED = 16


class Verdict(NamedTuple):
    """What is new in an edited text.

    Attributes:
        errors: Reasons to refuse it.
        warnings: Doubts worth a line.
    """

    errors: list[Flaw]
    warnings: list[Flaw]


class Finding(NamedTuple):
    """One thing that ruff found; a syntax error has no rule."""

    line: int
    rule: str
    message: str


async def judge(
    workspace: Workspace, path: str, old: str, new: str, pending: Mapping[str, str] | None = None
) -> Verdict:
    """Compare the errors of the text before and after an edit.

    Args:
        workspace: Holds the repository.
        path: The edited file.
        old: Its text as it is.
        new: Its text as it would be.
        pending: Texts of other files that the same action changes, by path.
    """
    language = language_of(path)
    if not language:
        return Verdict([], [])
    if language != "python":
        verdict = await asyncio.to_thread(_by_grammar, language, old, new)
        return Verdict([], verdict.errors + verdict.warnings) if language in ADVISORY else verdict
    verdict = await _python(workspace, path, old, new)
    if not verdict.errors and (added := await asyncio.to_thread(added_imports, old, new)):
        broken = await broken_imports(workspace, path, added, {**(pending or {}), path: new})
        verdict.errors.extend(broken)
    return verdict


def _by_grammar(language: str, old: str, new: str) -> Verdict:
    after = flaws(language, new)
    if not after:
        return Verdict([], [])
    before = flaws(language, old)
    region = region_of(old, new)
    left = Counter(flaw.message for flaw in before)
    errors, warnings = [], []
    for flaw in after:
        told = flaw._replace(message=f"syntax error: {flaw.message}")
        if left[flaw.message] > 0:
            left[flaw.message] -= 1
            if region.holds(flaw.line):
                warnings.append(told)
        elif region.holds(flaw.line) or len(after) > len(before):
            errors.append(told)
        else:
            # A grammar that stumbled before may stumble elsewhere now, without a new reason.
            warnings.append(told)
    return Verdict(errors, warnings)


async def _python(workspace: Workspace, path: str, old: str, new: str) -> Verdict:
    before, after = await asyncio.gather(_findings(workspace, path, old), _findings(workspace, path, new))
    syntax = [finding for finding in after if finding.rule == ""]
    region = region_of(old, new)
    if any(finding.rule == "" for finding in before):
        if syntax:
            return await asyncio.to_thread(_broken_python, old, new)
        # Nobody can tell which names were undefined before; those of the changed lines are worth a word.
        return Verdict([], [_told(finding) for finding in after if region.holds(finding.line)])
    if syntax:
        # The first is the cause, the rest what the parser stumbles over afterwards.
        causes = syntax[:_SYNTAX_ERRORS]
        return Verdict([Flaw(finding.line, f"syntax error: {finding.message}") for finding in causes], [])
    return _by_names(before, after, region)


def _broken_python(old: str, new: str) -> Verdict:
    verdict = _by_grammar("python", old, new)
    lost = [
        Flaw(line, f"{name} is used here, but no longer imported") for line, name in lost_imports(old, new)
    ]
    return Verdict(verdict.errors + lost, verdict.warnings)


def _by_names(before: list[Finding], after: list[Finding], region: Region) -> Verdict:
    known = {(finding.rule, finding.message) for finding in before}
    # A name used without a definition elsewhere, too, comes from somewhere (gettext's `_`, a plugin host).
    elsewhere = {
        (finding.rule, finding.message)
        for finding in before
        if not region.first <= finding.line <= region.old_last
    }
    errors, warnings = [], []
    for finding in after:
        key = finding.rule, finding.message
        if key not in known:
            errors.append(_told(finding))
        elif key not in elsewhere and region.holds(finding.line):
            warnings.append(_told(finding, ", as before"))
    return Verdict(errors, warnings)


def _told(finding: Finding, more: str = "") -> Flaw:
    return Flaw(finding.line, f"{finding.message} ({finding.rule}){more}")


async def _findings(workspace: Workspace, path: str, text: str) -> list[Finding]:
    if not text.strip():
        return []
    file_name = PurePosixPath(path).name
    shown = (
        file_name if file_name in {"__init__.py", "conftest.py"} else f"edited{PurePosixPath(path).suffix}"
    )
    text = text.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    key = hashlib.sha256(f"{shown}\0{text}".encode()).digest()
    known = workspace.lint_cache
    if key not in known:
        server, thread = shared(RULES)
        try:
            items = await asyncio.get_running_loop().run_in_executor(thread, server.check, shown, text)
        except NoAnswer:
            # No verdict is not a bad verdict: the edit goes through, as for a language without a grammar.
            return []
        while len(known) >= _CACHED:
            del known[next(iter(known))]
        known[key] = [_finding(item) for item in sorted(items, key=_position)]
    return known[key]


def _position(item: dict[str, Any]) -> tuple[int, int]:
    start = item["range"]["start"]
    return start["line"], start["character"]


def _finding(item: dict[str, Any]) -> Finding:
    code = item.get("code")
    return Finding(
        line=_position(item)[0] + 1,
        rule="" if code in {None, "invalid-syntax"} else str(code),
        message=str(item.get("message", "")).removeprefix("SyntaxError: "),
    )
