"""Makes docs/img/run.svg out of a recorded run, by the very code that shows a run on a terminal.

    python docs/pictures.py RUN

RUN is a run's folder or its events.jsonl. The picture can't promise more than the screen holds, and it is
made anew by this one command whenever the screen changes.
"""

import io
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from agent.screen.live import Live
from trajectories.errors import PatchwrightError
from trajectories.events import Event, RunStarted
from trajectories.reader import read_events

TARGET = Path(__file__).parent / "img" / "run.svg"
WIDTH = 110
MAX_BYTES = 100_000
_FOREIGN_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def neutral(events: Iterable[Event]) -> tuple[list[Event], str]:
    """Return the events with the repository called by its folder's name alone, and what it was called."""
    mapped: list[Event] = []
    private = ""
    for event in events:
        if isinstance(event, RunStarted):
            private = event.repository
            mapped.append(event.model_copy(update={"repository": Path(private).name}))
        else:
            mapped.append(event)
    return mapped, private


def picture(events: Iterable[Event], title: str) -> str:
    """Return what a terminal shows of a run, as an SVG."""
    terminal = io.StringIO()
    console = Console(
        record=True,
        width=WIDTH,
        file=terminal,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    live = Live(console)
    for event in events:
        live(event)
    svg = console.export_svg(title=title, unique_id="patchwright")
    # Rich asks a foreign host for its font; whoever looks at a picture should not have to.
    return _FOREIGN_FONT.sub("", svg)


def main(arguments: list[str]) -> int:
    """Write the picture of the run that is named; return an exit status."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python docs/pictures.py RUN\n")
        return 2
    try:
        events, private = neutral(read_events(Path(arguments[0])))
    except PatchwrightError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_status)
    svg = picture(events, "patchwright demo")
    # Rich writes a space as &#160;, so a path is looked for with them as they are.
    shown = svg.replace("&#160;", " ")
    if private.startswith("/") and private in shown:
        sys.stderr.write(
            f"The run shows the path {private}, which is this machine's own; take another run.\n"
        )
        return 1
    if len(svg.encode()) > MAX_BYTES:
        sys.stderr.write(f"The picture would have {len(svg.encode()):,} bytes; take a shorter run.\n")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
