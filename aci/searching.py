"""Searching: files by name, lines by literal text, grouped by file and capped."""

import shlex
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.document import BinaryFile, Document
from aci.rendering import clipped, plural
from aci.rendering import name as shown_name
from aci.viewing import Refused, read_text
from aci.workspace import Workspace, relative
from envs.sandbox import FileProblem

_HIT_LENGTH = 200
_LIST_BYTES = 100_000


def _in_folder(folder: str) -> str:
    """Return a folder as an argument that no program takes for an option."""
    path = relative(folder.strip() or ".")
    return shlex.quote(path if path.startswith("/") else f"./{path}")


def _paths(output: str, separator: str) -> list[str]:
    # Without a last separator the list was cut off within a path.
    whole = output[: output.rfind(separator) + 1]
    return sorted(
        entry.removeprefix("./").removeprefix("./") for entry in whole.split(separator) if entry.strip("./")
    )


async def _folder_problem(workspace: Workspace, folder: str) -> str:
    """Say what is wrong with a folder to search in, or nothing."""
    root = shlex.quote(await workspace.root())
    script = f"here=$(command cd {_in_folder(folder)} 2>/dev/null && pwd -P) || exit 1\n"
    script += f'case "$here/" in {root}/*) ;; *) exit 2;; esac'
    code = (await workspace.probe(script)).exit_code
    if code == 2:
        return f"{shown_name(folder)} lies outside the repository; use `bash` to search there."
    if code:
        return f'There is no folder {shown_name(folder)} in the repository; "." is all of it.'
    return ""


