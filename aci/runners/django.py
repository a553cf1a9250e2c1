"""Django's own runner: `manage.py test`, read from what `unittest -v` prints."""

import re
from collections.abc import Sequence

from aci.runners.base import Failure, Outcome, Parsed, python_traceback, quoted
from aci.runners.program import Program, run_program
from aci.workspace import Workspace


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `manage.py test`."""
    labels = [word.replace("::", ".").replace(".py", "").replace("/", ".").strip(".") for word in selection]
    command = quoted([workspace.python, "manage.py", "test", "-v", "2", "--noinput", *labels])
    program = Program("django", command, (workspace.python,), code_decides=True)
    return await run_program(workspace, program, lambda text, _, root: parse_verbose_unittest(text, root))


_VERBOSE = re.compile(r"^(?P<method>\w+) \((?P<path>[\w.]+)\)(?P<rest>.*)$")
_VERDICT = re.compile(
    r"\.\.\. (?:.*?)(?P<verdict>ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$"
)
_HEADING = re.compile(r"^(?:FAIL|ERROR): (?P<method>\w+) \((?P<path>[\w.]+)\)")
_RULE = re.compile(r"^[=-]{60,}$")


def _unittest_id(method: str, path: str) -> str:
    # Since 3.11 the path in brackets ends with the method.
    return path if path.rsplit(".", 1)[-1] == method else f"{path}.{method}"


def parse_verbose_unittest(text: str, root: str) -> Parsed:
    """Read what `unittest -v` prints."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    body, _, _ = text.partition("=" * 70)
    current = ""
    for line in body.split("\n"):
        if match := _VERBOSE.match(line):
            current = _unittest_id(match["method"], match["path"])
        if current and (verdict := _VERDICT.search(line)):
            word = verdict["verdict"].split()[0]
            kinds = {"ok": "passed", "expected": "passed", "skipped": "skipped"}
            status[current] = kinds.get(word, "failed")
            current = ""
    sections = _sections(text)
    for method, path, traceback in sections:
        test = (
            path.removeprefix("unittest.loader._FailedTest.")
            if "_FailedTest" in path
            else _unittest_id(method, path)
        )
        status[test] = "failed"
        message, frames = python_traceback(traceback, root)
        failures.append(Failure(test, message, frames))
    return Parsed(status, failures)


def _sections(text: str) -> list[tuple[str, str, str]]:
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if (match := _HEADING.match(line)) and number and _RULE.match(lines[number - 1]):
            start = next((at for at in range(number + 1, len(lines)) if _RULE.match(lines[at])), len(lines))
            end = next((at for at in range(start + 1, len(lines)) if _RULE.match(lines[at])), len(lines))
            found.append((match["method"], match["path"], "\n".join(lines[start + 1 : end])))
    return found
