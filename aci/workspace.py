"""What the commands share during one attempt."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from envs.sandbox import OUTPUT_DIR, WORKDIR, CommandResult, FileContent, FileProblem, Sandbox
from trajectories.events import TestReport

if TYPE_CHECKING:
    from aci.linting import Finding
    from aci.repair.search import Repair

_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RAW_BYTES = re.compile(rb"\\x([89a-f][0-9a-f])")


class Limits(NamedTuple):
    """How much is shown and how long things may take.

    Attributes:
        window: Lines that the viewer shows.
        overlap: Lines that two neighbouring windows share when scrolling.
        context: Lines shown above and below an edit.
        line_length: Characters shown of one line.
        hits: Matching lines that one search shows.
        hits_per_file: Matching lines that it shows of one file.
        files: Files of which one search shows lines, and names that one search or listing shows.
        outline: Definitions that an outline shows.
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
    outline: int = 60
    observation: int = 10_000
    command_timeout: float = 60.0
    command_timeout_cap: float = 600.0
    test_timeout: float = 600.0


class Written(NamedTuple):
    """A file that a change wrote.

    Attributes:
        path: The file, relative to the repository.
        before: Its bytes before the change; None when the change created it.
        after: Its bytes after the change.
        line: Where the change begins.
    """

    path: str
    before: bytes | None
    after: bytes
    line: int = 1


class Change(NamedTuple):
    """One step of the undo history.

    Attributes:
        files: What it wrote.
        what: The change in a few words, e.g. "edit of line 3".
        symbol: The function that was rewritten, or "".
    """

    files: tuple[Written, ...]
    what: str
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
        outputs: Where outputs are kept whole, under `OUTPUT_DIR`, oldest first.
        open_path: The file that the viewer shows, relative to the repository, or "".
        tops: The first visible line of each file that was shown.
        changes: The undo history, oldest first.
        base_report: The outcome of the tests before any change.
        last_report: The outcome of the latest test run.
        runner: The name of the test runner once it was found out.
        python: How the sandbox calls its Python.
        empty_submit_refused: The model was told once that there is nothing to submit.
        told_scratch: New files that the model was told to look like scratch.
        kept_scratch: Those of them that belong into the patch, as the model says.
        cwd: Where the next shell command starts.
        tried: How often a suspect was changed in vain.
        proposals: The small changes that the model was shown last and may apply by number.
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
    outputs: list[str] = field(default_factory=list)
    open_path: str = ""
    tops: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    base_report: TestReport | None = None
    last_report: TestReport | None = None
    runner: str = ""
    python: str = "python3"
    empty_submit_refused: bool = False
    told_scratch: set[str] = field(default_factory=set)
    kept_scratch: frozenset[str] = frozenset()
    cwd: str = WORKDIR
    proposals: "list[Repair]" = field(default_factory=list)
    lint_cache: "dict[bytes, list[Finding]]" = field(default_factory=dict)
    _root: str = ""
    _grep: str = ""

    @property
    def written(self) -> tuple[str, ...]:
        """The files that editing commands wrote and did not undo, each once, in that order."""
        return tuple(dict.fromkeys(file.path for change in self.changes for file in change.files))

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
        # A PATH that the model has spoiled still leads to the usual programs; any other stays as it is.
        path = f'{{ command -v grep && command -v find; }} >/dev/null || export PATH="$PATH:{_USUAL_PATH}"'
        return await self.sandbox.run(f"({path}; unalias -a; cd {folder} && {{\n{script}\n}})", timeout)

    async def grep(self) -> str:
        """Say what the sandbox's grep knows: "perl" and GNU's options, "gnu" only these, or "posix"."""
        if not self._grep:
            script = "command grep --version 2>&1 | head -n 1; echo a1 | command grep -cP '^\\w\\d$' 2>&1"
            version, _, perl = (await self.probe(script)).output.partition("\n")
            self._grep = "posix" if "GNU" not in version else "perl" if perl.strip() == "1" else "gnu"
        return self._grep

    async def read(self, path: str) -> FileContent:
        r"""Read a file of the repository, or a kept output; see `envs.sandbox.Sandbox.read`.

        A name that is no UTF-8 is written with `\xNN` for its odd bytes, as searches and listings show it.
        """
        path = relative(path)
        root = OUTPUT_DIR if is_output(path) else WORKDIR
        try:
            return await self.sandbox.read(path, root)
        except FileProblem as problem:
            raw = _RAW_BYTES.sub(lambda match: bytes.fromhex(match[1].decode()), path.encode())
            if problem.kind != "missing" or raw == path.encode():
                raise
        content = await self.sandbox.read(raw.decode("utf-8", "surrogateescape"), root)
        shown = content.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return content._replace(path=shown)

    def show(self, path: str, top: int) -> None:
        """Make `path` the open file, its window beginning at line `top`."""
        self.open_path = path
        self.tops[path] = max(1, top)


def is_output(path: str) -> bool:
    """Say whether a path names the kept output of a command."""
    return path.startswith(OUTPUT_DIR + "/")


def relative(path: str) -> str:
    """Return a model's path as one relative to the repository where it is spelled absolutely."""
    if path == WORKDIR or path == WORKDIR + "/":
        return "."
    path = path.removeprefix(WORKDIR + "/")
    while path.startswith("./") and len(path) > 2:
        path = path[2:].lstrip("/")
    return path
