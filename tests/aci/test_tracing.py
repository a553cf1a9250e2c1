"""The values at a function's blocks while a check fails."""

import ast
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Observation
from aci.blocks import Block, blocks_of, python_function
from aci.runners import detect
from aci.tracing import Trace, render_trace, trace_function
from aci.visits import relevant_lines
from aci.workspace import Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Observation]]

LOOP = '''\
def total(numbers):
    """Add up."""
    found = 1
    for number in numbers:
        found += number
    unused = 7
    return found


assert total([2, 3]) == 5
'''
RECURSION = """\
def power(base, times):
    if times == 0:
        return 0
    return base * power(base, times - 1)


assert power(2, 2) == 4
"""
GENERATOR = """\
def numbers(last):
    now = 0
    while now < last:
        yield now
        now += 1


assert list(numbers(2)) == [1, 2]
"""
EXCEPTION = """\
def first(words):
    try:
        return words[1]
    finally:
        words = None


assert first(["a"]) == "a"
"""
ENDLESS = """\
def wait(n):
    while n:
        n = n + 1
    return n


assert wait(1) == 0
"""
EQUALS = """\
def count(text):
    found = text.count("=")
    return found


assert count("a == b") == 1
"""


async def traced(make_workspace: Make, program: str, symbol: str, **more: Any) -> Trace | None:
    workspace = await make_workspace({"main.py": program})
    workspace.test_command = "python3 main.py"
    return await trace_function(workspace, "main.py", symbol, **more)


@pytest.mark.parametrize(
    ("text", "symbol", "wanted"),
    [
        (
            LOOP,
            "total",
            [
                "total([2, 3]) returned 6, expected 5",
                "call 1 of total: numbers = [2, 3]",
                "    3      found = 1  # found = 1",
                "    4      for number in numbers:  # number = 2",
                "    5          found += number  # found = 3",
                "    4      for number in numbers:  # number = 3",
                "    5          found += number  # found = 6",
                "    4      for number in numbers:",
                "    6      unused = 7",
                "    7      return found  # unused = 7, return = 6",
            ],
        ),
        (
            RECURSION,
            "power",
            [
                "power(2, 2) returned 0, expected 4",
                "call 1 of power: base = 2, times = 2",
                "    2      if times == 0:",
                "    4      return base * power(base, times - 1)  # return = 0",
                "call 2 of power: base = 2, times = 1",
                "    2      if times == 0:",
                "    4      return base * power(base, times - 1)  # return = 0",
                "call 3 of power: base = 2, times = 0",
                "    2      if times == 0:",
                "    3          return 0  # return = 0",
            ],
        ),
        (
            EXCEPTION,
            "first",
            [
                'first(["a"]) raised IndexError: list index out of range',
                "call 1 of first: words = ['a']",
                "    3          return words[1]",
                "    5          words = None  # words = None, raised = IndexError",
            ],
        ),
        (
            EQUALS,
            "count",
            [
                'count("a == b") returned 2, expected 1',
                "call 1 of count: text = 'a == b'",
                '    2      found = text.count("=")',
                "    3      return found  # found = 2, return = 2",
            ],
        ),
    ],
)
async def test_a_trace_shows_each_block_with_what_it_changed(
    make_workspace: Make, text: str, symbol: str, wanted: list[str]
) -> None:
    trace = await traced(make_workspace, text, symbol)
    assert trace is not None
    assert render_trace(trace, text).split("\n") == wanted


async def test_a_generator_is_followed_from_one_value_to_the_next(make_workspace: Make) -> None:
    trace = await traced(make_workspace, GENERATOR, "numbers")
    assert trace is not None
    changes = [visit.changed for visit in trace.visits]
    assert changes[0] == {"last": "2"}
    assert [one["yield"] for one in changes if "yield" in one] == ["0", "1"]
    assert {"yield": "0", "now": "1"} in changes
    assert {visit.call for visit in trace.visits} == {1}
    assert trace.counts[3] == 3


