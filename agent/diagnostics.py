"""The one place that writes to standard error, and that turns an error into an exit status."""

import sys
import traceback
from collections.abc import Callable

from trajectories.errors import ExitStatus, PatchwrightError


def say(text: str) -> None:
    """Write one line to standard error, made harmless for a terminal."""
    from aci.rendering import harmless  # noqa: PLC0415

    sys.stderr.write(harmless(text) + "\n")
    sys.stderr.flush()


def exit_status_of(program: Callable[[], int]) -> int:
    """Run a program and return its exit status; an error becomes one sentence on standard error."""
    try:
        return program()
    except PatchwrightError as error:
        say(f"patchwright: {error}")
        return int(error.exit_status)
    except KeyboardInterrupt:
        say("patchwright: interrupted.")
        return int(ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has seen enough; Python would complain again while it shuts down.
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001  the edge: whatever went wrong, a user gets a sentence
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    import os  # noqa: PLC0415

    if os.environ.get("PATCHWRIGHT_DEBUG"):
        traceback.print_exc()
    say(
        f"patchwright: a fault of Patchwright itself: {type(error).__name__}: {error}. "
        "Please report it; PATCHWRIGHT_DEBUG=1 shows where it happened."
    )
    return int(ExitStatus.ENVIRONMENT)
