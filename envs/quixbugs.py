"""QuixBugs in Python: a second, small benchmark of the same kind, for what was tuned on the first.

The data is that of bigcode-project/octopack: one row with name, buggy_program, docstring, solution and tests.
"""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from envs.humanevalfix.composing import compose, python_check, statement
from envs.humanevalfix.examples import python_examples
from envs.humanevalfix.instance import Instance, Sealed, Setting
from envs.humanevalfix.reader import Problem, describe, lines_of
from trajectories.errors import UsageError


class Row(BaseModel):
    """A row of the data set."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=r"^[A-Za-z_]\w*$")
    buggy_program: str
    docstring: str
    solution: str
    tests: str


def read(data: str, setting: Setting = Setting.DOCSTRING) -> list[Problem]:
    """Return the problems of a JSON-lines file, in its order.

    Raises:
        UsageError: The file can't be read, or a row is not what it must be; the sentence names the line.
    """
    path = Path(data).expanduser()
    problems: dict[str, Problem] = {}
    for number, line in lines_of(path):
        try:
            row = Row.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(f"Line {number} of {path} is no program: {describe(error)}.") from None
        if row.name in problems:
            raise UsageError(
                f"Line {number} of {path} is a second {row.name!r}; a name may stand there once."
            )
        problems[row.name] = problem_of(row, setting)
    if not problems:
        raise UsageError(f"There are no programs in {path}.")
    return list(problems.values())


def problem_of(row: Row, setting: Setting) -> Problem:
    """Make the two parts of a row."""
    examples = python_examples(row.docstring.strip().strip('"'), row.name)
    visible = python_check(examples, row.name)
    tests = _with_calls(row.tests)
    shows_tests = tests if setting is Setting.TESTS else None
    buggy = row.buggy_program if shows_tests else _with_docstring(row.buggy_program, row.docstring)
    reference = compose("python", _with_docstring(row.solution, row.docstring), visible)
    instance = Instance(
        id=f"QuixBugs/{row.name}",
        language="python",
        setting=setting,
        entry_point=row.name,
        statement=statement("python", row.name, shows_tests=shows_tests),
        contents=compose("python", buggy, shows_tests or visible),
        visible=examples if shows_tests is None else (),
    )
    sealed = Sealed(
        id=instance.id,
        language="python",
        entry_point=row.name,
        tests=tests,
        preamble="",
        declaration="",
        reference=reference[instance.file],
        bug_type="",
    )
    return Problem(instance, sealed)


def _with_calls(tests: str) -> str:
    """Call the tests that are functions, where nothing does: in the data some wait for a test runner."""
    names = re.findall(r"^def (test\w*)\(\)", tests, re.MULTILINE)
    missing = [name for name in names if not re.search(rf"^{name}\(\)", tests, re.MULTILINE)]
    return tests + "".join(f"\n{name}()" for name in missing) + "\n" if missing else tests


def _with_docstring(program: str, docstring: str) -> str:
    """Put the documentation where Python looks for it: it stands beside the program in the data."""
    lines = "".join(f"    {line}".rstrip() + "\n" for line in docstring.strip().splitlines())
    return re.sub(r"^def [^\n]*:\n", lambda head: head[0] + lines, program, count=1, flags=re.MULTILINE)
