"""Broken imports: those that an edit adds and that nothing in the repository can answer.

Only what is sure is told. An absolute import counts when its top package or module lies where Python looks
(the top of the repository, `src`, or the folder that the edited file's own packages lie in) and no copy of it
elsewhere has what is wanted. Whatever is not the repository's own is never judged.
"""

import difflib
import posixpath
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from aci.document import BinaryFile, Document
from aci.grammars import Flaw
from aci.imports import Import, is_dynamic, names_of
from aci.rendering import name
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_SECONDS = 20.0
_LIST_BYTES = 100_000
_MAX_IMPORTS = 40


class _Files:
    """The repository's files as an edit would leave them, asked for as they are needed."""

    def __init__(self, workspace: Workspace, pending: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._there: set[str] = set()
        self._texts: dict[str, str | None] = dict(pending)
        for path in pending:
            self._there.update((path, *(str(parent) for parent in PurePosixPath(path).parents)))

    async def look(self, stems: Iterable[str]) -> None:
        """Learn which of some paths there are, as they stand and with any suffix."""
        words = " ".join(shlex.quote(f"./{stem}") for stem in dict.fromkeys(stems))
        script = (
            f'for stem in {words}; do for path in "$stem" "$stem.py" "$stem".*; do\n'
            'if [ -e "$path" ]; then printf \'%s\\0\' "$path"; fi; done; done 2>/dev/null'
        )
        self._there.update(_paths((await self._workspace.probe(script, _SECONDS)).output))

    async def named(self, parts: Iterable[str]) -> list[str] | None:
        """Return all paths of the repository whose last part has one of some names; None if too many."""
        tests = " -o ".join(
            f"-name {shlex.quote(part)} -o -name {shlex.quote(part + '.*')}" for part in dict.fromkeys(parts)
        )
        script = (
            f"command find . -name .git -prune -o \\( {tests} \\) -print0 2>/dev/null "
            f"| head -c {_LIST_BYTES}; printf end"
        )
        result = await self._workspace.probe(script, _SECONDS)
        if result.timed_out or f"\0{result.output}"[-4:] != "\0end":
            return None
        return [*_paths(result.output), *self._there]

    def has(self, path: str) -> bool:
        """Say whether a path is known to be there."""
        return path in self._there

    def module(self, stem: str) -> bool:
        """Say whether a path without its suffix may be a module: a folder, or a file of any kind."""
        return any(path == stem or path.startswith(f"{stem}.") for path in self._there)

    async def text(self, path: str) -> str | None:
        """Return a file's text; None when it has none."""
        if path not in self._texts:
            try:
                self._texts[path] = Document.decode((await self._workspace.read(path)).data).text
            except (FileProblem, BinaryFile):
                self._texts[path] = None
        return self._texts[path]


def _paths(output: str) -> list[str]:
    return [path.removeprefix("./") for path in output.split("\0")[:-1]]


class _Wanted(NamedTuple):
    """An import with the places that may answer it, as folders that its first part is looked up in."""

    found: Import
    parts: tuple[str, ...]
    roots: tuple[str, ...]


async def broken_imports(
    workspace: Workspace, path: str, added: Sequence[Import], pending: Mapping[str, str]
) -> list[Flaw]:
    """Return the imports among `added`, those of the file `path`, that are sure to fail.

    Args:
        workspace: Holds the repository.
        path: The edited file.
        added: What it imports anew.
        pending: New texts by path that are not written yet, the edited file's among them.
    """
    files = _Files(workspace, pending)
    folders = [str(folder) for folder in PurePosixPath(path).parents]
    await files.look([_join(folder, "__init__") for folder in folders])
    above = next((folder for folder in folders if not files.has(_join(folder, "__init__.py"))), ".")
    wanted = []
    for found in added[:_MAX_IMPORTS]:
        if found.level > len(folders):
            continue
        parts = tuple(part for part in found.module.split(".") if part)
        roots = (folders[found.level - 1],) if found.level else tuple(dict.fromkeys((above, ".", "src")))
        wanted.append(_Wanted(found, parts, roots))
    stems = []
    for found, parts, roots in wanted:
        for root in roots:
            chain = [_join(root, *parts[: count + 1]) for count in range(len(parts))]
            stems += [*chain, *(_join(package, "__init__") for package in chain)]
            stems += [_join(root, "__init__"), _join(root, *parts, found.name)] if found.name else []
    if stems:
        await files.look(stems)
    flaws = []
    for one in wanted:
        message = await _trouble(files, one)
        flaw = Flaw(one.found.line, f"broken import: {message}")
        if message and flaw not in flaws:
            flaws.append(flaw)
    return flaws


def _join(*parts: str) -> str:
    return posixpath.normpath(posixpath.join(*parts))


async def _trouble(files: _Files, wanted: _Wanted) -> str:
    """Say why an import fails, or nothing when it may not."""
    found, parts, roots = wanted
    if not found.level:
        # Without its top package the import means another project; without an __init__.py it may be shared.
        roots = tuple(
            root
            for root in roots
            if files.has(_join(root, parts[0], "__init__.py")) or files.has(_join(root, f"{parts[0]}.py"))
        )
        if not roots:
            return ""
    if not any(files.module(_join(root, *parts)) for root in roots if parts):
        missing = await _missing_module(files, wanted, roots) if parts else ""
        if missing or parts:
            return missing
    if not found.name or (found.name.startswith("__") and found.name.endswith("__")):
        return ""
    answers = [await _missing_name(files, root, parts, found.name) for root in roots]
    return answers[0] if all(answers) else ""


async def _missing_module(files: _Files, wanted: _Wanted, roots: Sequence[str]) -> str:
    found, parts, _ = wanted
    for root in roots:
        if _may_be_built(files, root, parts):
            return ""
        for count in range(len(parts)):
            package = await files.text(_join(root, *parts[:count], "__init__.py"))
            if package is not None and (count or found.level) and is_dynamic(package):
                return ""
    alike = await files.named(parts)
    if alike is None:
        return ""
    tail = "/".join(parts)
    here = {_join(root, tail) for root in roots}
    stems = {path: path.rpartition("/")[2].partition(".")[0] for path in alike}
    for path, stem in stems.items():
        suffix = path.rpartition("/")[2][len(stem) :]
        whole = path.removesuffix(suffix) if suffix else path
        if whole in here or (not found.level and f"/{whole}".endswith(f"/{tail}")):
            return ""
        if stem == parts[-1] and suffix and suffix not in {".py", ".md", ".rst", ".txt", ".pyc"}:
            return ""
    shown = "." * found.level + found.module
    elsewhere = sorted(path for path, stem in stems.items() if stem == parts[-1] and path.endswith(".py"))
    hint = f"; there is {name(elsewhere[0])}" if elsewhere else ""
    return f"the repository has no module {name(shown)}{hint}"


def _may_be_built(files: _Files, root: str, parts: Sequence[str]) -> bool:
    """Say whether the first part of a module that is missing may be compiled or generated."""
    for count, part in enumerate(parts, 1):
        stem = _join(root, *parts[:count])
        if not files.module(stem):
            return part.startswith("_") or part.endswith(("_pb2", "_pb2_grpc")) or "version" in part
        if not files.has(stem) and not files.has(f"{stem}.py"):
            return True
    return False


async def _missing_name(files: _Files, root: str, parts: Sequence[str], wanted: str) -> str:
    stem = _join(root, *parts)
    if files.module(_join(stem, wanted)):
        return ""
    path = next((p for p in (f"{stem}/__init__.py", f"{stem}.py") if files.has(_join(p))), "")
    if not path or files.has(f"{stem}.pyi") or (files.has(stem) and files.has(f"{stem}.py")):
        return ""
    path = _join(path)
    for count in range(1, len(parts)):
        package = await files.text(_join(root, *parts[:count], "__init__.py"))
        if package is None or is_dynamic(package):
            return ""
    text = await files.text(path)
    names = None if text is None else names_of(text)
    if names is None or wanted in names:
        return ""
    close = difflib.get_close_matches(wanted, names, 1, 0.7)
    hint = f"; did you mean {name(close[0])}?" if close else ""
    return f"{name(path)} defines no {name(wanted)}{hint}"
