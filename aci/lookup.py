"""Looking a name up: where the repository defines it and where it is used."""

import re
import shlex
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.document import BinaryFile, Document
from aci.grammars import language_of
from aci.hits import Answer, over_files
from aci.listing import Scope, scope_of
from aci.occurrences import LANGUAGES, Occurrences, occurrences
from aci.patterns import Pattern, Unsearchable, quoted
from aci.rendering import clipped, harmless, listed, plural
from aci.rendering import name as shown_name
from aci.symbols import Symbol, plain
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_PARSED = 80
_LINE = 200
_DEFINED = 20
_NAMED = 8
_NAME = re.compile(r"[^\W\d$][\w$]*(?:\.[^\W\d][\w$]*)*")
_LIST_BYTES = 50_000
# Which of the files that hold a name may define it, which tells the order in which they are parsed.
_DEFINER = (
    "(class|def|func|fn|function|interface|struct|enum|trait|type|mod|record|union|macro_rules!|const|let|var|"
    "static|val)[[:space:]].*{name}|{name}[[:space:]]*[(].*[{{]|^[[:space:]]*{name}[[:space:]]*(:|=)"
)
# For each batch of files: those that may define it, "//", all that have it, "//"; each NUL-ended.
_GNU = """\
patchwright_files | command xargs -0 grep -slwFIZ -e {name} -- | command xargs -0 sh -c '
[ $# -gt 1 ] || exit 0; shape=$1; shift; command grep -slEIZ -e "$shape" -- "$@"; printf "//\\0"
printf "%s\\0" "$@"; printf "//\\0"
' _ {shape} | command head -c {limit}"""
_POSIX = """\
patchwright_files | command xargs -0 -n 50 sh -c '[ $# -gt 2 ] || exit 0; name=$1; shape=$2; shift 2
command grep -sqwF -e "$name" -- "$@" || exit 0
for file; do command grep -sqwF -e "$name" -- "$file" || continue
command grep -sqE -e "$shape" -- "$file" && printf "%s\\0" "$file"; printf "//\\0%s\\0//\\0" "$file"; done
' _ {name} {shape} | command head -c {limit}"""
_ALIKE = """\
patchwright_files | command xargs -0 grep -sohwiF -e {name} -- 2>/dev/null |
  command head -n 20000 | command sort | command uniq -c | command sort -rn | command head -n 5"""
_KINDS = {"def": "definitions", "ref": "references", "use": "references", "call": "references"}


class _File(NamedTuple):
    path: str
    lines: list[str]
    found: Occurrences


class _Result(NamedTuple):
    """Files that were parsed, files whose language is unknown, and files that were not looked into."""

    files: list[_File]
    mentions: list[str]
    unread: list[str]


