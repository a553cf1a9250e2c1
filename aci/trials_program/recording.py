"""What happens to one text, told to the parent as it happens."""

# mypy: ignore-errors
import os
import re
import signal
import sys

MODULES = {"__main__"}
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
MAX_TRACED = 50000


class TooLong(BaseException):
    """The CPU time of a check is used up."""


def shown(value, limit=160):
    try:
        text = repr(value)
    except TooLong:
        raise
    except BaseException as error:
        text = "<" + type(error).__name__ + " in repr>"
    text = _ADDRESS.sub("0x", text)
    return text if len(text) <= limit else text[:limit] + "..."


def told(error):
    text = str(error).strip().split("\n")[0] if not isinstance(error, TooLong) else ""
    return (type(error).__name__ + (": " + text if text else ""))[:300]


def fired(*_):
    recorder = Recorder.current
    if recorder.inside:
        recorder.fires += 1
        if recorder.fires > 3:
            os._exit(75)
        raise TooLong


class Recorder:
    """Tells the parent what happens to one text."""

    def __init__(self, say, cpu, target, trace):
        self.say = say
        self.cpu = cpu
        self.target = target
        self.trace = trace
        self.told = {}
        self.lines = {}
        self.order = []
        self.late = False
        self.broken = False
        self.denied = 0
        self.denied_before = 0
        self.fires = 0
        self.limit = cpu
        self.inside = False
        # A test of a runner has a clock of its own; the many small checks of a script share one.
        self.each = True
        self.imported = None
        # Follows the values of one function as well, where somebody wants them.
        self.values = None

    # The clock is the process's own CPU time: a loaded machine changes no verdict.
    def arm(self, seconds):
        self.fires = 0
        self.inside = True
        if signal.getsignal(signal.SIGPROF) is not fired:
            signal.signal(signal.SIGPROF, fired)
        signal.setitimer(signal.ITIMER_PROF, seconds, 0.3)

    def disarm(self):
        self.inside = False
        signal.setitimer(signal.ITIMER_PROF, 0)

    def begin(self):
        self.denied_before = self.denied
        self.inside = True
        if self.each:
            self.arm(self.cpu)
        if self.trace:
            if self.imported is None:
                # What ran before the first check ran because the file was imported.
                self.imported = sorted(self.lines)
            self.lines = {}
            self.order = []
            if self.values:
                self.values.clear()
            sys.settrace(self.call)

    def done(self):
        self.inside = False
        if self.trace:
            sys.settrace(None)
        if self.each:
            self.disarm()

    def call(self, frame, event, argument):
        if frame.f_code.co_filename != self.target:
            return None
        if self.values and self.values.follows(frame):
            self.values.event(frame, event, argument)
            return self.valued
        return self.line

    def valued(self, frame, event, argument):
        self.values.event(frame, event, argument)
        return self.valued if self.line(frame, event, argument) else None

    def line(self, frame, event, argument):
        if event == "line":
            number = frame.f_lineno
            self.lines[number] = self.lines.get(number, 0) + 1
            self.order.append(number)
            if len(self.order) > MAX_TRACED:
                # A loop without end would show nothing new.
                sys.settrace(None)
                frame.f_trace = None
                return None
        return self.line

    def check(self, key, good, message=""):
        """Tell one check's outcome; one that runs often fails when it fails once."""
        if isinstance(message, TooLong):
            self.late = True
        if self.told.get(key, True) and self.told.get(key) != good:
            event = {"c": key, "ok": bool(good), "m": str(message)[:400]}
            if self.denied > self.denied_before:
                event["denied"] = True
            if self.trace:
                event["lines"] = {str(line): count for line, count in self.lines.items()}
                event["last"] = self.order[-12:]
                if self.values and not good:
                    event["values"] = self.values.notes()
            self.say(event)
        self.told[key] = bool(good) and self.told.get(key, True)

    # Called by rewritten asserts. Whatever a check raises is its failure, and the script goes on.
    def compared(self, key, call, left, right, compare):
        self.begin()
        value = wanted = None
        got = False
        try:
            value = left()
            got = True
            wanted = right()
            good = bool(compare(value, wanted)) and honest(value, wanted)
            self.done()
        except TooLong:
            self.done()
            self.late = True
            self.check(key, False, call + " did not end")
            raise
        except BaseException as error:
            self.done()
            self.check(key, False, call + (" can't be compared: " if got else " raised ") + told(error))
        else:
            message = "" if good else f"{call} returned {shown(value)}, expected {shown(wanted)}"
            self.check(key, good, message)

    def true(self, key, call, test):
        self.begin()
        try:
            good = bool(test())
            self.done()
        except TooLong:
            self.done()
            self.late = True
            self.check(key, False, call + " did not end")
            raise
        except BaseException as error:
            self.done()
            self.check(key, False, call + " raised " + told(error))
        else:
            self.check(key, good, "" if good else call + " is false")


def honest(value, wanted):
    """Say whether an equality may be believed: a class of the program's own may claim to equal anything."""
    kind = type(value)
    if kind.__module__ in ("builtins", type(wanted).__module__) or type(wanted).__module__ != "builtins":
        return True
    if kind.__module__ not in MODULES:
        return True
    said = type(wanted).__eq__(wanted, value)
    return said is True
