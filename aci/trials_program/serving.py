"""The first tests of many texts, in forks of one pytest session that has collected everything once.

A text that changes only what functions do is tried by giving the live functions their new code. What passes
here is tried again from the start, and so is what can't be tried this way: this only sorts out, quickly.
"""

# mypy: ignore-errors
import ast
import dis
import gc
import json
import os
import sys
import types

from .loading import Substitute
from .recording import Recorder, told


class Swapper:
    """Puts the code of a changed function into the live functions that had the old one."""

    def __init__(self, job):
        self.job = job
        self.source = job["original"]
        starts = [0]
        for line in self.source.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        self.spans = []
        for node in ast.parse(self.source).body:
            first = node.decorator_list[0] if getattr(node, "decorator_list", None) else node
            self.spans.append((starts[first.lineno - 1], first.lineno))
        self.live = {}
        self.imported = frozenset(job["imported"])
        for found in gc.get_objects():
            if type(found) is types.FunctionType:
                code = found.__code__
                if os.path.realpath(code.co_filename) == Substitute.target:
                    self.live.setdefault((code.co_name, code.co_firstlineno), []).append(found)

    def swap(self, edit):
        """Make a change; say whether that could be done."""
        start, end, new = edit
        ends = [place for place, _ in self.spans[1:]] + [len(self.source)]
        for (first, line), last in zip(self.spans, ends):
            if first <= start and end <= last and start < last:
                old_code = self.compiled(self.source[first:last], line)
                new_code = self.compiled(self.source[first:start] + new + self.source[end:last], line)
                changes = []
                if not self.paired(old_code, new_code, changes, False) or not changes:
                    return False
                for function, code in changes:
                    function.__code__ = code
                return True
        return False

    @staticmethod
    def compiled(text, line):
        return compile("\n" * (line - 1) + text, Substitute.target, "exec", dont_inherit=True)

    def paired(self, old, new, changes, inside):
        """Collect which live function gets which code; say whether all of the change is in functions."""
        if not inside and not alike(old, new):
            return False
        olds, news = codes_of(old), codes_of(new)
        if not inside and [code.co_name for code in olds] != [code.co_name for code in news]:
            return False
        for before, after in zip(olds, news):
            if same(before, after):
                continue
            is_function = bool(before.co_flags & 2)  # CO_NEWLOCALS with fast locals: no class body
            functions = self.live.get((before.co_name, before.co_firstlineno), [])
            if is_function and not functions and not inside:
                return False
            body = range(before.co_firstlineno + 1, before.co_firstlineno + 1 + length(before))
            if is_function and not self.imported.isdisjoint(body):
                return False  # what it did when the file was imported stays done
            for function in functions if is_function else ():
                if before.co_freevars != after.co_freevars:
                    return False
                changes.append((function, after))
            if not self.paired(before, after, changes, inside or is_function):
                return False
        return True


def length(code):
    """Return how many lines a function has after its first."""
    last = max((line for _, line in dis.findlinestarts(code) if line), default=code.co_firstlineno)
    return last - code.co_firstlineno


def codes_of(code):
    return [part for part in code.co_consts if isinstance(part, types.CodeType)]


def alike(one, other):
    """Say whether two codes do the same, those in them aside."""
    plain = [[p for p in code.co_consts if not isinstance(p, types.CodeType)] for code in (one, other)]
    return repr(plain[0]) == repr(plain[1]) and all(
        getattr(one, name) == getattr(other, name)
        for name in ("co_code", "co_names", "co_varnames", "co_freevars")
    )


def same(one, other):
    inner = codes_of(one), codes_of(other)
    return alike(one, other) and len(inner[0]) == len(inner[1]) and all(map(same, *inner))


def serve(job, numbers, run_children, result):
    """Return the records of texts by number, as far as there was time; None when it came to no end.

    Those marked "again" are not settled by it.
    """
    records = {}
    ended = False
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            session(job, numbers, write, run_children, result)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            record = json.loads(line)
            ended = ended or not record
            if record:
                records[record["number"]] = record
    os.waitpid(pid, 0)
    return records if ended else None


def session(job, numbers, channel, run_children, result):
    import pytest
    from _pytest.runner import runtestprotocol

    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    sys.dont_write_bytecode = True
    Substitute.text = job["original"]

    class Server:
        def pytest_runtestloop(self, session):
            swapper = Swapper(job)
            items = session.items
            gc.collect()
            gc.freeze()

            def run(job, number, say, trace):
                recorder = Recorder(say, job["cpu"], Substitute.target, False)
                Recorder.current = recorder
                if not swapper.swap(job["edits"][number]):
                    say({"unsure": True})
                    return
                for at, item in enumerate(items):
                    recorder.begin()
                    reports = runtestprotocol(item, log=False, nextitem=(items[at + 1 :] or [None])[0])
                    recorder.done()
                    bad = [report for report in reports if report.outcome == "failed"]
                    recorder.late = recorder.late or bool(recorder.fires)
                    if bad:
                        lines = [line for line in str(bad[0].longrepr).split("\n") if line.strip()]
                        recorder.check(item.nodeid, False, lines[-1] if lines else "")
                    elif any(report.when == "call" and report.outcome == "passed" for report in reports):
                        recorder.check(item.nodeid, True)
                    if recorder.late or (bad and not job["partial"]):
                        return

            for number, events, killed, status in run_children(job, numbers, run=run):
                record = result(job, number, events, killed, status)
                unsure = any("unsure" in event for event in events)
                # What passes, all or some, is not told: it is tried again from the start.
                record["again"] = unsure or bool(record["passed"])
                os.write(channel, (json.dumps(record) + "\n").encode())
            os.write(channel, b"{}\n")
            return True

    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=native", "--color=no", "--rootdir=."]
    try:
        pytest.main([*options, *job["options"], *job["first"]], plugins=[Server()])
    except BaseException as error:
        told(error)
