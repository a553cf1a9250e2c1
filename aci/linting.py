"""The gate before an edit is written: errors that the new text has and the old one has not.

Python is judged by ruff, whose parser knows the syntax of every Python 3 and goes on after an error. A file
that ruff could not read before the edit is Python 2 or broken: there tree-sitter, which is more tolerant,
decides. Nothing is compiled or run here, since the text is not ours.
"""

import asyncio
import hashlib
import json
from collections import Counter
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from aci.grammars import ADVISORY, Flaw, language_of, new_flaws
from aci.workspace import Workspace

# Undefined names, and what the compiler refuses though the grammar allows it.
_RULES = "F821,F822,F823,E9,F701,F702,F704,F706,F707"
_SECONDS = 20.0
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


async def judge(workspace: Workspace, path: str, old: str, new: str) -> Verdict:
    """Compare the errors of the text before and after an edit."""
    language = language_of(path)
    if not language:
        return Verdict([], [])
    if language == "python":
        return Verdict(await _python(workspace, path, old, new), [])
    added = await asyncio.to_thread(new_flaws, language, old, new)
    added = [flaw._replace(message=f"syntax error: {flaw.message}") for flaw in added]
    return Verdict([], added) if language in ADVISORY else Verdict(added, [])


async def _python(workspace: Workspace, path: str, old: str, new: str) -> list[Flaw]:
    before, after = await asyncio.gather(_findings(workspace, path, old), _findings(workspace, path, new))
    if any(finding.rule == "" for finding in before):
        added = await asyncio.to_thread(new_flaws, "python", old, new)
        return [flaw._replace(message=f"syntax error: {flaw.message}") for flaw in added]
    syntax = [finding for finding in after if finding.rule == ""]
    if syntax:
        # The first is the cause, the rest what the parser stumbles over afterwards.
        return [Flaw(finding.line, f"syntax error: {finding.message}") for finding in syntax[:_SYNTAX_ERRORS]]
    # A name that was used without a definition before comes from elsewhere (gettext's `_`, a plugin host).
    known = Counter((finding.rule, finding.message) for finding in before)
    return [
        Flaw(finding.line, f"{finding.message} ({finding.rule})")
        for finding in after
        if not known[finding.rule, finding.message]
    ]


async def _findings(workspace: Workspace, path: str, text: str) -> list[Finding]:
    if not text.strip():
        return []
    file_name = PurePosixPath(path).name
    shown = (
        file_name if file_name in {"__init__.py", "conftest.py"} else f"edited{PurePosixPath(path).suffix}"
    )
    data = text.replace("\r\n", "\n").encode("utf-8", "replace")
    key = hashlib.sha256(shown.encode() + b"\0" + data).digest()
    known = workspace.lint_cache
    if key not in known:
        found = await _ruff(shown, data)
        while len(known) >= _CACHED:
            del known[next(iter(known))]
        known[key] = found
    return known[key]


@cache
def _ruff_binary() -> str:
    from ruff import find_ruff_bin  # type: ignore[import-untyped]  # noqa: PLC0415

    return str(find_ruff_bin())


async def _ruff(shown: str, data: bytes) -> list[Finding]:
    process = await asyncio.create_subprocess_exec(
        _ruff_binary(), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero",
        "--target-version", "py314",
        "--select", _RULES, "--output-format", "json", "--stdin-filename", shown, "-",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate(data)
    except TimeoutError:
        return []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        reports = json.loads(output)
    except ValueError:
        # No verdict is not a bad verdict: the edit goes through, as for a language without a grammar.
        return []
    return [
        Finding(
            line=(report.get("location") or {}).get("row") or 1,
            rule="" if report.get("code") in {None, "invalid-syntax"} else str(report["code"]),
            message=str(report.get("message", "")).removeprefix("SyntaxError: "),
        )
        for report in reports
    ]
