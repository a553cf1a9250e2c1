"""Runners of other languages on real projects with the real tools; one that is missing skips its tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aci import Limits, Workspace
from aci.runners import detect
from aci.runners.package_script import choose
from aci.testing import run_tests
from trajectories.events import BUILD

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]


class Project(NamedTuple):
    """A calculator with a wrong sum.

    Attributes:
        tools: What must be installed.
        files: The project.
        source: The file with the fault: `a - b` where `a + b` is right.
        failed: The test that fails.
        passed: The tests that pass.
        skipped: The tests that are skipped.
        frame: How the failure's place is told.
        selections: Ways to select the failing test, and no other.
        file: The file of the test, which selects all tests.
        broken: The id of what fails when the source does not compile.
        hang: A change that makes the run hang, after which it must be stopped.
    """

    tools: tuple[str, ...]
    files: Mapping[str, str]
    source: str
    failed: str
    passed: frozenset[str]
    skipped: frozenset[str]
    frame: str
    selections: tuple[str, ...]
    file: str
    broken: str = BUILD
    hang: tuple[str, str] = ("a - b", "a - b")


NODE = Project(
    ("node",),
    {
        "package.json": '{"scripts": {"test": "npm run lint && npm run unit", "lint": "eslint .",'
        ' "unit": "node --test test/"}}',
        "calc.js": "exports.add = (a, b) => a - b;\n",
        "test/calc.test.js": """\
const { test, describe, it } = require("node:test");
const assert = require("node:assert");
const { add } = require("../calc.js");

describe("calc", () => {
  it("adds / sums", () => {
    assert.strictEqual(add(1, 2), 3);
  });
  it("zero", () => assert.strictEqual(add(0, 0), 0));
  it("later", { skip: true }, () => {});
});
""",
    },
    "calc.js",
    "test/calc.test.js > calc > adds / sums",
    frozenset({"test/calc.test.js > calc > zero"}),
    frozenset({"test/calc.test.js > calc > later"}),
    "  test/calc.test.js:7: assert.strictEqual(add(1, 2), 3);",
    ("test/calc.test.js > calc > adds / sums",),
    "test/calc.test.js",
    "test/calc.test.js",
    ("a - b;", "{ if (a) for (;;); return 0; };"),
)
GO = Project(
    ("go",),
    {
        "go.mod": "module example.com/calc\n\ngo 1.18\n",
        "deep/calc.go": "package deep\n\nfunc Add(a, b int) int { return a - b }\n",
        "deep/calc_test.go": """\
package deep

import "testing"

func TestZero(t *testing.T) {
	if Add(0, 0) != 0 {
		t.Fatal("not zero")
	}
}

func TestAdd(t *testing.T) {
	t.Run("small sum", func(t *testing.T) {
		if got := Add(1, 2); got != 3 {
			t.Errorf("got %d, want 3", got)
		}
	})
}

func TestLater(t *testing.T) { t.Skip("later") }
""",
    },
    "deep/calc.go",
    "example.com/calc/deep.TestAdd/small_sum",
    frozenset({"example.com/calc/deep.TestZero"}),
    frozenset({"example.com/calc/deep.TestLater"}),
    "  deep/calc_test.go:14: got -1, want 3",
    ("example.com/calc/deep.TestAdd/small_sum", "TestAdd"),
    "deep/calc_test.go",
    "example.com/calc/deep",
    ("return a - b", "for a > 0 { }; return 0"),
)
CARGO = Project(
    ("cargo", "rustc"),
    {
        "Cargo.toml": '[package]\nname = "calc"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": "pub mod sum;\n",
        "src/sum.rs": """\
pub fn add(a: i32, b: i32) -> i32 { a - b }

#[cfg(test)]
mod tests {
    use super::add;

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
    }

    #[test]
    fn zero() {
        assert_eq!(add(0, 0), 0);
    }

    #[test]
    #[ignore]
    fn later() {}
}
""",
    },
    "src/sum.rs",
    "sum::tests::adds",
    frozenset({"sum::tests::zero"}),
    frozenset({"sum::tests::later"}),
    "  src/sum.rs:9 in adds: assert_eq!(add(1, 2), 3);",
    ("sum::tests::adds", "adds"),
    "src/sum.rs",
    BUILD,
    ("{ a - b }", "{ while a > 0 {} b }"),
)
CTEST = Project(
    ("cmake", "ctest", "cc"),
    {
        "CMakeLists.txt": """\
cmake_minimum_required(VERSION 3.10)
project(calc C)
enable_testing()
add_executable(calc_test calc_test.c calc.c)
foreach(name zero adds later)
  add_test(NAME ${name} COMMAND calc_test ${name})
