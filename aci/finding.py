"""Finding files by name."""

import shlex
from typing import ClassVar, NamedTuple

from pydantic import Field

from aci.command import Command, Observation
from aci.ignoring import read_rules
from aci.listing import Scope, decision, folder_problem, scope_of
from aci.reading import Refused, place_in
from aci.rendering import name as shown_name
from aci.rendering import plural
from aci.workspace import Workspace, relative

_SECONDS = 30.0
_LIST_BYTES = 50_000
_WILD = frozenset("*?[")
_MAX_NAME = 500


class _Found(NamedTuple):
    """Paths relative to the repository; `cut` says that there may be more."""

    files: list[str]
    ignored: list[str]
    cut: bool


class FindFile(Command):
    """Find files by name; wildcards * and ? work."""

    name: ClassVar[str] = "find_file"

    pattern: str = Field(description="File name, e.g. setup.py or *_test.go.")
    folder: str = Field(default=".", description="Where to look.")

    async def execute(self, workspace: Workspace) -> Observation:
        """List the paths."""
        wanted = place_in(self.pattern.strip()).path if ":" in self.pattern else self.pattern.strip()
        if not wanted:
            return Observation(text="The pattern is empty. Give a file name, e.g. `*.py`.", failed=True)
        if len(wanted) > _MAX_NAME or "\0" in wanted:
            return Observation(text="No file has such a name. Give a short one, e.g. `*.py`.", failed=True)
        try:
            found, note = await self._found(workspace, wanted)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        where = shown_name(self.folder)
        if not found.files and not found.ignored:
            missed = f"No file named {shown_name(wanted)} in {where}."
            text = f"{missed} Try a part of the name, or `search_dir` for its text."
            return Observation(text=text, failed=True)
        limit = workspace.limits.files
        if not found.files:
            lines = [f"{note}{plural(len(found.ignored), 'file')} in {where}, ignored by git:"]
            return Observation(text="\n".join(lines + _names(found.ignored, limit)))
        some = "at least " if found.cut else ""
        lines = [f"{note}{some}{plural(len(found.files), 'file')} in {where}:"]
        lines += _names(found.files, limit)
        if found.ignored:
            examples = ", ".join(shown_name(path) for path in found.ignored[:2])
            lines.append(f"({len(found.ignored)} more that git ignores, e.g. {examples}; name its folder)")
        return Observation(text="\n".join(lines))

    async def _found(self, workspace: Workspace, wanted: str) -> tuple[_Found, str]:
        scope = scope_of(self.folder)
        found = await _find(workspace, scope, _test(wanted))
        if found.files or found.ignored or _WILD & set(wanted):
            return found, ""
        found = await _find(workspace, scope, _test(f"*{wanted}*", ignore_case=True))
        return found, f"No file is named {shown_name(wanted)}; names that contain it:\n"


def _names(paths: list[str], limit: int) -> list[str]:
    more = [f"({len(paths) - limit} more; give a longer name or a folder)"] if len(paths) > limit else []
    return [shown_name(path) for path in paths[:limit]] + more


def _test(wanted: str, *, ignore_case: bool = False) -> str:
    """Return the test of `find` for a name, or for the end of a path."""
    case = "i" if ignore_case else ""
    if "/" not in wanted:
        return f"-{case}name {shlex.quote(wanted)}"
    inner = relative(wanted).lstrip("/")
    # `**/` may stand for no folder at all.
    forms = dict.fromkeys((inner.replace("**/", "*/"), inner.replace("**/", "")))
    ends = [shlex.quote("*/" + (form.lstrip("*/") or "*")) for form in forms]
    return "\\( " + " -o ".join(f"-{case}path {end}" for end in ends) + " \\)"


async def _find(workspace: Workspace, scope: Scope, test: str) -> _Found:
    """Find every file, then tell which of them git ignores.

    Raises:
        Refused: The folder is none.
    """
    find = f"command find . -name .git -prune -o -type f {test} -print0 2>/dev/null"
    body = f"""\
printf '%s\\0' "$patchwright_by"
{find} | LC_ALL=C command sort -z | command head -c {_LIST_BYTES}; printf '//\\0'
[ "$patchwright_by" != git ] ||
  {find} | patchwright_git check-ignore -z --stdin | command head -c {_LIST_BYTES}"""
    result = await workspace.probe(await decision(workspace, scope) + body, _SECONDS)
    if problem := folder_problem(scope, result.exit_code):
        raise Refused(problem)
    by, _, rest = result.output.partition("\0")
    files, _, said = rest.partition("//\0")
    paths, ignored = _paths(files, scope), set(_paths(said, scope))
    if by == "rules":
        rules = await read_rules(workspace)
        if not rules.ignores(scope.prefix):
            ignored = {path for path in paths if rules.ignores(path)}
    kept = [path for path in paths if path not in ignored]
    return _Found(kept, sorted(ignored), bool(files) and not files.endswith("\0"))


def _paths(output: str, scope: Scope) -> list[str]:
    # Without a last NUL the list was cut off within a path.
    return [scope.prefix + entry.removeprefix("./") for entry in output.split("\0")[:-1]]