class FindFile(Command):
    """Find files by name; wildcards * and ? work."""

    name: ClassVar[str] = "find_file"

    pattern: str = Field(description="File name, e.g. setup.py or *_test.go.")
    folder: str = Field(default=".", description="Where to look.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the paths."""
        wanted = self.pattern.strip()
        if not wanted:
            return Observation(text="The pattern is empty. Give a file name, e.g. `*.py`.", failed=True)
        if problem := await _folder_problem(workspace, self.folder):
            return Observation(text=problem, failed=True)
        found = await self._find(workspace, wanted)
        note = ""
        if not found and not any(sign in wanted for sign in "*?["):
            found = await self._find(workspace, f"*{wanted}*", ignore_case=True)
            note = f"No file is named {shown_name(wanted)}; names that contain it:\n" if found else ""
        if not found:
            missed = f"No file named {shown_name(wanted)} in {shown_name(self.folder)}."
            text = f"{missed} Try a part of the name, or `search_dir` for its text."
            return Observation(text=text, failed=True)
        limit = workspace.limits.files
        lines = [note + f"{plural(len(found), 'file')} in {shown_name(self.folder)}:"]
        lines += [shown_name(path) for path in found[:limit]]
        if len(found) > limit:
            lines.append(f"({len(found) - limit} more; give a longer name or a folder)")
        return Observation(text="\n".join(lines))

    async def _find(self, workspace: Workspace, wanted: str, *, ignore_case: bool = False) -> list[str]:
        test = f"-{'i' if ignore_case else ''}name {shlex.quote(wanted)}"
        if "/" in wanted:
            test = f"-path {shlex.quote('*/' + relative(wanted).lstrip('/'))}"
        find = f"command find {_in_folder(self.folder)} -name .git -prune -o -type f {test} -print0"
        script = f"{find} | head -c {_LIST_BYTES}"
        return _paths((await workspace.probe(script)).output, "\0")


class _Hits(NamedTuple):
    path: str
    lines: list[tuple[int, str]]


def _hits(path: str, document: Document, text: str, *, ignore_case: bool = False) -> _Hits:
    wanted = text.casefold() if ignore_case else text
    lines = document.lines
    return _Hits(
        path,
        [
            (number, line)
            for number, line in enumerate(lines, 1)
            if wanted in (line.casefold() if ignore_case else line)
        ],
    )


def _around(line: str, text: str) -> str:
    """Return a long line cut to what surrounds the hit."""
    at = line.casefold().find(text.casefold())
    start = max(0, at - _HIT_LENGTH // 2)
    return (
        clipped(line, _HIT_LENGTH)
        if start == 0
        else f"[{start} characters+] " + clipped(line[start:], _HIT_LENGTH)
    )


class SearchDir(Command):
    """Find lines that contain a text, in all files of a folder."""

    name: ClassVar[str] = "search_dir"

    text: str = Field(description="Literal text within one line, not a pattern.")
    folder: str = Field(default=".", description="Where to look.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the hits by file."""
        if problem := _unsearchable(self.text):
            return Observation(text=problem, failed=True)
        if problem := await _folder_problem(workspace, self.folder):
            # A model that names a file means that file.
            try:
                file = await read_text(workspace, self.folder)
            except Refused:
                return Observation(text=problem, failed=True)
            return await SearchFile(text=self.text, path=file.path).execute(workspace)
        ignore_case = False
        paths = await self._files(workspace, ignore_case=False)
        if not paths:
            ignore_case = True
            paths = await self._files(workspace, ignore_case=True)
        groups, unread = await self._read(workspace, paths, ignore_case=ignore_case)
        if not groups and not unread:
            return Observation(
                text=f"No line in {shown_name(self.folder)} contains {_quoted(self.text)}. "
                "Try a shorter text; it is taken literally.",
                failed=True,
            )
        return Observation(text=self._report(workspace, groups, unread, paths, ignore_case=ignore_case))

    async def _files(self, workspace: Workspace, *, ignore_case: bool) -> list[str]:
        folder, text = _in_folder(self.folder), shlex.quote(self.text)
        flags = "lFi" if ignore_case else "lF"
        if await workspace.has_gnu_grep():
            script = (
                f"command grep -rIZ{flags} --exclude-dir=.git -e {text} -- {folder} | head -c {_LIST_BYTES}"
            )
            return _paths((await workspace.probe(script)).output, "\0")
        # busybox grep prints no NUL after a name: a name with a newline falls apart and is then not found.
        find = f"command find {folder} -name .git -prune -o -type f -print0"
        script = f"{find} | command xargs -0 grep -{flags} -e {text} -- /dev/null | head -c {_LIST_BYTES}"
        return _paths((await workspace.probe(script)).output, "\n")

    async def _read(
        self, workspace: Workspace, paths: list[str], *, ignore_case: bool
    ) -> tuple[list[_Hits], list[str]]:
        """Look into the first files here, where lines are exact whatever bytes the names and lines hold."""
        groups, unread = [], []
        for position, path in enumerate(paths):
            if position >= workspace.limits.files:
                unread += paths[position:]
                break
            try:
                content = await workspace.sandbox.read(path)
                hits = _hits(path, Document.decode(content.data), self.text, ignore_case=ignore_case)
            except BinaryFile:
                continue
            except FileProblem as problem:
                # "missing" is a name whose bytes are no UTF-8: it matched, so it is at least named.
                if problem.kind in {"too_large", "missing"}:
                    unread.append(path)
                continue
            if hits.lines:
                groups.append(hits)
        return groups, unread

    def _report(
        self,
        workspace: Workspace,
        groups: list[_Hits],
        unread: list[str],
        paths: list[str],
        *,
        ignore_case: bool,
    ) -> str:
        limits = workspace.limits
        total = sum(len(group.lines) for group in groups)
        some = "at least " if unread else ""
        parts = []
        if ignore_case:
            parts.append(f"No line contains {_quoted(self.text)} exactly; this ignores upper and lower case.")
        parts.append(
            f"{some}{plural(total, 'line')} in {plural(len(groups) + len(unread), 'file')} of "
            f"{shown_name(self.folder)}:".removeprefix(" ")
        )
        left = limits.hits
        hidden: list[str] = []
        for group in groups:
            if left <= 0:
                hidden.append(group.path)
                continue
            shown = group.lines[: min(left, limits.hits_per_file)]
            left -= len(shown)
            parts.append(f"{shown_name(group.path)} ({plural(len(group.lines), 'line')})")
            parts += [f"{number}:{_around(line, self.text)}" for number, line in shown]
            if len(shown) < len(group.lines):
                parts.append(f"({len(group.lines) - len(shown)} more; use `search_file` with this path)")
        hidden += unread
        if hidden:
            names = ", ".join(shown_name(path) for path in hidden[:10])
            more = f" and {len(hidden) - 10} more" if len(hidden) > 10 else ""
            parts.append(f"Also in: {names}{more}. Search a longer text or one folder to see those lines.")
        return "\n".join(parts)


def _quoted(text: str) -> str:
    return f'"{clipped(text, 80)}"'


def _unsearchable(text: str) -> str:
    if not text:
        return "The text is empty. Give a few characters that stand in one line."
    if "\n" in text:
        first = next((line for line in text.split("\n") if line.strip()), "")
        return f"A search looks at single lines; search for one of yours, e.g. {_quoted(first)}."
    if "\0" in text:
        return "The text holds a NUL character, which no text file has."
    return ""


class SearchFile(Command):
    """Find lines that contain a text, in one file."""

    name: ClassVar[str] = "search_file"

    text: str = Field(description="Literal text within one line, not a pattern.")
    path: str = Field(default="", description="File to search; the open one when empty.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the hits."""
        path = self.path.strip() or workspace.open_path
        if problem := _unsearchable(self.text):
            return Observation(text=problem, failed=True)
        if not path:
            return Observation(text="No file is open. Give a path, or use `search_dir`.", failed=True)
        try:
            file = await read_text(workspace, path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        note = ""
        hits = _hits(file.path, file.document, self.text).lines
        if not hits:
            hits = _hits(file.path, file.document, self.text, ignore_case=True).lines
            note = f"No line contains {_quoted(self.text)} exactly; this ignores upper and lower case.\n"
        if not hits:
            text = f"No line of {shown_name(file.path)} contains {_quoted(self.text)}. "
            text += "Try a shorter text, or `search_dir`."
            return Observation(text=text, failed=True)
        limit = workspace.limits.hits
        parts = [f"{note}{plural(len(hits), 'line')} of {shown_name(file.path)}:"]
        parts += [f"{number}:{_around(line, self.text)}" for number, line in hits[:limit]]
        if len(hits) > limit:
            parts.append(f"({len(hits) - limit} more, the last at line {hits[-1][0]}; search a longer text)")
        else:
            parts.append(f"See one with `open`, path {shown_name(file.path)} and its line.")
        return Observation(text="\n".join(parts))
