"""Git as the host runs it: in git folders that the host made, free of the user's and the repository's setup.

Configuration and attributes that came with a repository can name programs, and everyday git commands run
them. So every git folder used here is created here, its configuration is fixed, and the environment that
could point elsewhere is taken away. Only a fetch sees the user's own configuration: it needs their
credentials.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from trajectories.errors import RepositoryError

OLDEST = (2, 32)
"""GIT_CONFIG_GLOBAL, which shuts out the user's configuration, came with this version."""

_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = {bare}
\tfileMode = true
\tsymlinks = true
\tautocrlf = false
\tsafecrlf = false
\tprotectHFS = false
\tprotectNTFS = false
\thooksPath = /dev/null
\tfsmonitor = false
\tuntrackedCache = false
\tattributesFile = /dev/null
\texcludesFile = {excludes}
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[diff]
\tignoreSubmodules = all
[submodule]
\trecurse = false
"""

# The highest-ranking attributes file: no conversion, no filter, no special diff for any path.
_VERBATIM = "* -text !crlf !eol -ident -filter !working-tree-encoding !diff !merge\n"

_NO_PROMPT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
_HERMETIC = {
    **_NO_PROMPT,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
}
# What a fetch may keep of the user's GIT_ variables: how to reach a server, not which repository to act on.
_REACH = re.compile(
    r"GIT_(SSH.*|SSL_.*|PROXY_.*|HTTP_.*|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+))"
)


class Outcome(NamedTuple):
    """How one git process ended."""

    status: int
    stdout: bytes
    stderr: str


@functools.cache
def check_git() -> str:
    """Return the path of a git that is new enough.

    Raises:
        RepositoryError: There is none.
    """
    found = shutil.which("git")
    if found is None:
        raise RepositoryError("The program git was not found on PATH; install git 2.32 or newer.")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise RepositoryError(f"{found} calls itself {said.strip()!r}; install git 2.32 or newer.")
    return found


def start_git(
    arguments: list[str],
    folder: Path,
    *,
    environment: dict[str, str],
    keep: re.Pattern[str] | None = None,
    stdin: bytes | BinaryIO | None = None,
    timeout: float = 900,
) -> Outcome:
    """Run one git command in `folder`, stripped of inherited GIT_ variables, and kill all of it on timeout.

    Raises:
        RepositoryError: Git is missing, too old, or did not end in time.
    """
    if isinstance(stdin, bytes):
        # A file, because a pipe would have to be written and read at once.
        with tempfile.TemporaryFile() as stream:
            stream.write(stdin)
            stream.seek(0)
            return start_git(
                arguments, folder, environment=environment, keep=keep, stdin=stream, timeout=timeout
            )
    program = check_git()
    from git import Git  # noqa: PLC0415  (GitPython takes long to import and refuses to without git)

    inherited = [
        name for name in os.environ if name.startswith("GIT_") and not (keep and keep.fullmatch(name))
    ]
    # GitPython adds to the environment but never removes from it, hence env -u.
    unset = ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []
    assignments = [f"{name}={value}" for name, value in environment.items() if name in inherited]
    running = Git(folder).execute(
        [*unset, *assignments, program, *arguments],
        as_process=True,
        istream=stdin,
        env=environment,
        start_new_session=True,
    )
    process = running.proc if isinstance(running, Git.AutoInterrupt) else None
    if process is None:
        raise RepositoryError(f"git {arguments[0]} could not be started.")
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RepositoryError(f"git did not finish within {timeout:g} seconds.") from None
    finally:
        # Transport helpers outlive their parent and would keep the pipes open.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return Outcome(process.returncode, stdout, stderr.decode("utf-8", "replace").strip())


def reach_git(arguments: list[str], folder: Path, *, timeout: float) -> Outcome:
    """Run a git command that may reach another repository, with the user's configuration and credentials."""
    environment = dict(_NO_PROMPT)
    if not {"GIT_SSH_COMMAND", "GIT_SSH"} & os.environ.keys():
        environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes -o ConnectTimeout=15"
    environment["GIT_ALLOW_PROTOCOL"] = "file:git:http:https:ssh"
    quiet = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false")
    patience = ("http.lowSpeedLimit=1000", "http.lowSpeedTime=30", "protocol.version=2")
    overrides = [part for setting in (*quiet, *patience) for part in ("-c", setting)]
    return start_git([*overrides, *arguments], folder, environment=environment, keep=_REACH, timeout=timeout)


