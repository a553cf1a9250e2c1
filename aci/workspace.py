"""What the commands share during one attempt."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from envs.sandbox import WORKDIR, CommandResult, FileContent, Sandbox
from trajectories.events import TestReport

if TYPE_CHECKING:
    from aci.linting import Finding


class Limits(NamedTuple):
    """How much is shown and how long things may take.

    Attributes:
        window: Lines that the viewer shows.
        overlap: Lines that two neighbouring windows share when scrolling.
        context: Lines shown above and below an edit.
        line_length: Characters shown of one line.
        hits: Matching lines that one search shows.
        hits_per_file: Matching lines that it shows of one file.
        files: Files that one search looks into, and names that one search or listing shows.
        observation: Characters of an observation.
        command_timeout: Seconds that a shell command gets when it asks for none.
        command_timeout_cap: The most that it may ask for.
        test_timeout: Seconds that a test run gets.
    """

    window: int = 100
    overlap: int = 2
    context: int = 5
    line_length: int = 400
    hits: int = 50
    hits_per_file: int = 10
    files: int = 40
    observation: int = 10_000
    command_timeout: float = 60.0
    command_timeout_cap: float = 600.0
    test_timeout: float = 600.0


class Change(NamedTuple):
    """One step of the undo history.

    Attributes:
        path: The file, relative to the repository.
        before: Its bytes before the change; None when the change created it.
        after: Its bytes after the change.
        what: The change in a few words, e.g. "edit of line 3".
        line: Where the change begins.
        symbol: The function that was rewritten, or "".
    """

    path: str
    before: bytes | None
    after: bytes
    what: str
    line: int = 1
    symbol: str = ""


@dataclass
class Workspace:
    """The state of one attempt that commands read and change.

    Attributes:
        sandbox: Where everything happens.
        limits: How much is shown and how long things may take.
        test_command: Runs the tests instead of the detected runner, or "".
        files: The repository's files, as far as they are known.
        changed: A command has changed something, or may have.
        suspects: Names of the functions that failing tests point to, as far as the model was told of them.
        current_diff: Gives the patch so far; None when nobody can tell.
        open_path: The file that the viewer shows, relative to the repository, or "".
        tops: The first visible line of each file that was shown.
        changes: The undo history, oldest first.
        base_report: The outcome of the tests before any change.
        last_report: The outcome of the latest test run.
        runner: The name of the test runner once it was found out.
        python: How the sandbox calls its Python.
        empty_submit_refused: The model was told once that there is nothing to submit.
        cwd: Where the next shell command starts.
        tried: How often a suspect was changed in vain.
        lint_cache: Problems of the texts seen last, so that each is checked once.
    """

    sandbox: Sandbox
    limits: Limits = field(default_factory=Limits)
    test_command: str = ""
    files: list[str] = field(default_factory=list)
    changed: bool = False
    suspects: tuple[str, ...] = ()
    tried: Counter[str] = field(default_factory=Counter)
    current_diff: Callable[[], Awaitable[str]] | None = None
    open_path: str = ""
    tops: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    base_report: TestReport | None = None
    last_report: TestReport | None = None
    runner: str = ""
    python: str = "python3"
    empty_submit_refused: bool = False
    cwd: str = WORKDIR
    lint_cache: "dict[bytes, list[Finding]]" = field(default_factory=dict)
    _root: str = ""
    _gnu_grep: bool | None = None

    @property
    def rounds(self) -> int:
        """How often every suspect was tried."""
        return min((self.tried[name] for name in self.suspects), default=0)

    @property
    def next_suspect(self) -> str:
        """The likeliest of the suspects that were tried least, or "" when there are none."""
        return next((name for name in self.suspects if self.tried[name] == self.rounds), "")

    def count_try(self, symbol: str) -> None:
        """Count a change of a suspect that led nowhere."""
        last = symbol.rpartition(".")[2]
        self.tried.update(name for name in self.suspects if name.rpartition(".")[2] == last)

    async def root(self) -> str:
        """Return the repository's folder under the name that programs in the sandbox know it by."""
        if not self._root:
            result = await self.sandbox.run("pwd -P", 30)
            shown = result.output.removesuffix("\n")
            self._root = shown if shown.startswith("/") and "\n" not in shown else WORKDIR
        return self._root

    async def shell(self, command: str, timeout: float) -> CommandResult:
        """Run a command of the model's where the last one left off."""
        await self.root()
        result = await self.sandbox.run(command, timeout, keep_over=self.limits.observation)
        self.cwd = result.cwd
        return result

    async def probe(self, script: str, timeout: float = 60.0) -> CommandResult:
        """Run a script of ours in the repository's folder, leaving the model's shell as it is."""
        # A subshell keeps cwd and variables; aliases and functions the model defined are not ours to trust.
        folder = "'" + (await self.root()).replace("'", "'\\''") + "'"
        return await self.sandbox.run(f"(unalias -a; cd {folder} && {{\n{script}\n}})", timeout)

    async def has_gnu_grep(self) -> bool:
        """Say whether the sandbox's grep knows GNU's options (busybox's does not)."""
        if self._gnu_grep is None:
            self._gnu_grep = "GNU" in (await self.probe("command grep --version 2>&1 | head -n 1")).output
        return self._gnu_grep

    async def read(self, path: str) -> FileContent:
        """Read a file of the repository; see `envs.sandbox.Sandbox.read`."""
        return await self.sandbox.read(relative(path))

    def show(self, path: str, top: int) -> None:
        """Make `path` the open file, its window beginning at line `top`."""
        self.open_path = path
        self.tops[path] = max(1, top)


def relative(path: str) -> str:
    """Return a model's path as one relative to the repository where it is spelled absolutely."""
    if path == WORKDIR or path == WORKDIR + "/":
        return "."
    path = path.removeprefix(WORKDIR + "/")
    while path.startswith("./") and len(path) > 2:
        path = path[2:].lstrip("/")
    return path
