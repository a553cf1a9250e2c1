"""Judges an attempt by execution, in a sandbox that the agent never touched.

The patch is laid over the base commit in a fresh sandbox, the tests that existed at the base are put back
as they were, and the suite runs again. What failed before and passes now is fixed; what passed before and
fails now is broken. Where no test showed the fault, tests that the agent wrote count if they fail without
its patch. A test of the agent's that the evidence contradicts is refuted: it sinks no patch, see
`agent.refuting`.
"""

import re
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from aci.runners.doctests import is_doctest
from agent.refuting import EITHER_WAY, GIVEN, NewTests, contradicted, new_tests, why_contradicted
from trajectories.events import BUILD, TEST_RUN, TestReport
from trajectories.result import Evidence, Refuted

_TEST_FILE = re.compile(
    r"(^|/)(tests?|testing|__tests__|spec)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.(py|go|cc|cpp|rs)$"
    r"|\.(test|spec)\.[cm]?[jt]sx?$|(^|/)[^/]*Tests?\.java$|(^|/)(pytest\.ini|tox\.ini)$"
)


_STEERING = re.compile(r"(^|/)(conftest\.py|pytest\.ini|tox\.ini)$")


class Verdict(NamedTuple):
    """What the evaluator found.

    Attributes:
        resolved: The evidence says that the task is solved.
        reward: From 0, nothing gained, to 1, resolved.
        evidence: The tests that say so.
    """

    resolved: bool
    reward: float
    evidence: Evidence


def is_test_file(path: str) -> bool:
    """Say whether a repository path belongs to the tests rather than to the code under test."""
    return _TEST_FILE.search(path) is not None


def wanted(base: TestReport) -> tuple[str, ...]:
    """Return the tests failing at the base that a patch has to mend.

    An example in a docstring counts only where no test fails: projects keep examples that never ran, and
    none of them shall stand in the way of a fix that has its own test.
    """
    tests = tuple(test for test in base.failed if not is_doctest(test))
    return tests or base.failed


