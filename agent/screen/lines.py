"""A run as JSON lines on standard output, for programs."""

import json
import sys

from trajectories.events import Event


class JsonLines:
    """Writes each event as one line of JSON."""

    def __call__(self, event: Event) -> None:
        """Write one event."""
        # ASCII only, as in the event log: bytes of a patch that are not UTF-8 are lone surrogates here.
        sys.stdout.write(json.dumps(event.model_dump(mode="json"), separators=(",", ":")) + "\n")
        sys.stdout.flush()
