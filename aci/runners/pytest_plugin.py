"""Runs inside the sandbox: a plugin of pytest that writes each result as one JSON line when it is there.

So a run that hangs or is killed leaves what it had, which pytest's own XML report does not. Stands alone and
keeps to what Python 3.5 knows, since the project's Python runs it.
"""

# mypy: ignore-errors
# ruff: noqa: D102, UP

import json
import os
import sys

MAX_TEXT = 64 * 1024
RESULTS = "PATCHWRIGHT_RESULTS"
OPTIONS = "PYTEST_ADDOPTS"


class Log:
    """Writes results."""

    def __init__(self, path):
        self.path = path

    def write(self, kind, test="", **more):
        more.update(kind=kind, test=test)
        # Opened each time: a test may close every file that it did not open.
        with open(self.path, "a") as file:
            file.write(json.dumps(more) + "\n")

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            self.write("report", report.nodeid, outcome=report.outcome, text=text(report))

    def pytest_runtest_logstart(self, nodeid):
        self.write("start", nodeid)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.write("report", report.nodeid, outcome=report.outcome, text=text(report))
        if report.when == "teardown":
            self.write("end", report.nodeid)


def text(report):
    """Return what pytest says of a failure."""
    if report.outcome != "failed":
        return ""
    return str(getattr(report, "longreprtext", "") or report.longrepr or "")[:MAX_TEXT]


def pytest_configure(config):
    """Begin, unless this is one of xdist's workers, whose results come through the one that leads them."""
    path = os.environ.pop(RESULTS, "")
    # Tests may start pytest themselves, which is none of this run.
    if __name__ in os.environ.get(OPTIONS, ""):
        os.environ.pop(OPTIONS)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if folder != here]
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Log(path), "patchwright-results")
