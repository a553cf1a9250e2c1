"""Which tests are related to the changed files."""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from aci import Workspace
from aci.coverage import read_contexts
from aci.related import find_related, is_test
from aci.testing import run_tests

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

PYTHON = {
    "src/shop/__init__.py": "from .cart import Cart\n",
    "src/shop/cart.py": "from shop.money import add\n\n\nclass Cart:\n    total = add(1, 2)\n",
    "src/shop/money.py": "def add(a, b):\n    return a + b\n",
    "src/shop/mail.py": "X = 1\n",
    "tests/test_money.py": "def test_money():\n    pass\n",
    "tests/test_direct.py": "from shop.money import add\n\n\ndef test_direct():\n    assert add(1, 1) == 2\n",
    "tests/test_cart.py": "import shop.cart as c\n\n\ndef test_cart():\n    assert c.Cart.total == 3\n",
    "tests/test_lazy.py": "def test_lazy():\n    from shop.cart import (\n        Cart,\n    )\n"
    "    assert Cart\n",
    "tests/test_package.py": "from shop import (\n    mail,\n    money,\n)\n\n\n"
    "def test_package():\n    assert mail\n",
    "tests/test_mail.py": "from shop import mail\n\n\ndef test_mail():\n    assert mail\n",
    "tests/sub/conftest.py": "",
    "tests/sub/test_sub.py": "def test_sub():\n    pass\n",
    "pytest.ini": "[pytest]\npythonpath = src\n",
}


async def test_tests_are_related_by_imports_one_step_on_and_by_names(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace(PYTHON)
    workspace.base_report, _ = await run_tests(workspace)
    await act(workspace, "edit", path="src/shop/money.py", search="a + b", replace="b + a")
    related = await find_related(workspace, "pytest")
    assert related.tests == (
        "tests/test_cart.py",
        "tests/test_direct.py",
        "tests/test_lazy.py",
        "tests/test_money.py",
        "tests/test_package.py",
    )
    seen = await act(workspace, "run_tests", tests="related")
    assert len(seen.tests.passed) == 5
    golden("run_tests_related", seen.text)


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("src/shop/mail.py", ["tests/test_mail.py", "tests/test_package.py"]),
        ("tests/sub/conftest.py", ["tests/sub/test_sub.py"]),
        ("tests/test_money.py", ["tests/test_money.py"]),
    ],
)
async def test_a_changed_file_has_its_tests(make_workspace: Make, path: str, tests: list[str]) -> None:
    async def diff() -> str:
        return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n"

    workspace = await make_workspace(PYTHON, current_diff=diff)
    related = await find_related(workspace, "pytest")
    assert sorted(related.tests) == tests


@pytest.mark.parametrize(
    ("runner", "files", "changed", "tests"),
    [
        (
            "npm",
            {
                "src/money.ts": "export const add = 1;\n",
                "src/cart.ts": "import { add } from './money.js';\n",
                "src/index.ts": "export { add } from './cart';\n",
                "src/cart.test.ts": "import {\n  cart,\n} from './cart';\n",
                "test/other.test.js": "const x = require('../src/mail');\n",
                "__tests__/money.js": "1;\n",
            },
            "src/money.ts",
            ["__tests__/money.js", "src/cart.test.ts"],
        ),
        (
            "go",
            {
                "go.mod": "module example.com/shop\n",
                "money/money.go": "package money\n",
                "money/a_test.go": "package money\n",
                "cart/cart.go": 'package cart\n\nimport (\n\t"fmt"\n\tm "example.com/shop/money"\n)\n',
                "cart/cart_test.go": "package cart\n",
                "mail/mail_test.go": 'package mail\n\nimport "fmt"\n',
            },
            "money/money.go",
            ["cart/cart_test.go", "money/a_test.go"],
        ),
        (
            "maven",
            {
                "src/main/java/com/x/Money.java": "package com.x;\n",
                "src/main/java/com/x/Cart.java": "import com.x.Money;\n",
                "src/test/java/com/x/MoneyTest.java": "package com.x;\n",
                "src/test/java/com/y/AllTest.java": "import static com.x.Money.add;\n",
                "src/test/java/com/y/CartIT.java": "import com.x.Cart;\n",
                "src/test/java/com/y/MailTest.java": "import com.x.Mail;\n",
            },
            "src/main/java/com/x/Money.java",
            [
                "src/test/java/com/x/MoneyTest.java",
                "src/test/java/com/y/AllTest.java",
                "src/test/java/com/y/CartIT.java",
            ],
        ),
        (
            "cargo",
            {
                "src/lib.rs": "pub mod money;\n",
                "src/money.rs": "pub fn add() {}\n",
                "tests/sums.rs": "use shop::money::add;\n",
                "tests/other.rs": "use std::fs;\n",
            },
            "src/money.rs",
            ["src/money.rs", "tests/sums.rs"],
        ),
    ],
)
async def test_other_languages_have_related_tests(
    make_workspace: Make, runner: str, files: Mapping[str, str], changed: str, tests: list[str]
) -> None:
    async def diff() -> str:
        return f"--- a/{changed}\n+++ b/{changed}\n"

    workspace = await make_workspace(files, current_diff=diff)
    assert sorted((await find_related(workspace, runner)).tests) == tests


