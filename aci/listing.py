"""The files of a folder that count: what git would list, and where git can't be asked, what it would list.

Everything here is one script for the sandbox's shell. It lists paths below the folder, NUL-ended and each
beginning with "./", for a pipe that goes on from there. Git is asked where it can answer: it knows its own
rules best, and lists the files of a large repository in a few milliseconds. Where there is no git, or an
agent deleted its folder, `aci.ignoring` reads the rules.
"""

import posixpath
import shlex
from typing import NamedTuple

from aci.rendering import name as shown_name
from aci.workspace import Workspace, relative

NO_FOLDER, OUTSIDE, NEEDS_RULES = 71, 72, 74

_PROLOGUE = """\
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY; export GIT_CEILING_DIRECTORIES={ceiling}
patchwright_git() {{ command git -c core.fsmonitor=false -c safe.directory='*' "$@" 2>/dev/null; }}
here=$(command cd {folder} 2>/dev/null && pwd -P) || exit {no_folder}
case "$here/" in {root}/*) ;; *) exit {outside};; esac
command cd "$here" || exit {no_folder}
"""
# A folder that is ignored itself was named on purpose: all of it counts.
_DECISION = """\
patchwright_by=all
if [ "$(patchwright_git rev-parse --is-inside-work-tree)" = true ] && patchwright_git ls-files -z >/dev/null
then patchwright_git check-ignore -q "$here" || patchwright_by=git
elif [ -n "$(command find {root} -name .git -prune -o -name .gitignore -type f -print | head -n 1)" ]
then patchwright_by=rules
fi
"""
# Submodules and nested repositories are listed by git as folders, so they are looked into; links are not.
_BY_GIT = """\
patchwright_files() {{
  if [ "$patchwright_by" = all ]; then command find . -name .git -prune -o -type f -print0; return; fi
  patchwright_git ls-files -z -co --exclude-standard | command xargs -0 printf './%s\\0' |
  command xargs -0 sh -c '[ $# -eq 0 ] || [ "$1" = ./ ] ||
    command find "$@" -name .git -prune -o -type f -print0' _ 2>/dev/null | LC_ALL=C command sort -z -u
}}
[ "$patchwright_by" != rules ] || exit {needs_rules}
"""
_BY_RULES = """\
patchwright_files() {{ command find . {prune} -name .git -prune -o -type f -print0; }}
"""


class Scope(NamedTuple):
    """Where a search looks.

    Attributes:
        folder: As the model named it, for sentences.
        argument: As a shell's word that no program takes for an option.
        prefix: What to put before a path below it to get one relative to the repository.
    """

    folder: str
    argument: str
    prefix: str


def scope_of(folder: str) -> Scope:
    """Return where a folder lies that a model named."""
    path = posixpath.normpath(relative(folder.strip() or "."))
    inside = "" if path == "." else f"{path}/"
    return Scope(folder, shlex.quote(path if path.startswith("/") else f"./{path}"), inside)


async def decision(workspace: Workspace, scope: Scope) -> str:
    """Return the beginning of a script: it goes to the folder and sets `patchwright_by`.

    That is "git" where git can be asked, "rules" where only the .gitignore files say what counts, and "all"
    where everything does. Where there is no such folder, the script ends with one of the exit codes above.
    """
    return await _entry(workspace, scope) + _DECISION.format(root=shlex.quote(await workspace.root()))


async def files(workspace: Workspace, scope: Scope, prune: str = "") -> str:
    """Return the beginning of a script: it goes to the folder and defines `patchwright_files`.

    Without `prune`, it ends with `NEEDS_RULES` where the .gitignore files must be read here first.

    Args:
        workspace: Where it will run.
        scope: Where to look.
        prune: What `find` shall not look into, by the rules that were read: `-path ./x -prune -o`.
    """
    if prune:
        return await _entry(workspace, scope) + _BY_RULES.format(prune=prune)
    return await decision(workspace, scope) + _BY_GIT.format(needs_rules=NEEDS_RULES)


async def _entry(workspace: Workspace, scope: Scope) -> str:
    root = await workspace.root()
    return _PROLOGUE.format(
        ceiling=shlex.quote(root.rpartition("/")[0] or "/"),
        folder=scope.argument,
        root=shlex.quote(root),
        no_folder=NO_FOLDER,
        outside=OUTSIDE,
    )


def folder_problem(scope: Scope, exit_code: int | None) -> str:
    """Say what is wrong with a folder, from how the script ended; "" when nothing is."""
    if exit_code == OUTSIDE:
        return f"{shown_name(scope.folder)} lies outside the repository; use `bash` to search there."
    if exit_code == NO_FOLDER:
        return f'There is no folder {shown_name(scope.folder)} in the repository; "." is all of it.'
    return ""