class FindSymbol(Command):
    """Find where a name is defined and used."""

    name: ClassVar[str] = "find_symbol"

    symbol: str = Field(description="Its name, such as parse or Report.render.")
    folder: str = Field(default=".", description="Where to look.")
    kind: str = Field(default="all", description="definitions, references or all.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the places by file."""
        wanted = plain(self.symbol)
        if not _NAME.fullmatch(wanted):
            said = f"{quoted(self.symbol)} is not one name." if self.symbol.strip() else "The name is empty."
            text = f"{said} Give one such as `parse` or `Report.render`; `search_dir` finds other text."
            return Observation(text=text, failed=True)
        kind = next((k for word, k in _KINDS.items() if self.kind.strip().lower().startswith(word)), "all")
        scope = scope_of(self.folder)
        try:
            result = await _look(workspace, scope, wanted)
            if not result.files and not result.mentions:
                return await self._nothing(workspace, scope, wanted)
        except Unsearchable as problem:
            return Observation(text=str(problem), failed=True)
        return Observation(text=self._report(workspace, result, wanted, kind))

    async def _nothing(self, workspace: Workspace, scope: Scope, wanted: str) -> Observation:
        last = shlex.quote(wanted.rpartition(".")[2])
        said = (await over_files(workspace, scope, _ALIKE.format(name=last))).output
        alike = [line.split()[-1] for line in harmless(said).splitlines() if line.strip()]
        hint = f"Did you mean {listed(alike, 5)}?" if alike else "Try `search_dir` with a part of it."
        text = f"Nothing in {shown_name(self.folder)} is named {wanted}. {hint}"
        return Observation(text=text, failed=True)

    def _report(self, workspace: Workspace, result: _Result, wanted: str, kind: str) -> str:
        limits = workspace.limits
        every = [(file, symbol) for file in result.files for symbol in file.found.definitions]
        defined = [(file, symbol) for file, symbol in every if f".{symbol.name}".endswith(f".{wanted}")]
        used = [file for file in result.files if file.found.uses]
        last = wanted.rpartition(".")[2]
        some = "at least " if result.unread else ""
        count = sum(len(file.found.uses) for file in used)
        whose = f"{last}, of whatever class, is used" if last != wanted else "used"
        where = f"{plural(len(used), 'file')} of {shown_name(self.folder)}."
        places = plural(len(defined), "place")
        parts = [f"{wanted}: defined in {places}; {whose} in {some}{plural(count, 'line')} in {where}"]
        if every and not defined:
            # It may be inherited, or the class was guessed.
            defined = every
            parts.append(f"Nothing defines {wanted} by that name; these define {last}.")
        if kind != "references" and defined:
            parts.append("Definitions:")
            parts += [_definition(file, symbol) for file, symbol in defined[:_DEFINED]]
            if len(defined) > _DEFINED:
                parts.append(f"({len(defined) - _DEFINED} more; give one folder, or the class with the name)")
        if kind != "definitions" and used:
            parts.append("References:")
            parts += _uses(used, limits.hits, limits.hits_per_file)
        if result.mentions:
            names = listed([shown_name(path) for path in result.mentions], _NAMED)
            parts.append(f"Also mentioned in {names}; see the lines with `search_file`.")
        if result.unread:
            names = listed([shown_name(path) for path in result.unread], _NAMED)
            parts.append(f"Not looked into: {names}. Give one folder to narrow it down.")
        if kind != "references" and defined:
            file, symbol = defined[0]
            parts.append(f"See one with `open`, e.g. path {shown_name(file.path)} and line {symbol.first}.")
        return "\n".join(parts)


def _definition(file: _File, symbol: Symbol) -> str:
    text = clipped(file.lines[symbol.first - 1].strip(), _LINE) if symbol.first <= len(file.lines) else ""
    span = f"{symbol.first}-{symbol.last}" if symbol.last > symbol.first else f"{symbol.first}"
    qualified = f"  ({symbol.name})" if "." in symbol.name else ""
    return f"{shown_name(file.path)}:{span}: {text}{qualified}"


def _uses(used: list[_File], limit: int, per_file: int) -> list[str]:
    parts: list[str] = []
    hidden: list[_File] = []
    left = limit
    for file in used:
        shown = file.found.uses[: min(left, per_file)]
        if not shown:
            hidden.append(file)
            continue
        left -= len(shown)
        parts.append(f"{shown_name(file.path)} ({plural(len(file.found.uses), 'line')})")
        parts += [f"{number}:{clipped(file.lines[number - 1], _LINE)}" for number in shown]
        if more := len(file.found.uses) - len(shown):
            parts.append(f"({more} more; use `search_file` with this path)")
    if hidden:
        names = listed([f"{shown_name(file.path)} ({len(file.found.uses)})" for file in hidden], _NAMED)
        parts.append(f"Also in: {names}. Give one folder to see those lines.")
    return parts


async def _look(workspace: Workspace, scope: Scope, wanted: str) -> _Result:
    """Find the files that hold a name, and parse those that may define it before the others.

    Raises:
        Unsearchable: The folder is none.
    """
    last = wanted.rpartition(".")[2]
    shape = _DEFINER.format(name=last.replace("$", "[$]"))
    script = _POSIX if await workspace.grep() == "posix" else _GNU
    script = script.format(name=shlex.quote(last), shape=shlex.quote(shape), limit=_LIST_BYTES)
    locale = Pattern(last).locale()
    answer = await over_files(workspace, scope, f"export LC_ALL={locale}\n{script}")
    paths = _ranked(answer, scope)
    known = [path for path in paths if language_of(path) in LANGUAGES]
    mentions = [path for path in paths if language_of(path) not in LANGUAGES]
    files = []
    for path in known[:_PARSED]:
        try:
            document = Document.decode((await workspace.read(path)).data)
        except (FileProblem, BinaryFile):
            mentions.append(path)
            continue
        found = occurrences(path, document.text, last)
        if found is None:
            mentions.append(path)
        elif found.definitions or found.uses:
            files.append(_File(path, document.lines, found))
    unread = known[_PARSED:]
    return _Result(sorted(files), sorted(mentions), sorted(unread))


def _ranked(answer: Answer, scope: Scope) -> list[str]:
    """Return the files that hold the name, those that may define it first."""
    defining: list[str] = []
    every: list[str] = []
    at_all = False
    # Without a last NUL the list was cut off within a path.
    for entry in answer.output.split("\0")[:-1]:
        if entry == "//":
            at_all = not at_all
            continue
        path = scope.prefix + entry.removeprefix("./")
        if not answer.rules.ignores(path):
            (every if at_all else defining).append(path)
    return list(dict.fromkeys((*sorted(defining), *sorted(every))))
