"""A copy of the work tree in the sandbox, where programs are built and run; it goes with all they leave."""

import shlex
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aci.runners.base import take
from aci.variants.lanes import LANES, Left, Work, results, script
from aci.workspace import Workspace

_ROOT = "/tmp"  # noqa: S108 - the sandbox's
_MOST_SECONDS = 3600.0
_BUILD_SECONDS = 300.0


class Unusual(Exception):
    """The quick way does not know this case; `aci.command_trials` does."""


class Outcome(NamedTuple):
    """What a script came to.

    Attributes:
        built: The build succeeded, or there was none.
        output: What the build printed.
        left: What the runs left, by the variants' numbers.
    """

    built: bool
    output: str
    left: Mapping[int, Left]


class Box:
    """The folder of one call, and the scripts that run in it.

    Attributes:
        folder: The folder, in the sandbox.
        path: The file that the texts are of.
        has_timeout: The sandbox has a program `timeout`.
    """

    def __init__(self, workspace: Workspace, folder: str, path: str, *, has_timeout: bool) -> None:
        self.folder, self.path, self.has_timeout = folder, path, has_timeout
        self._workspace = workspace
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Wall-clock time since it was opened."""
        return time.monotonic() - self._began

    @classmethod
    @asynccontextmanager
    async def opened(cls, workspace: Workspace, path: str) -> AsyncIterator["Box"]:
        """Copy the work tree, and remove the copy in the end.

        Raises:
            Unusual: It can't be copied.
        """
        made = await workspace.probe("umask 000; mktemp -d /tmp/patchwright-XXXXXXXXXXXX")
        folder = made.output.strip()
        if not folder.startswith("/tmp/patchwright-"):  # noqa: S108 - the sandbox's
            raise Unusual("there is no room for a copy of the work tree")
        try:
            box = shlex.quote(folder)
            copied = await workspace.probe(
                f'mkdir {box}/tree && cp -R "$(pwd)/." {box}/tree && test -f {box}/tree/{shlex.quote(path)} '
                f"&& ! test -h {box}/tree/{shlex.quote(path)} && {{ command -v timeout || echo none; }}",
                _BUILD_SECONDS,
            )
            if copied.exit_code != 0:
                raise Unusual("the work tree can't be copied")
            yield cls(workspace, folder, path, has_timeout=copied.output.strip() != "none")
        finally:
            await workspace.probe(f"chmod -R u+w {box} 2>/dev/null; rm -rf {box}")

    async def write(self, text: str) -> None:
        """Make a text the file's."""
        name = f"{self.folder}/program.text"
        await self._workspace.sandbox.write(name, text.encode(), root=_ROOT, create=True)
        into = f"{self.folder}/tree/{self.path}"
        # What is newer must look newer to a build that asks for the time.
        words = f"cat {shlex.quote(name)} >{shlex.quote(into)} && rm -f {shlex.quote(name)}"
        result = await self._workspace.probe(words)
        if result.exit_code != 0:
            raise Unusual("the copy can't be written to")

    async def write_each(self, texts: Mapping[int, str]) -> None:
        """Lay texts ready, by their numbers."""
        for number, text in texts.items():
            name = f"{self.folder}/{number}.text"
            await self._workspace.sandbox.write(name, text.encode(), root=_ROOT, create=True)

    async def build(self, command: str) -> str:
        """Run a command in the copy and return what it prints, whatever becomes of it."""
        work = Work(
            self.folder, self.path, command, "", (), own_texts=False, probes=0, joined=False, cpu=1,
            probe_cpu=1, wall=1, stop_after=0, total=0.0, timeout=self.has_timeout,
        )  # fmt: skip
        return (await self.run(work, copying=False, checking=False)).output

    async def run(self, work: Work, *, copying: bool, checking: bool) -> Outcome:
        """Build and run; see `aci.variants.lanes.script`.

        Raises:
            Unusual: What the tests do to the tree would change what the next run says.
        """
        share = -(-len(work.numbers) // LANES)
        seconds = _BUILD_SECONDS + (work.wall + 5) * share * (2 if work.probes else 1)
        words = script(work, copying=copying, checking=checking)
        await self._workspace.probe(words, min(_MOST_SECONDS, seconds))
        if await self._take("dirty") is not None:
            raise Unusual("a test writes to the work tree")
        left: dict[int, Left] = {}
        for lane in range(LANES):
            left |= results((await self._take(f"lane{lane}.results")) or b"")
        if not work.build:
            return Outcome(built=True, output="", left=left)
        output = ((await self._take("build.out")) or b"").decode("utf-8", "replace")
        code = await self._take("build.code")
        return Outcome(code is not None and code.strip() == b"0", output, left)

    async def _take(self, name: str) -> bytes | None:
        return await take(self._workspace, f"{self.folder}/{name}")
