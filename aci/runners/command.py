"""A command that tests: the user's own, tox, nox, a Makefile's target, a script.

Where pytest runs somewhere inside, our plugin of it tells each result. Else what is printed is read as TAP,
and where it is none the exit code decides.
"""

import re
from collections.abc import Sequence

from aci.runners import pytest
from aci.runners.base import Outcome, Parsed, quoted
from aci.runners.javascript import parse_tap
from aci.runners.program import Program, run_program
from aci.workspace import Workspace

_PYTEST = re.compile(r"(?:^|[\s/;&|])(?:pytest|py\.test)(?:\s|$)")
SCRIPTS = (
    "run_tests.sh", "run-tests.sh", "runtests.sh", "test.sh", "tests.sh", "tests/run.sh",
    "tests/run_tests.sh", "test/run.sh", "tests/test.sh", "runtests.py", "run_tests.py",
)  # fmt: skip


async def run_configured(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the user's command; only pytest's takes a selection."""
    command = workspace.test_command
    if not _PYTEST.search(command):
        return await _run(workspace, Program("command", command, whole=command))
    command = " ".join([command, quoted(selection)]).rstrip()
    return await _run(workspace, Program("pytest", command, whole=command))


async def run_make(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the target `test` or `check`, whole."""
    del selection
    target = detail(workspace) or "test"
    return await _run(workspace, Program("make", f"make {target}", ("make",)))


async def run_script(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the repository's own script; a selection is handed on to it."""
    path = detail(workspace)
    words = quoted([path, *selection])
    if path.endswith(".py"):
        command = f"{quoted([workspace.python])} {words}"
    else:
        command = f"if [ -x {quoted([path])} ]; then ./{words}; else sh {words}; fi"
    return await _run(workspace, Program("script", words, (), command))


async def run_tox(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run tox's environment for the Python at hand."""
    # tox hides the environment from its tests but for what is passed on by name.
    names = ("PYTEST_ADDOPTS", "PYTHONPATH", "PATCHWRIGHT_RESULTS")
    passed = (
        f"export TOX_OVERRIDE=testenv.pass_env+={','.join(names)} TOX_TESTENV_PASSENV='{' '.join(names)}'"
    )
    command = quoted(["tox", "-q", "-e", "py", *(["--", *selection] if selection else [])])
    return await _run(workspace, Program("tox", command, ("tox",), f"{passed}; {command}"))


async def run_nox(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run nox's default sessions in the environments that exist already."""
    command = quoted(["nox", "-R", *(["--", *selection] if selection else [])])
    return await _run(workspace, Program("nox", command, ("nox",)))


def detail(workspace: Workspace) -> str:
    """Return what was found out beside the runner's name: a target, the path of a script."""
    return workspace.runner.partition(":")[2]


async def _run(workspace: Workspace, program: Program) -> Outcome:
    program = program._replace(code_decides=True)
    command = program.script or program.command
    async with pytest.Plugin(workspace) as plugin:
        outcome = await run_program(
            workspace, program._replace(script=f"{plugin.options}; {command}"), _read, file=plugin.file
        )
    report = outcome.report
    if any(plugin.name in failure.message for failure in outcome.failures):
        # A Python that doesn't look where we say, such as an isolated one, finds no plugin of ours.
        return await run_program(workspace, program, _read)
    if program.runner == "pytest" and report.failed == (program.whole,):
        # pytest itself failed, not a test of it.
        said = outcome.failures[0].message
        return Outcome(report.model_copy(update={"failed": (), "broken": f"pytest gave no result: {said}"}))
    return outcome


def _read(text: str, data: bytes | None, root: str) -> Parsed:
    return pytest.parse(data, root) if data else parse_tap(text, root)
