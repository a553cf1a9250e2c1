"""The parent's eye on a child: its events, its CPU time, and its end."""

# mypy: ignore-errors
import json
import os
import select
import signal
import time

BLOCKED_SECONDS = 10.0
MAX_EVENTS = 2000000


def times(pid):
    """Return the seconds of CPU a process has had and those it waited for one, or None."""
    try:
        with open("/proc/%d/schedstat" % pid) as file:
            ran, waited, _ = file.read().split()
        return int(ran) / 1e9, int(waited) / 1e9
    except (OSError, ValueError):
        return None


class Watch:
    """Follows one child: its events, and whether it has to be ended."""

    def __init__(self, job, pid, channel):
        self.job = job
        self.pid = pid
        self.channel = channel
        self.data = b""
        self.size = 0
        self.events = {}
        self.current = None
        self.killed = {}
        self.mark()

    def mark(self):
        self.began = time.monotonic()
        self.used = times(self.pid) or (0.0, 0.0)

    def take(self, data):
        self.size += len(data)
        self.data += data
        *lines, self.data = self.data.split(b"\n")
        for line in lines:
            try:
                event = json.loads(line.decode("utf-8", "replace"))
            except ValueError:
                continue
            if not isinstance(event, dict):
                continue
            if "start" in event:
                self.current = event["start"]
                self.events[self.current] = []
            elif self.current is not None:
                self.events[self.current].append(event)
            self.mark()
            if "end" in event:
                self.current = None

    def verdict(self, trace):
        """Return why the child has to be ended now, or ""."""
        if self.current is None and time.monotonic() - self.began < self.job["wall"]:
            return ""
        if self.size > MAX_EVENTS:
            return "timeout"
        wall = time.monotonic() - self.began
        now = times(self.pid)
        if now is None:
            return "starved" if wall > self.job["wall"] else ""
        cpu, waited = now[0] - self.used[0], now[1] - self.used[1]
        least = 10.0 if self.job["ids"] else 0.0
        if cpu > max(self.job["cpu"], least) * (3 if trace else 1) * 1.5 + 1.2:
            return "timeout"
        if wall - cpu - waited > BLOCKED_SECONDS + self.job["cpu"]:
            return "timeout"
        if wall > self.job["wall"]:
            return "starved" if cpu < self.job["cpu"] / 2 and waited > wall / 4 else "timeout"
        return ""

    def follow(self, trace):
        """Read until the child has ended; return its exit status."""
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        status = None
        why = ""
        while True:
            ready = poll.poll(20 if status is None else 0)
            if ready:
                data = os.read(self.channel, 65536)
                self.take(data)
                if data and self.size <= MAX_EVENTS:
                    continue
            if status is not None:
                break
            done, found = os.waitpid(self.pid, os.WNOHANG)
            if done:
                status = found
                continue
            if ready and not self.size > MAX_EVENTS:
                time.sleep(0.001)  # the pipe was closed on purpose, or the child is about to end
            if not why:
                why = self.verdict(trace)
                if why:
                    if self.current is not None:
                        self.killed[self.current] = why
                    end(self.pid)
        end(self.pid)
        return status


def end(pid):
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
