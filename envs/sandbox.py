"""The contract of a sandbox: a shell over which a command runs, a file is read and a file is written.

Everything that the ACI does is Python on the host over these three primitives, so any place that offers
them can be a sandbox, and nothing needs to be installed in it.
"""

from pathlib import Path
from typing import NamedTuple, Protocol

WORKDIR = "/workspace"
"""Where the repository lies inside every sandbox."""

MAX_FILE_BYTES = 10 * 1024 * 1024
"""The largest file that `read` returns and `write` takes."""

OUTPUT_DIR = "/tmp/patchwright-output"  # noqa: S108  a folder of the sandbox
"""Where long outputs are kept inside every sandbox. Commands may spoil what lies there: it is as little to be
trusted as what they print."""

OUT_OF_MEMORY = "A process was killed because the sandbox's memory limit{size} was reached."


class CommandResult(NamedTuple):
    r"""What one command left behind.

    Attributes:
        output: Standard output and error, in the order they were written; undecodable bytes are shown as
            `\xNN`. Longer output than the limit keeps its head and its tail.
        exit_code: The shell's exit status; None when the command was killed before it ended.
        timed_out: The command ran longer than its timeout and was killed with all its children.
        cwd: The working directory afterwards, where the next command starts.
        seconds: Wall-clock time inside the sandbox.
        output_bytes: Length of the whole output, elided part included.
        killed: How many background processes were left and had to be killed.
        note: A sentence about something out of the ordinary (memory limit hit, folder gone), or "".
        hidden_bytes: How many bytes of the middle `output` leaves out.
        kept: The file in the sandbox, under `OUTPUT_DIR`, that holds the output, or "".
        kept_bytes: How many of the output's first bytes that file holds; fewer than all when it was too
            long or the disk too full.
    """

    output: str
    exit_code: int | None
    timed_out: bool
    cwd: str
    seconds: float
    output_bytes: int
    killed: int = 0
    note: str = ""
    hidden_bytes: int = 0
    kept: str = ""
    kept_bytes: int = 0


class FileContent(NamedTuple):
    """A file as read from a sandbox.

    Attributes:
        data: Its bytes.
        path: Its absolute path with every symbolic link resolved.
        mode: Its permission bits.
    """

    data: bytes
    path: str
    mode: int


class FileProblem(Exception):
    """A file can't be read or written; the message is one sentence that a model can act on.

    Attributes:
        kind: One of "missing", "directory", "outside", "too_large", "special", "denied", "exists", "failed".
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class SandboxInfo(NamedTuple):
    """What a started sandbox is, as recorded in the trajectory.

    Attributes:
        kind: "docker", "bubblewrap", "unshare" or "unsafe".
        image: Name of the image, or "" where there is none.
        digest: The image's content id, or "".
        supervisor: "python" or "sh", whichever the image could run.
        user: The user id that commands run under, as text.
        isolation: One sentence on how well the sandbox isolates.
    """

    kind: str
    image: str
    digest: str
    supervisor: str
    user: str
    isolation: str


class Sandbox(Protocol):
    """The isolated place where commands run.

    A sandbox is started once, used by one attempt and closed. All methods raise `SandboxLost` when the
    sandbox has died, except `export` and `close`, which still work then.
    """

    async def start(self, tree: Path) -> SandboxInfo:
        """Start with a copy of the folder `tree` at `WORKDIR`; the original is never touched.

        Raises:
            SandboxError: It can't be started, with what to do about it.
        """
        ...

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """Run a shell command and wait for it, at most `timeout` seconds.

        The working directory, exported variables and shell functions of the command before are carried
        over. Standard input is empty. When it returns, no process of the command is left.

        Output that would take more than `keep_over` characters is kept in a file of the sandbox, as far as
        there is place; the oldest of these files give way to new ones.
        """
        ...

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """Read a regular file that lies, symbolic links resolved, under `root`.

        A relative path is taken from `root`.

        Raises:
            FileProblem: It is missing, a directory, special, too large, or outside `root`.
        """
        ...

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """Write a regular file under `root`, keeping its mode; return its resolved absolute path.

        With `create` the file must not exist yet and missing parent folders are made; without it the file
        must exist.

        Raises:
            FileProblem: As for `read`, or "exists".
        """
        ...

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """Delete a regular file under `root`.

        Raises:
            FileProblem: As for `read`.
        """
        ...

    async def export(self, destination: Path) -> None:
        """Copy the work tree as it is now into the empty host folder `destination`.

        Works on a sandbox that has died, as long as its files exist. Only regular files, folders and
        symbolic links come out, never a `.git`, never anything outside `destination`.

        Raises:
            SandboxError: The files are gone or exceed the size limit.
        """
        ...

    async def close(self) -> None:
        """End the sandbox and remove everything it made. Safe to call twice and after a failure."""
        ...
