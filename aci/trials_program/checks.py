"""What the checks of a file are: the assertions of a script, the examples of docstrings."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Any


def parsed(source: str) -> Any:
    """Return the tree of a text, or None when it is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def literal(text: str) -> tuple[bool, Any]:
    """Return (True, value) for the text of a literal, as docstrings write them."""
    text = text.strip()
    for attempt in (text, {"true": "True", "false": "False", "null": "None"}.get(text.lower(), "")):
        try:
            return True, ast.literal_eval(attempt)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return False, None


def documented(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield the qualified name and the docstring of each function and class."""
    pending = [("", node) for node in reversed(tree.body)]
    while pending:
        around, node = pending.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        text = ast.get_docstring(node)
        if text:
            yield around + node.name, text
        if isinstance(node, ast.ClassDef):
            pending += [(around + node.name + ".", inner) for inner in reversed(node.body)]


def prompt_examples(text: str) -> Iterator[tuple[str, str]]:
    """Yield (source, wanted text) of the `>>>` examples of a docstring, also of badly continued ones."""
    lines = text.expandtabs().split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if not line.startswith(">>>"):
            continue
        source = line[3:].strip()
        while parsed(source) is None and at < len(lines) and not lines[at].strip().startswith(">>>"):
            more = lines[at]
            source += "\n" + (more.strip()[3:].lstrip() if more.strip().startswith("...") else more.strip())
            at += 1
        while at < len(lines) and lines[at].strip().startswith("..."):
            source += "\n" + lines[at].strip()[4:]
            at += 1
        wanted = []
        while at < len(lines) and lines[at].strip() and not lines[at].strip().startswith(">>>"):
            wanted.append(lines[at].strip())
            at += 1
        # Prose that follows without an empty line is no part of a value.
        if len(wanted) > 1 and literal(wanted[0])[0] and not source.startswith("print"):
            if not literal(" ".join(wanted))[0]:
                wanted = wanted[:1]
        if source and parsed(source) is not None:
            yield source, "\n".join(wanted)


_ARROW = re.compile(
    r"\s*(?:➞|→|⟹|==>|=>|->|-->|===?|="
    r"|(?:should |must |will |would )?(?:returns?|be|is|gives?|yields?|equals?)(?: to)?:?)\s*(.+)"
)


def arrow_examples(text: str, function: str) -> Iterator[tuple[str, str]]:
    """Yield (call, wanted literal) of lines such as `f(1, 2) ➞ 3` or `f("a") returns True`."""
    name = function.rpartition(".")[2]
    for line in text.split("\n"):
        if line.strip().startswith(">>>"):
            continue
        start = re.search(r"(?<![\w.])" + re.escape(name) + r"\(", line)
        if start is None:
            continue
        rest = line[start.start() :]
        for end in [match.end() for match in re.finditer(r"\)", rest)]:
            if parsed(rest[:end]) is None:
                continue
            found = _ARROW.match(rest[end:])
            if found is None:
                break
            wanted = found.group(1).strip()
            while wanted and not literal(wanted)[0]:
                wanted = wanted[:-1].rstrip()
            # A word cut to a literal is none: `f(x) returns 1st`.
            after = found.group(1).strip()[len(wanted) :]
            if wanted and not re.match(r"\w", after):
                yield rest[:end], wanted
            break


def examples_of(source: str, path: str, symbol: str = "") -> list[dict[str, Any]]:
    """Return the examples of the docstrings of a file: {id, group, source, wanted, prompt}."""
    tree = parsed(source)
    found = []
    for name, text in documented(tree) if tree is not None else ():
        if symbol and name != symbol and name.rpartition(".")[2] != symbol:
            continue
        rows = [(code, wanted, True) for code, wanted in prompt_examples(text)]
        known = {code.strip() for code, _, _ in rows}
        rows += [(c, w, False) for c, w in arrow_examples(text, name) if c.strip() not in known]
        for number, (code, wanted, prompt) in enumerate(rows, 1):
            key = f"{path}::{name}:example{number}"
            found.append({"id": key, "group": name, "source": code, "wanted": wanted, "prompt": prompt})
    return found


def called_plainly(tree: Any) -> set[str]:
    """Return the names that module-level statements call: `check(f)`, `main()`."""
    names = set()
    for node in module_level(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if isinstance(node.value.func, ast.Name):
                names.add(node.value.func.id)
    return names


def module_level(tree: Any) -> Iterator[Any]:
    """Yield the statements that run when a module is executed, those in its blocks included."""
    pending = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        yield node
        for field in ("finalbody", "orelse", "body"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                pending += reversed([part for part in inner if isinstance(part, ast.stmt)])


def assertions(tree: Any) -> list[Any]:
    """Return the assert statements of a script that are its checks, in their order."""
    found = [node for node in module_level(tree) if isinstance(node, ast.Assert)]
    called = called_plainly(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (node.name in called):
            found += [inner for inner in ast.walk(node) if isinstance(inner, ast.Assert)]
    awkward = (ast.Await, ast.Yield, ast.YieldFrom) + ((ast.NamedExpr,) if hasattr(ast, "NamedExpr") else ())
    good = [node for node in found if not any(isinstance(part, awkward) for part in ast.walk(node))]
    return sorted(good, key=lambda node: (node.lineno, node.col_offset))


def assertion_keys(tree: Any) -> dict[tuple[str, int], Any]:
    """Return the checks as {what the statement says and its how-manieth it is: the statement}."""
    seen: dict[str, int] = {}
    keys = {}
    for node in assertions(tree):
        said = ast.dump(node)
        seen[said] = seen.get(said, 0) + 1
        keys[said, seen[said]] = node
    return keys


def parameters_given(tree: Any) -> dict[str, str]:
    """Return what the only parameter of a checking function stands for: {"candidate": "f"} of `check(f)`."""
    takes = {
        node.name: node.args.args[0].arg
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and len(node.args.args) == 1
    }
    found = {}
    for node in module_level(tree):
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and len(call.args) == 1:
            if call.func.id in takes and isinstance(call.args[0], ast.Name):
                found[takes[call.func.id]] = call.args[0].id
    return found


def resolvable(job: dict[str, Any], example: dict[str, Any]) -> bool:
    """Say whether an example names nothing but what the file, the language or the example defines."""
    tree = parsed(example["source"])
    known = set(vars(builtins))
    whole = parsed(job["original"])
    for node in ast.walk(whole) if whole is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            known.add(node.name)
        elif isinstance(node, ast.alias):
            known.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and any(one.name == "*" for one in node.names):
            return True
    for other in job["examples"]:
        if other["group"] == example["group"]:
            for node in ast.walk(ast.parse(other["source"])):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    known.add(node.id)
                elif isinstance(node, ast.alias):
                    known.add((node.asname or node.name).split(".")[0])
                elif isinstance(node, ast.arg):
                    known.add(node.arg)
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    inner = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    inner |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return used <= known | inner
