"""Many texts of one file, each against the visible tests, in forks of one process."""

# mypy: ignore-errors
import gc
import importlib
import json
import os
import re
import resource
import signal
import sys
import time

from .containment import Fingerprint, contain
from .loading import Substitute, foreign_modules, forget, preload
from .recording import Recorder, TooLong, told
from .results import prepare, result
from .serving import serve
from .suites import run_text
from .watching import Watch

BATCH = 40
VERIFYING_SHARE = 0.5
SHRINK_AFTER = 6
LEAST_CPU = 0.1
_RISKY = re.compile(
    r"\b(?:os|sys|builtins|ctypes|subprocess|signal|gc|inspect|threading|multiprocessing|importlib|atexit|shutil"
    r"|resource|__builtins__|__import__|setattr|globals|exec|eval)\b"
)


def whole(job, number, say, trace):
    run_text(job, text_of(job, number), say, trace, number)


def child(job, numbers, channel, trace, run):
    """Run some texts in this process, and tell the parent."""
    os.setsid()
    write, dumps, pid, getpid = os.write, json.dumps, os.getpid(), os.getpid

    def say(event):
        if getpid() == pid:
            data = (dumps(event) + "\n").encode("utf-8", "replace")
            while data:
                data = data[write(channel, data) :]

    contain(job)
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(1000)
    original = {name: module for name, module in sys.modules.items() if name == "__main__"}
    before = Fingerprint()
    variables = getattr(os.environ, "_data", os.environ)
    kept = dict(variables)
    for number in numbers:
        say({"start": number})
        path = list(sys.path)
        try:
            run(job, number, say, trace)
        except TooLong:
            Recorder.current.late = True
        except BaseException as error:
            say({"e": told(error)})
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.settrace(None)
        changed = before.tampered()
        event = {"end": number, "late": Recorder.current.late, "tampered": changed}
        if number == -1:
            event["modules"] = foreign_modules(job["root"])
        say(event)
        if changed:
            break
        sys.modules.update(original)
        sys.path[:] = path
        if variables != kept:
            break
        os.chdir(job["root"])
    os._exit(0)


def text_of(job, number):
    if number < 0:
        return job["original"]
    start, end, new = job["edits"][number]
    return job["original"][:start] + new + job["original"][end:]


def run_children(job, numbers, trace=False, run=whole):
    """Yield (number, events, why it was killed, exit status) for each text, in forks."""
    left, late = list(numbers), 0
    while left and time.monotonic() < job["deadline"]:
        count = 1
        if not job["ids"] and not risky(job, left[0]):
            while count < min(BATCH, len(left)) and not risky(job, left[count]):
                count += 1
        batch, rest = left[:count], left[count:]
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            try:
                child(job, batch, write, trace, run)
            finally:
                os._exit(1)
        os.close(write)
        watch = Watch(job, pid, read)
        status = watch.follow(trace)
        os.close(read)
        ended = [number for number in batch if number in watch.events]
        if not ended:
            watch.events[batch[0]] = []
            ended = batch[:1]
        for number in ended:
            events = watch.events[number]
            yield number, events, watch.killed.get(number, ""), status
            late += number in watch.killed or any(event.get("late") for event in events)
            if job["hurry"] and late >= SHRINK_AFTER and job["cpu"] > LEAST_CPU:
                # Where many texts loop for ever, waiting long for each finds nothing.
                job["cpu"], late = max(LEAST_CPU, job["hurry"], job["cpu"] / 2), 0
        left = [number for number in batch if number not in watch.events] + rest


def risky(job, number):
    """Say whether a text may spoil the process for those after it: it brings words of that kind."""
    if number < 0:
        return False
    found = set(_RISKY.findall(job["edits"][number][2]))
    return bool(found)


def main():
    job_file, out_file = sys.argv[1:3]
    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    os.chdir(job["root"])
    sys.path[0:1] = [p for p in (job["root"], os.path.join(job["root"], "src")) if os.path.isdir(p)]
    sys.dont_write_bytecode = True
    target = os.path.realpath(os.path.join(job["root"], job["path"]))
    job["guarded"] = [os.path.realpath(job_file), os.path.realpath(out_file), os.path.realpath(sys.argv[0])]
    Substitute.install(target)
    if job["ids"] == "pytest":
        # What every text needs is imported before the forks.
        importlib.import_module("pytest")
    prepare(job)
    out = open(out_file, "a", encoding="utf-8")

    def tell(record):
        out.write(json.dumps(record) + "\n")
        out.flush()

    job["deadline"] = time.monotonic() + (job["total"] or 1e9)
    for number, events, killed, status in run_children(job, [-1], job["trace"]):
        record = result(job, number, events, killed, status)
        record["checks"] = [name for _, name in job["asserts"]] + [
            e["id"] for e in job["examples"] if e["wanted"]
        ]
        record["seconds"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        tell(record)
        job["dropped"] = [] if job["trace"] else record.get("denied", [])
        for event in events:
            if "options" in event:
                job["options"] = event["options"]
            for name in event.get("modules", []):
                preload(name, job)
    forget(job["root"])
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    passed = 0
    numbers = list(range(job["skip"], len(job["edits"])))
    if numbers:
        tell({"next": numbers[0]})
    if job["ids"] == "pytest" and job["first"] and job["hurry"]:
        left = job["deadline"] - time.monotonic()
        soon = dict(job, deadline=job["deadline"] - left * VERIFYING_SHARE)
        records = serve(soon, numbers, run_children, result)
        if records is not None:
            numbers = sorted(
                (number for number in records if records[number]["again"]),
                key=lambda number: (not records[number]["passed"], number),
            )
            for record in records.values():
                if not record["again"]:
                    tell(record)
    for number, events, killed, status in run_children(job, numbers):
        record = result(job, number, events, killed, status)
        tell(record)
        tell({"next": number + 1})
        passed += record["status"] == "passed"
        if job["stop_after"] and passed >= job["stop_after"]:
            break
    tell({"done": True})