async def test_where_no_test_is_related_all_run_and_it_is_said(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({**PYTHON, "tools.py": "X = 1\n"})
    seen = await act(workspace, "run_tests", tests="related")
    assert seen.text.startswith("Nothing is known to be changed, so all tests ran.\n")
    await act(workspace, "edit", path="tools.py", search="X = 1", replace="X = 2")
    seen = await act(workspace, "run_tests", tests="related")
    assert seen.text.startswith("No test file is related to tools.py, so all tests ran.\n")
    assert len(seen.tests.passed) == 7


async def test_the_examples_of_changed_modules_are_related(make_workspace: Make, act: Act) -> None:
    files = {**PYTHON, "src/shop/mail.py": 'def f():\n    """\n    >>> f()\n    1\n    """\n    return 1\n'}
    workspace = await make_workspace(files)
    await act(workspace, "edit", path="src/shop/mail.py", search="return 1", replace="return 2")
    seen = await act(workspace, "run_tests", tests="related")
    assert seen.tests.failed == ("src/shop/mail.py::doctest:f",)


async def test_coverage_relates_tests_that_no_import_does(make_workspace: Make, act: Act) -> None:
    report = {
        "files": {
            "src/shop/money.py": {"contexts": {"1": [""], "2": ["tests/sub/test_sub.py::test_sub|run"]}},
            "src/shop/mail.py": {"contexts": {"1": ["tests/test_mail.py::test_mail|run"]}},
        }
    }
    workspace = await make_workspace({**PYTHON, "coverage.json": json.dumps(report)})
    await act(workspace, "edit", path="src/shop/money.py", search="a + b", replace="b + a")
    tests = (await find_related(workspace, "pytest")).tests
    assert "tests/sub/test_sub.py" in tests
    assert "tests/test_mail.py" not in tests


def test_coverage_databases_are_read_and_one_without_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / ".coverage"
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE file (id INTEGER, path TEXT); CREATE TABLE context (id INTEGER, context TEXT);"
            "CREATE TABLE line_bits (file_id INTEGER, context_id INTEGER, numbits BLOB);"
            "INSERT INTO file VALUES (1, '/workspace/a.py'), (2, '/workspace/b.py');"
            "INSERT INTO context VALUES (1, 'test_a.py::test_x|run'), (2, 'test_b.py::test_y|run'), (3, '');"
            "INSERT INTO line_bits VALUES (1, 1, ''), (2, 2, ''), (1, 3, '');"
        )
    database.close()
    assert read_contexts(b"", path.read_bytes(), ["a.py"]) == ["test_a.py::test_x"]
    with sqlite3.connect(path) as database:
        database.executescript(
            "DROP TABLE context; CREATE VIEW context AS "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS id, 'x' AS context FROM n;"
        )
    database.close()
    assert read_contexts(b"", path.read_bytes(), ["nope.py"]) == []


@pytest.mark.parametrize(
    "path",
    [
        "test_a.py",
        "a/b_test.py",
        "x.spec.ts",
        "__tests__/x.js",
        "a_test.go",
        "T/ATest.java",
        "tests/a.rs",
        "a/tests.py",
    ],
)
def test_test_files_are_known_by_their_names(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["a.py", "contest.py", "latest.js", "attest.go", "src/Tested.java", "src/a.rs"]
)
def test_other_files_are_not(path: str) -> None:
    assert not is_test(path)
