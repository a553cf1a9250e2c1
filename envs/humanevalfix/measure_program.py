"""Runs the steps of a scoring inside a sandbox and says what each used; its text is run by `python3 -c`.

It reads `steps.json` beside it and deletes it, runs each step under a limit of CPU time and a wall clock,
and prints one line of JSON. A step that ran into its wall clock is told apart by how long its threads had
waited for a CPU: the kernel counts that, so a program that slept is not taken for one that was starved.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEEP = 16384
MOST_FILE = 64 * 1024 * 1024


def main() -> None:
    """Run the steps up to the first that fails."""
    # Not to be read or written by a candidate, which runs under the same user.
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    with open("steps.json") as file:
        config = json.load(file)
    os.unlink("steps.json")
    reports = []
    for number, step in enumerate(config["steps"]):
        last = number == len(config["steps"]) - 1
        for path in config["unneeded"] if last else ():
            os.unlink(path)
        report = run(step, config["outside"] if last else "", config["wall_factor"], config["wall_least"])
        reports.append(report)
        if report["exit"] != 0:
            break
    sys.stdout.write(json.dumps(reports) + "\n")
    sys.stdout.flush()


def run(step: dict[str, Any], given: str, wall_factor: float, wall_least: float) -> dict[str, Any]:
    """Run one step and return what it used and said."""
    limit = step["cpu"]

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Whoever takes all memory goes first.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")

    here = os.getcwd()
    environment = {**step["environment"], **os.environ, "HOME": here, "TMPDIR": here}
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            step["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, preexec_fn=prepare, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return {
            "exit": 127,
            "cpu": 0,
            "seconds": 0,
            "waited": 0,
            "timed_out": False,
            "out": "",
            "err": str(error),
        }
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with contextlib.suppress(OSError):
        process.stdin.write(given.encode())
        process.stdin.close()
    out, err = process.stdout.fileno(), process.stderr.fileno()
    said = {out: b"", err: b""}
    unread = set(said)
    deadline = started + max(wall_least, limit * wall_factor)
    status, waited, usage = None, 0.0, None
    while unread or status is None:
        ready = select.select(list(unread), [], [], 0.01 if status is None else 0)[0]
        for stream in ready:
            data = os.read(stream, 65536)
            said[stream] = (said[stream] + data)[-KEEP:]
            if not data:
                unread.discard(stream)
        if status is not None and not ready:
            break  # a process that outlives its parent holds the streams open
        if status is None:
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                status = code
            elif time.monotonic() > deadline:
                waited = time_waited(process.pid)
                break
    finish(process.pid)
    if status is None:
        usage = os.wait4(process.pid, 0)[2]
    process.returncode = 0  # waited for already
    return {
        "exit": None if status is None else os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime if usage else 0.0,
        "seconds": time.monotonic() - started,
        "waited": waited,
        "timed_out": status is None,
        "out": said[out].decode("utf-8", "replace"),
        "err": said[err].decode("utf-8", "replace")[-4000:],
    }


def time_waited(session: int) -> float:
    """Return for how many seconds the threads of a session were ready and had no CPU; -1 if unknown."""
    total, known = 0, False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) != session:
                continue
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                    total += int(file.read().split()[1])
                    known = True
        except (OSError, IndexError, ValueError):
            continue
    return total / 1e9 if known else -1.0


def finish(session: int) -> None:
    """Kill what a step left running."""
    with contextlib.suppress(OSError):
        os.killpg(session, signal.SIGKILL)


main()
