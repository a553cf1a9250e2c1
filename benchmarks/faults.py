"""Faults put into real packages, in directions that are not those of the repairs."""

import ast
import random
from collections.abc import Sequence
from typing import NamedTuple

from aci.repair.edits import Source

_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_ARITHMETIC = ("+", "-", "*", "//")


class Injected(NamedTuple):
    """A faulty text, and what was done."""

    text: str
    what: str


def inject(text: str, edits: int, seed: int) -> Injected:
    """Return a text with so many single faults at random places of its functions."""
    chance = random.Random(seed)
    done = []
    for _ in range(edits):
        source = Source(text)
        kinds: dict[str, list[tuple[int, int, str]]] = {}
        for _, function in source.functions:
            for node in ast.walk(function):
                for kind, start, end, new in _faults(source, node, chance):
                    if source.text[start:end] != new and _parses(text[:start] + new + text[end:]):
                        kinds.setdefault(kind, []).append((start, end, new))
        kind = chance.choice(sorted(kinds))
        start, end, new = chance.choice(kinds[kind])
        done.append(f"{kind}: {' '.join(text[start:end].split())[:40]!r} to {new[:40]!r}")
        text = text[:start] + new + text[end:]
    return Injected(text, "; ".join(done))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _faults(source: Source, node: ast.AST, chance: random.Random) -> Sequence[tuple[str, int, int, str]]:
    match node:
        case ast.Compare() if len(node.ops) == 1:
            start, end = source.span(node)
            right = source.of(node.comparators[0])
            return [("comparison", start, end, f"{source.of(node.left)} {chance.choice(_COMPARE)} {right}")]
        case ast.BinOp():
            start, end = source.span(node)
            left, right = source.of(node.left), source.of(node.right)
            sides = [("operand lost", start, end, chance.choice([left, right]))]
            return [*sides, ("arithmetic", start, end, f"{left} {chance.choice(_ARITHMETIC)} {right}")]
        case ast.Call() if len(node.args) == 1 and not node.keywords:
            return [("call lost", *source.span(node), source.of(node.args[0]))]
        case ast.Call() if len(node.args) > 1:
            start, end = source.span(node.args[-2])[1], source.span(node.args[-1])[1]
            return [("argument lost", start, end, "")]
        case ast.BoolOp():
            return [("condition lost", *source.span(node), source.of(chance.choice(node.values)))]
        case ast.If() | ast.While():
            return [("condition turned", *source.span(node.test), f"not ({source.of(node.test)})")]
        case ast.Constant() if isinstance(node.value, int) and not isinstance(node.value, bool):
            return [("constant", *source.span(node), str(node.value + chance.choice([-2, -1, 1, 2])))]
        case ast.Expr() | ast.Assign() | ast.AugAssign() if source.alone(node):
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                return [("statement lost", *source.span(node), "pass")]
    return []
