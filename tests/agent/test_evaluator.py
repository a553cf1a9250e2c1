"""The evaluator: what counts as evidence, on reports alone and on runs whose agents do their worst."""

import os
from pathlib import Path

import pytest

from agent.evaluator import compare, is_test_file, judge, wanted
from trajectories.events import ActionFinished, AttemptEnded, TestReport, TestsReported

HAND = {"tests": {"after_edit": False}}


def report(passed: str = "", failed: str = "", skipped: str = "", broken: str = "") -> TestReport:
    return TestReport(
        runner="r",
        command="c",
        passed=tuple(passed.split()),
        failed=tuple(failed.split()),
        skipped=tuple(skipped.split()),
        broken=broken,
    )


def test_all_failing_tests_mended_and_none_broken_is_resolved() -> None:
    verdict = compare(report("a", "b c"), report("a b c"))
    assert (verdict.resolved, verdict.reward) == (True, 1.0)
    assert verdict.evidence.fixed == ("b", "c")
    assert verdict.evidence.summary == "2 of 2 tests that failed before pass now; none that passed is broken."


def test_a_part_of_the_failing_tests_earns_a_part_of_the_reward() -> None:
    verdict = compare(report("a", "b c"), report("a b", "c"))
    assert (verdict.resolved, verdict.reward) == (False, 0.5)
    assert verdict.evidence.still_failing == ("c",)


def test_a_broken_test_is_never_resolved_and_earns_nothing() -> None:
    verdict = compare(report("a", "b"), report("b", "a"))
    assert (verdict.resolved, verdict.reward) == (False, 0.0)
    assert verdict.evidence.broken == ("a",)


def test_a_test_that_is_gone_is_broken_and_a_skipped_one_is_not() -> None:
    assert compare(report("a", "b"), report("b")).evidence.broken == ("a",)
    assert compare(report("a", "b"), report("b", "", "a")).resolved


def test_a_failing_test_that_is_gone_or_skipped_is_not_mended() -> None:
    assert compare(report("a", "b"), report("a")).evidence.still_failing == ("b",)
    assert not compare(report("a", "b"), report("a", "", "b")).resolved


def test_green_before_is_never_resolved_by_green_after() -> None:
    verdict = compare(report("a b"), report("a b"))
    assert (verdict.resolved, verdict.reward) == (False, 0.0)
    assert "no test failed before" in verdict.evidence.summary.lower()


def test_tests_that_do_not_end_are_never_resolved() -> None:
    verdict = compare(report("a", "b"), report("a b", broken="they timed out"))
    assert (verdict.resolved, verdict.reward) == (False, 0.0)
    assert verdict.evidence.summary.endswith("they timed out")


@pytest.mark.parametrize(
    "path",
    [
        "tests/data.json",
        "test_a.py",
        "a/test_b.py",
        "conftest.py",
        "a/b_test.go",
        "a.spec.ts",
        "src/ATest.java",
    ],
)
def test_files_of_the_tests_are_known(path: str) -> None:
    assert is_test_file(path)


@pytest.mark.parametrize("path", ["calc.py", "latest.py", "contest/a.py", "attest.go", "src/Test.javac"])
def test_files_of_the_code_are_not_taken_for_tests(path: str) -> None:
    assert not is_test_file(path)


async def test_a_green_suite_is_not_resolved_by_any_edit(run, broken, do) -> None:
    broken["calc.py"] = broken["calc.py"].replace("a - b", "a + b")
    edit = do("edit", path="calc.py", search="a * 2", replace="2 * a")
    done = await run(broken, [edit, do("submit")])
    assert (done.result.status, done.result.exit_status) == ("unresolved", 1)
    assert "+    return 2 * a" in done.result.patch


async def test_no_edit_is_not_resolved_and_hands_back_nothing(run, broken, do) -> None:
    done = await run(broken, [do("submit"), do("submit")])
    first, second = done.of(ActionFinished)
    assert first.failed
    assert not second.failed
    assert (done.result.status, done.result.patch) == ("unresolved", "")
    assert done.result.reason == "No patch was made."


