"""Which test framework the scripts of a `package.json` run, and with which words."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from aci.workspace import Workspace
from envs.sandbox import FileProblem

_MAX_NESTING = 4
_FRAMEWORKS = (
    ("vitest", re.compile(r"(?:^|[\s/])vitest(?=\s|$)")),
    ("jest", re.compile(r"(?:^|[\s/])(?:jest|react-scripts\s+test|jest\.js)(?=\s|$)")),
    ("mocha", re.compile(r"(?:^|[\s/])_?mocha(?:\.js)?(?=\s|$)")),
    ("ava", re.compile(r"(?:^|[\s/])ava(?=\s|$)")),
    ("node", re.compile(r"(?:^|\s)node\s(?:.*\s)?--test(?=\s|$)")),
)
_NO_TESTS = re.compile(
    r"(?:^|[\s/])(?:eslint|standard|xo|prettier|tslint|biome|stylelint|tsd)(?=\s|$)|\b(?:lint|format)\b"
)
_NESTED = re.compile(r"^(?:npm|yarn|pnpm|bun)(?: run(?:-script)?)?(?: -\S+)* (?P<script>[\w:.-]+)(?: .*)?$")
_TOOLS = 'PATH="$PWD/node_modules/.bin:$PATH"'


class Script(NamedTuple):
    """A package's way to test.

    Attributes:
        framework: The framework's name, or "" when it is none that is known.
        before: Commands that come before it, such as a build.
        command: The command that runs it.
    """

    framework: str
    before: tuple[str, ...]
    command: str


async def find_script(workspace: Workspace) -> Script:
    """Return what `package.json` says of its tests."""
    try:
        data = json.loads((await workspace.read("package.json")).data.decode("utf-8-sig", "replace"))
    except (FileProblem, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Script("", (), "")
    scripts, needed = data.get("scripts"), [data.get(key) for key in ("dependencies", "devDependencies")]
    return choose(
        {name: text for name, text in scripts.items() if isinstance(text, str)}
        if isinstance(scripts, dict)
        else {},
        frozenset(name for group in needed if isinstance(group, dict) for name in group),
    )


def choose(scripts: Mapping[str, str], dependencies: frozenset[str]) -> Script:
    """Return the framework that the script `test` runs, looked for through scripts that it names in turn."""
    script = _expanded(scripts, "test", ())
    if script is not None:
        before = scripts.get("pretest", "")
        steps = [f"{_TOOLS} sh -c {shlex.quote(before)}"] if before and not _NO_TESTS.search(before) else []
        return script._replace(before=(*steps, *script.before))
    if scripts.get("test") and "no test specified" not in scripts["test"]:
        return Script("", (), scripts["test"])
    for framework in ("vitest", "jest", "mocha", "ava"):
        if framework in dependencies:
            return Script(framework, (), framework)
    return Script("node", (), "node --test")


def _expanded(scripts: Mapping[str, str], name: str, seen: tuple[str, ...]) -> Script | None:
    if name in seen or len(seen) >= _MAX_NESTING:
        return None
    before: list[str] = []
    for part in re.split(r"\s*(?:&&|;)\s*", scripts.get(name, "")):
        for framework, pattern in _FRAMEWORKS:
            if pattern.search(part):
                return Script(framework, tuple(before), part)
        if match := _NESTED.match(part):
            inner = _expanded(scripts, match["script"], (*seen, name))
            if inner is not None:
                return inner._replace(before=(*before, *inner.before))
        # Anything else is a step on the way, such as a build; what looks at style is left out.
        if part and not _NO_TESTS.search(part):
            before.append(part)
    return None