endforeach()
set_tests_properties(later PROPERTIES DISABLED TRUE)
""",
        "calc.c": "int add(int a, int b) { return a - b; }\n",
        "calc_test.c": """\
#include <assert.h>
#include <string.h>
int add(int a, int b);
int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "adds")) assert(add(1, 2) == 3);
    return 0;
}
""",
    },
    "calc.c",
    "adds",
    frozenset({"zero"}),
    frozenset({"later"}),
    "  calc_test.c:5: main: Assertion `add(1, 2) == 3' failed.",
    ("adds", "add"),
    "",
    BUILD,
    ("return a - b", "while (a > 0); return 0"),
)
PROJECTS = {"npm": NODE, "go": GO, "cargo": CARGO, "ctest": CTEST}


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Each project whose tools are there."""
    found: Project = PROJECTS[request.param]
    if "cargo" in found.tools:
        _without_rustup(monkeypatch)
    for tool in found.tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed here")
    return found


def _without_rustup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the toolchain itself on the path: rustup's stand-ins need a home of theirs."""
    real = Path(os.path.expanduser("~root" if os.getuid() == 0 else "~")) / ".rustup"
    if shutil.which("rustup") and real.is_dir():
        found = subprocess.run(
            ["rustup", "which", "cargo"],
            env={**os.environ, "RUSTUP_HOME": str(real)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if found:
            monkeypatch.setenv("PATH", f"{os.path.dirname(found)}:{os.environ['PATH']}")


async def test_a_project_is_found_out_and_its_failure_is_told_and_mended(
    make_workspace: Make, act: Act, project: Project
) -> None:
    workspace = await make_workspace(project.files)
    report, text = await run_tests(workspace)
    left = (await workspace.probe("find . -type f")).output.split()
    assert {path.removeprefix("./") for path in left} == set(project.files)
    assert PROJECTS[workspace.runner] is project
    assert report.failed == (project.failed,), text
    assert (set(report.passed), set(report.skipped)) == (project.passed, project.skipped)
    assert report.broken == ""
    assert project.frame in text
    workspace.base_report = report
    for selection in project.selections:
        chosen, _ = await run_tests(workspace, [selection])
        assert (chosen.failed, chosen.passed) == ((project.failed,), ()), selection
    none, _ = await run_tests(workspace, ["TestNoSuch"])
    assert none.broken == "there is no such test"
    if project.file:
        whole, _ = await run_tests(workspace, [project.file])
        assert (whole.failed, set(whole.passed)) == ((project.failed,), project.passed)
    await act(workspace, "bash", command=f"sed -i 's/a - b/a + b/' {project.source}")
    seen = await act(workspace, "run_tests")
    assert seen.tests.green
    assert f"Fixed: {project.failed}" in seen.text


async def test_code_that_does_not_compile_is_one_failure_with_its_place(
    make_workspace: Make, act: Act, project: Project
) -> None:
    workspace = await make_workspace(project.files)
    await act(workspace, "bash", command=f"sed -i 's/a - b/a + = b/' {project.source}")
    report, text = await run_tests(workspace)
    assert report.failed == (project.broken,), text
    assert not report.passed
    assert project.source in text
    workspace.base_report = report
    await act(workspace, "bash", command=f"sed -i 's/a + = b/a + b/' {project.source}")
    seen = await act(workspace, "run_tests")
    assert seen.tests.green
    assert f"Fixed: {project.broken}" in seen.text


async def test_a_run_that_hangs_reports_what_ran(make_workspace: Make, act: Act, project: Project) -> None:
    workspace = await make_workspace(project.files)
    await run_tests(workspace)
    old, new = project.hang
    await act(workspace, "edit", path=project.source, search=old, replace=new)
    workspace.limits = Limits(test_timeout=15)
    report, text = await run_tests(workspace)
    assert "did not end within 15 s" in report.broken, text
    assert not report.failed
    if "node" not in project.tools:
        assert project.passed & set(report.passed)


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        ({"go.mod": ""}, "go"),
        ({"Cargo.toml": ""}, "cargo"),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, "node"),
        ({"package.json": '{"scripts": {"test": "./all"}}'}, "node"),
        ({"pom.xml": "", "mvnw": "exit 1"}, "java"),
        ({"build.gradle": ""}, "java"),
        ({"CMakeLists.txt": "enable_testing()"}, "cmake"),
        ({"Makefile": "test:\n\ttrue\n"}, "make"),
    ],
)
async def test_a_missing_toolchain_is_one_sentence_and_no_failing_test(
    make_workspace: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: Mapping[str, str], tool: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "find", "grep", "sed", "head", "rm", "touch", "cat", "mkdir", "rmdir", "bash", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tools))
    workspace = await make_workspace(files)
    report, text = await run_tests(workspace)
    assert report.broken == f"{tool} is not installed in this sandbox"
    assert not report.failed
    assert report.broken in text


