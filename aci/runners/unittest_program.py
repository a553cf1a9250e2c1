"""Runs inside the sandbox: unittest cases, plain test functions and test scripts.

Each result is one JSON line. Stands alone and keeps to what Python 3.5 knows, since the project's Python
runs it.
"""

# mypy: ignore-errors
# ruff: noqa: BLE001, D102, N802, SIM115, UP

import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import subprocess
import sys
import traceback
import types
import unittest

_SKIPPED_FOLDERS = ("node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__")


class Log:
    """Writes results as they come, so that a run which is killed leaves those it has."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.tests = 0

    def write(self, kind, test="", **more):
        """Add one record."""
        more.update(kind=kind, test=test)
        self.file.write(json.dumps(more) + "\n")
        self.file.flush()

    def result(self, kind, test, **more):
        """Add the result of a test."""
        self.tests += 1
        self.write(kind, test, **more)

    def failed(self, test, error, where=""):
        """Add a failure with its message and frames."""
        kind, value, trace = error
        frames = [[frame[0], frame[1], frame[2], frame[3]] for frame in traceback.extract_tb(trace)]
        if isinstance(value, SyntaxError) and value.filename:
            frames.append([value.filename, value.lineno or 1, "<module>", (value.text or "").strip()])
        message = "".join(traceback.format_exception_only(kind, value)).strip()
        if isinstance(value, SyntaxError):
            message = message.split("\n")[-1]
        self.result("failed", test, message=where + message, frames=frames)


class Result(unittest.TestResult):
    """Hands each result on to the log."""

    def __init__(self, log, ids):
        super().__init__()
        self.buffer = True
        self.log = log
        self.ids = ids
        self.reported = set()

    def _id(self, test):
        return self.ids.get(id(test)) or str(test)

    def _report(self, kind, test, **more):
        self.reported.add(self._id(test))
        self.log.result(kind, self._id(test), **more)

    def _report_failure(self, test, error):
        self.reported.add(self._id(test))
        self.log.failed(self._id(test), error)

    def startTest(self, test):
        super().startTest(test)
        self.log.write("start", self._id(test))

    def addSuccess(self, test):
        self._report("passed", test)

    def addError(self, test, err):
        if id(test) in self.ids:
            self._report_failure(test, err)
        else:
            # A fixture of a class or module: its tests don't run, which is found out afterwards.
            self.fixture = err

    addFailure = _report_failure  # noqa: N815 - unittest's name

    def addSkip(self, test, reason):
        if id(test) in self.ids:
            self._report("skipped", test)
        else:
            self.skipped.append((test, reason))

    def addExpectedFailure(self, test, err):
        self._report("passed", test)

    def addUnexpectedSuccess(self, test):
        self._report("failed", test, message="passed, but is marked as an expected failure", frames=[])

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.reported.add(self._id(test))
            self.log.failed(self._id(test), err, "subtest " + subtest._subDescription() + ": ")


def is_test_file(name):
    """Say whether a file holds tests by its name."""
    return name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))


def walk(folder):
    """Yield the test files under a folder."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            if is_test_file(name):
                yield os.path.normpath(os.path.join(where, name))


def resolve(word):
    """Return the file and the names of class and function that a selection means, or None."""
    path, _, rest = word.partition("::")
    if os.path.exists(path):
        return os.path.normpath(path), [part for part in rest.split("::") if part]
    parts = word.replace("::", ".").split(".")
    for count in range(len(parts), 0, -1):
        stem = os.path.join(*parts[:count])
        if os.path.isfile(stem + ".py"):
            return stem + ".py", parts[count:]
        if count == len(parts) and os.path.isdir(stem):
            return stem, []
    return None


def dotted(path):
    """Return the name of a module by its place in the repository."""
    return os.path.splitext(path)[0].replace(os.sep, ".")


