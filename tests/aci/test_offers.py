"""What a model may choose from at a step."""

from aci import COMMANDS
from aci.offers import MAX_CHOICES, Offer, offer

ALL = tuple(COMMANDS.values())


def names(found: Offer) -> set[str]:
    return {command.name for command in found.commands}


async def test_at_first_nothing_can_be_edited_scrolled_or_submitted(make_workspace) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    found = offer(ALL, workspace)
    assert {"open", "create", "run_tests", "bash", "find_file", "search_dir"} <= names(found)
    barred = {"edit", "edit_lines", "rewrite", "insert", "goto", "scroll_up", "undo", "diff", "submit"}
    assert not names(found) & barred
    assert found.choices == {}


async def test_a_file_that_was_seen_can_be_edited_and_no_other(make_workspace, act) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n", "b.py": "y = 1\n"})
    await act(workspace, "open", path="b.py")
    found = offer(ALL, workspace)
    assert {"edit", "edit_lines", "rewrite", "insert", "goto"} <= names(found)
    assert "submit" not in names(found)
    assert found.choices["edit.path"] == found.choices["rewrite.path"] == ("b.py",)


async def test_only_files_that_exist_can_be_opened(make_workspace) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    workspace.files = ["a.py", "b/c.py"]
    found = offer(ALL, workspace)
    assert found.choices["open.path"] == found.choices["search_file.path"] == ("a.py", "b/c.py")


async def test_more_files_than_a_grammar_bears_are_left_free(make_workspace) -> None:
    workspace = await make_workspace()
    workspace.files = [f"{number}.py" for number in range(MAX_CHOICES + 1)]
    assert "open.path" not in offer(ALL, workspace).choices
    workspace.files.pop()
    assert "open.path" in offer(ALL, workspace).choices


async def test_a_change_can_be_undone_shown_and_submitted(make_workspace) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    workspace.changed = True
    assert {"undo", "diff", "submit"} <= names(offer(ALL, workspace))


async def test_scratch_can_be_kept_only_after_it_was_told(make_workspace) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    workspace.changed = True
    assert offer(ALL, workspace).choices["submit.keep"] == ("",)
    workspace.told_scratch.add("debug.py")
    assert offer(ALL, workspace).choices["submit.keep"] == ("", "all")


async def test_each_suspect_has_its_turn_until_a_file_is_opened(make_workspace, act) -> None:
    workspace = await make_workspace({"a.py": "x = 1\n"})
    workspace.suspects, workspace.tops = ("A.f", "g"), {"a.py": 1}
    turns = []
    for tried in ("f", "g", "A.f"):
        found = offer(ALL, workspace)
        turns += found.choices["rewrite.symbol"]
        assert "rewrite" in names(found)
        assert not names(found) & {"edit", "edit_lines", "insert"}
        workspace.count_try(tried)
    assert turns == ["A.f", "g", "A.f"]
    await act(workspace, "open", path="a.py")
    assert "rewrite.symbol" not in offer(ALL, workspace).choices
    assert "edit" in names(offer(ALL, workspace))


async def test_there_is_always_something_to_choose(make_workspace) -> None:
    workspace = await make_workspace()
    assert names(offer([COMMANDS["submit"]], workspace)) == {"submit"}