async def test_a_framework_that_was_not_installed_is_no_failing_test(make_workspace: Make) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed here")
    workspace = await make_workspace({"package.json": '{"scripts": {"test": "jest-of-nowhere"}}'})
    report, _ = await run_tests(workspace)
    assert report.broken == "jest-of-nowhere is not installed in this sandbox"
    workspace = await make_workspace({"package.json": '{"scripts": {"test": "vitest"}}'})
    report, _ = await run_tests(workspace)
    assert report.broken == "vitest is not installed in this sandbox"


async def test_a_crate_of_the_network_is_no_failing_test(
    make_workspace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_rustup(monkeypatch)
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not installed here")
    manifest = CARGO.files["Cargo.toml"] + '[dependencies]\nserde = "1"\n'
    workspace = await make_workspace({**CARGO.files, "Cargo.toml": manifest})
    report, _ = await run_tests(workspace)
    assert report.broken.startswith("something that the tests need is not in this sandbox: ")
    assert not report.failed


async def test_a_makefile_with_pytest_inside_tells_each_test(make_workspace: Make) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed here")
    files = {
        "Makefile": "check:\n\tpython3 -m pytest -q checks/a.py\n\tpython3 -m pytest -q checks/b.py\n",
        "checks/a.py": "def test_a():\n    pass\n",
        "checks/b.py": "def test_b():\n    assert 1 == 2\n",
    }
    workspace = await make_workspace(files)
    report, text = await run_tests(workspace)
    assert workspace.runner == "make:check"
    assert (report.passed, report.failed) == (("checks/a.py::test_a",), ("checks/b.py::test_b",))
    assert "assert 1 == 2" in text


async def test_a_script_is_judged_by_its_exit_code_or_its_tap(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"run_tests.sh": "echo boom; exit 3\n"})
    report, text = await run_tests(workspace)
    assert workspace.runner == "script:run_tests.sh"
    assert report.failed == ("test run",)
    assert "boom" in text
    workspace.base_report = report
    script = "echo 1..2; echo ok 1 - a; echo ok 2 - b '# skip'\n"
    await act(workspace, "bash", command=f'printf %s "{script}" > run_tests.sh')
    report, text = await run_tests(workspace, report.failed)
    assert (report.passed, report.skipped) == (("a",), ("b",))
    assert "Fixed: test run" in text


@pytest.mark.parametrize("environment", [".venv/bin", ".tox/py311/bin", ".nox/tests/bin"])
async def test_an_environment_with_pytest_in_the_repository_is_used(
    make_workspace: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: str
) -> None:
    """The Python at hand has no pytest, one in the repository has."""
    tools = tmp_path / "tools"
    tools.mkdir()
    bare = tools / "python3"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    workspace = await make_workspace({"test_a.py": "def test_a():\n    pass\n", "tox.ini": "[tox]\n"})
    script = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    target = workspace.sandbox.tree / environment / "python"  # type: ignore[attr-defined]
    target.parent.mkdir(parents=True)
    target.write_text(script)
    target.chmod(0o755)
    assert await detect(workspace) == "pytest"
    assert workspace.python == f"{environment}/python"
    report, _ = await run_tests(workspace)
    assert report.passed == ("test_a.py::test_a",)


@pytest.mark.parametrize(
    ("scripts", "needs", "framework", "command"),
    [
        ({"test": "jest --coverage"}, (), "jest", "jest --coverage"),
        (
            {"test": "tsc && cross-env A=1 mocha -r x 'test/**'"},
            (),
            "mocha",
            "cross-env A=1 mocha -r x 'test/**'",
        ),
        ({"test": "yarn test:unit", "test:unit": "vitest"}, (), "vitest", "vitest"),
        ({"test": "eslint . && node --import tsx --test"}, (), "node", "node --import tsx --test"),
        ({"test": "npm run test"}, (), "", "npm run test"),
        ({"test": "./all"}, ("jest",), "", "./all"),
        ({"test": 'echo "Error: no test specified" && exit 1'}, ("ava",), "ava", "ava"),
        ({}, (), "node", "node --test"),
        ({"test": "react-scripts test"}, (), "jest", "react-scripts test"),
    ],
)
def test_the_framework_behind_a_script_is_found(
    scripts: Mapping[str, str], needs: tuple[str, ...], framework: str, command: str
) -> None:
    found = choose(scripts, frozenset(needs))
    assert (found.framework, found.command) == (framework, command)
    assert not any("eslint" in step for step in found.before)