def load(path):
    """Import a test file, as part of its package where it has one."""
    name = dotted(path)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.exists(os.path.join(folder, "__init__.py")) and folder not in sys.path:
        sys.path.insert(0, folder)
    if all(part.isidentifier() for part in name.split(".")):
        spec = None
        # Looking for a module imports its packages, which may do anything.
        with contextlib.suppress(Exception):
            spec = importlib.util.find_spec(name)
        if (
            spec is not None
            and spec.origin
            and os.path.exists(spec.origin)
            and os.path.samefile(spec.origin, path)
        ):
            return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name.replace(".", "_"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def cases(suite):
    """Yield the single tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def functions(module):
    """Yield the plain test functions of a module."""
    for name, value in list(vars(module).items()):
        if (
            name.startswith("test")
            and isinstance(value, types.FunctionType)
            and value.__module__ == module.__name__
        ):
            yield name, value


def needs_arguments(function):
    """Say whether a function can't be called as it is."""
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return any(one.default is one.empty and one.kind not in optional for one in parameters)


def run_function(log, test, function):
    """Run one plain function."""
    if needs_arguments(function):
        log.result("skipped", test)
        return
    log.write("start", test)
    try:
        function()
    except unittest.SkipTest:
        log.result("skipped", test)
    except KeyboardInterrupt:
        raise
    except BaseException:
        log.failed(test, sys.exc_info())
    else:
        log.result("passed", test)


def wanted(names, test, prefix):
    """Say whether a test lies under the selected class or function."""
    chosen = ".".join([prefix, *names])
    return test == chosen or test.startswith(chosen + ".")


def run_file(log, path, names):
    """Run the tests of one file; return whether it has any."""
    prefix = dotted(path)
    try:
        module = load(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, unittest.SkipTest):
            log.result("skipped", prefix)
        else:
            log.failed(prefix, sys.exc_info())
        return True
    before = log.tests
    found = list(cases(unittest.defaultTestLoader.loadTestsFromModule(module)))
    ids = {}
    for test in found:
        ids[id(test)] = ".".join(
            [prefix, type(test).__qualname__, getattr(test, "_testMethodName", str(test))]
        )
    chosen = [test for test in found if wanted(names, ids[id(test)], prefix)]
    result = Result(log, ids)
    unittest.TestSuite(chosen).run(result)
    fixture = getattr(result, "fixture", None)
    # The suite forgets its tests as they run, so their ids are taken from the table.
    for test in chosen:
        if ids[id(test)] not in result.reported:
            if fixture is not None:
                log.failed(ids[id(test)], fixture)
            else:
                log.result("skipped", ids[id(test)])
    any_function = False
    for name, function in functions(module):
        any_function = True
        if wanted(names, prefix + "." + name, prefix):
            run_function(log, prefix + "." + name, function)
    if names and log.tests == before:
        log.write("missing", ".".join([prefix, *names]))
        return True
    return bool(found) or any_function


def run_script(log, path):
    """Run a file without any test in it as a program: it passes when it ends well."""
    log.write("start", dotted(path))
    run = subprocess.run(
        [sys.executable, path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if run.returncode == 0:
        log.result("passed", dotted(path))
        return
    text = run.stdout.decode("utf-8", "backslashreplace")[-4000:]
    frames = []
    for line in text.split("\n"):
        words = line.strip().split('"')
        if line.startswith('  File "') and len(words) == 3:
            number = words[2].split(",")[1].split()[-1]
            frames.append([os.path.abspath(words[1]), int(number), words[2].rsplit(" in ", 1)[-1], ""])
    last = [line for line in text.split("\n") if line.strip()][-1:] or ["exit code " + str(run.returncode)]
    log.result("failed", dotted(path), message=last[0], frames=frames)


def main(results, selection):
    """Run what is selected, or all test files."""
    log = Log(results)
    here = os.getcwd()
    sys.path[0:1] = [path for path in (here, os.path.join(here, "src")) if os.path.isdir(path)]
    # The program's own arguments are none of the tests' business.
    sys.argv[1:] = []
    targets = []
    explicit = set()
    for word in selection:
        target = resolve(word)
        if target is None:
            log.write("missing", word)
        elif os.path.isdir(target[0]):
            targets += [(path, []) for path in walk(target[0])]
        else:
            targets.append(target)
            explicit.add(target[0])
    if not selection:
        targets = [(path, []) for path in walk(".")]
    empty = []
    tested = False
    for path, names in targets:
        if run_file(log, path, names):
            tested = True
        else:
            empty.append(path)
    for path in empty:
        if path in explicit or not tested:
            run_script(log, path)
    log.write("end")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
