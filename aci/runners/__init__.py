"""Test runners: one module each, found out by what lies in the repository."""

import shlex
from collections.abc import Mapping

from aci.runners import programs, pytest, unittest
from aci.runners.base import Runner
from aci.workspace import Workspace

RUNNERS: Mapping[str, Runner] = {
    "pytest": pytest.run,
    "unittest": unittest.run,
    "django": programs.run_django,
    "go": programs.run_go,
    "cargo": programs.run_cargo,
    "npm": programs.run_npm,
    "maven": programs.run_maven,
    "gradle": programs.run_gradle,
}

_FILES = (
    "manage.py", "pytest.ini", "conftest.py", "tox.ini", "setup.cfg", "setup.py", "pyproject.toml",
    "go.mod", "Cargo.toml", "package.json", "pom.xml", "build.gradle", "build.gradle.kts",
)  # fmt: skip
_BY_FILE = (
    ("go.mod", "go"),
    ("Cargo.toml", "cargo"),
    ("pom.xml", "maven"),
    ("build.gradle", "gradle"),
    ("build.gradle.kts", "gradle"),
    ("package.json", "npm"),
)

_PROBE = f"""
for file in {shlex.join(_FILES)}; do [ -e "$file" ] && echo "file $file"; done
python=$(command -v python3 || command -v python)
if [ -n "$python" ]; then
  echo "python $python"
  "$python" -c 'import pytest' 2>/dev/null && echo pytest
  "$python" -c 'import django, pytest_django' 2>/dev/null && echo pytest_django
fi
command find . -name .git -prune -o -name node_modules -prune -o \
  -type f '(' -name 'test*.py' -o -name '*_test.py' ')' -print | head -n 1 | grep -q . && echo python_tests
command grep -qsE '^\\[(tool\\.pytest|tool:pytest|pytest)' pytest.ini pyproject.toml setup.cfg tox.ini \
  && echo pytest_settings
true
"""


async def detect(workspace: Workspace) -> str:
    """Return the name of the project's runner, or "" when there is none; asked of the sandbox once."""
    if not workspace.runner:
        said = set((await workspace.probe(_PROBE)).output.split("\n"))
        python = next((line.removeprefix("python ") for line in said if line.startswith("python ")), "")
        if python:
            workspace.python = python.rsplit("/", 1)[-1]
        workspace.runner = _choose({line.removeprefix("file ") for line in said}, has_python=bool(python))
    return workspace.runner


def _choose(found: set[str], *, has_python: bool) -> str:
    python = "pytest" if "pytest" in found else "unittest"
    if has_python and "python_tests" in found:
        configured = "pytest_settings" in found and "pytest_django" in found
        if "manage.py" in found and not configured:
            return "django"
        return python
    for file, runner in _BY_FILE:
        if file in found:
            return runner
    return python if has_python else ""