def inspect_git(git_folder: Path, *arguments: str) -> Outcome:
    """Ask a git folder that is not the host's about its objects and refs; it may start no transport.

    Only for commands that look at neither work tree nor index (rev-parse, rev-list, config).
    """
    return start_git([f"--git-dir={git_folder}", *arguments], git_folder, environment=_HERMETIC)


class HostGit:
    """A git folder that the host made and alone writes.

    Args:
        folder: The git folder, e.g. `base.git`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        bare: bool = True,
        verbatim: bool = True,
        borrow: Path | None = None,
        object_format: str = "sha1",
        excludes: str = os.devnull,
    ) -> "HostGit":
        """Make an empty git folder with fixed configuration.

        Args:
            folder: Where; it must not exist.
            bare: Whether it is to serve without a work tree.
            verbatim: Whether all attributes of all paths are switched off, so that bytes stay as they are.
            borrow: A git folder whose objects and shallow boundary are to be seen.
            object_format: "sha1" or "sha256".
            excludes: The file with the user's own ignore patterns.
        """
        outcome = start_git(
            ["init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(folder)],
            folder.parent,
            environment=_HERMETIC,
        )
        if outcome.status:
            raise RepositoryError(f"git can't make the folder {folder}: {outcome.stderr}.")
        extension = "" if object_format == "sha1" else f"[extensions]\n\tobjectFormat = {object_format}\n"
        quoted = '"' + excludes.replace("\\", "\\\\").replace('"', '\\"') + '"'
        config = _CONFIG.format(bare=str(bare).lower(), excludes=quoted)
        if extension:
            config = config.replace("repositoryformatversion = 0", "repositoryformatversion = 1")
        (folder / "config").write_text(config + extension)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        (folder / "info").mkdir(exist_ok=True)
        if verbatim:
            (folder / "info" / "attributes").write_text(_VERBATIM)
        if borrow is not None:
            (folder / "objects" / "info").mkdir(parents=True, exist_ok=True)
            objects = os.fsencode((borrow / "objects").resolve())
            quoted_objects = b'"' + objects.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"\n'
            (folder / "objects" / "info" / "alternates").write_bytes(quoted_objects)
            if (borrow / "shallow").exists():
                shutil.copyfile(borrow / "shallow", folder / "shallow")
        return cls(folder)

    def attempt(
        self,
        *arguments: str,
        work_tree: Path | None = None,
        index: Path | None = None,
        stdin: bytes | BinaryIO | None = None,
        settings: tuple[str, ...] = (),
    ) -> Outcome:
        """Run a git command on this folder, whatever its status."""
        where = work_tree or self.folder
        options = (
            [f"--git-dir={self.folder}", f"--work-tree={where}"]
            if work_tree
            else [f"--git-dir={self.folder}"]
        )
        options += [part for setting in settings for part in ("-c", setting)]
        environment = dict(_HERMETIC)
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        return start_git([*options, *arguments], where, environment=environment, stdin=stdin)

    def run(
        self,
        *arguments: str,
        work_tree: Path | None = None,
        index: Path | None = None,
        stdin: bytes | BinaryIO | None = None,
        settings: tuple[str, ...] = (),
    ) -> bytes:
        """Run a git command on this folder and return its standard output.

        Raises:
            RepositoryError: It failed.
        """
        outcome = self.attempt(*arguments, work_tree=work_tree, index=index, stdin=stdin, settings=settings)
        if outcome.status:
            raise RepositoryError(
                f"git {arguments[0]} failed with status {outcome.status}: {first_line(outcome.stderr)}"
            )
        return outcome.stdout


def first_line(text: str) -> str:
    """The first line that says something, without git's "fatal: " and with a full stop."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    line = re.sub(r"^(fatal|error|warning): ", "", line)
    return line if line.endswith((".", "!", "?")) else line + "."
