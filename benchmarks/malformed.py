"""How many answers of a small model hold no valid action: constrained decoding next to fenced text.

Each way of writing actions gets the same small tasks with the same seeds, in turns, until it has taken the
wanted number of steps. A step is an answer that was read: an action, or a malformed one. Finished runs are
kept in a file, so that the measurement can be broken off and taken up again, or extended later.

    python benchmarks/malformed.py [--model embedded] [--steps 200] [--store build/malformed.jsonl]
"""

import argparse
import asyncio
import json
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from figures import table, wilson
from small_tasks import small_task

from agent.run import resolve
from agent.settings import Settings
from trajectories.events import ActionStarted, AnswerMalformed, Event, ModelAnswered

RUN_STEPS = 8
SHOWN = 300


class Outcome(NamedTuple):
    """What one run adds.

    Attributes:
        model: Who answered.
        temperature: How freely.
        form: How actions were written.
        seed: Of the task and of the model.
        steps: Answers that were read.
        faults: What the malformed ones were told.
        said: How they began.
    """

    model: str
    temperature: float
    form: str
    seed: int
    steps: int
    faults: list[str]
    said: list[str]


def stored(store: Path) -> list[Outcome]:
    """Return the finished runs of earlier measurements."""
    if not store.exists():
        return []
    lines = store.read_text(encoding="utf-8").split("\n")
    # What follows the last line break was cut short.
    return [Outcome(**json.loads(line)) for line in lines[:-1]]


async def measure(model: str, temperature: float, form: str, seed: int, sandbox: str, steps: int) -> Outcome:
    """Run one task for at most so many steps."""
    events: list[Event] = []
    with small_task(seed) as task, tempfile.TemporaryDirectory(prefix="patchwright-runs-") as runs:
        settings = Settings.model_validate(
            {
                "model": {"name": model, "format": form, "temperature": temperature, "seed": seed},
                "limits": {"attempts": 1, "steps": steps},
                "sandbox": {"kind": sandbox},
                "runs": {"directory": runs},
            }
        )
        await resolve(task, settings, observers=[events.append])
    faults = [event.sentence for event in events if isinstance(event, AnswerMalformed)]
    said = [
        answer.text[:SHOWN]
        for answer, event in pairwise(events)
        if isinstance(answer, ModelAnswered) and isinstance(event, AnswerMalformed)
    ]
    actions = sum(isinstance(event, ActionStarted) for event in events)
    return Outcome(model, temperature, form, seed, actions + len(faults), faults, said)


async def main(options: argparse.Namespace) -> None:
    """Measure what is missing and print the table."""
    forms: Sequence[str] = options.formats.split(",")
    options.store.parent.mkdir(parents=True, exist_ok=True)
    wanted = (options.model, options.temperature)
    done = [outcome for outcome in stored(options.store) if outcome[:2] == wanted]
    steps = Counter({form: sum(o.steps for o in done if o.form == form) for form in forms})
    seed = options.seed
    while any(steps[form] < options.steps for form in forms):
        for form in forms:
            known = any(outcome[2:4] == (form, seed) for outcome in done)
            if known or steps[form] >= options.steps:
                continue
            left = min(RUN_STEPS, options.steps - steps[form])
            outcome = await measure(*wanted, form, seed, options.sandbox, left)
            with options.store.open("a", encoding="utf-8") as file:
                file.write(json.dumps(outcome._asdict()) + "\n")
            done.append(outcome)
            steps[form] += outcome.steps
            said = f"seed {seed}, {form}: {outcome.steps} steps, {len(outcome.faults)} malformed"
            print(f"{said} ({steps[form]} of {options.steps})", file=sys.stderr)
        seed += 1
    print(f"{options.model}, temperature {options.temperature:g}\n\n{report(done, forms)}\n")
    print(f"Repeat: {shlex.join(['python', *sys.argv])}")


def report(done: Sequence[Outcome], forms: Sequence[str]) -> str:
    """Return the table, and under it what was most often wrong."""
    rows, wrong = [], []
    for form in forms:
        faults = [fault for outcome in done if outcome.form == form for fault in outcome.faults]
        count = sum(outcome.steps for outcome in done if outcome.form == form)
        low, high = wilson(len(faults), count)
        share = len(faults) / count if count else 0.0
        rows.append((form, str(count), str(len(faults)), f"{share:.1%}", f"{low:.1%} to {high:.1%}"))
        wrong += [f"{form}: {n} x {said[:100]}" for said, n in Counter(faults).most_common(3)]
    head = ("format", "steps", "malformed", "share", "95 % interval (Wilson)")
    return "\n".join([table(head, rows), *(["", *wrong] if wrong else [])])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--temperature", type=float, default=0.4)
    parser.add_argument("--formats", default="staged,json,fenced")
    parser.add_argument("--steps", type=int, default=200, help="steps for each format")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--store", type=Path, default=Path("build/malformed.jsonl"))
    asyncio.run(main(parser.parse_args()))
