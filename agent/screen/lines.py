"""A run as JSON lines on standard output, for programs."""

import sys

from trajectories.events import EVENT, Event


class JsonLines:
    """Writes each event as one line of JSON."""

    def __call__(self, event: Event) -> None:
        """Write one event."""
        sys.stdout.write(EVENT.dump_json(event).decode("utf-8", "surrogatepass") + "\n")
        sys.stdout.flush()
