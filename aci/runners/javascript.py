"""The results of JavaScript's test frameworks: jest, vitest, mocha, node's own runner, and TAP."""

import json
import re
from collections.abc import Sequence
from typing import Any

from aci.runners.base import Failure, Frame, Parsed, inside, json_lines
from aci.runners.program import MESSAGE_LINES

SEPARATOR = " > "
_CALL = re.compile(
    r"^\s*at (?:async )?(?:(?P<function>[^()\n]+?) \()?(?:file://)?(?P<path>[^\s()][^()\n]*?):(?P<line>\d{1,9}):\d{1,9}\)?$"
)
_PLACE = re.compile(r"^(?:file://)?(?P<path>/[^\s:]+):(?P<line>\d{1,9})$")
_MAX_PRINTED = 16 * 1024
_KINDS = {
    "passed": "passed", "failed": "failed", "pending": "skipped", "skipped": "skipped", "todo": "skipped",
    "disabled": "skipped",
}  # fmt: skip


def test_id(file: str, titles: Sequence[str], root: str) -> str:
    """Return the id of a test: its file and the titles that lead to it."""
    path = inside(file.removeprefix("file://"), root) or file
    return SEPARATOR.join([path, *(title.replace("\n", " ") for title in titles)] if path else titles)


def stack(said: str, root: str) -> tuple[str, tuple[Frame, ...]]:
    """Return the message and the repository's frames of a printed JavaScript error, outermost first."""
    message: list[str] = []
    frames: list[Frame] = []
    for line in said.split("\n"):
        match = _CALL.match(line)
        if match is None:
            if not frames:
                message.append(line)
            continue
        path = None if match["path"].startswith("node:") else inside(match["path"], root)
        if path is not None:
            function = match["function"] or ""
            shown = "" if "<anonymous>" in function or function.startswith("Object.") else function
            frames.append(Frame(path, int(match["line"]), shown, ""))
    lines = [line for line in message if line.strip()]
    return "\n".join(lines[:MESSAGE_LINES]), tuple(reversed(frames))


def parse_jest(data: bytes | None, root: str) -> Parsed:
    """Read the report that jest and vitest write with `--json` and `--reporter=json`."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    for suite in _objects(_loaded(data), "testResults"):
        file = _text(suite.get("name") or suite.get("testFilePath"))
        tests = _objects(suite, "assertionResults")
        for test in tests:
            titles = [_text(title) for title in _list(test.get("ancestorTitles"))]
            name = test_id(file, [*titles, _text(test.get("title"))], root)
            status[name] = _KINDS.get(_text(test.get("status")), "skipped")
            if status[name] == "failed":
                said = "\n".join(_text(part) for part in _list(test.get("failureMessages"))[:1])
                failures.append(Failure(name, *stack(said, root)))
        if not tests and suite.get("status") == "failed":
            name = test_id(file, [], root)
            status[name] = "failed"
            failures.append(Failure(name, *stack(_without_advice(_text(suite.get("message"))), root)))
    return Parsed(status, failures)


def _without_advice(message: str) -> str:
    # Jest explains at length how to configure it before it comes to the error.
    return (
        message.partition("Details:\n")[2] or message.replace("\u25cf Test suite failed to run", "").strip()
    )


def parse_mocha(data: bytes | None, root: str) -> Parsed:
    """Read the report of mocha's `json` reporter."""
    loaded = _loaded(data)
    status: dict[str, str] = {}
    failures: list[Failure] = []
    for kind, key in (("passed", "passes"), ("skipped", "pending"), ("failed", "failures")):
        for test in _objects(loaded, key):
            name = test_id(_text(test.get("file")), [_text(test.get("fullTitle"))], root)
            status[name] = kind
            if kind == "failed":
                error = test.get("err")
                error = error if isinstance(error, dict) else {}
                said = _text(error.get("stack")) or _text(error.get("message"))
                failures.append(Failure(name, *stack(said, root)))
    return Parsed(status, failures)


