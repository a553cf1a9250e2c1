"""The rules of .gitignore files, for a repository whose git can't be asked."""

import shlex
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from aci.listing import Scope
from aci.workspace import Workspace

_MAX_PRUNED = 200
_RULES_BYTES = 40_000
_FOLDERS_BYTES = 60_000
# Listed, but not looked into: they hold thousands of folders and are ignored as a whole if at all.
_DEEP = ("node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", "target", "vendor", "build", "dist")
_WILD = str.maketrans({sign: f"\\{sign}" for sign in "\\*?["})


class Rules(NamedTuple):
    """What the .gitignore files of a repository say.

    Attributes:
        specs: The rules of each file by its folder, "" or ending in "/".
        pruned: The outermost ignored folders that are known, relative to the repository.
    """

    specs: dict[str, GitIgnoreSpec]
    pruned: tuple[str, ...] = ()

    def ignores(self, path: str) -> bool:
        """Say whether a file, or a folder with a slash at its end, is ignored, or one that it lies in."""
        parts = path.split("/")
        folders = ("/".join(parts[:depth]) + "/" for depth in range(1, len(parts)))
        return any(self._says(folder) for folder in folders) or self._says(path)

    def _says(self, path: str) -> bool:
        # The rule that lies deepest decides.
        for folder in sorted(self.specs, key=len, reverse=True):
            if path.startswith(folder) and path != folder:
                verdict = self.specs[folder].check_file(path.removeprefix(folder)).include
                if verdict is not None:
                    return verdict
        return False

    def prune(self, scope: Scope) -> str:
        """Return the `find` expression that leaves the ignored folders below another one out."""
        below = [path.removeprefix(scope.prefix) for path in self.pruned if path.startswith(scope.prefix)]
        paths = [f"-path {shlex.quote('./' + path.translate(_WILD))} -prune -o" for path in below]
        # Never empty: that the rules were read must be told.
        return " ".join(paths[:_MAX_PRUNED]) or "-name .git -prune -o"


async def read_rules(workspace: Workspace) -> Rules:
    """Read every .gitignore file, and find the folders that they leave out."""
    names = " -o ".join(f"-name {name}" for name in _DEEP)
    script = f"""\
command find . -name .git -prune -o -name .gitignore -type f -exec sh -c '
for f; do printf "%s\\0" "$f"
command tr -d "\\000" < "$f" | command head -c 8000; printf "\\0"; done' _ {{}} + |
  command head -c {_RULES_BYTES}
printf '\\0//\\0'
command find . -name .git -prune -o -type d \\( {names} \\) -print0 -prune -o -type d -print0 |
  command head -c {_FOLDERS_BYTES}"""
    said = (await workspace.probe(script)).output
    rules, _, folders = said.partition("\0//\0")
    fields = rules.split("\0")
    specs = {
        path.removeprefix("./").removesuffix(".gitignore"): _spec(text)
        for path, text in zip(fields[::2], fields[1::2], strict=False)
    }
    read = Rules(specs)
    pruned: list[str] = []
    # Without a last NUL the list was cut off within a name.
    for folder in sorted(entry.removeprefix("./") for entry in folders.split("\0")[:-1] if entry != "."):
        if not any(folder.startswith(f"{outer}/") for outer in pruned) and read.ignores(f"{folder}/"):
            pruned.append(folder)
    return read._replace(pruned=tuple(pruned))


def _spec(text: str) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(text.splitlines())
    except ValueError:
        # One bad line must not cost the others.
        return GitIgnoreSpec.from_lines([line for line in text.splitlines() if _is_rule(line)])


def _is_rule(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
