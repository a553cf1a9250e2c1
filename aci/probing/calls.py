"""Calls of a function that are seen in code and in comments, whose arguments are literals."""

import ast
import re
from collections.abc import Iterator

from aci.probing.kinds import MISFIT, Kind, fitted
from aci.probing.literals import arguments_of
from aci.probing.signatures import Signature
from aci.trials_program.checks import examples_of, parameters_given, parsed

LONGEST = 400
_ENDS = 40


def calls_in(text: str, signature: Signature) -> Iterator[tuple[object, ...]]:
    """Yield the arguments of the calls of a function in a text of its language that fit what it takes.

    A comment may write them in Python's way, and the function's name in another case.
    """
    letters = "_?".join(map(re.escape, signature.name.replace("_", "")))
    for start in re.finditer(rf"(?<![\w$]){letters}\s*\(", text, re.IGNORECASE):
        arguments = _arguments(text[start.start() : start.start() + LONGEST], signature.language)
        row = fitting(signature, arguments) if arguments is not None else None
        if row is not None:
            yield row


def _arguments(text: str, language: str) -> tuple[object, ...] | None:
    for count, end in enumerate(re.finditer(r"\)", text)):
        if count == _ENDS:
            break
        for written_in in (language, "python"):
            found = arguments_of(written_in, text[: end.end()])
            if found is not None:
                return found
    return None


def fitting(signature: Signature, arguments: tuple[object, ...]) -> tuple[object, ...] | None:
    """Return arguments as the parameters take them, or None when they do not fit."""
    kinds: list[Kind | None] = [parameter.kind for parameter in signature.parameters]
    if signature.spread and kinds and len(arguments) >= len(kinds) - 1:
        arguments = (*arguments[: len(kinds) - 1], list(arguments[len(kinds) - 1 :]))
    needed = sum(not parameter.optional for parameter in signature.parameters)
    if not needed <= len(arguments) <= len(kinds):
        return None
    row = tuple(fitted(kind, value) for kind, value in zip(kinds, arguments, strict=False))
    return None if MISFIT in row else row


def python_calls(text: str, path: str, symbol: str, called: str) -> Iterator[ast.Call]:
    """Yield the calls in a Python text, in its examples and its checks, as calls of `called`.

    Args:
        text: The text.
        path: Its file.
        symbol: The last part of the function's name.
        called: How it is called in a probe.
    """
    tree = parsed(text)
    if tree is None:
        return
    names = {symbol} | {name for name, given in parameters_given(tree).items() if given == symbol}
    trees: list[ast.AST] = [tree]
    trees += [
        found for example in examples_of(text, path) if (found := parsed(example["source"])) is not None
    ]
    function = ast.parse(called, mode="eval").body
    for root in trees:
        for node in ast.walk(root):
            if not isinstance(node, ast.Call) or len(ast.unparse(node)) > LONGEST:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            name = node.func.attr if isinstance(node.func, ast.Attribute) else name
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name in names and all(_is_literal(value) for value in values):
                yield ast.Call(function, node.args, node.keywords)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
