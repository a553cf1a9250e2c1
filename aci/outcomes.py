"""The outcome of a test run, told to a model in few lines."""

from collections.abc import Sequence

from aci.rendering import clipped, harmless, plural
from aci.runners.base import Failure, Outcome
from aci.runners.doctests import is_doctest
from trajectories.events import TestReport

_SHOWN_FAILURES = 3
_SHOWN_NAMES = 12
_SHOWN_FRAMES = 5
_MESSAGE_LINES = 8
_LINE = 240


def describe(outcome: Outcome, base: TestReport | None) -> str:
    """Return an outcome as a model sees it, compared with the run before any change where there is one."""
    report = outcome.report
    if report.broken and not report.failed:
        head = f"The tests gave no result: {harmless(report.broken)}"
        if report.passed:
            head += f"\n{plural(len(report.passed), 'test')} passed before that."
        return f"{head}\nName a test file, or run it with `bash`."
    parts = [_counts(report)]
    if report.broken:
        parts.append(f"The run did not end: {harmless(report.broken)}")
    if base is not None:
        parts += _compared(report, base)
    for failure in _ordered(outcome.failures, base)[:_SHOWN_FAILURES]:
        parts += ["", *_told(failure)]
    shown = {failure.test for failure in _ordered(outcome.failures, base)[:_SHOWN_FAILURES]}
    others = [test for test in report.failed if test not in shown]
    if others:
        parts += ["", f"Also failing: {_names(others)}"]
    if not report.failed:
        parts.append(
            "Next: `diff` to check the change, then `submit`." if base is not None else "All of them pass."
        )
    return "\n".join(parts)


def _counts(report: TestReport) -> str:
    counts = [
        (len(report.failed), "failed"),
        (len(report.passed), "passed"),
        (len(report.skipped), "skipped"),
    ]
    return ", ".join(f"{count} {word}" for count, word in counts if count) + f" ({report.runner})"


def _compared(report: TestReport, base: TestReport) -> list[str]:
    failed_before, passed_before = set(base.failed), set(base.passed)
    lines = []
    if fixed := [test for test in base.failed if report.passes(test)]:
        lines.append(f"Fixed: {_names(fixed)}")
    if broken := [test for test in report.failed if test in passed_before]:
        lines.append(f"Broken by the changes: {_names(broken)}")
    if old := [test for test in report.failed if test in failed_before]:
        lines.append(f"Failing as before: {len(old)}")
    return lines


def _ordered(failures: Sequence[Failure], base: TestReport | None) -> list[Failure]:
    """Return failures with those first that the changes brought, and examples in docstrings last."""
    passed_before = set(base.passed) if base is not None else set()
    return sorted(failures, key=lambda one: (one.test not in passed_before, is_doctest(one.test)))


def _told(failure: Failure) -> list[str]:
    lines = [f"FAILED {clipped(failure.test, _LINE)}"]
    frames = failure.frames
    if len(frames) > _SHOWN_FRAMES:
        lines.append(f"  ({len(frames) - _SHOWN_FRAMES} outer frames not shown)")
    for frame in frames[-_SHOWN_FRAMES:]:
        where = f"  {harmless(frame.path)}:{frame.line}"
        if frame.function and frame.function != "<module>":
            where += f" in {harmless(frame.function)}"
        lines.append(f"{where}: {clipped(frame.source, _LINE)}" if frame.source else where)
    message = [line for line in failure.message.split("\n") if line.strip()]
    lines += [f"  {clipped(line.replace(chr(9), '    '), _LINE)}" for line in message[:_MESSAGE_LINES]]
    if len(message) > _MESSAGE_LINES:
        lines.append(f"  ({len(message) - _MESSAGE_LINES} more lines)")
    return lines


def _names(tests: Sequence[str]) -> str:
    shown = ", ".join(clipped(test, _LINE) for test in tests[:_SHOWN_NAMES])
    return shown if len(tests) <= _SHOWN_NAMES else f"{shown} and {len(tests) - _SHOWN_NAMES} more"