def compare(base: TestReport, final: TestReport, confirmed: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict on a patch from the reports before and after it.

    Args:
        base: The tests at the base commit.
        final: The same tests with the patch.
        confirmed: New tests that pass with the patch and were seen to fail without it.
    """
    fixed = tuple(test for test in base.failed if final.passes(test))
    needed = wanted(base)
    if confirmed and all(map(is_doctest, needed)):
        needed = ()
    still = tuple(test for test in needed if test not in fixed)
    known = {*final.passed, *final.skipped}
    broken = tuple(test for test in base.passed if test not in known and not final.passes(test))
    gained = fixed + confirmed
    resolved = bool(gained) and not still and not broken and not final.broken
    useful = len(needed) - len(still) + len(confirmed)
    reward = 1.0 if resolved else _partial(useful, len(needed) or 1, len(broken), final)
    return Verdict(
        resolved,
        reward,
        Evidence(
            failing_before=base.failed,
            fixed=gained,
            still_failing=still,
            broken=broken,
            passed=len(final.passed),
            summary=_summary(needed, final, still, broken, confirmed),
        ),
    )


def _partial(gained: int, wanted: int, broken: int, final: TestReport) -> float:
    if final.broken or broken:
        return 0.0
    return min(0.9, gained / wanted)


def _summary(
    needed: tuple[str, ...],
    final: TestReport,
    still: tuple[str, ...],
    broken: tuple[str, ...],
    confirmed: tuple[str, ...],
) -> str:
    if final.broken:
        return f"The tests did not run with the patch: {final.broken}"
    parts = []
    if confirmed:
        parts.append(
            f"{_tests(len(confirmed))} written for the issue fail without the patch and pass with it"
        )
    elif needed:
        parts.append(f"{len(needed) - len(still)} of {_tests(len(needed))} that failed before pass now")
    else:
        parts.append("no test failed before, so none shows that the fault is gone")
    if 0 < len(still) < len(needed):
        parts.append(f"{len(still)} still fail")
    parts.append(
        f"{_tests(len(broken))} that passed before fail now" if broken else "none that passed is broken"
    )
    return ("; ".join(parts) + ".").capitalize()


def _tests(count: int) -> str:
    return f"{count} test" if count == 1 else f"{count} tests"


RunTests = Callable[[Path], Awaitable[TestReport]]
"""Runs the task's tests on a work tree in a sandbox of its own."""


RunExamples = Callable[[Path, Sequence[str]], Awaitable[TestReport]]
"""Runs the examples in the docstrings of some modules of a work tree in a sandbox of its own."""


async def judge(
    base_tree: Path,
    tree: Path,
    base: TestReport,
    run_tests: RunTests,
    run_examples: RunExamples | None = None,
) -> Verdict:
    """Judge the work tree that an attempt left.

    Args:
        base_tree: The checkout of the base commit.
        tree: The exported work tree; its tests are put back to the base's.
        base: The report at the base commit.
        run_tests: Runs the task's tests on a tree.
        run_examples: Runs examples; those of changed modules count too where the base's report has none of
            them, since there were too many to run or only some tests were asked for.
    """
    written = [path for path in _files(tree) if is_test_file(path) and not (base_tree / path).exists()]
    false = contradicted(base_tree, tree, written) if written else {}
    for path in _files(base_tree):
        if is_test_file(path):
            _put(base_tree, tree, path)
    shown = any(not is_doctest(test) for test in base.failed)
    if shown:
        # The tests that show the fault need no new steering; a planted hook could make them pass.
        for path in written:
            if _STEERING.search(path):
                (tree / path).unlink(missing_ok=True)
    final = await run_tests(tree)
    examples = None
    if run_examples is not None and (modules := _changed_examples(base_tree, tree, base)):
        base = _joined(base, await run_examples(base_tree, modules))
        examples = await run_examples(tree, modules)
        final = _joined(final, examples)
    new = new_tests(base, final) if written else NewTests()
    refuted = {test: why for test in (*new.failed, *new.passed) if (why := why_contradicted(test, false))}
    if shown:
        verdict = compare(base, final)
        whole = {BUILD, TEST_RUN, final.command}
        at_fault = [test for test in new.failed if test not in whole]
        if not verdict.resolved and written and (new.failed or final.broken or whole & {*base.failed}):
            # A wrong test of the agent's fails a run that is judged as a whole, or keeps it from starting.
            alone = await run_tests(_without(tree, written))
            second = compare(base, _joined(alone, examples) if examples else alone)
            if second.reward > verdict.reward:
                verdict, at_fault = second, at_fault or _tests_among(written)
        if verdict.resolved:
            refuted = dict.fromkeys(at_fault, GIVEN) | refuted
        return _with_refuted(verdict, refuted)
    if not new.passed and not new.failed:
        return compare(base, final)
    report = await run_tests(_without_patch(base_tree, tree, written))
    confirmed = tuple(test for test in new.passed if test not in report.passed and test not in refuted)
    refuted = {test: EITHER_WAY for test in new.failed if test in report.failed} | refuted
    return _with_refuted(compare(base, final, confirmed), refuted)


def _without(tree: Path, written: Sequence[str]) -> Path:
    """Return a copy of the work tree that lacks the test files which the agent wrote."""
    alone = tree.parent / "without-tests"
    shutil.copytree(tree, alone, symlinks=True)
    for path in written:
        (alone / path).unlink(missing_ok=True)
    return alone


def _without_patch(base_tree: Path, tree: Path, written: Sequence[str]) -> Path:
    """Return a copy of the base commit with the test files which the agent wrote."""
    without = tree.parent / "without-patch"
    shutil.copytree(base_tree, without, symlinks=True)
    for path in written:
        _put(tree, without, path)
    return without


def _tests_among(written: Sequence[str]) -> list[str]:
    return [path for path in written if re.search(r"(?i)test|spec", path.rpartition("/")[2])]


def _with_refuted(verdict: Verdict, refuted: Mapping[str, str]) -> Verdict:
    if not refuted:
        return verdict
    tests = tuple(Refuted(test=test, reason=reason) for test, reason in sorted(refuted.items()))
    counted = f"{_tests(len(tests))} that the agent wrote {'is' if len(tests) == 1 else 'are'} refuted."
    summary = f"{verdict.evidence.summary} {counted}"
    return verdict._replace(
        evidence=verdict.evidence.model_copy(update={"refuted": tests, "summary": summary})
    )


def _changed_examples(base_tree: Path, tree: Path, base: TestReport) -> list[str]:
    """Return the changed Python modules that had examples which the base's report does not know."""
    known = {
        test.partition("::")[0] for test in (*base.passed, *base.failed, *base.skipped) if is_doctest(test)
    }
    found = []
    for path in _files(base_tree):
        if path.endswith(".py") and not is_test_file(path) and path not in known:
            before, after = (base_tree / path).read_bytes(), tree / path
            changed = after.is_symlink() or not after.is_file() or after.read_bytes() != before
            if changed and b">>> " in before:
                found.append(path)
    return found


def _joined(report: TestReport, examples: TestReport) -> TestReport:
    """Return a report with the examples that it does not have yet."""
    known = {*report.passed, *report.failed, *report.skipped}
    return report.model_copy(
        update={
            kind: (*getattr(report, kind), *(test for test in getattr(examples, kind) if test not in known))
            for kind in ("passed", "failed", "skipped")
        }
    )


def _files(tree: Path) -> list[str]:
    found = []
    for path in sorted(tree.rglob("*")):
        relative = path.relative_to(tree)
        if relative.parts[0] != ".git" and path.is_file() and not path.is_symlink():
            found.append(relative.as_posix())
    return found


def _put(source: Path, tree: Path, path: str) -> None:
    """Copy a file over whatever stands in its place, never through a link that the agent has planted."""
    target = tree / path
    for parent in reversed(Path(path).parents[:-1]):
        if (tree / parent).is_symlink() or (tree / parent).is_file():
            (tree / parent).unlink()
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / path, target, follow_symlinks=False)
