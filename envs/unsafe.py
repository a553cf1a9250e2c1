"""A sandbox that isolates nothing: the supervisor as a plain subprocess. Only for who types `unsafe`."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from envs.export import copy_tree
from envs.sandbox import OUTPUT_DIR, WORKDIR, CommandResult, FileContent, SandboxInfo
from envs.shell import Shell, command_environment, supervisor_source
from trajectories.errors import SandboxError, SandboxLost


class UnsafeSandbox:
    """Runs commands on this machine, as this user, in a copy of the repository.

    The copy lies in a temporary folder instead of `WORKDIR`, and kept output beside it instead of at
    `OUTPUT_DIR`; paths under these two are mapped.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._shell: Shell | None = None

    @property
    def tree(self) -> Path:
        """Where the copy lies on the host."""
        if self._folder is None:
            raise SandboxError("The sandbox was not started.")
        return self._folder / "workspace"

    async def start(self, tree: Path) -> SandboxInfo:
        """Copy `tree` and start the supervisor; see `envs.sandbox.Sandbox.start`."""
        try:
            self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="patchwright-")).resolve()
            await asyncio.to_thread(copy_tree, tree, self.tree, keep_git=True)
            await self._launch(self._folder)
        except OSError as error:
            await self.close()
            raise SandboxError(f"The unsafe sandbox can't be started: {error}.") from None
        except BaseException:
            await self.close()
            raise
        return SandboxInfo(
            "unsafe", "", "", "python", str(os.getuid()),
            "Commands run on this machine with your own rights: nothing is isolated.",
        )  # fmt: skip

    async def _launch(self, folder: Path) -> None:
        home, errors = folder / "home", folder / "errors"
        home.mkdir()
        environment = command_environment(os.environ, home=str(home))
        config = {"workdir": str(self.tree), "environment": environment, "output": str(folder / "output")}
        with errors.open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", supervisor_source(), json.dumps(config),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=stderr,
                env=environment, start_new_session=True,
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._shell = Shell(self._process.stdout, self._process.stdin)
        try:
            await self._shell.ping()
        except SandboxLost:
            said = errors.read_text("utf-8", "replace").strip()[-300:].replace("\n", " ")
            raise SandboxError(f"The unsafe sandbox ended at once ({said or 'it said nothing'}).") from None

    def _live(self) -> Shell:
        if self._shell is None:
            raise SandboxLost("The sandbox is gone: it was not started.")
        return self._shell

    def _places(self) -> list[tuple[str, str]]:
        return [(WORKDIR, str(self.tree)), (OUTPUT_DIR, str(self.tree.parent / "output"))]

    def _mapped(self, path: str) -> str:
        for shown, place in self._places():
            if path == shown or path.startswith(shown + "/"):
                return place + path.removeprefix(shown)
        return path

    def _unmapped(self, path: str) -> str:
        for shown, place in self._places():
            real = os.path.realpath(place)
            if path == real or path.startswith(real + "/"):
                return shown + path.removeprefix(real)
        return path

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """See `envs.sandbox.Sandbox.run`."""
        result = await self._live().run(command, timeout, keep_over=keep_over)
        return result._replace(cwd=self._unmapped(result.cwd), kept=self._unmapped(result.kept))

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """See `envs.sandbox.Sandbox.read`."""
        content = await self._live().read(self._mapped(path), self._mapped(root))
        return content._replace(path=self._unmapped(content.path))

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """See `envs.sandbox.Sandbox.write`."""
        return self._unmapped(
            await self._live().write(self._mapped(path), data, self._mapped(root), create=create)
        )

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """See `envs.sandbox.Sandbox.remove`."""
        await self._live().remove(self._mapped(path), self._mapped(root))

    async def export(self, destination: Path) -> None:
        """See `envs.sandbox.Sandbox.export`."""
        await asyncio.to_thread(copy_tree, self.tree, destination)

    async def close(self) -> None:
        """See `envs.sandbox.Sandbox.close`."""
        if self._shell is not None:
            await self._shell.close()
        if self._process is not None:
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
