"""Syntax errors by tree-sitter, for every language whose grammar is installed."""

import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, NamedTuple

_LANGUAGES = {
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".c": "c", ".h": "cpp", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp",
    ".hxx": "cpp", ".rb": "ruby", ".rake": "ruby", ".php": "php",
    ".go": "go", ".rs": "rust", ".java": "java", ".sh": "bash", ".bash": "bash",
    ".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml",
    ".html": "html", ".htm": "html", ".css": "css", ".sql": "sql", ".xml": "xml", ".svg": "xml",
    ".md": "markdown", ".markdown": "markdown", ".regex": "regex",
}  # fmt: skip
ADVISORY = frozenset({"bash", "c", "cpp", "css", "html", "markdown", "php", "regex", "sql", "xml"})
"""Languages of dialects, macros and templates, where the grammar knows too little to refuse an edit."""

# Libraries that hold several grammars, and the function that gives each.
_POINTERS = {
    "php": ("tree_sitter_php", "language_php"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "xml": ("tree_sitter_xml", "language_xml"),
}

_FLOW = re.compile(r"@flow\b")
_MAX_BYTES = 2_000_000


class Flaw(NamedTuple):
    """A place that the grammar can't make sense of.

    Attributes:
        line: Its line, from 1.
        message: What is wrong.
    """

    line: int
    message: str


def language_of(path: str) -> str:
    """Return the name of the language of a file, or "" when there is no grammar for it."""
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")


@cache
def grammar(language: str) -> Any:
    """Return the grammar of a language, or None when it is not installed."""
    try:
        # Imported when a file of the language is first looked at: each grammar is a library of its own.
        from tree_sitter import Language  # noqa: PLC0415

        library, function = _POINTERS.get(language, (f"tree_sitter_{language}", "language"))
        module = import_module(library)
    except ImportError:
        return None
    return Language(getattr(module, function)())


@cache
def _parser(language: str) -> Any:
    found = grammar(language)
    if found is None:
        return None
    from tree_sitter import Parser  # noqa: PLC0415

    return Parser(found)


def parse(language: str, text: str) -> Any | None:
    """Return the root of a text's syntax tree; None when the text is huge or the grammar is missing."""
    data = text.encode("utf-8", "replace")
    parser = _parser(language) if language and len(data) <= _MAX_BYTES else None
    return None if parser is None else parser.parse(data).root_node


def text_of(node: Any) -> str:
    """Return what a node of a syntax tree stands for in its text."""
    return str(node.text.decode("utf-8", "replace"))


def flaws(language: str, text: str) -> list[Flaw]:
    """Return the syntax errors of a text; none when the grammar is missing or does not apply."""
    data = text.encode("utf-8", "replace")
    if len(data) > _MAX_BYTES or (language == "javascript" and _FLOW.search(text[:2000])):
        return []
    parser = _parser(language)
    if parser is None:
        return []
    root = parser.parse(data).root_node
    if not root.has_error:
        return []
    lines = text.split("\n")
    found = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing:
            found.append(Flaw(node.start_point[0] + 1, f"{node.type!r} is missing"))
        elif node.is_error:
            line = node.start_point[0]
            found.append(Flaw(line + 1, f"can't make sense of {lines[line].strip()[:80]!r}"))
        elif node.has_error:
            pending.extend(reversed(node.children))
    return found


def new_flaws(language: str, old: str, new: str) -> list[Flaw]:
    """Return the syntax errors that `new` has and `old` has not, wherever they moved."""
    after = flaws(language, new)
    if not after:
        return []
    left = Counter(flaw.message for flaw in flaws(language, old))
    added = []
    for flaw in after:
        if left[flaw.message] > 0:
            left[flaw.message] -= 1
        else:
            added.append(flaw)
    return added
