"""Tests of pytest and unittest, run by node id."""

# mypy: ignore-errors
import os
import types

from .recording import TooLong


def run_pytest(job, recorder, identifiers, options):
    """Run tests by node id; return pytest's exit code."""
    import pytest

    class Hooks:
        @pytest.hookimpl(hookwrapper=True, trylast=True)
        def pytest_runtest_call(self, item):
            recorder.begin()
            yield
            recorder.done()

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(self, item, call):
            outcome = yield
            report = outcome.get_result()
            if report.outcome == "failed":
                value = call.excinfo.value if call.excinfo else None
                if isinstance(value, TooLong):
                    recorder.late = True
                    recorder.check(item.nodeid, False, "did not end")
                else:
                    recorder.check(item.nodeid, False, pytest_message(value))
            elif report.when == "call" and report.outcome == "passed":
                recorder.check(item.nodeid, True)

        def pytest_collectreport(self, report):
            if report.outcome == "failed":
                lines = [line for line in str(report.longrepr).strip().split("\n") if line.strip()]
                recorder.say({"e": (lines[-1] if lines else "can't be imported")[:300]})

        def pytest_runtest_logfinish(self, nodeid, location):
            if recorder.late:
                pytest.exit("too long", returncode=9)

    recorder.arm(recorder.limit)
    code = pytest.main(
        [
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--tb=native",
            "--color=no",
            "--rootdir=.",
            *options,
        ]
        + list(identifiers),
        plugins=[Hooks()],
    )
    recorder.done()
    return int(code)


def pytest_message(value):
    lines = [line.strip() for line in str(value).strip().split("\n") if line.strip()]
    text = " ".join(lines[:3])
    name = type(value).__name__
    return (text if name == "AssertionError" and text else name + (": " + text if text else ""))[:300]


def run_unittest(job, recorder, identifiers):
    """Run unittest cases and plain test functions, as `aci/runners/unittest_program.py` does."""
    space = types.ModuleType("patchwright_unittest")
    exec(compile(job["unittest_program"], "<runner>", "exec"), space.__dict__)

    class Log(space.Log):
        def __init__(self):
            self.tests = 0

        def write(self, kind, test="", **more):
            if kind == "start":
                recorder.begin()
            elif kind in ("passed", "failed"):
                recorder.done()
                recorder.check(test, kind == "passed", more.get("message", ""))

    log = Log()
    files = {}
    for word in identifiers:
        target = space.resolve(word)
        if target is not None and not os.path.isdir(target[0]):
            files.setdefault(target[0], []).append(target[1])
    for path, wanted in files.items():
        recorder.arm(recorder.limit)
        whole = [] in wanted
        for names in [[]] if whole else wanted:
            try:
                space.run_file(log, path, names)
            except TooLong:
                recorder.late = True
            if recorder.late:
                recorder.done()
                return
    recorder.done()


def run_tests(job, recorder):
    first = job["first"] or job["rest"]
    stages = [first, job["rest"]] if job["first"] and job["rest"] else [first]
    if recorder.trace:
        stages = [job["first"] + job["rest"]]
    for stage in stages:
        if job["ids"] == "pytest":
            code = run_pytest(job, recorder, stage, job["options"])
            if code == 4 and not job["options"] and not recorder.told:
                recorder.say({"options": ["-o", "addopts="]})
                code = run_pytest(job, recorder, stage, ["-o", "addopts="])
        else:
            run_unittest(job, recorder, stage)
        good = any if job["partial"] else all
        if recorder.late or not recorder.told or not good(recorder.told.values()):
            return
        recorder.say({"stage": True})