async def test_tests_that_the_agent_bent_are_put_back_before_they_judge(run, broken, do) -> None:
    bend = do("bash", command="sed -i 's/, 5)/, -1)/; s/, 50)/, -10)/' tests/test_calc.py")
    done = await run(broken, [bend, do("run_tests"), do("submit")])
    assert done.of(ActionFinished)[1].observation.startswith("3 passed")
    assert done.result.status == "unresolved"
    assert len(done.result.evidence.still_failing) == 2


async def test_tests_that_the_agent_deleted_are_put_back_before_they_judge(run, broken, do) -> None:
    done = await run(broken, [do("bash", command="rm -r tests"), do("submit")])
    assert "deleted file" in done.result.patch
    assert done.result.status == "unresolved"
    assert len(done.result.evidence.still_failing) == 2
    assert not done.result.evidence.broken


async def test_a_planted_hook_of_the_test_runner_does_not_judge(tmp_path: Path) -> None:
    base, tree = tmp_path / "base", tmp_path / "judged" / "tree"
    for folder in (base, tree):
        (folder / "tests").mkdir(parents=True)
        (folder / "tests" / "test_a.py").write_text("def test(): assert 0\n")
    for planted in ("conftest.py", "tests/conftest.py", "pytest.ini"):
        (tree / planted).write_text("# every test passes\n")
    (tree / "tests" / "test_new.py").write_text("def test_new(): pass\n")
    seen: list[str] = []

    async def run_tests(judged: Path) -> TestReport:
        seen.extend(sorted(path.name for path in judged.rglob("*") if path.is_file()))
        return report("", "test")

    await judge(base, tree, report("", "test"), run_tests)
    assert seen == ["test_a.py", "test_new.py"]


