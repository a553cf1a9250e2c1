"""Every error that Patchwright raises on purpose, each with the exit status it leads to.

    PatchwrightError
    ├── UsageError              2    bad use or configuration: the user's to mend
    ├── SandboxError            3    the environment failed
    │   ├── EngineUnavailable        no container engine answers
    │   ├── ImageUnavailable         the image is not there and can't be had
    │   └── SandboxLost              the sandbox died under a running attempt
    ├── RepositoryError         3    git or the disk failed under a repository
    ├── StoreError              3    the run directory can't be written
    ├── ModelError              4    the model failed
    │   ├── ModelUnavailable         not reachable, overloaded, timed out: worth another try
    │   ├── ModelRejected            wrong key, unknown model, bad parameter: never retried
    │   └── ContextExhausted         the prompt no longer fits the window
    ├── LimitReached            5    steps, tokens, money or time are used up
    ├── Interrupted             130  Ctrl-C
    └── Terminated              143  SIGTERM

A message is one sentence that names the value at fault and the next thing to do.
"""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process tells its caller; documented in the README and never renumbered."""

    RESOLVED = 0
    UNRESOLVED = 1
    USAGE = 2
    ENVIRONMENT = 3
    MODEL = 4
    LIMIT = 5
    INTERRUPTED = 130
    TERMINATED = 143


class PatchwrightError(Exception):
    """Base of all errors raised on purpose."""

    exit_status = ExitStatus.ENVIRONMENT


class UsageError(PatchwrightError):
    """Bad input or configuration; nothing was started."""

    exit_status = ExitStatus.USAGE


class SandboxError(PatchwrightError):
    """The sandbox could not be started or did not do what it must."""


class EngineUnavailable(SandboxError):
    """No container engine answers."""


class ImageUnavailable(SandboxError):
    """The image is neither present nor to be had."""


class SandboxLost(SandboxError):
    """The sandbox ended while it was needed; its files may still be exported."""


class RepositoryError(PatchwrightError):
    """Git failed on a repository that the user named correctly."""


class StoreError(PatchwrightError):
    """The run directory can't be written."""


class ModelError(PatchwrightError):
    """The model failed for good."""

    exit_status = ExitStatus.MODEL


class ModelUnavailable(ModelError):
    """A failure that another try may cure.

    Attributes:
        retry_after: Seconds the server asked to wait, or None when it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelRejected(ModelError):
    """A failure that no other try cures: wrong key, unknown model, bad parameter."""


class ContextExhausted(ModelError):
    """The prompt no longer fits into the model's context window."""


class LimitReached(PatchwrightError):
    """A budget is used up."""

    exit_status = ExitStatus.LIMIT


class Interrupted(PatchwrightError):
    """The user pressed Ctrl-C."""

    exit_status = ExitStatus.INTERRUPTED


class Terminated(PatchwrightError):
    """The process was asked to end by SIGTERM."""

    exit_status = ExitStatus.TERMINATED
