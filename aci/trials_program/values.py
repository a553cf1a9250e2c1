"""The values at the basic blocks of one function, while a check runs it."""

# mypy: ignore-errors
import collections
import dis
import reprlib

from .recording import TooLong

KEPT = 60
MAX_NAMES = 12
MAX_VALUE = 100


class Bounded(reprlib.Repr):
    """A `repr` whose cost and length are bounded, whatever the value is."""

    def __init__(self):
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = self.maxdict = 20
        self.maxlevel = 4
        self.maxlong = self.maxstring = self.maxother = MAX_VALUE


class Values:
    """Notes which variables changed from one block to the next, of each call of the function.

    A note is [number of the call, first line of the block, {variable: value}]; the end of a call has line 0
    and what it returned or raised. The first and the last notes are kept.
    """

    def __init__(self, leaders, first, last):
        self.leaders = frozenset(leaders)
        self.first = first
        self.last = last
        self.repr = Bounded()
        self.clear()

    def clear(self):
        self.head = []
        self.tail = collections.deque(maxlen=KEPT)
        self.dropped = 0
        self.calls = {}
        self.number = 0
        self.raised = {}

    def notes(self):
        return {"head": self.head, "tail": list(self.tail), "dropped": self.dropped}

    def follows(self, frame):
        return self.first <= frame.f_code.co_firstlineno <= self.last and frame.f_code.co_name[0] != "<"

    def event(self, frame, event, argument):
        if event == "call":
            if id(frame) not in self.calls:  # else a generator that goes on
                self.number += 1
                self.calls[id(frame)] = (self.number, {}, frame)
            return
        call = self.calls.get(id(frame))
        if call is None:
            return
        number, known, _ = call
        if event == "line" and frame.f_lineno in self.leaders:
            self.keep([number, frame.f_lineno, self.changes(frame, known)])
        elif event == "exception":
            self.raised[number] = argument[0].__name__
        elif event == "return":
            changed = self.changes(frame, known)
            # None is what the event brings when an exception leaves the function, too.
            how = dis.opname[frame.f_code.co_code[frame.f_lasti]]
            if argument is None and number in self.raised and not how.startswith(("RETURN", "YIELD")):
                changed["raised"] = self.raised[number]
            else:
                changed["yield" if how.startswith("YIELD") else "return"] = self.shown(argument)
            self.keep([number, 0, changed])
            if not frame.f_code.co_flags & 0x20:  # a generator goes on in the same frame
                self.calls.pop(id(frame), None)

    def keep(self, note):
        if len(self.head) < KEPT:
            self.head.append(note)
            return
        if len(self.tail) == KEPT:
            self.dropped += 1
        self.tail.append(note)

    def changes(self, frame, known):
        found = {}
        for name, value in list(frame.f_locals.items()):
            if name.startswith(("@", "__")) or len(found) >= MAX_NAMES:
                continue
            text = self.shown(value)
            if known.get(name) != text:
                known[name] = found[name] = text
        return found

    def shown(self, value):
        try:
            text = self.repr.repr(value)
        except TooLong:
            raise
        except BaseException as error:
            text = "<" + type(error).__name__ + " in repr>"
        text = " ".join(text.split())
        return text if len(text) <= MAX_VALUE else text[: MAX_VALUE // 2] + "..." + text[-MAX_VALUE // 2 :]
