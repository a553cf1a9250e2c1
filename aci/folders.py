"""What lies in a folder."""

import shlex

from aci.command import Observation
from aci.rendering import name, plural
from aci.workspace import Workspace, relative


async def listing(workspace: Workspace, path: str) -> Observation:
    """Return the entries of a folder of the repository, folders first."""
    folder = relative(path)
    quoted = shlex.quote(folder if folder.startswith("/") else f"./{folder}")
    every = f"command find {quoted}/ -mindepth 1 -maxdepth 1 ! -name .git"
    result = await workspace.probe(f"{every} -type d -print0; printf '/\\0'; {every} ! -type d -print0")
    folders, _, files = result.output.partition("/\0")
    shown = [entry.rstrip("/").rsplit("/", 1)[-1] + "/" for entry in sorted(folders.split("\0")) if entry]
    shown += [entry.rsplit("/", 1)[-1] for entry in sorted(files.split("\0")) if entry]
    lines = [f"[Folder: {name(folder)} ({plural(len(shown), 'entry')})]"]
    lines += [name(entry) for entry in shown[: workspace.limits.files]]
    if len(shown) > workspace.limits.files:
        lines.append(f"({len(shown) - workspace.limits.files} more; find a file by name with `find_file`)")
    return Observation(text="\n".join(lines))
