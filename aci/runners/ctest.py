"""CMake projects: configured and built beside the repository, tested with `ctest`."""

import re
from collections.abc import Sequence

from aci.runners.base import Failure, Frame, Outcome, Parsed, inside, quoted, scratch
from aci.runners.junit import cases
from aci.runners.program import MESSAGE_LINES, Program, run_program
from aci.workspace import Workspace

# In the home of the sandbox: it outlives a run, so that the next one builds only what changed.
_BUILD = '"$HOME/.cache/patchwright-build"'
_PLACE = re.compile(
    r"^(?:[^\s:]+: )?(?P<path>[^\s:()]+\.(?:c|cc|cpp|cxx|h|hh|hpp))"
    r"[:(](?P<line>\d{1,9})\)?(?::\d{1,9})?:? *(?P<text>.*)$"
)
_LINE = re.compile(
    r"^ *\d+/\d+ Test +#\d+: (?P<test>.+?) \.*"
    r"(?P<verdict> +Passed|\*\*\*Not Run|\*\*\*Skipped|[\w ]*\*\*\*\w+)"
)
_BEGUN = re.compile(r"^ *Start +\d+: (?P<test>.+)$")
_SOURCE = re.compile(r"\.(?:c|cc|cpp|cxx|h|hh|hpp)$")


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `ctest` after a build; a selected word is a test's name, a part of one, or a source file's."""
    file = scratch(".xml")
    chosen = []
    if selection:
        names = [re.escape(_SOURCE.sub("", word).rpartition("/")[2]) for word in selection]
        exact = all(not _SOURCE.search(word) for word in selection)
        pattern = "|".join(names)
        chosen = ["-R", f"^({pattern})$" if exact else pattern]
    # A name that only a part of was given is still a selection.
    part = quoted(["-R", "|".join(re.escape(word) for word in selection)]) if selection else ""
    test = f"ctest --output-on-failure --output-junit {file}"
    script = f"""
mkdir -p {_BUILD} && cmake -S . -B {_BUILD} --no-warn-unused-cli -DBUILD_TESTING=ON >/dev/null \\
  && cmake --build {_BUILD} --parallel 2 && cd {_BUILD} || exit 70
chosen={quoted([quoted(chosen)])}
if [ -n "$chosen" ] && ctest -N {quoted(chosen)} | grep -q '^Total Tests: 0$'
then {test} {part}; else {test} {quoted(chosen)}; fi"""
    shown = quoted(["ctest", *chosen])
    program = Program("ctest", shown, ("cmake", "ctest"), script)
    return await run_program(workspace, program, parse_ctest, file=file, selected=bool(selection))


def parse_ctest(text: str, data: bytes | None, root: str) -> Parsed:
    """Read the XML of `ctest --output-junit`, or what it printed where it left none."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    try:
        found = cases(data or b"")
    except ValueError:
        return _printed(text)
    for case in found:
        test = case.attributes.get("name", "")
        if not test:
            continue
        status[test] = case.status
        if case.status == "failed":
            failures.append(_failure(test, case.output or case.message, root))
    return Parsed(status, failures)


def _printed(text: str) -> Parsed:
    status: dict[str, str] = {}
    running = ""
    for line in text.split("\n"):
        if match := _BEGUN.match(line):
            running = match["test"].strip()
        elif match := _LINE.match(line):
            word = match["verdict"].strip()
            status[match["test"]] = (
                "passed"
                if word == "Passed"
                else "skipped"
                if word in {"***Not Run", "***Skipped"}
                else "failed"
            )
            running = ""
    return Parsed(status, [], running)


def _failure(test: str, said: str, root: str) -> Failure:
    frames: dict[Frame, None] = {}
    message = []
    for line in said.split("\n"):
        match = _PLACE.match(line)
        path = inside(match["path"], root) if match else None
        if match and path is not None:
            frames.setdefault(Frame(path, int(match["line"]), "", match["text"].strip()))
        elif line.strip():
            message.append(line.strip())
    return Failure(test, "\n".join(message[:MESSAGE_LINES]), tuple(frames)[:MESSAGE_LINES])
