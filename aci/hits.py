"""Lines that match a pattern, found by the sandbox's grep in one round trip, grouped by file."""

import re
import shlex
from typing import NamedTuple

from aci.document import BinaryFile, Document
from aci.ignoring import Rules, read_rules
from aci.listing import NEEDS_RULES, Scope, files, folder_problem
from aci.patterns import Pattern, Unsearchable, complaint
from aci.workspace import Workspace
from envs.sandbox import FileProblem

SECONDS = 30.0
_INVALID = 73
_OUTPUT_BYTES = 110_000
_LINE_BYTES = 1000
_ODD_BYTE = re.compile(r"\\x[89a-f][0-9a-f]")

# How often for each file, "./name NUL count NL", then its first lines, "./name NUL number:line NL" each.
_GNU = """\
patchwright_files | command xargs -0 grep {flags} -slIZ -e {pattern} -- 2>&3 |
command xargs -0 sh -c '[ $# -gt 3 ] || exit 0; flags=$1; lines=$2; pattern=$3; shift 3
command grep $flags -scHIZ -e "$pattern" -- "$@"
command grep $flags -snHIZ -m "$lines" -e "$pattern" -- "$@" | command cut -b 1-{cut}' _ \\
{flags} {lines} {pattern} 2>&3 | command head -c {limit} >&4"""
# The same from a grep that knows neither binary files nor NUL: "./name NUL count NL", lines, NUL.
_POSIX = """\
patchwright_files | command xargs -0 -n 50 sh -c '
[ $# -gt 3 ] || exit 0; flags=$1; lines=$2; pattern=$3; shift 3
command grep $flags -sq -e "$pattern" -- "$@" || exit 0
for file; do count=$(command grep $flags -sc -e "$pattern" -- "$file")
case $count in ""|0) continue;; esac; printf "%s\\0%s\\n" "$file" "$count"
command grep $flags -sn -m "$lines" -e "$pattern" -- "$file" 2>/dev/null |
  command tr "\\000" "\\001" | command cut -b 1-{cut}
printf "\\0"; done' _ {flags} {lines} {pattern} 2>&3 | command head -c {limit} >&4"""
_WHOLE = """\
export LC_ALL={locale}
said=$(echo x | command grep {flags} -e {pattern} 2>&1 >/dev/null)
[ $? -lt 2 ] || {{ echo "$said"; exit {invalid}; }}
exec 4>&1
said=$({{ {pipe}; }} 3>&1 | command head -c 400)
printf '\\0!%s' "$said"
"""
_GNU_RECORD = re.compile(r"([^\0]*)\0(\d+)(?::([^\n]*))?\n")
_POSIX_RECORD = re.compile(r"([^\0]*)\0(\d+)\n([^\0]*)\0")


class Group(NamedTuple):
    """The matching lines of one file.

    Attributes:
        path: Where it is, relative to the repository.
        total: How many lines match.
        lines: The first of them, by number.
    """

    path: str
    total: int
    lines: tuple[tuple[int, str], ...]


class Hits(NamedTuple):
    """What a search found.

    Attributes:
        groups: The files, in order.
        cut: There may be more, for the list became too long.
        slow: The search was stopped, so there may be more.
        complaint: What grep said against the pattern while it ran, or "".
    """

    groups: list[Group]
    cut: bool = False
    slow: bool = False
    complaint: str = ""


async def search(workspace: Workspace, scope: Scope, pattern: Pattern, lines: int) -> Hits:
    """Return the files below a folder that have matching lines.

    Args:
        workspace: Where to search.
        scope: The folder.
        pattern: What to search for.
        lines: How many lines to return of each file.

    Raises:
        Unsearchable: The folder is none, or grep refuses the pattern; the message says what to do.
    """
    answer = await over_files(workspace, scope, await _body(workspace, pattern, lines))
    if answer.exit_code == _INVALID:
        raise Unsearchable(complaint(pattern, answer.output))
    output, ended, said = answer.output.rpartition("\0!")
    if not ended:
        output = answer.output
    groups = _groups(output, scope.prefix, gnu=await workspace.grep() != "posix")
    groups = [group for group in groups if not answer.rules.ignores(group.path)]
    cut = len(output.encode("utf-8", "replace")) >= _OUTPUT_BYTES
    return Hits(groups, cut, answer.slow, complaint(pattern, said) if said.strip() else "")