async def test_links_and_files_in_the_place_of_test_folders_give_way(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    base, tree = tmp_path / "base", tmp_path / "real" / "tree"
    for path in ("tests/a/test_a.py", "test/test_b.py"):
        (base / path).parent.mkdir(parents=True)
        (base / path).write_text("right")
    tree.mkdir(parents=True)
    (tree / "tests").symlink_to(outside)
    (tree / "test").write_text("a file")

    async def run_tests(judged: Path) -> TestReport:
        assert (judged / "tests/a/test_a.py").read_text() == "right"
        assert (judged / "test/test_b.py").read_text() == "right"
        return report("a", "b")

    # The folder of temporary files may itself lie behind a link, which is none of the agent's.
    await judge(base, link / "tree", report("a", "b"), run_tests)
    assert not os.listdir(outside)
    assert link.is_symlink()


NEW_TEST = "import unittest\nfrom calc import add\n\nclass New(unittest.TestCase):\n    def test_new(self):\n"


async def test_a_test_of_the_agents_that_fails_without_its_patch_is_evidence(run, broken, do, fix) -> None:
    broken["tests/test_calc.py"] = broken["tests/test_calc.py"].replace("add(2, 3), 5", "add(2, 0), 2")
    broken["tests/test_calc.py"] = broken["tests/test_calc.py"].replace("add(20, 30), 50", "add(1, 0), 1")
    test = do(
        "create", path="tests/test_new.py", content=f"{NEW_TEST}        self.assertEqual(add(2, 3), 5)\n"
    )
    done = await run(broken, [test, fix, do("submit")])
    assert done.result.status == "resolved"
    (fixed,) = done.result.evidence.fixed
    assert "test_new" in fixed
    assert "1 test written for the issue fail" in done.result.reason
    assert [event.origin for event in done.of(TestsReported)] == ["base", "final", "final"]


async def test_a_test_of_the_agents_that_passes_without_its_patch_is_no_evidence(
    run, broken, do, fix
) -> None:
    broken["tests/test_calc.py"] = broken["tests/test_calc.py"].replace("add(2, 3), 5", "add(2, 0), 2")
    broken["tests/test_calc.py"] = broken["tests/test_calc.py"].replace("add(20, 30), 50", "add(1, 0), 1")
    test = do("create", path="tests/test_new.py", content=f"{NEW_TEST}        self.assertEqual(2, 2)\n")
    done = await run(broken, [test, fix, do("submit")])
    assert done.result.status == "unresolved"
    assert done.of(AttemptEnded)[0].reward == 0.0


async def test_a_file_that_git_ignores_helps_the_agent_but_not_its_patch(run, broken, do) -> None:
    broken[".gitignore"] = "fast.py\n"
    broken["calc.py"] = "from slow import add\n\n\ndef double(a):\n    return a * 2\n"
    broken["slow.py"] = "def add(a, b):\n    return a - b\n"
    script = [
        do("create", path="fast.py", content="def add(a, b):\n    return a + b\n"),
        do("edit", path="calc.py", search="from slow", replace="from fast"),
        do("submit"),
    ]
    done = await run(broken, script)
    assert done.result.status == "unresolved"
    assert "+from fast import add" in done.result.patch


EXAMPLES = """def double(a):
    \"\"\"Return twice the number.

    >>> double(2)
    4
    \"\"\"
    return a * 2
"""


def test_an_example_that_a_patch_breaks_is_a_broken_test() -> None:
    verdict = compare(report("a m.py::doctest:f", "b"), report("a b", "m.py::doctest:f"))
    assert (verdict.resolved, verdict.reward) == (False, 0.0)
    assert verdict.evidence.broken == ("m.py::doctest:f",)


def test_an_example_that_was_not_reached_is_not_broken() -> None:
    assert compare(report("m.py::doctest:f", "b"), report("b", "", "m.py::doctest:f")).resolved


def test_an_old_failing_example_does_not_stand_in_the_way_of_a_tested_fix() -> None:
    base = report("a", "b m.py::doctest:f")
    assert wanted(base) == ("b",)
    verdict = compare(base, report("a b", "m.py::doctest:f"))
    assert (verdict.resolved, verdict.reward) == (True, 1.0)
    assert verdict.evidence.summary.startswith("1 of 1 test that failed before")
    base = report("a", "m.py::doctest:f")
    assert compare(base, report("a n", "m.py::doctest:f"), ("n",)).resolved


def test_failing_examples_alone_have_to_be_mended() -> None:
    base = report("a", "m.py::doctest:f m.py::doctest:g")
    assert wanted(base) == base.failed
    assert not compare(base, report("a m.py::doctest:f", "m.py::doctest:g")).resolved
    assert compare(base, report("a m.py::doctest:f m.py::doctest:g")).resolved


def test_a_file_that_could_not_be_imported_is_mended_by_its_tests() -> None:
    assert compare(report("a", "tests/b.py"), report("a tests/b.py::x")).resolved
    assert not compare(report("a", "tests/b.py"), report("a tests/b.py::x", "tests/b.py::y")).resolved


async def test_a_run_whose_patch_breaks_an_example_is_not_resolved(run, broken, do, fix) -> None:
    broken["other.py"] = EXAMPLES
    spoil = do("edit", path="other.py", search="a * 2", replace="a * 3")
    done = await run(broken, [spoil, fix, do("submit")], HAND)
    assert done.result.status == "unresolved"
    assert done.result.evidence.broken == ("other.py::doctest:double",)
    done = await run(broken, [fix, do("submit")], HAND)
    assert done.result.status == "resolved"


async def test_a_run_of_named_tests_still_sees_the_examples_of_changed_modules(tmp_path: Path) -> None:
    base, tree = tmp_path / "base", tmp_path / "judged" / "tree"
    for folder in (base, tree):
        folder.mkdir(parents=True)
        (folder / "m.py").write_text(EXAMPLES)
        (folder / "same.py").write_text(EXAMPLES)
    (tree / "m.py").write_text(EXAMPLES.replace("* 2", "* 3"))
    asked: list[tuple[str, ...]] = []

    async def run_tests(judged: Path) -> TestReport:
        return report("a b")

    async def run_examples(judged: Path, modules: object) -> TestReport:
        asked.append(tuple(modules))  # type: ignore[call-overload]
        test = "m.py::doctest:double"
        return report(test) if judged == base else report("", test)

    verdict = await judge(base, tree, report("a", "b"), run_tests, run_examples)
    assert asked == [("m.py",), ("m.py",)]
    assert verdict.evidence.broken == ("m.py::doctest:double",)
    verdict = await judge(base, tree, report("a m.py::doctest:double", "b"), run_tests, run_examples)
    assert len(asked) == 2
