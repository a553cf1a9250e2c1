"""The visible tests of a problem: cut out of what the data set offers, never taken over whole.

The field that the data set means for this holds more than tests in places: Python/119 has the right body in
it, twice. So only what follows the line that begins a test is taken, and of Python only the last `check`.
"""

import ast
import re
from collections.abc import Iterator

from envs.humanevalfix.languages import LanguageName

_BEGINS = {
    "js": re.compile(r"^[ \t]*const test\w* = ", re.MULTILINE),
    "java": re.compile(r"^public class Main\b", re.MULTILINE),
    "go": re.compile(r"^func Test", re.MULTILINE),
    "cpp": re.compile(r"^#undef NDEBUG", re.MULTILINE),
}
_CHECKS = {
    "js": re.compile(r"console\.assert\s*\("),
    "go": re.compile(r"\bassert\.\w+\("),
    "cpp": re.compile(r"\bassert\s*\("),
}
_PYTHON_CHECK = re.compile(r"^def check\(", re.MULTILINE)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def cut_tests(language: LanguageName, offered: str) -> str:
    """Return the tests in a text that may hold other things before them, or ""."""
    if language == "python":
        begins = list(_PYTHON_CHECK.finditer(offered))
        return offered[begins[-1].start() :].strip() + "\n" if begins else ""
    begin = _BEGINS[language].search(offered) if language in _BEGINS else None
    return offered[begin.start() :].strip() + "\n" if begin else ""


def checks(language: LanguageName, tests: str, entry_point: str) -> tuple[str, ...]:
    """Return the statements in a test's text that check what the function returns."""
    if language == "python":
        found = _python_checks(tests, entry_point)
    elif language == "java":
        found = _java_checks(tests)
    elif language in _CHECKS:
        found = _calls(tests, _CHECKS[language])
    else:
        found = iter(())
    named = re.compile(rf"\b{re.escape(entry_point)}\b")
    return tuple(text for text in found if named.search(text) and "assert.New(" not in text)


def _python_checks(tests: str, entry_point: str) -> Iterator[str]:
    try:
        tree = ast.parse(tests)
    except SyntaxError:
        return
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == "check" and function.args.args:
            rename = _Rename(function.args.args[0].arg, entry_point)
            for statement in function.body:
                if isinstance(statement, ast.Assert):
                    yield ast.unparse(rename.visit(statement))


class _Rename(ast.NodeTransformer):
    """Calls a name by another, as the parameter of a `check` is called by the function it stands for."""

    def __init__(self, old: str, new: str) -> None:
        self._old = old
        self._new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self._new, node.ctx), node) if node.id == self._old else node


def _java_checks(tests: str) -> Iterator[str]:
    begin = re.search(r"correct\s*=\s*Arrays\.asList\(", tests)
    if begin is not None:
        yield from (text for text in split_arguments(tests, begin.end()) if text)


def _calls(tests: str, call: re.Pattern[str]) -> Iterator[str]:
    for begin in call.finditer(tests):
        end = _closing(tests, begin.end())
        yield re.sub(r"\s*\n\s*", " ", tests[begin.start() : end + 1])


def _closing(text: str, start: int) -> int:
    """Return where the bracket closes that was opened right before `start`; the text's end if nowhere."""
    depth = 1
    for place, character in code_characters(text, start):
        depth += (character in _CLOSERS) - (character in _CLOSERS.values())
        if depth == 0:
            return place
    return len(text)


def split_arguments(text: str, start: int) -> list[str]:
    """Return the arguments of the call whose bracket was opened right before `start`, each on one line."""
    end = _closing(text, start)
    parts, depth, begin = [], 0, start
    for place, character in code_characters(text, start):
        if place >= end:
            break
        depth += (character in _CLOSERS) - (character in _CLOSERS.values())
        if character == "," and depth == 0:
            parts.append(text[begin:place])
            begin = place + 1
    parts.append(text[begin:end])
    return [re.sub(r"\s*\n\s*", " ", part).strip() for part in parts]


def code_characters(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the characters of a C-like text with their places, without those in strings and comments."""
    place = start
    while place < len(text):
        character = text[place]
        if character in "\"'`":
            place = _after_string(text, place)
            continue
        if text.startswith("//", place):
            place = _find(text, "\n", place)
            continue
        if text.startswith("/*", place):
            place = _find(text, "*/", place) + 2
            continue
        yield place, character
        place += 1


def _after_string(text: str, start: int) -> int:
    quote = text[start]
    place = start + 1
    while place < len(text) and text[place] != quote:
        if text[place] == "\n" and quote != "`":
            return start + 1  # an apostrophe, such as a lifetime in Rust
        place += 2 if text[place] == "\\" else 1
    return place + 1


def _find(text: str, wanted: str, start: int) -> int:
    place = text.find(wanted, start)
    return len(text) if place < 0 else place
