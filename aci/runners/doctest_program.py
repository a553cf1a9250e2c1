"""Runs inside the sandbox: the examples in docstrings, each function's as one test.

Only modules that hold examples are imported, and one that can't be imported has no tests. Each result is one
JSON line. Modules run in a child that is started anew after one that ends or hangs it. Stands alone and keeps
to what Python 3.5 knows, since the project's Python runs it.
"""

# mypy: ignore-errors
# ruff: noqa: BLE001, D102, E501, PTH, S110, SIM115, UP

import ast
import doctest
import importlib
import importlib.util
import json
import os
import signal
import sys
import time
import unittest

MARK = ">>> "
MAX_BYTES = 1024 * 1024
MAX_FILES = 5000
MAX_TEXT = 4000
SECONDS_EACH = 10.0
SKIPPED_FOLDERS = (
    "node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__", "tests", "test", "testing",
    "migrations",
)  # fmt: skip
# What only runs, or sets up, and is not made to be imported.
SKIPPED_FILES = (
    "setup.py",
    "conftest.py",
    "manage.py",
    "__main__.py",
    "noxfile.py",
    "fabfile.py",
    "wsgi.py",
    "asgi.py",
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def is_candidate(name):
    """Say whether a file may hold a module under test."""
    return (
        name.endswith(".py")
        and name not in SKIPPED_FILES
        and not name.startswith("test")
        and not name.endswith("_test.py")
    )


def source(path):
    """Return a file's text, "" where it can't be had."""
    try:
        if os.path.islink(path) or os.path.getsize(path) > MAX_BYTES:
            return ""
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def modules(limit):
    """Return the modules of the repository that hold examples; None when there are more than `limit`."""
    found = []
    seen = 0
    for where, folders, files in os.walk("."):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if not is_candidate(name):
                continue
            seen += 1
            path = os.path.normpath(os.path.join(where, name))
            if seen > MAX_FILES:
                return None
            if MARK in source(path):
                found.append(path)
                if len(found) > limit:
                    return None
    return found


def promised(path):
    """Return the names of what has examples in its docstring, found without running anything."""
    try:
        tree = ast.parse(source(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names = []

    def visit(node, prefix):
        for child in node.body:
            if isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                name = prefix + child.name
                if MARK in (ast.get_docstring(child, clean=False) or ""):
                    names.append(name)
                if isinstance(child, ast.ClassDef):
                    visit(child, name + ".")

    if MARK in (ast.get_docstring(tree, clean=False) or ""):
        names.append("__doc__")
    visit(tree, "")
    return names


def test_id(path, name):
    """Return the id of the examples of `name`."""
    return path.replace(os.sep, "/") + "::doctest:" + name


def load(path):
    """Import a module by its place, as part of its package where it has one."""
    folder = os.path.dirname(os.path.abspath(path))
    parts = [os.path.splitext(os.path.basename(path))[0]]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        parts.insert(0, name)
    if parts[-1] == "__init__":
        parts.pop()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = ".".join(parts)
    module = importlib.import_module(name)
    if not os.path.samefile(module.__file__, path):
        raise ImportError("another module has this name")
    return module


class Runner(doctest.DocTestRunner):
    """Keeps the first example that went wrong."""

    def __init__(self):
        super().__init__(verbose=False, optionflags=FLAGS)
        self.wrong = None
        self.ran = 0

    def report_start(self, out, test, example):
        self.ran += 1

    def keep(self, test, example, got):
        if self.wrong is None:
            line = (test.lineno or 0) + example.lineno + 1
            said = (
                "Expected " + (example.want.strip() or "nothing") + "\n     Got " + (got.strip() or "nothing")
            )
            self.wrong = (line, example.source.strip(), said[:MAX_TEXT])

    def report_failure(self, out, test, example, got):
        self.keep(test, example, got)

    def report_unexpected_exception(self, out, test, example, exc_info):
        self.keep(test, example, exc_info[0].__name__ + ": " + str(exc_info[1]))


def run_module(log, path):
    """Run the examples of one module."""
    try:
        module = load(path)
        finder = doctest.DocTestFinder(exclude_empty=True)
        tests = finder.find(module, module.__name__)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return
    for test in sorted(tests, key=lambda one: one.lineno or 0):
        if not test.examples:
            continue
        name = test.name[len(module.__name__) + 1 :] or "__doc__"
        runner = Runner()
        try:
            # What the examples print is compared; only what they write past that is dropped.
            runner.run(test, out=lambda text: None)
        except KeyboardInterrupt:
            raise
        except unittest.SkipTest:
            log("skipped", test_id(path, name))
            continue
        except BaseException as error:
            wrong = (test.lineno or 0, "", type(error).__name__ + ": " + str(error)[:MAX_TEXT])
            runner.wrong = runner.wrong or wrong
        if runner.wrong is not None:
            line, text, said = runner.wrong
            frames = [[path, max(line, 1), name, text]]
            log("failed", test_id(path, name), message=said, frames=frames)
        elif runner.ran:
            log("passed", test_id(path, name))
        else:
            log("skipped", test_id(path, name))


def work(results, paths, seconds):
    """Run modules in this process, which its own clock ends."""
    file = open(results, "a")  # noqa: SIM115

    def log(kind, test, **more):
        more.update(kind=kind, test=test)
        file.write(json.dumps(more) + "\n")
        file.flush()

    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    deadline = time.time() + seconds
    for path in paths:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(0.1, min(SECONDS_EACH, deadline - time.time())))
        log("module", path)
        run_module(log, path)
        signal.setitimer(signal.ITIMER_REAL, 0)
        log("done", path)
        if time.time() > deadline:
            break
    file.close()


def records(results):
    """Yield what was written so far."""
    try:
        with open(results) as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue
    except OSError:
        return


def main(results, limit, seconds, words):
    """Run the examples of the given modules, or of all when there are no more than `limit`."""
    here = os.getcwd()
    sys.path[0:1] = [path for path in (here, os.path.join(here, "src")) if os.path.isdir(path)]
    sys.argv[1:] = []
    chosen = [word.partition("::")[0] for word in words]
    paths = modules(limit) if not words else sorted({one for one in chosen if MARK in source(one)})
    left = list(paths or [])
    deadline = time.time() + seconds
    while left and time.time() < deadline:
        child = os.fork()
        if child == 0:
            try:
                work(results, left, deadline - time.time())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        begun = {one["test"] for one in records(results) if one.get("kind") == "module"}
        reached = [path for path in left if path not in begun]
        # The child ended within the last module that it began, or did not get to begin one.
        left = reached if len(reached) < len(left) else left[1:]
    told = {one["test"] for one in records(results)}
    ended = {one["test"] for one in records(results) if one.get("kind") == "done"}
    with open(results, "a") as file:
        for path in paths or []:
            # Not run for want of time says nothing against them.
            for name in promised(path) if path not in ended else []:
                if test_id(path, name) not in told:
                    file.write(json.dumps({"kind": "skipped", "test": test_id(path, name)}) + "\n")
        file.write(json.dumps({"kind": "end", "test": "", "all": paths is not None}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
