"""How suspicious each line of a file is, from what failing and passing checks ran."""

import ast
import math
from collections.abc import Iterable, Mapping

from aci.blocks import PythonFunction, blocks_of
from aci.blocks import lines_of as lines_of_function
from aci.repair.edits import Source
from aci.trials import Seen
from aci.trials_program.checks import assertions
from aci.visits import relevant_lines, visits_of

_FLOOR = 0.3
_RAISED = 1.3
_ENDING = 1.1
_ASIDE = 0.7


def suspicion(seen: Seen, source: Source) -> dict[int, float]:
    """Return the lines that failing checks ran, each with its suspicion from 0 to about 1.

    Ochiai's coefficient, above a floor: few checks say little. The line where a failing check raised, and
    those it ran last, count a little more. Lines of the checks themselves are left out.
    """
    failing = [seen.lines[check] for check in seen.trial.failed if seen.lines.get(check)]
    passing = [seen.lines[check] for check in seen.trial.passed if seen.lines.get(check)]
    if not failing:
        return {}
    own = set(checking_lines(source))
    found: dict[int, float] = {}
    for line in set().union(*failing) - own:
        hit = sum(line in lines for lines in failing)
        also = sum(line in lines for lines in passing)
        found[line] = _FLOOR + (1 - _FLOOR) * hit / math.sqrt(len(failing) * (hit + also))
    for check in seen.trial.failed:
        ending = [line for line in seen.last.get(check, ()) if line in found]
        for line in set(ending[-3:]):
            found[line] *= _ENDING
        if ending and " raised " in seen.trial.message and check == seen.trial.failed[0]:
            found[ending[-1]] *= _RAISED
    return found


def sliced(suspicious: Mapping[int, float], seen: Seen, function: PythonFunction) -> dict[int, float]:
    """Return suspicion with the lines lowered that no wrong result of a function depended on.

    What a function does apart from its result, to what it was given for example, escapes the slice: lines
    outside of it are only less likely.
    """
    blocks = {block.first: block for block in blocks_of(function)}
    told = [notes for check in seen.trial.failed if (notes := seen.values.get(check)) and notes["head"]]
    if not told:
        return dict(suspicious)
    inside = frozenset[int]().union(
        *(relevant_lines(function, list(visits_of(notes, blocks))) for notes in told)
    )
    first, last = lines_of_function(function)
    return {
        line: weight * (_ASIDE if first < line <= last and line not in inside else 1.0)
        for line, weight in suspicious.items()
    }


def checking_lines(source: Source) -> Iterable[int]:
    """Yield the lines of the file's own checks: its assertions and the functions that hold them."""
    wanted = set(assertions(source.tree))
    for statement in source.tree.body:
        inside = wanted.intersection(ast.walk(statement))
        if inside:
            yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    for statement in source.tree.body:
        if isinstance(statement, ast.Expr | ast.Import | ast.ImportFrom):
            yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def import_lines(source: Source, lines: range) -> list[int]:
    """Return the lines that importing runs, among some: defaults, decorators, module-level statements."""
    own = set(checking_lines(source))
    found = []
    for statement in source.tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            first = statement.body[0].lineno
            if statement.args.defaults or statement.args.kw_defaults:
                found += list(range(statement.lineno, max(first, statement.lineno + 1)))
        elif not isinstance(statement, ast.ClassDef):
            found += list(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return [line for line in found if line in lines and line not in own]
