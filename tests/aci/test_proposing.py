"""Small repairs that are found without a model: what is searched, shown and applied."""

from collections.abc import Awaitable, Callable

from aci import Observation, Workspace
from aci.repair import find_repairs, search
from aci.testing import run_tests

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Observation]]
Golden = Callable[[str, str], None]

CALC = '''\
def add(a, b):
    return a - b  # the sum


def mean(values):
    """Return the mean."""
    total = 0
    for value in values:
        total = add(total, value)
    return total / len(values)
'''
TESTS = """\
from calc import add, mean


def test_add():
    assert add(1, 2) == 3


def test_mean():
    assert mean([2, 4]) == 3


def test_nothing_added():
    assert add(2, 0) == 2
"""
SCRIPT = '''\
def largest(values):
    """Return the largest value."""
    found = values[0]
    for value in values:
        if value < found:
            found = value
    return found


assert largest([1, 3, 2]) == 3
assert largest([5]) == 5
'''


async def test_repairs_are_shown_with_their_evidence_and_applied_by_number(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"calc.py": CALC, "test_calc.py": TESTS})
    workspace.base_report, _ = await run_tests(workspace)
    seen = await act(workspace, "propose_fixes", path="calc.py", symbol="add")
    golden("propose_fixes", seen.text)
    assert not seen.failed
    assert (await workspace.read("calc.py")).data.decode() == CALC
    applied = await act(workspace, "propose_fixes", apply=1)
    assert applied.changed == ("calc.py",)
    assert (await workspace.read("calc.py")).data.decode() == CALC.replace("a - b", "a + b")
    assert (await run_tests(workspace))[0].green
    await act(workspace, "undo")
    assert (await workspace.read("calc.py")).data.decode() == CALC


async def test_without_a_path_the_suspects_are_searched(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"calc.py": CALC, "test_calc.py": TESTS})
    workspace.base_report, _ = await run_tests(workspace)
    seen = await act(workspace, "propose_fixes")
    assert "+    return a + b  # the sum" in seen.text
    assert "Makes 2 of 2 failing tests pass, breaks none of 1 that run the file." in seen.text


async def test_what_changed_since_is_not_overwritten(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    await act(workspace, "propose_fixes", path="main.py")
    await act(workspace, "edit", path="main.py", search="values[0]", replace="values[-1]")
    seen = await act(workspace, "propose_fixes", apply=1)
    assert seen.failed
    assert "was changed since" in seen.text
    none = await act(workspace, "propose_fixes", apply=9)
    assert none.failed
    assert "There is no change 9 to apply." in none.text


async def test_where_nothing_fails_or_nothing_helps_it_says_so(make_workspace: Make, act: Act) -> None:
    green = await act(
        await make_workspace({"main.py": SCRIPT.replace("<", ">")}), "propose_fixes", path="main.py"
    )
    assert green.failed
    assert "No test that runs main.py fails" in green.text
    hopeless = "def f(a):\n    return a\n\n\nassert f(1) == 'no edit of one place comes to this'\n"
    seen = await act(await make_workspace({"main.py": hopeless}), "propose_fixes", path="main.py", symbol="f")
    assert seen.failed
    assert "No single small change of f in main.py makes the failing tests pass" in seen.text
    text = await act(await make_workspace({"a.txt": "x\n"}), "propose_fixes", path="a.txt")
    assert text.text.startswith("Changes are sought in files of ")
    assert "python, rust" in text.text
    missing = await act(await make_workspace({"a.txt": "x\n"}), "propose_fixes", path="b.py")
    assert missing.failed


async def test_the_likeliest_repair_of_a_script_comes_first(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    repairs = await find_repairs(workspace, "main.py", "largest")
    assert repairs[0].text == SCRIPT.replace("value < found", "value > found")
    assert (repairs[0].line, repairs[0].operator) == (5, "compare")
    assert all(repair.trial.status == "passed" for repair in repairs)
    assert len({repair.trial.behaviour for repair in repairs}) == len(repairs)


async def test_a_search_is_bounded(make_workspace: Make) -> None:
    workspace = await make_workspace({"main.py": SCRIPT})
    assert (await search(workspace, "main.py", limit=5)).tried <= 5
    assert (await search(workspace, "main.py", range(3, 4))).passing == () or all(
        repair.line == 3 for repair in (await search(workspace, "main.py", range(3, 4))).passing
    )


async def test_two_edits_are_found_when_asked_for(make_workspace: Make) -> None:
    faulty = (
        "def total(values):\n    found = 1\n    for value in values:\n        found -= value\n"
        "    return found\n\n\n"
        "assert total([1, 2]) == 3\nassert total([]) == 0\nassert total([5]) == 5\n"
    )
    workspace = await make_workspace({"main.py": faulty})
    right = faulty.replace("found = 1", "found = 0").replace("-=", "+=")
    assert right not in [repair.text for repair in await find_repairs(workspace, "main.py")]
    assert right in [repair.text for repair in await find_repairs(workspace, "main.py", depth=2)]
