"""Runs inside the sandbox: tests with every call of the repository's own functions recorded.

Called as `suspects_program.py OUT ROOT pytest ARGUMENTS...` or `... unittest PROGRAM ARGUMENTS...`, it writes
one JSON object to OUT: the functions that were called, and for each test its outcome and the calls it made.
Stands alone, since the project's Python runs it.
"""

# mypy: ignore-errors
# ruff: noqa: BLE001, D102, D103, PLC0415, UP036

import dis
import inspect
import json
import linecache
import os
import reprlib
import runpy
import sys

MAX_SAMPLES = 8
MAX_FUNCTIONS = 400
MAX_TESTS = 2000
SHOWN = reprlib.Repr()
SHOWN.maxstring = SHOWN.maxother = SHOWN.maxlong = 120
SHOWN.maxlist = SHOWN.maxtuple = SHOWN.maxdict = SHOWN.maxset = 8
GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def shown(value):
    try:
        return SHOWN.repr(value)[:160]
    except Exception as error:
        return "<" + type(error).__name__ + ">"


def returns(frame):
    """Say whether a frame ends by a return; an exception that leaves it looks like one of None."""
    if sys.version_info < (3, 8):
        return True  # the return out of a `with` can't be told from an exception there
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN_")


class Recorder:
    """Collects calls while a test runs."""

    def __init__(self, root):
        self.root = os.path.realpath(root) + os.sep
        self.functions = {}
        self.tests = []
        self.inside = {}
        self.calls = None
        self.open = {}

    def is_ours(self, code):
        known = self.inside.get(code)
        if known is None:
            path = os.path.realpath(code.co_filename)
            relative = path[len(self.root) :] if path.startswith(self.root) else ""
            name = os.path.basename(relative)
            is_test = name.startswith(("test", "conftest")) or name.endswith("_test.py")
            known = bool(relative) and not is_test
            known = known and not code.co_name.startswith("<") and not code.co_filename.startswith("<")
            if "site-packages" in relative or relative.startswith("."):
                known = False
            if known and len(self.functions) < MAX_FUNCTIONS:
                self.functions[self.key(code)] = {
                    "path": relative,
                    "line": code.co_firstlineno,
                    "lines": self.length(code),
                    "name": getattr(code, "co_qualname", code.co_name),
                }
            else:
                known = False
            self.inside[code] = known
        return known

    def key(self, code):
        return code.co_filename + ":" + str(code.co_firstlineno)

    def length(self, code):
        try:
            lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
            return max(1, len(inspect.getblock(lines)))
        except Exception:
            return 1

    def profile(self, frame, event, argument):
        code = frame.f_code
        if event == "call":
            if self.is_ours(code):
                self.enter(frame, code)
        elif event == "return" and id(frame) in self.open:
            sample = self.open.pop(id(frame))
            if sample is not None and (argument is not None or returns(frame)):
                sys.setprofile(None)
                try:
                    sample.append(shown(argument))
                finally:
                    sys.setprofile(self.profile)

    def enter(self, frame, code):
        samples = self.calls.setdefault(self.key(code), [])
        if len(samples) >= MAX_SAMPLES or code.co_flags & GENERATOR:
            return
        sys.setprofile(None)  # a repr may run code of the repository's
        try:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            values = frame.f_locals
            sample = [", ".join(n + "=" + shown(values[n]) for n in names if n in values and n != "self")]
        finally:
            sys.setprofile(self.profile)
        samples.append(sample)
        self.open[id(frame)] = sample

    def start(self):
        self.calls = {}
        self.open = {}
        sys.setprofile(self.profile)

    def stop(self, test, error):
        sys.setprofile(None)
        if error is not None or len(self.tests) < MAX_TESTS:
            calls = self.calls if error is not None else {key: [] for key in self.calls}
            message = str(error)[:2000] if error is not None else ""
            self.tests.append({"test": test, "failed": error is not None, "message": message, "calls": calls})


def run_pytest(recorder, arguments):
    import pytest

    class Hooks:
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_call(self, item):
            recorder.start()
            yield
            sys.setprofile(None)

        # Only the report knows of a failure in a unittest case: its exception never reaches the call's hook.
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(self, item, call):
            yield
            if call.when == "call":
                error = call.excinfo.value if call.excinfo else None
                skipped = error is not None and isinstance(error, pytest.skip.Exception)
                recorder.stop(item.nodeid, None if skipped else error)

    pytest.main(arguments, plugins=[Hooks()])


def run_unittest(recorder, program, arguments):
    import unittest

    call = unittest.TestCase._callTestMethod

    def recorded(self, method):
        recorder.start()
        try:
            result = call(self, method)
        except BaseException as error:
            recorder.stop(self.id(), None if isinstance(error, unittest.SkipTest) else error)
            raise
        recorder.stop(self.id(), None)
        return result

    unittest.TestCase._callTestMethod = recorded
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


def main():
    out, root, runner, *arguments = sys.argv[1:]
    sys.path[0] = root
    recorder = Recorder(root)
    try:
        if runner == "pytest":
            run_pytest(recorder, arguments)
        else:
            run_unittest(recorder, arguments[0], arguments[1:])
    except SystemExit:
        pass
    finally:
        with open(out, "w", encoding="utf-8") as file:
            json.dump({"functions": recorder.functions, "tests": recorder.tests}, file)


main()
