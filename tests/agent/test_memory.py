"""What an episode remembers: what became of each reflection, and what comes from earlier tasks."""

import pytest

from agent.memory import EpisodeMemory
from agent.models.base import Capabilities
from agent.relevance import scores, words
from trajectories.events import Event, Notice, ReflectionAdded, ReflectionJudged, ReflectionRecalled
from trajectories.memory import FILE, Memory
from trajectories.reflections import Reflection

HAND = {"after_edit": False}
OFF = {"long_term": "off"}


def edit(do, replace: str) -> str:
    return do("edit", path="calc.py", search="a - b", replace=replace)


async def test_each_reflection_records_whether_the_next_attempt_got_better(run, broken, do, tmp_path) -> None:
    half, wrong = edit(do, "a + b if a < 9 else 0"), edit(do, "a * b")
    submit = do("submit")
    script = [wrong, submit, "First.", half, submit, "Second.", wrong, submit, "Third.", wrong, submit]
    folder = {"long_term": "on", "directory": str(tmp_path / "m")}
    done = await run(broken, script, {"limits": {"attempts": 4}, "tests": HAND, "memory": folder})
    added, judged = done.of(ReflectionAdded), done.of(ReflectionJudged)
    assert [one.text for one in added] == ["First.", "Second.", "Third."]
    assert [one.id for one in judged] == [one.id for one in added]
    assert [(one.before, one.after, one.change) for one in judged] == [
        (0.0, 0.5, "better"),
        (0.5, 0.0, "worse"),
        (0.0, 0.0, "same"),
    ]
    told = done.model.requests[9].messages[1].content
    assert "- First.\n- Third.\n" in told
    assert "Second." not in told
    kept = {one.text: one for one in Memory(tmp_path / "m", 9).all()}
    assert [(kept[text].helped, kept[text].worsened) for text in ("First.", "Second.", "Third.")] == [
        (1, 0),
        (0, 1),
        (0, 0),
    ]
    assert kept["Second."].task == "Sums are wrong."
    assert (kept["Second."].reward_before, kept["Second."].reward_after) == (0.5, 0.0)


async def test_a_later_task_in_the_repository_is_told_what_fits_it(run, broken, do, fix, tmp_path) -> None:
    memory = {"memory": {"long_term": "on", "directory": str(tmp_path / "m")}, "limits": {"attempts": 2}}
    give_up = [do("submit"), do("submit")]
    await run(broken, [*give_up, "Sums are made in calc.add.", *give_up], memory)
    done = await run(broken, [fix], memory)
    (recalled,) = done.of(ReflectionRecalled)
    assert recalled.text == "Sums are made in calc.add."
    prompt = done.model.requests[0].messages[1].content
    assert "other tasks in this repository, which may not fit this one:\n- Sums are made" in prompt
    (judged,) = done.of(ReflectionJudged)
    assert (judged.id, judged.change) == (recalled.id, "better")
    (one,) = Memory(tmp_path / "m", 9).all()
    assert (one.shown, one.helped) == (2, 1)


@pytest.mark.parametrize(
    ("long_term", "capabilities", "kept"),
    [
        (None, Capabilities(), False),
        ("auto", Capabilities(), True),
        ("auto", Capabilities(json_schema=True), False),
        ("on", Capabilities(json_schema=True), True),
        ("off", Capabilities(), False),
    ],
    ids=["by default", "auto", "auto, a small model", "on", "off"],
)
async def test_where_it_is_kept_across_tasks(
    run, untested, do, tmp_path, long_term, capabilities, kept
) -> None:
    memory = {"directory": str(tmp_path / "m")} | ({"long_term": long_term} if long_term else {})
    await run(untested, ["{"] * 9, {"memory": memory, "limits": {"steps": 1}}, capabilities=capabilities)
    # The store is only looked at, not made, while there is nothing to keep.
    assert not (tmp_path / "m" / FILE).exists()
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / FILE).write_text("no memory")
    done = await run(
        untested, ["{"] * 9, {"memory": memory, "limits": {"steps": 1}}, capabilities=capabilities
    )
    assert any("Nothing more is remembered" in notice.text for notice in done.of(Notice)) == kept


def reflection(id_: str, text: str, **fields: object) -> Reflection:
    return Reflection.model_validate(
        {"id": id_, "time": 1.0, "repository": "r", "task": "t", "text": text, **fields}
    )


def test_what_was_learned_here_comes_before_what_is_recalled_within_one_bound(tmp_path) -> None:
    store, events = Memory(tmp_path, 9), list[Event]()
    store.add(reflection("a", "Parse dates in parser.py."))
    store.add(reflection("b", "Colours are names."))
    store.add(reflection("c", "Parse dates twice.", shown=1, worsened=1))
    store.add(reflection("d", "parse_date drops the year.", repository="other"))
    memory = EpisodeMemory(2, events.append, run_id="x", repository="r", task="t", store=store)
    memory.recall("Dates are parsed wrong")
    assert memory.tell() == ((), ("Parse dates in parser.py.",))
    memory.judge(1, 0.0, 0.0)
    memory.add(1, "One.", 0.0)
    assert memory.tell() == (("One.",), ("Parse dates in parser.py.",))
    memory.judge(2, 0.0, 0.0)
    memory.add(2, "Two.", 0.0)
    assert memory.tell() == (("One.", "Two."), ())
    judged = [event.id for event in events if isinstance(event, ReflectionJudged)]
    assert len(judged) == len(set(judged)) == 2


def test_with_no_room_for_reflections_nothing_is_told_or_looked_at(tmp_path) -> None:
    (tmp_path / FILE).write_text("no memory")
    events: list[Event] = []
    memory = EpisodeMemory(0, events.append, run_id="x", repository="r", task="t", store=Memory(tmp_path, 1))
    memory.recall("Dates")
    assert memory.tell() == ((), ())
    assert events == []


def test_words_of_code_and_prose_meet() -> None:
    assert words("parseDate parse_dates HTTPServer") == ["parse", "date", "parse", "date", "http", "server"]
    likeness = scores("parsing of a date fails", ["parse_date drops years", "colour names", ""])
    assert likeness[0] > 0
    assert likeness[1:] == [0, 0]
    assert scores("x", []) == []
