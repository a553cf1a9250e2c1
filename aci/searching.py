"""Searching lines: in all files of a folder or in one, grouped by file and capped."""

import posixpath
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.hits import SECONDS, Group, Hits, exact, search, search_one
from aci.listing import scope_of
from aci.patterns import Pattern, Unsearchable, checked, quoted
from aci.reading import File, Refused, place_in, read_text
from aci.rendering import clipped, plural
from aci.rendering import name as shown_name
from aci.workspace import Workspace, relative

_HIT_LENGTH = 200
_NAMED = 10
_WILDCARDS = (".*", ".+", "\\b", "\\w", "\\d", "\\s", "\\(", "\\.", "[^", "|")


def hit(number: int, line: str, pattern: Pattern) -> str:
    """Return a matching line as `N:text`, a long one cut to what surrounds the hit."""
    at = pattern.at(line) if len(line) > _HIT_LENGTH else 0
    start = max(0, at - _HIT_LENGTH // 2)
    before = f"[{start} characters+] " if start else ""
    return f"{number}:{before}{clipped(line[start:], _HIT_LENGTH)}"


class SearchDir(Command):
    """Find lines that contain a text, in all files of a folder."""

    name: ClassVar[str] = "search_dir"

    text: str = Field(description="Text within one line, taken literally.")
    folder: str = Field(default=".", description="Where to look.")
    regex: bool = Field(default=False, description="The text is a regular expression.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the hits by file."""
        try:
            pattern = checked(self.text, regex=self.regex)
            hits = await self._search(workspace, pattern)
            if not hits.groups and not hits.complaint and not hits.slow:
                pattern = pattern._replace(ignore_case=True)
                hits = await self._search(workspace, pattern)
        except Unsearchable as problem:
            # A model that names a file means that file.
            if self.text and (path := await self._file(workspace)):
                return await SearchFile(text=self.text, path=path, regex=self.regex).execute(workspace)
            return Observation(text=str(problem), failed=True)
        if not hits.groups:
            return Observation(text=_nothing(pattern, f"in {shown_name(self.folder)}", hits), failed=True)
        return Observation(text=await self._report(workspace, pattern, hits))

    async def _search(self, workspace: Workspace, pattern: Pattern) -> Hits:
        return await search(workspace, scope_of(self.folder), pattern, workspace.limits.hits_per_file)

    async def _file(self, workspace: Workspace) -> str:
        for path in dict.fromkeys((self.folder, place_in(self.folder).path)):
            try:
                return (await read_text(workspace, path, outputs=True)).path
            except Refused as refusal:
                if refusal.kind == "too_large":
                    return path
        return ""

    async def _report(self, workspace: Workspace, pattern: Pattern, hits: Hits) -> str:
        limits, groups = workspace.limits, hits.groups
        total = sum(group.total for group in groups)
        some = "at least " if hits.cut or hits.slow else ""
        parts = [_other_case(pattern)] if pattern.ignore_case else []
        where = f"{plural(len(groups), 'file')} of {shown_name(self.folder)}"
        parts.append(f"{some}{plural(total, 'line')} in {where}:")
        left, shown = limits.hits, 0
        for group in groups[: limits.files]:
            lines = group.lines[: min(left, limits.hits_per_file)]
            if not lines:
                break
            shown += 1
            left -= len(lines)
            parts.append(f"{shown_name(group.path)} ({plural(group.total, 'line')})")
            whole = await exact(workspace, group._replace(lines=lines))
            parts += [hit(number, line, pattern) for number, line in whole.lines]
            if len(lines) < group.total:
                parts.append(f"({group.total - len(lines)} more; use `search_file` with this path)")
        if hidden := groups[shown:]:
            parts.append(_also(hidden, scope_of(self.folder).prefix))
        parts += _cautions(hits)
        return "\n".join(parts)


def _also(hidden: Sequence[Group], prefix: str) -> str:
    """Name the files whose lines are not shown, and where most of them are."""
    names = ", ".join(f"{shown_name(group.path)} ({group.total})" for group in hidden[:_NAMED])
    more = len(hidden) - _NAMED
    if more <= 0:
        return f"Also in: {names}. Search a longer text or one folder to see those lines."
    paths = [group.path for group in hidden]
    shared = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    prefix = f"{shared}/" if shared else prefix
    folders: Counter[str] = Counter()
    for path in paths:
        inside = path.removeprefix(prefix)
        folders[prefix + inside.partition("/")[0] + "/" if "/" in inside else prefix or "."] += 1
    most = ", ".join(f"{shown_name(folder)} ({count})" for folder, count in folders.most_common(5))
    where = f"; by folder: {most}" if len(folders) > 1 else ""
    return f"Also in: {names} and {more} more files{where}. Search a longer text or one folder."


def _cautions(hits: Hits) -> list[str]:
    said = [hits.complaint] if hits.complaint else []
    if hits.slow:
        said.append(f"The search was stopped after {SECONDS:g} s. Search one folder.")
    return said


def _other_case(pattern: Pattern) -> str:
    verb = "matches" if pattern.regex else "contains"
    return f"No line {verb} {quoted(pattern.text)} exactly; this ignores upper and lower case."


def _nothing(pattern: Pattern, where: str, hits: Hits) -> str:
    if cautions := _cautions(hits):
        return " ".join(cautions)
    if pattern.regex:
        return f"No line {where} matches {quoted(pattern.text)}. Try a simpler pattern or a literal text."
    advice = "Try a shorter text; it is taken literally."
    if any(sign in pattern.text for sign in _WILDCARDS):
        advice = "It is taken literally; for a regular expression set `regex` to true."
    return f"No line {where} contains {quoted(pattern.text)}. {advice}"


class SearchFile(Command):
    """Find lines that contain a text, in one file."""

    name: ClassVar[str] = "search_file"

    text: str = Field(description="Text within one line, taken literally.")
    path: str = Field(default="", description="File to search; the open one when empty.")
    regex: bool = Field(default=False, description="The text is a regular expression.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the hits."""
        path = self.path.strip() or workspace.open_path
        if self.text and not path:
            return Observation(text="No file is open. Give a path, or use `search_dir`.", failed=True)
        try:
            pattern = checked(self.text, regex=self.regex)
            file = await self._readable(workspace, path)
            hits = await self._hits(workspace, file, pattern)
            if not hits.groups and not hits.complaint and not hits.slow:
                pattern = pattern._replace(ignore_case=True)
                hits = await self._hits(workspace, file, pattern)
        except Refused as refusal:
            if refusal.kind == "directory":
                return await SearchDir(text=self.text, folder=path, regex=self.regex).execute(workspace)
            return Observation(text=str(refusal), failed=True)
        except Unsearchable as problem:
            return Observation(text=str(problem), failed=True)
        shown = file if isinstance(file, str) else file.path
        if not hits.groups:
            text = _nothing(pattern, f"of {shown_name(shown)}", hits)
            return Observation(text=f"{text} Or look in other files with `search_dir`.", failed=True)
        return Observation(text=await self._report(workspace, shown, pattern, hits))

    async def _readable(self, workspace: Workspace, path: str) -> File | str:
        """Return the file, or its path when it is too large to be read whole."""
        for meant in dict.fromkeys((path, place_in(path).path)):
            try:
                return await read_text(workspace, meant, outputs=True)
            except Refused as refusal:
                if refusal.kind == "too_large":
                    return relative(meant)
                if refusal.kind != "missing":
                    raise
                said = refusal
        raise said

    async def _hits(self, workspace: Workspace, file: File | str, pattern: Pattern) -> Hits:
        if isinstance(file, str) or pattern.regex:
            path = file if isinstance(file, str) else file.path
            return await search_one(workspace, path, pattern, workspace.limits.hits)
        # Here lines are exact, whatever the encoding, and the file was read already.
        wanted = pattern.text.casefold() if pattern.ignore_case else pattern.text
        found = [
            (number, line)
            for number, line in enumerate(file.document.lines, 1)
            if wanted in (line.casefold() if pattern.ignore_case else line)
        ]
        return Hits([Group(file.path, len(found), tuple(found))] if found else [])

    async def _report(self, workspace: Workspace, path: str, pattern: Pattern, hits: Hits) -> str:
        limit = workspace.limits.hits
        group = hits.groups[0]
        group = await exact(workspace, group._replace(lines=group.lines[:limit]))
        parts = [_other_case(pattern)] if pattern.ignore_case else []
        some = "at least " if hits.slow else ""
        parts.append(f"{some}{plural(group.total, 'line')} of {shown_name(path)}:")
        parts += [hit(number, line, pattern) for number, line in group.lines]
        if group.total > len(group.lines):
            parts.append(f"({group.total - len(group.lines)} more; search a longer text)")
        else:
            parts.append(f"See one with `open`, path {shown_name(path)} and its line.")
        return "\n".join(parts + _cautions(hits))
