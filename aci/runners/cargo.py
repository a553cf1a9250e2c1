"""`cargo test`: libtest's lines are all that a stable toolchain prints."""

import re
from collections.abc import Sequence

from aci.runners.base import Failure, Frame, Outcome, Parsed, inside, quoted
from aci.runners.program import MESSAGE_LINES, Program, run_program
from aci.workspace import Workspace

_TARGET = re.compile(
    r"^\s*(?:Running (?:unittests )?(?P<path>\S+\.rs) \(.*\)|Doc-tests (?P<crate>[\w-]+))\s*$"
)
_TEST = re.compile(r"^test (?P<test>.+?)(?: - should panic)? \.\.\. (?P<verdict>ok|FAILED|ignored)\b")
_OUTPUT = re.compile(r"^---- (?P<test>.+?) stdout ----$")
_PLACE = re.compile(r"panicked at (?:'(?P<old>.*)', )?(?P<path>[\w./-]+\.rs):(?P<line>\d{1,9})")
_CALL = re.compile(r"^\s+at (?P<path>\S+\.rs):(?P<line>\d{1,9}):\d{1,9}$")
_CALLED = re.compile(r"^\s+\d+: (?P<function>\S.*)$")
# What cargo makes stays out of the tree, and so out of the patch, where the project has no place for it yet.
_SCRIPT = """
[ -e target ] || export CARGO_TARGET_DIR="${{CARGO_TARGET_DIR:-$HOME/.cache/patchwright-target}}"
[ -e Cargo.lock ] && lock=1 || lock=
{}
code=$?
[ -n "$lock" ] || rm -f Cargo.lock
exit $code"""
_INTEGRATION = re.compile(r"(?:.*/)?tests/(?P<target>[\w-]+)(?:\.rs|/main\.rs)?(?:::(?P<test>.+))?")
_KINDS = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
# The place of a doc test is part of its name, so that any edit above would make another test of it.
_DOC_ID = re.compile(r"^(?P<path>\S+\.rs) - (?P<item>\S*)")
_DOC = re.compile(r"^(?P<path>\S+\.rs) - (?:(?P<item>.*?) )?\(line \d+\)(?P<more>.*)$")


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `cargo test`; a selected word is a file, an id or a part of one."""
    targets: list[str] = []
    filters: list[str] = []
    others = False
    for word in selection:
        if match := _INTEGRATION.fullmatch(word):
            targets += ["--test", match["target"]]
            filters += [match["test"]] if match["test"] else []
            continue
        others = True
        if word.endswith(".rs"):
            filters += _module(word)
        elif match := _DOC_ID.match(word):
            filters.append(match["item"] or match["path"])
        elif not word.rstrip("/").endswith(("src", "tests")):
            filters.append(word)
    # A binary of integration tests is built alone only when nothing else is asked for.
    words = ["cargo", "test", "--no-fail-fast", *([] if others else targets)]
    # The harness takes any number of filters, cargo itself only one.
    words += ["--", *filters] if filters else []
    return await run_program(
        workspace,
        Program("cargo", quoted(words), ("cargo",), _SCRIPT.format(quoted(words))),
        lambda text, _, root: parse_cargo(text, root),
        selected=bool(selection),
    )


def _module(path: str) -> list[str]:
    """Return the filter for the unit tests of a source file, none for a crate's root."""
    parts = path.removesuffix(".rs").partition("src/")[2].split("/")
    parts = [part for part in parts if part not in {"", "lib", "main", "mod"}]
    return ["::".join(parts) + "::"] if parts else []


def parse_cargo(text: str, root: str) -> Parsed:
    """Read what `cargo test` prints: tests of integration binaries are named with their file."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    prefix = ""
    section: list[str] | None = None
    sections: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if match := _TARGET.match(line):
            path = match["path"] or ""
            prefix, section = (f"{path}::" if "tests/" in path else ""), None
        elif match := _TEST.match(line):
            # Crates of a workspace, and the examples of one item, may share a name.
            name = prefix + _name(match["test"])
            if status.get(name) != "failed":
                status[name] = _KINDS[match["verdict"]]
        elif match := _OUTPUT.match(line):
            section = []
            sections.append((prefix + _name(match["test"]), section))
        elif line == "failures:" or line.startswith("test result:"):
            section = None
        elif section is not None:
            section.append(line)
    for test, lines in sections:
        status.setdefault(test, "failed")
        failures.append(_failure(test, lines, root))
    return Parsed(status, failures)


def _name(test: str) -> str:
    match = _DOC.match(test)
    return test if match is None else f"{match['path']} - {match['item'] or ''}{match['more']}".rstrip(" -")


def _failure(test: str, lines: Sequence[str], root: str) -> Failure:
    frames: dict[tuple[str, int], Frame] = {}
    message: list[str] = []
    function = ""
    in_stack = False
    for line in lines:
        if match := _CALLED.match(line):
            function = match["function"]
        elif match := _CALL.match(line) or _PLACE.search(line):
            path = inside(match["path"], root)
            if path is not None:
                place = (path, int(match["line"]))
                frames[place] = Frame(*place, function.rpartition("::")[2], "")
        in_stack = in_stack or line.startswith("stack backtrace:")
        if line.strip() and not in_stack and not line.startswith("note:"):
            message.append(line.strip())
    # A backtrace begins with the innermost call.
    return Failure(test, "\n".join(message[:MESSAGE_LINES]), tuple(reversed(frames.values())))