class Answer(NamedTuple):
    """What a script over the files of a folder said.

    Attributes:
        output: What it printed.
        exit_code: How it ended.
        slow: It was stopped at its timeout.
        rules: What is still to be left out of what it found.
    """

    output: str
    exit_code: int | None
    slow: bool
    rules: Rules


async def over_files(workspace: Workspace, scope: Scope, body: str) -> Answer:
    """Run a script over the files that count: `patchwright_files` lists them.

    Raises:
        Unsearchable: The folder is none; the message says what to do.
    """
    rules = Rules({})
    result = await workspace.probe(await files(workspace, scope) + body, SECONDS)
    if result.exit_code == NEEDS_RULES:
        rules = await read_rules(workspace)
        if rules.ignores(scope.prefix):
            # It was named on purpose.
            rules = Rules({})
        result = await workspace.probe(await files(workspace, scope, rules.prune(scope)) + body, SECONDS)
    if problem := folder_problem(scope, result.exit_code):
        raise Unsearchable(problem)
    return Answer(result.output, result.exit_code, result.timed_out, rules)


async def search_one(workspace: Workspace, path: str, pattern: Pattern, lines: int) -> Hits:
    """Return the matching lines of one file, which must be known to be readable.

    Raises:
        Unsearchable: Grep refuses the pattern.
    """
    file = shlex.quote(path if path.startswith("/") else f"./{path}")
    listing = f"patchwright_files() {{ printf '%s\\0' {file}; }}\n"
    result = await workspace.probe(listing + await _body(workspace, pattern, lines), SECONDS)
    if result.exit_code == _INVALID:
        raise Unsearchable(complaint(pattern, result.output))
    output, ended, said = result.output.rpartition("\0!")
    groups = _groups(output if ended else result.output, "", gnu=await workspace.grep() != "posix")
    return Hits(groups, False, result.timed_out, complaint(pattern, said) if said.strip() else "")


async def _body(workspace: Workspace, pattern: Pattern, lines: int) -> str:
    grep = await workspace.grep()
    flags, text = pattern.arguments(grep)
    pipe = (_POSIX if grep == "posix" else _GNU).format(
        flags=flags, pattern=shlex.quote(text), lines=lines, cut=_LINE_BYTES, limit=_OUTPUT_BYTES
    )
    return _WHOLE.format(
        locale=pattern.locale(), flags=flags, pattern=shlex.quote(text), invalid=_INVALID, pipe=pipe
    )


def _groups(output: str, prefix: str, *, gnu: bool) -> list[Group]:
    counts: dict[str, int] = {}
    lines: dict[str, dict[int, str]] = {}
    for match in (_GNU_RECORD if gnu else _POSIX_RECORD).finditer(output):
        path = match[1] if match[1].startswith("/") else prefix + match[1].removeprefix("./")
        if gnu and match[3] is not None:
            lines.setdefault(path, {})[int(match[2])] = match[3]
            continue
        counts[path] = int(match[2])
        for line in () if gnu else match[3].split("\n"):
            number, colon, text = line.partition(":")
            if colon and number.isdigit():
                lines.setdefault(path, {})[int(number)] = text
        if not gnu and path not in lines:
            # A binary file: such a grep has counted its lines, and has none to show.
            del counts[path]
    return [
        Group(path, count, tuple(sorted(lines.get(path, {}).items())))
        for path, count in sorted(counts.items())
        if count and not any("\x01" in line for line in lines.get(path, {}).values())
    ]


async def exact(workspace: Workspace, group: Group) -> Group:
    """Return a group whose lines are whole and rightly decoded, where grep's output could not hold them."""
    if not any(
        len(line.encode("utf-8", "replace")) > _LINE_BYTES // 2 or _ODD_BYTE.search(line)
        for _, line in group.lines
    ):
        return group
    try:
        content = await workspace.read(group.path)
        lines = Document.decode(content.data).lines
    except (FileProblem, BinaryFile):
        return group
    whole = tuple(
        (number, lines[number - 1] if number <= len(lines) else line) for number, line in group.lines
    )
    return group._replace(lines=whole)
