"""Which runner a project's tests need, by what lies in the repository."""

import shlex

from aci.runners.command import SCRIPTS
from aci.workspace import Workspace

_FILES = (
    "manage.py", "pytest.ini", "conftest.py", "tox.ini", "noxfile.py", "setup.cfg", "setup.py",
    "pyproject.toml", "go.mod", "Cargo.toml", "package.json", "pom.xml", "build.gradle", "build.gradle.kts",
    "settings.gradle", "settings.gradle.kts", "CMakeLists.txt",
)  # fmt: skip
_BY_FILE = (
    ("go.mod", "go"),
    ("Cargo.toml", "cargo"),
    ("pom.xml", "maven"),
    ("build.gradle", "gradle"),
    ("build.gradle.kts", "gradle"),
    ("settings.gradle", "gradle"),
    ("settings.gradle.kts", "gradle"),
    ("package.json", "npm"),
)

# The Python of the sandbox if it has pytest, else one of an environment in the repository that has.
_PROBE = f"""
for file in {shlex.join(_FILES)}; do [ -e "$file" ] && echo "file $file"; done
for file in {shlex.join(SCRIPTS)}; do [ -f "$file" ] && echo "script $file"; done
for file in GNUmakefile makefile Makefile; do
  [ -f "$file" ] && command sed -n 's/^\\(test\\|check\\):\\([^=].*\\)*$/target \\1/p' "$file" && break
done
first=
for python in "$(command -v python3)" "$(command -v python)" .venv/bin/python venv/bin/python env/bin/python \
    .tox/py*/bin/python .nox/*/bin/python; do
  [ -n "$python" ] && [ -x "$python" ] || continue
  [ -n "$first" ] || first=$python
  if "$python" -c 'import pytest' 2>/dev/null; then
    echo "python $python"
    echo pytest
    "$python" -c 'import django, pytest_django' 2>/dev/null && echo pytest_django
    first=
    break
  fi
done
[ -n "$first" ] && echo "python $first"
command -v tox >/dev/null 2>&1 && echo tox
command -v nox >/dev/null 2>&1 && echo nox
command find . -name .git -prune -o -name node_modules -prune -o \
  -type f '(' -name 'test*.py' -o -name '*_test.py' ')' -print | head -n 1 | grep -q . && echo python_tests
command grep -qsE '^\\[(tool\\.pytest|tool:pytest|pytest)' pytest.ini pyproject.toml setup.cfg tox.ini \
  && echo pytest_settings
command grep -qsE 'enable_testing|include *\\( *CTest' CMakeLists.txt && echo ctest
true
"""


async def detect(workspace: Workspace) -> str:
    """Return the name of the project's runner, or "" when there is none; asked of the sandbox once.

    A name may be followed by a colon and a detail: the target of a Makefile, the path of a script.
    """
    if not workspace.runner:
        said = (await workspace.probe(_PROBE)).output.split("\n")
        python = next((line.removeprefix("python ") for line in said if line.startswith("python ")), "")
        if python:
            # One that the path leads to is called by its name, as a person would; others by their place.
            workspace.python = python.rsplit("/", 1)[-1] if python.startswith("/") else python
        workspace.runner = choose(said, has_python=bool(python))
    return workspace.runner


def choose(said: list[str], *, has_python: bool) -> str:
    """Return the runner for what the probe found."""
    found = {line.removeprefix("file ") for line in said}
    python = "pytest" if "pytest" in found else "unittest"
    if python == "unittest":
        # Without pytest at hand, tox and nox may have what its tests need in environments of their own.
        for file, tool in (("tox.ini", "tox"), ("noxfile.py", "nox")):
            if file in found and tool in found and "python_tests" in found:
                return tool
    if has_python and "python_tests" in found:
        configured = "pytest_settings" in found and "pytest_django" in found
        if "manage.py" in found and not configured:
            return "django"
        return python
    for file, runner in _BY_FILE:
        if file in found:
            return runner
    if "CMakeLists.txt" in found and "ctest" in found:
        return "ctest"
    for kind, runner in (("target", "make"), ("script", "script")):
        for line in said:
            if line.startswith(kind + " "):
                return f"{runner}:{line.removeprefix(kind + ' ')}"
    if "CMakeLists.txt" in found:
        return "ctest"
    return python if has_python else ""
