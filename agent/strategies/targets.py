"""Which functions a candidate may replace: where failing tests point, else what the issue names."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from aci.document import BinaryFile, Document
from aci.functions import Function, function, functions
from agent.evaluator import is_test_file
from agent.strategies.base import Desk
from envs.sandbox import FileProblem

MAX_TARGETS = 3
_MAX_FILES = 200
_MAX_FUNCTIONS = 3
_WORD = re.compile(r"[A-Za-z_]\w{2,}|(?<=`)[A-Za-z_]\w*(?=`)")


class Target(NamedTuple):
    """One function that may be at fault.

    Attributes:
        path: Its file, relative to the repository.
        document: The file's text.
        function: Where the function stands in it.
    """

    path: str
    document: Document
    function: Function

    @property
    def body(self) -> str:
        """The function's body as it is now."""
        return self.document.text[self.function.body : self.function.end]


async def find_targets(desk: Desk) -> list[Target]:
    """Return the likeliest functions first; none where nothing points to any."""
    found: list[Target] = []
    for suspect in desk.ground.baseline.suspects[:MAX_TARGETS]:
        document = await _read(desk, suspect.path)
        one = function(suspect.path, document.text, suspect.name) if document is not None else None
        if document is not None and one is not None:
            found.append(Target(suspect.path, document, one))
    return found or await _named(desk)


async def _named(desk: Desk) -> list[Target]:
    """Return the functions that the issue names, or all of a repository that has hardly any."""
    words = words_of(desk.ground.task.statement, desk.workspace.files)
    known: list[Target] = []
    files = [path for path in desk.workspace.files if not is_test_file(path)]
    for path in files[:_MAX_FILES]:
        document = await _read(desk, path)
        if document is not None:
            known += [Target(path, document, one) for one in functions(path, document.text)]
    named = [one for one in known if _last(one).casefold() in words]
    named.sort(key=lambda one: words[_last(one).casefold()])
    return (named or (known if len(known) <= _MAX_FUNCTIONS else []))[:MAX_TARGETS]


def words_of(statement: str, files: Collection[str]) -> dict[str, int]:
    """Return the words of an issue with the places where they stand first; names of files are none."""
    names = {path.rpartition("/")[2] for path in files}
    spans = [
        found.span()
        for name in names
        if name.partition(".")[0] in statement
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", statement)
    ]
    words: dict[str, int] = {}
    for found in _WORD.finditer(statement):
        if not any(start <= found.start() < end for start, end in spans):
            words.setdefault(found[0].casefold(), found.start())
    return words


def _last(target: Target) -> str:
    return target.function.name.rpartition(".")[2]


async def _read(desk: Desk, path: str) -> Document | None:
    try:
        return Document.decode((await desk.workspace.read(path)).data)
    except (FileProblem, BinaryFile):
        return None


def within(targets: list[Target]) -> Iterator[Target]:
    """Yield each target that lies in no other one: a helper inside a function goes with it."""
    for one in targets:
        inside = any(
            other.path == one.path
            and other.function.body <= one.function.start
            and one.function.end <= other.function.end
            and other is not one
            for other in targets
        )
        if not inside:
            yield one
