"""The tests of a `package.json`: the framework behind its script, run by itself for results one can read."""

import re
import shlex
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from aci.runners.base import Outcome, Parsed, scratch, take
from aci.runners.javascript import SEPARATOR, parse_jest, parse_mocha, parse_node, parse_tap
from aci.runners.package_script import find_script
from aci.runners.program import Program, run_program
from aci.workspace import Workspace
from envs.sandbox import FileProblem

_MANAGERS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"))
_WITH_VALUE = re.compile(r"^(?:-r|--require|--import|--loader|--experimental-loader|-c|--config|--file)$")
_PATH = re.compile(r"[/*]|\.[cm]?[jt]sx?$|^(?:tests?|spec|__tests__|\.)$")
_MOCHA = re.compile(r"(?:^|/)_?mocha(?:\.js)?$")


class _Selection(NamedTuple):
    """What is selected, as frameworks take it.

    Attributes:
        files: Paths.
        titles: Titles of tests, when tests and no whole files are selected.
    """

    files: list[str]
    titles: list[str]


async def run(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run the test framework that a package's script runs, or the script where it is another."""
    script = await find_script(workspace)
    if not script.framework:
        return await _by_script(workspace, selection)
    file, reporter = scratch(".json"), scratch(".mjs")
    chosen = _split(selection)
    if script.framework == "node":
        source = resources.files("aci.runners").joinpath("node_reporter.mjs").read_bytes()
        await workspace.sandbox.write(reporter, source, root="/tmp", create=True)  # noqa: S108
    words = command(script.framework, script.command, chosen, file, reporter)
    # The tools of a package lie in its own folder, as its manager would see to.
    setting = 'export PATH="$PWD/node_modules/.bin:$PATH"'
    setting += '; [ -e .pnp.cjs ] && export NODE_OPTIONS="--require $PWD/.pnp.cjs"'
    program = Program(
        script.framework,
        " ".join([script.command, *map(shlex.quote, selection)]),
        ("node",),
        f"{setting}; {' && '.join([*script.before, words])}",
    )
    try:
        outcome = await run_program(
            workspace,
            program,
            lambda text, data, root: parse(script.framework, text, data, root),
            file=file,
            keep=(lambda test: _is_chosen(test, selection)) if selection else None,
        )
    finally:
        if script.framework == "node":
            await take(workspace, reporter)
    if any("bad option: --test" in failure.message for failure in outcome.failures):
        # Before version 18.15 Node has no reporters, before 18 no runner.
        return await _by_script(workspace, selection)
    return outcome


def _split(selection: Sequence[str]) -> _Selection:
    files: dict[str, None] = {}
    titles: list[str] = []
    whole = False
    for word in selection:
        path, separator, title = word.partition(SEPARATOR)
        if separator:
            files[path] = None
            titles.append(title)
        elif _PATH.search(word):
            files[word] = None
            whole = True
        else:
            titles.append(word)
    return _Selection(list(files), [] if whole else titles)


def _is_chosen(test: str, selection: Sequence[str]) -> bool:
    """Say whether a test lies under a selected file, folder or title."""
    for word in selection:
        folder = word.rstrip("/")
        if test == word or folder == "." or test.startswith((folder + SEPARATOR, folder + "/")):
            return True
        if SEPARATOR not in word and not _PATH.search(word) and word in test.partition(SEPARATOR)[2]:
            return True
    return False


def command(framework: str, words: str, chosen: _Selection, file: str, reporter: str) -> str:
    """Return the shell command of a framework that leaves a report.

    Args:
        framework: Its name.
        words: The command of the package's script.
        chosen: What is selected.
        file: Where the report goes.
        reporter: Our reporter for Node's own runner.
    """
    files = chosen.files
    pattern = "|".join(_pattern(title.replace(SEPARATOR, " ")) for title in chosen.titles)
    match framework:
        case "jest":
            # Paths are patterns for jest.
            added = ["--json", f"--outputFile={file}", "--ci", "--watchAll=false"]
            added += [*(["-t", pattern] if pattern else []), *(re.escape(path) for path in files)]
        case "vitest":
            if not re.search(r"vitest\s+(?:run|related)\b", words):
                words = re.sub(r"vitest(?:\s+(?:watch|dev))?(?=\s|$)", "vitest run", words, count=1)
            added = ["--reporter=json", f"--outputFile={file}", "--watch=false"]
            added += [*(["-t", pattern] if pattern else []), *files]
        case "mocha":
            words = re.sub(r"\s(?:--watch|-w)(?=\s|$)", "", _without_paths(words, files))
            added = ["--reporter", "json", "--reporter-option", f"output={file}"]
            added += [*(["--grep", pattern] if pattern else []), *files]
        case "ava":
            words = re.sub(r"\s(?:--watch|-w)(?=\s|$)", "", _without_paths(words, files))
            added = ["--tap", *files]
        case _:
            options = ["--test", f"--test-reporter={reporter}", f"--test-reporter-destination={file}"]
            options += [
                f"--test-name-pattern={_pattern(title.rpartition(SEPARATOR)[2])}" for title in chosen.titles
            ]
            words = re.sub(r"\s--watch(?=\s|$)", "", _without_paths(words, files))
            words = re.sub(r"--test(?=\s|$)", lambda _: shlex.join(options), words, count=1)
            added = files
    return " ".join([words, *map(shlex.quote, added)])


def _pattern(title: str) -> str:
    """Return a title as a regular expression of JavaScript."""
    return re.sub(r"(?:\\?[\s/])+", ".+", re.escape(title))


def _without_paths(words: str, files: Sequence[str]) -> str:
    """Return a command without the paths of its tests where others are chosen."""
    if not files:
        return words
    parts = words.split()
    return " ".join(
        word
        for at, word in enumerate(parts)
        if at == 0
        or word.startswith("-")
        or not _PATH.search(word)
        or _WITH_VALUE.match(parts[at - 1])
        or _MOCHA.search(word)
    )


def parse(framework: str, text: str, data: bytes | None, root: str) -> Parsed:
    """Read the results of a framework: its report, or what it printed where it leaves none."""
    match framework:
        case "jest" | "vitest":
            return parse_jest(data, root)
        case "mocha":
            if data is None and (start := text.find('{\n  "stats"')) >= 0:
                # Before version 9.2 the report is printed.
                data = text[start : text.rfind("}") + 1].encode("utf-8", "replace")
            return parse_mocha(data, root)
        case "node":
            return parse_node(data, root)
        case _:
            return parse_tap(text, root)


async def _by_script(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `npm test`, or what stands for it, and read TAP where it prints any."""
    manager = "npm"
    for lock, name in _MANAGERS:
        try:
            await workspace.read(lock)
        except FileProblem:
            continue
        manager = name
        break
    words = [manager, "test", *(["--silent"] if manager == "npm" else []), *selection]
    if manager == "npm" and selection:
        words.insert(3, "--")
    program = Program(manager, shlex.join(words), ("node", manager), code_decides=True)
    return await run_program(workspace, program, lambda text, _, root: parse_tap(text, root))