def parse_node(data: bytes | None, root: str) -> Parsed:
    """Read the lines of our reporter of `node --test`."""
    status: dict[str, str] = {}
    failures: list[Failure] = []
    titles: list[str] = []
    open_tests: dict[str, None] = {}
    printed: dict[str, str] = {}
    for record in json_lines(data or b""):
        if record.get("type") == "test:stderr":
            file = _text(record.get("file"))
            printed[file] = (printed.get(file, "") + _text(record.get("message")))[-_MAX_PRINTED:]
            continue
        nesting = record.get("nesting")
        nesting = nesting if isinstance(nesting, int) and 0 <= nesting <= len(titles) else 0
        title, file = _text(record.get("name")), _text(record.get("file"))
        titles = [*titles[:nesting], title]
        # A file that fails as a whole is told as a test with the file's name.
        whole = nesting == 0 and bool(title) and file.endswith(title)
        name = test_id(file, [] if whole else titles, root)
        if record.get("type") == "test:start":
            open_tests[name] = None
            continue
        open_tests.pop(name, None)
        if record.get("type") == "test:fail" and not record.get("skipped"):
            if record.get("kind") == "subtestsFailed":
                continue
            status[name] = "failed"
            error = record.get("error")
            error = error if isinstance(error, dict) else {}
            said = _text(error.get("stack")) or _text(error.get("message"))
            if whole:
                said = printed.get(file, "") or "The file ended with an error outside of any test."
            message, frames = stack(said, root)
            if whole and not frames:
                # A syntax error is told with its place first.
                places = [_PLACE.match(line) for line in said.split("\n")]
                paths = [(inside(place["path"], root), int(place["line"])) for place in places if place]
                frames = tuple(Frame(path, line, "", "") for path, line in paths if path)
            failures.append(Failure(name, message, frames))
        elif not record.get("suite") and not whole:
            status[name] = "skipped" if record.get("skipped") else "passed"
    parents = {SEPARATOR.join(name.split(SEPARATOR)[:-1]) for name in status}
    return Parsed(
        {name: now for name, now in status.items() if name not in parents or now == "failed"},
        failures,
        next(reversed(open_tests), ""),
    )


_TAP = re.compile(
    r"^(?P<indent> *)(?P<not>not )?ok\b(?: +\d+)?(?: +-)?(?: +(?P<name>.*?))?(?: +# *(?P<why>.*))?$"
)
_TAP_START = re.compile(r"^(?:TAP version \d+|1\.\.\d+|(?:not )?ok \d+\b.*)$", re.MULTILINE)


def parse_tap(text: str, root: str) -> Parsed:
    """Read TAP, the protocol of ava, tap, tape and many scripts; text that is none gives nothing."""
    if _TAP_START.search(text) is None:
        return Parsed({}, [])
    status: dict[str, str] = {}
    failures: list[Failure] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = _TAP.match(line)
        if match is None or match["indent"]:
            continue
        name = (match["name"] or "").strip() or f"test {len(status) + 1}"
        while name in status:
            name += "'"
        why = (match["why"] or "").lower()
        if why.startswith(("skip", "todo")):
            status[name] = "skipped"
            continue
        status[name] = "failed" if match["not"] else "passed"
        if match["not"]:
            said = _diagnostic(lines[number + 1 : number + 200])
            _, frames = stack("\n".join(said), root)
            message = [part for part in said if _CALL.match(part) is None]
            failures.append(Failure(name, "\n".join(message[:MESSAGE_LINES]), frames))
    return Parsed(status, failures)


def _diagnostic(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _TAP.match(line) or line.startswith(("1..", "TAP version")):
            break
        if line.strip() == "...":
            break
        if line.strip() not in {"---", ""}:
            found.append(line.removeprefix("#").strip())
    return found


def _loaded(data: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads((data or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [one for one in _list(value.get(key)) if isinstance(one, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
