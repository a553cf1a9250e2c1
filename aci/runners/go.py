"""`go test`, read from its JSON lines."""

import json
import posixpath
import re
from collections.abc import Sequence

from aci.runners.base import Failure, Frame, Outcome, Parsed, inside, quoted
from aci.runners.program import MESSAGE_LINES, Program, run_program
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_PLACE = re.compile(r"^\s*(?P<path>[\w./-]+\.go):(?P<line>\d{1,9})(?::\d{1,9})?: (?P<text>.*)$")
_PANIC_PLACE = re.compile(r"^\s+(?P<path>/[^\s:]+\.go):(?P<line>\d{1,9})(?: \+0x[0-9a-f]+)?$")
_BUILDING = re.compile(r"^# (?P<package>\S+)")
_NOT_BUILT = re.compile(r"^FAIL\t(?P<package>\S+) \[(?:build|setup) failed\]$")
_NAME = re.compile(r"(?P<package>.*?)\.?(?P<test>(?:Test|Example|Fuzz|Benchmark)\w*(?:/.*)?)")
_KINDS = {"pass": "passed", "fail": "failed", "skip": "skipped"}


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `go test`; a selected word is a file, a package, a test's name, or its id with the package."""
    packages: dict[str, None] = {}
    names: dict[str, None] = {}
    outside = f"_{await workspace.root()}/"
    for word in selection:
        # Without modules a package is named by its folder, in a form that go itself does not take.
        package, name = _split(word.replace(outside, "./", 1) if word.startswith(outside) else word)
        if package:
            packages[package] = None
        if name:
            names[name] = None
    chosen = ["-run", "|".join(_pattern(name) for name in names)] if names else []
    command = quoted(["go", "test", "-json", *chosen, *(packages or ["./..."])])
    module = await _module(workspace)
    return await run_program(
        workspace,
        Program("go", command, ("go",)),
        lambda text, _, root: parse_go(text, root, module),
        selected=bool(selection),
    )


def _split(word: str) -> tuple[str, str]:
    """Return the package and the test that a selected word names; "" stands for either."""
    if word.endswith(".go"):
        folder = posixpath.dirname(word)
        return f"./{folder}" if folder else ".", ""
    if (match := _NAME.fullmatch(word.replace("::", "."))) and not word.endswith("/..."):
        package = match["package"].strip()
        return package.removesuffix(".go"), match["test"]
    if word.startswith(("./", "../")) or word == "." or "." in word.partition("/")[0]:
        return word, ""
    return f"./{word}", ""


def _pattern(name: str) -> str:
    return "/".join(f"^{re.escape(part)}$" for part in name.split("/"))


def parse_go(text: str, root: str, module: str = "") -> Parsed:
    """Read what `go test -json` prints: JSON lines, and before Go 1.24 the compiler's own.

    Args:
        text: What was printed.
        root: The repository's folder.
        module: The module's path, which is left out of the paths of frames.
    """
    status: dict[str, str] = {}
    output: dict[str, list[str]] = {}
    folders: dict[str, str] = {}
    begun: dict[str, None] = {}
    building = ""
    for line in text.split("\n"):
        try:
            event = json.loads(line)
            package, name, action = (
                str(event.get("Package", "")),
                str(event.get("Test", "")),
                str(event["Action"]),
            )
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            if match := _NOT_BUILT.match(line):
                status[match["package"]] = "failed"
            elif match := _BUILDING.match(line):
                building = match["package"]
            elif building:
                output.setdefault(building, []).append(line + "\n")
            continue
        # A build is told of under the package it belongs to, with the test binary in brackets.
        test = f"{package}.{name}" if name else package or str(event.get("ImportPath", "")).split(" ")[0]
        folders.setdefault(test, package)
        if action in {"output", "build-output"}:
            output.setdefault(test, []).append(str(event.get("Output", "")))
        elif action == "run":
            begun[test] = None
        elif action in _KINDS:
            begun.pop(test, None)
            if name or action == "fail":
                status[test] = _KINDS[action]
    _leave_out_parents(status)
    failures = []
    for test in (test for test, now in status.items() if now == "failed"):
        package = folders.get(test, test)
        printed = "".join(output.get(test) or output.get(package) or [])
        failures.append(_failure(test, printed, _folder(package, module, root), root))
    return Parsed(status, failures, next(reversed(begun), ""))


def _leave_out_parents(status: dict[str, str]) -> None:
    """A package, or a test of subtests, that failed only since a part of it did says nothing of its own."""
    failed = sorted(test for test, now in status.items() if now == "failed")
    for test in failed:
        if any(other.startswith((test + ".", test + "/")) for other in failed):
            del status[test]


async def _module(workspace: Workspace) -> str:
    """Return the path of the repository's module, or ""."""
    try:
        text = (await workspace.read("go.mod")).data.decode("utf-8", "replace")
    except FileProblem:
        return ""
    match = re.search(r"^module\s+\"?([^\s\"]+)", text, re.MULTILINE)
    return match[1] if match else ""


def _folder(package: str, module: str, root: str) -> str:
    """Return a package's folder in the repository, as far as its path tells."""
    if package.startswith(f"_{root}"):
        return package.removeprefix(f"_{root}")
    return package.removeprefix(module) if module else ""


def _failure(test: str, said: str, folder: str, root: str) -> Failure:
    frames: dict[Frame, None] = {}
    message: list[str] = []
    told = False
    for line in said.split("\n"):
        if match := _PLACE.match(line) or _PANIC_PLACE.match(line):
            path = inside(match["path"], root)
            text = match.groupdict().get("text") or ""
            if path is not None:
                # A failed test names its file without the folder, a compiler with it.
                path = path if "/" in path or not folder.strip("/") else f"{folder.strip('/')}/{path}"
                frames.setdefault(Frame(path, int(match["line"]), "", text.strip()))
        elif line.startswith("goroutine "):
            told = True
        elif (
            line.strip()
            and not told
            and not line.lstrip().startswith(("=== ", "--- ", "FAIL", "exit status", "# "))
        ):
            message.append(line.strip())
    return Failure(test, "\n".join(message[:MESSAGE_LINES]), tuple(frames)[:MESSAGE_LINES])
