"""Python: the candidate is a module of its own, the tests run in names of their own over it."""

import ast
from importlib import resources

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.programs.base import Program, Secret, Step


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    text = resources.files("envs.humanevalfix.programs").joinpath("sealed_python.py").read_text("utf-8")
    config = {"tests": sealed.tests, "entry_point": sealed.entry_point, "inside": secret.inside}
    # -S, and -I against a candidate's file that is called like a module of the standard library.
    run = Step(("python3", "-I", "-S", "sealed.py"), 10)
    return Program(
        {"main.py": without_checks(candidate), "sealed.py": f"{text}\n\nscore(**{config!r})\n"}, (run,)
    )


def without_checks(source: str) -> str:
    """Return a module without the checks at its end, whose failure must not decide.

    Assertions at the top, functions called `check` or `test...` and calls of them, and what runs only in a
    script are replaced by `pass`; a text that is no Python is returned as it is.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return source
    checks = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _is_check_name(node.name)
    }
    lines = source.encode().splitlines(keepends=True)
    for node in reversed(tree.body):
        if _is_check(node, checks):
            first = min([node, *getattr(node, "decorator_list", ())], key=lambda part: part.lineno)
            begin, end = first.lineno - 1, (node.end_lineno or node.lineno) - 1
            after = lines[end][node.end_col_offset :]
            offset = first.col_offset - (first is not node)  # the @ stands before a decorator
            lines[begin : end + 1] = [lines[begin][:offset] + b"pass" + after]
    return b"".join(lines).decode()


def _is_check_name(name: str) -> bool:
    return name == "check" or name.startswith("test")


def _is_check(node: ast.stmt, checks: set[str]) -> bool:
    match node:
        case ast.Assert():
            return True
        case ast.FunctionDef(name=name):
            return name in checks
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name in checks
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case _:
            return False
