"""Keeps a function's docstring when its body is rewritten: models drop it, or lose its blank lines."""

import ast
import textwrap
import warnings


def with_old_docstring(old: str, new: str) -> str:
    """Return a new Python definition with the old one's docstring, where the new one has none or the same.

    The same means the same words: a docstring that says something else was meant to.

    Args:
        old: The definition as it stands in the file.
        new: The definition that replaces it, at any indentation.
    """
    old, new = textwrap.dedent(old), textwrap.dedent(new)
    before, after = _definition(old), _definition(new)
    if before is None or after is None or type(before) is not type(after):
        return new
    said, says = ast.get_docstring(before), ast.get_docstring(after)
    if said is None or said == says or (says is not None and says.split() != said.split()):
        return new
    old_lines, new_lines = old.split("\n"), new.split("\n")
    kept = old_lines[before.body[0].lineno - 1 : before.body[0].end_lineno]
    first = after.body[0]
    start = first.lineno - 1
    end = (first.end_lineno or first.lineno) if says is not None else start
    if start < after.lineno:  # the body stands on the line of the definition
        return new
    depth = first.col_offset
    kept_depth = before.body[0].col_offset
    moved = [" " * depth + line[kept_depth:] if line.strip() else line for line in kept]
    return "\n".join([*new_lines[:start], *moved, *new_lines[end:]])


def _definition(text: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None:
    try:
        with warnings.catch_warnings():
            # A doubtful escape in a text that is not ours is no one's business on this terminal.
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return body[0]
    return None
