"""What comes out of an attempt: the patch without left-over scratch."""

from aci.formats import FORMATS
from agent.run import commands
from trajectories.events import ActionFinished, Notice


def left_out(done) -> list[str]:
    return [notice.text for notice in done.of(Notice) if notice.text.startswith("Left out of the patch")]


async def test_scratch_is_left_out_of_the_patch_after_a_word(run, untested, do, fix) -> None:
    scratch = do("create", path="reproduce.py", content="from calc import add\n\nprint(add(1, 2))\n")
    backup = do("bash", command="cp calc.py calc.py.orig")
    done = await run(untested, [scratch, fix, backup, do("submit"), do("submit")])
    assert "a + b" in done.result.patch
    assert "reproduce" not in done.result.patch
    assert ".orig" not in done.result.patch
    assert left_out(done) == [
        "Left out of the patch, since they look like scratch: calc.py.orig, reproduce.py."
    ]
    first, second = done.of(ActionFinished)[-2:]
    assert first.failed
    assert second.observation == "Submitted without calc.py.orig, reproduce.py."


async def test_scratch_is_kept_when_the_model_says_so(run, untested, do, fix) -> None:
    scratch = do("create", path="reproduce.py", content="from calc import add\n")
    backup = do("bash", command="cp calc.py calc.py.orig")
    done = await run(untested, [scratch, fix, backup, do("submit", keep="reproduce.py"), do("submit")])
    assert "+++ b/reproduce.py" in done.result.patch
    assert ".orig" not in done.result.patch
    assert left_out(done) == ["Left out of the patch, since they look like scratch: calc.py.orig."]


async def test_scratch_is_left_out_when_the_attempt_ends_without_a_submission(run, untested, do, fix) -> None:
    scratch = do("create", path="debug.py", content="x = 1\n")
    done = await run(untested, [scratch, fix], {"limits": {"steps": 2}})
    assert "a + b" in done.result.patch
    assert "debug.py" not in done.result.patch
    assert len(left_out(done)) == 1


def test_a_small_model_is_not_offered_several_changes_at_once() -> None:
    assert "edit_many" not in {command.name for command in commands(FORMATS["staged"])}
    assert "edit_many" in {command.name for command in commands(FORMATS["native"])}