async def test_what_does_not_end_shows_its_hot_loop_in_bounded_space(make_workspace: Make) -> None:
    trace = await traced(make_workspace, ENDLESS, "wait", cpu_seconds=0.5)
    assert trace is not None
    shown = render_trace(trace, ENDLESS)
    assert "did not end" in shown
    assert len(shown.split("\n")) < 20
    assert "Line 2 ran " in shown or "Line 3 ran " in shown
    assert len(trace.visits) < 200
    assert trace.dropped > 100


async def test_a_candidate_is_traced_without_being_written(make_workspace: Make) -> None:
    candidate = LOOP.replace("found = 1", "found = 2")
    trace = await traced(make_workspace, LOOP, "total", text=candidate)
    assert trace is not None
    assert trace.message == "total([2, 3]) returned 7, expected 5"


async def test_nothing_is_traced_where_all_passes_or_the_function_is_not_there(make_workspace: Make) -> None:
    assert await traced(make_workspace, LOOP.replace("found = 1", "found = 0"), "total") is None
    assert await traced(make_workspace, LOOP, "nowhere") is None
    assert await traced(make_workspace, "def broken(:\n", "broken") is None


async def test_a_pytest_node_id_is_traced_through_the_module_under_test(make_workspace: Make) -> None:
    workspace = await make_workspace(
        {
            "shop/__init__.py": "",
            "shop/till.py": "class Till:\n    def change(self, paid, price):\n        rest = paid + price\n"
            "        return rest\n",
            "tests/test_till.py": "from shop.till import Till\n\n\ndef test_change():\n"
            "    assert Till().change(10, 4) == 6\n\n\ndef test_other():\n    assert True\n",
        }
    )
    await detect(workspace)
    trace = await trace_function(
        workspace, "shop/till.py", "Till.change", tests=["tests/test_till.py::test_change"]
    )
    assert trace is not None
    assert trace.check == "tests/test_till.py::test_change"
    assert trace.visits[-1].changed["return"] == "14"
    assert "paid = 10" in render_trace(trace, "x\n" * 5)


async def test_what_the_result_does_not_depend_on_is_out_of_the_slice(make_workspace: Make) -> None:
    text = LOOP.replace(
        "    unused = 7\n    return found", "    if numbers:\n        unused = 7\n    return found"
    )
    trace = await traced(make_workspace, text, "total")
    assert trace is not None
    function = python_function(text, "total")
    assert function is not None
    assert relevant_lines(function, trace.visits) == {3, 4, 5, 6, 8}


async def test_a_model_looks_into_a_function(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"main.py": LOOP, "notes.txt": "x\n"})
    workspace.test_command = "python3 main.py"
    looked = await act(workspace, "trace_function", path="main.py", symbol="total")
    assert not looked.failed
    assert "found += number  # found = 3" in looked.text
    assert not looked.changed
    for arguments, said in [
        ({"path": "main.py", "symbol": "sum"}, "main.py has no single function sum. `outline` shows"),
        ({"path": "notes.txt", "symbol": "total"}, "Only Python functions can be looked into."),
        ({"path": "nowhere.py", "symbol": "total"}, "nowhere.py"),
    ]:
        refused = await act(workspace, "trace_function", **arguments)
        assert refused.failed
        assert said in refused.text
    workspace = await make_workspace({"main.py": LOOP.replace("found = 1", "found = 0")})
    workspace.test_command = "python3 main.py"
    refused = await act(workspace, "trace_function", path="main.py", symbol="total")
    assert refused.failed
    assert refused.text == "No failing test runs total. Use `run_tests`."


def test_blocks_end_where_control_may_go_elsewhere() -> None:
    text = (
        "def f(a):\n    '''doc'''\n    b = 1\n    c = 2\n    if (\n        a\n    ):\n        return 1\n"
        "    else:\n        try:\n            d = 1\n        except ValueError:\n            pass\n"
        "    def g():\n"
        "        return 2\n    return g\n"
    )
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert blocks_of(function) == [
        Block(3, 4),
        Block(5, 7),
        Block(8, 8),
        Block(11, 11),
        Block(13, 13),
        Block(14, 16),
    ]
