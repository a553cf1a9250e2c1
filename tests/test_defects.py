"""The page of defects names tests; each of them has to be there."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| what "))
]


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def test_every_row_names_a_test_that_is_there() -> None:
    assert len(ROWS) > 80
    for row in ROWS:
        *_, cell, _ = row.split(" | ") if row.endswith(" | ") else [*row.split(" | "), ""]
        found = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)` \|", cell)
        assert found, row
        assert (ROOT / found[1]).exists(), row
        assert found[2] in named_in(found[1]), row


def test_every_case_of_the_shell_that_is_named_is_there() -> None:
    source = (ROOT / "tests" / "envs" / "torture.py").read_text(encoding="utf-8")
    section = PAGE.split("## The shell")[1].split("\n## ")[0]
    cases = [
        case for row in section.splitlines() if row.startswith("| ") for case in re.findall(r'"([^"]+)"', row)
    ]
    assert len(cases) > 10
    for case in cases:
        assert f'"{case}": ' in source, case
