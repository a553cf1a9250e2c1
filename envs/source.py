"""Where a repository comes from: a folder on this machine or a URL, checked before git sees it."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from envs.hostgit import HostGit, Outcome, first_line, inspect_git, reach_git
from trajectories.errors import RepositoryError, UsageError

_SCHEMES = ("http", "https", "ssh", "git")
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//)[^:].*", re.DOTALL)
_ANY_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/\s]*@)?")
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLAIN_REF = re.compile(r"[\w][\w./+@-]*")
_PROBE_SECONDS = 60.0
_FETCH_SECONDS = 1800.0


class Source(NamedTuple):
    """A repository that is there.

    Attributes:
        shown: The path or URL as it may be shown: without credentials.
        address: The path or URL that git is given.
        folder: The top of the work tree, or of a bare repository; None for a URL.
        git_folder: Its git folder; None for a URL.
    """

    shown: str
    address: str
    folder: Path | None = None
    git_folder: Path | None = None

    @property
    def work_tree(self) -> Path | None:
        """The work tree, where the source has one."""
        return None if self.folder == self.git_folder else self.folder


def without_credentials(url: str) -> str:
    """Return a URL without its user information, and without a query that could hold a token."""
    return re.sub(r"(?i)([a-z][a-z0-9+.-]*://)[^/@\s]*@", r"\1", url).split("?", 1)[0]


def identity_of(source: Source) -> str:
    """Return a name for the repository that its clones share: where it was cloned from, else its path.

    It holds no user name, no credentials and no query, and is the same whether ssh or https was used.
    """
    address = source.shown
    if source.git_folder is not None:
        asked = inspect_git(source.git_folder, "config", "--get", "remote.origin.url")
        address = asked.stdout.decode("utf-8", "replace").strip() if asked.status == 0 else ""
    if _ANY_URL.match(address) and not address.lower().startswith("file:"):
        host, _, path = without_credentials(_ANY_URL.sub("", address)).partition("/")
    elif _SCP_LIKE.fullmatch(address):
        host, _, path = address.rpartition("@")[2].partition(":")
    else:
        return source.shown
    return f"{host.lower()}/{path.strip('/').removesuffix('.git')}"


def resolve(source: str | Path) -> Source:
    """Tell a path from a URL and find the repository.

    Raises:
        UsageError: It is neither, or there is no repository.
    """
    text = str(source)
    if not text.strip() or "\0" in text:
        raise UsageError("The repository's name is empty or holds a NUL byte; give a path or a URL.")
    path = Path(text).expanduser()
    if isinstance(source, Path) or path.exists():
        return _local(path)
    if text.startswith("-"):
        raise UsageError(f"The repository {text!r} looks like an option; give a path or a URL.")
    scheme, separator, _ = text.partition("://")
    if separator and scheme.lower() == "file":
        return _local(Path(unquote(urlsplit(text).path)))
    if separator and scheme.lower() in _SCHEMES:
        host = urlsplit(text).netloc.rpartition("@")[2]
        if not host or host.startswith("-"):
            raise UsageError(f"The URL {without_credentials(text)!r} names no host.")
        return Source(without_credentials(text), text)
    if separator or "::" in text:
        raise UsageError(
            f"The URL {without_credentials(text)!r} is of a kind that is not allowed; "
            "use https, http, ssh, git or a path."
        )
    if _SCP_LIKE.fullmatch(text) and not text.partition("@")[2].startswith("-"):
        return Source(text, text)
    return _local(path)


def _local(path: Path) -> Source:
    path = path.absolute()
    if not path.exists():
        raise UsageError(f"There is no {path}; give the path or the URL of a git repository.")
    if not path.is_dir():
        raise UsageError(f"{path} is a file; give the folder of a git repository.")
    path = path.resolve()
    for folder in (path, *path.parents):
        if (folder / ".git").exists():
            return Source(str(folder), str(folder), folder, _follow(folder / ".git"))
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
            return Source(str(folder), str(folder), folder, folder)
    raise UsageError(f"{path} is not a git repository; run `git init` there and commit its files first.")


def _follow(entry: Path) -> Path:
    """A linked work tree and a submodule have a file `.git` that names the git folder."""
    if entry.is_dir():
        return entry
    named = re.match(r"gitdir: (.*)", entry.read_text("utf-8", "surrogateescape"))
    if named is None:
        raise UsageError(f"{entry} is neither a git folder nor a link to one.")
    return (entry.parent / named[1].strip()).resolve()


def object_format(source: Source) -> str:
    """The hash that the source's object names are made with."""
    if source.git_folder is None:
        return "sha1"
    said = inspect_git(source.git_folder, "rev-parse", "--show-object-format").stdout.decode().strip()
    return said if said in ("sha1", "sha256") else "sha1"


def find_commit(source: Source, ref: str, here: Path) -> str:
    """Return what to ask the source for: a commit id where it can be known beforehand, else the ref.

    Raises:
        UsageError: The ref is unknown, or nothing was ever committed.
        RepositoryError: The source can't be reached or read.
    """
    if not ref or ref.startswith("-") or "\0" in ref or "\n" in ref:
        raise UsageError(f"The ref {ref!r} can't be one; give a branch, a tag or a commit id.")
    if source.git_folder is not None:
        return _local_commit(source, source.git_folder, ref)
    listed = _ask(source, ["ls-remote", "--quiet", "--", source.address, "HEAD", ref], here)
    if _COMMIT_ID.fullmatch(ref):
        return ref
    if not _PLAIN_REF.fullmatch(ref):
        raise UsageError(f"The ref {ref!r} is not a branch, a tag or a full commit id of {source.shown}.")
    names = [line.split("\t", 1)[1] for line in listed.stdout.decode("utf-8", "replace").splitlines()]
    if not names:
        raise UsageError(
            f"{source.shown} has no commits or no branch {ref!r}; commit first or name another ref."
        )
    for name in (ref, f"refs/tags/{ref}", f"refs/heads/{ref}", f"refs/{ref}"):
        if name in names:
            return name
    raise UsageError(
        f"{source.shown} has no ref {ref!r}; give a branch, a tag or a commit id of all 40 digits."
    )


def _local_commit(source: Source, git_folder: Path, ref: str) -> str:
    found = inspect_git(
        git_folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
    )
    if found.status == 0:
        return found.stdout.decode().strip()
    if "not a git repository" in found.stderr:
        raise UsageError(f"{source.shown} is not a usable git repository: {first_line(found.stderr)}")
    if not inspect_git(git_folder, "rev-list", "--all", "--max-count=1").stdout:
        raise UsageError(f"{source.shown} has no commits yet; commit its files first.")
    raise UsageError(f"{source.shown} has no ref {ref!r}; give a branch, a tag or a commit id.")


def fetch(source: Source, wanted: str, into: HostGit, destination: str, history: int) -> None:
    """Fetch one ref or commit, and nothing beside it, into the host's own git folder.

    Raises:
        UsageError: The source belongs to somebody else, or does not hand out the commit.
        RepositoryError: The source can't be reached or read.
    """
    options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-shallow"]
    if history:
        options.append(f"--depth={history}")
    if source.git_folder is not None:
        # The other side reads the source's own configuration; a partial clone there could name a program
        # as its transport for missing objects, so that side is allowed no transport at all.
        options.append("--upload-pack=env GIT_ALLOW_PROTOCOL= GIT_NO_LAZY_FETCH=1 git-upload-pack")
    command = ["fetch", *options, "--", source.address, f"+{wanted}:{destination}"]
    _ask(source, [f"--git-dir={into.folder}", *command], into.folder, _FETCH_SECONDS)


def _ask(source: Source, command: list[str], here: Path, timeout: float = _PROBE_SECONDS) -> Outcome:
    try:
        outcome = reach_git(command, here, timeout=timeout)
    except RepositoryError as error:
        raise RepositoryError(f"{source.shown} could not be fetched: {error}") from None
    if outcome.status == 0:
        return outcome
    said = without_credentials(outcome.stderr.replace(source.address, source.shown))
    if "dubious ownership" in said or "unsafe repository" in said:
        raise UsageError(
            f"{source.shown} belongs to another user, so git won't read it; if you trust it, run "
            f"`git config --global --add safe.directory {source.git_folder or source.shown}`."
        )
    if "not our ref" in said or "find remote ref" in said or "unadvertised object" in said:
        raise UsageError(
            f"{source.shown} does not hand out the commit {command[-1].lstrip('+').split(':')[0]}."
        )
    if re.search(
        r"Authentication failed|could not read Username|Permission denied|terminal prompts disabled", said
    ):
        raise RepositoryError(
            f"{source.shown} asks for a login; set up git's credentials for it, or use ssh."
        )
    raise RepositoryError(f"{source.shown} can't be fetched: {_reason(said)}")


def _reason(said: str) -> str:
    """Git says what went wrong first, and then gives general advice."""
    lines = [line for line in said.splitlines() if not line.startswith(("warning:", "hint:", "Warning:"))]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "remote: "))]
    return first_line("\n".join(fatal or lines))
