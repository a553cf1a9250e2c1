"""Each strategy over a small broken program: what it asks, what it takes, and what it never takes."""

from typing import Any

import pytest

from agent.models.base import Capabilities
from agent.models.replayed import ReplayedModel
from trajectories.events import (
    ActionFinished,
    ActionStarted,
    CandidatesJudged,
    FunctionTraced,
    ModelAnswered,
    QuestionAsked,
)
from trajectories.messages import Answer, Choice

PROGRAM = '''\
def largest_gap(numbers):
    """Return the largest gap between neighbours, the numbers sorted.

    >>> largest_gap([1, 9, 4])
    5
    """
    ordered = sorted(numbers)
    return min(high - low for low, high in zip(ordered, ordered[1:]))


def check(largest_gap):
    assert largest_gap([1, 9, 4]) == 5
    assert largest_gap([7, 1]) == 6


check(largest_gap)
'''
RIGHT = "    ordered = sorted(numbers)\n    return max(b - a for a, b in zip(ordered, ordered[1:]))\n"
LOOP = (
    "    ordered = sorted(numbers)\n    best = 0\n    for a, b in zip(ordered, ordered[1:]):\n"
    "        best = max(best, b - a)\n    return best\n"
)
SAME = (
    "    ordered = sorted(numbers)\n    return min(high - low for low, high in zip(ordered, ordered[1:]))\n"
)
WRONG = "    return max(numbers) - min(numbers)\n"
FAST = Capabilities(prefill=True, choices=4)
SCRIPT = {"tests": {"command": "python3 main.py"}}
FILES = {"main.py": PROGRAM}


def several(*bodies: str) -> Answer:
    """Return one answer that holds several choices."""
    choices = tuple(Choice(text=body, tokens=20, logprob=-2.0) for body in bodies)
    return Answer(text=bodies[0], choices=choices)


@pytest.fixture
def solve(run):
    """Resolve the broken program with a strategy and a script of answers."""

    async def start(
        strategy: str,
        script: list[Any],
        capabilities: Capabilities = FAST,
        traces: str = "auto",
        **files: str,
    ) -> Any:
        settings = {**SCRIPT, "strategy": {"name": strategy, "traces": traces}}
        return await run(files or FILES, script, settings, capabilities=capabilities)

    return start


async def test_repair_needs_no_model(solve) -> None:
    done = await solve("repair", [])
    assert done.result.status == "resolved"
    assert done.model.requests == []
    assert "+    return max(high - low" in done.result.patch
    (judged,) = done.of(CandidatesJudged)
    assert judged.candidates[judged.chosen].source == "repair"


async def test_the_baseline_takes_the_only_answer_unseen(solve) -> None:
    whole = PROGRAM.partition("    ordered")[0]
    done = await solve("single", [f"```python\n{whole}{WRONG}```"])
    assert done.result.status == "unresolved"
    (request,) = done.model.requests
    assert "min(" in request.messages[0].content
    (judged,) = done.of(CandidatesJudged)
    assert judged.candidates[judged.chosen].status == "untried"
    done = await solve("single", [f"```python\n{whole}{RIGHT}```"])
    assert done.result.status == "resolved"


async def test_the_baseline_gives_up_where_the_answer_changes_nothing(solve) -> None:
    done = await solve("single", [f"```python\n{PROGRAM}```"])
    assert done.result.patch == ""
    assert len(done.model.requests) == 1


async def test_the_wrong_body_is_not_shown_where_the_function_is_written_anew(solve) -> None:
    done = await solve("sample", [RIGHT])
    assert done.result.status == "resolved"
    (request,) = done.model.requests
    asked, begun = request.messages
    assert begun.role == "assistant"
    assert begun.content.endswith('    5\n    """\n')
    assert "min(" not in asked.content + begun.content
    assert request.request["stop"][0] == "```"
    assert "\ndef " in request.request["stop"]


async def test_a_model_that_can_not_go_on_with_a_text_writes_the_whole_function(solve) -> None:
    whole = "Sure:\n```python\n" + PROGRAM.partition("    ordered")[0] + RIGHT + "```"
    done = await solve("sample", [whole], Capabilities())
    assert done.result.status == "resolved"
    assert [message.role for message in done.model.requests[0].messages] == ["user"]


async def test_a_body_that_is_the_wrong_one_again_is_no_candidate(solve) -> None:
    done = await solve("sample", [SAME, several(SAME, SAME, RIGHT, WRONG)])
    assert done.result.status == "resolved"
    (judged,) = done.of(CandidatesJudged)
    assert [one.status for one in judged.candidates] == ["passed", "failed"]
    assert judged.candidates[1].failed


async def test_one_call_asks_for_a_round_of_candidates_where_the_server_can(solve) -> None:
    done = await solve("sample", [WRONG, several(WRONG, RIGHT, LOOP, SAME)])
    greedy, warm = done.model.requests
    assert greedy.sampling.temperature == 0
    assert warm.request["n"] == 4
    assert warm.sampling.temperature == pytest.approx(0.8)
    assert len(done.of(QuestionAsked)) == 2
    assert len(done.of(ModelAnswered)[1].choices) == 4


async def test_elsewhere_it_asks_as_often_as_there_are_candidates(solve) -> None:
    script = [
        f"```python\n{PROGRAM.partition('    ordered')[0]}{body}```"
        for body in (WRONG, WRONG, RIGHT, LOOP, SAME)
    ]
    done = await solve("sample", script, Capabilities())
    seeds = [request.sampling.seed for request in done.model.requests]
    assert len(seeds) == 5
    assert len(set(seeds[1:])) == 4


async def test_selection_takes_what_most_candidates_answer(solve) -> None:
    only_examples = "    return {3: 5, 2: 6}[len(numbers)]\n"
    done = await solve(
        "sample+select",
        [only_examples, several(RIGHT, LOOP, RIGHT, WRONG), several(LOOP, RIGHT, WRONG, WRONG)],
    )
    (judged,) = done.of(CandidatesJudged)
    chosen = judged.candidates[judged.chosen]
    assert judged.candidates[0].status == "passed"
    assert chosen.text in {RIGHT, LOOP}
    assert chosen.weight > judged.candidates[0].weight
    alike = {one.behaviour for one in judged.candidates if one.text in {RIGHT, LOOP}}
    assert len(alike) == 1
    assert judged.candidates[0].behaviour not in alike


async def test_auto_stops_asking_when_a_repair_and_the_model_agree(solve) -> None:
    done = await solve("auto", [RIGHT])
    assert done.result.status == "resolved"
    assert len(done.model.requests) == 1
    (judged,) = done.of(CandidatesJudged)
    assert judged.reason == "Two independent sources agree on it."
    # The smaller change of the two.
    assert judged.candidates[judged.chosen].source == "repair"


async def test_auto_tells_the_model_what_fails_only_when_writing_anew_did_not_help(solve) -> None:
    hopeless = {"main.py": PROGRAM.replace("min(high - low for", "len(str(high - low) for")}
    answers = [WRONG, several(WRONG, WRONG, WRONG, WRONG), RIGHT, several(RIGHT, RIGHT, LOOP, WRONG)]
    done = await solve("auto", answers, **hopeless)
    assert done.result.status == "resolved"
    told = done.model.requests[2].messages[0].content
    assert "This Python function is wrong" in told
    assert "len(str(high - low)" in told


async def test_where_no_test_fails_an_edit_that_answers_as_written_bodies_do_is_taken(solve) -> None:
    shown = PROGRAM.replace("assert largest_gap([1, 9, 4]) == 5", "assert largest_gap([1, 5]) == 4")
    blind = {"main.py": shown.replace(">>> largest_gap([1, 9, 4])\n    5", ">>> largest_gap([1, 5])\n    4")}
    done = await solve("auto", [RIGHT, several(RIGHT, LOOP, RIGHT, SAME)], **blind)
    assert len(done.model.requests) == 2
    (judged,) = done.of(CandidatesJudged)
    assert judged.reason == "A small edit answers as several bodies do that were written without it."
    chosen = judged.candidates[judged.chosen]
    assert chosen.source == "repair"
    assert "max" in chosen.text
    # Edits that nobody else agrees with are no candidates at all.
    assert sum(one.source == "repair" for one in judged.candidates) < 5


@pytest.mark.parametrize(
    ("traces", "small", "told"),
    [("auto", False, True), ("auto", True, False), ("always", True, True), ("never", False, False)],
)
async def test_a_model_that_follows_values_is_told_them(solve, traces: str, small: bool, told: bool) -> None:
    hopeless = {"main.py": PROGRAM.replace("min(high - low for", "len(str(high - low) for")}
    answers = [WRONG, several(WRONG, WRONG, WRONG, WRONG), RIGHT, several(RIGHT, RIGHT, LOOP, WRONG)]
    capabilities = Capabilities(prefill=True, choices=4, json_schema=small)
    done = await solve("auto", answers, capabilities, traces, **hopeless)
    request = done.model.requests[2].messages[0].content
    assert ("# ordered = [1, 4, 9]" in request) is told
    assert len(done.of(FunctionTraced)) == told


async def test_auto_takes_the_loop_where_no_function_is_known(run, untested, do) -> None:
    many = {f"m{number}.py": f"def f{number}():\n    return {number}\n" for number in range(9)}
    script = [do("submit"), do("submit")]
    done = await run(many, script, {"strategy": {"name": "auto"}})
    assert [event.command for event in done.of(ActionStarted)] == ["submit", "submit"]


async def test_a_candidate_enters_the_tree_by_an_action_that_can_be_replayed(solve) -> None:
    done = await solve("sample", [RIGHT])
    (started,) = done.of(ActionStarted)
    assert started.command == "edit_lines"
    assert started.arguments["content"] == RIGHT.partition("\n")[2]
    assert not done.of(ActionFinished)[0].failed


async def test_nothing_is_taken_when_no_candidate_does_better(solve) -> None:
    bad = several(WRONG, WRONG, WRONG, WRONG)
    done = await solve("sample", [WRONG, bad, bad])
    assert done.result.patch == ""
    assert done.result.exit_status == 1


async def test_the_answers_of_a_search_are_replayed(solve) -> None:
    done = await solve("sample", [WRONG, several(WRONG, RIGHT, LOOP, SAME)])
    model = ReplayedModel(done.events)
    first = done.model.requests[0]
    answer = await model.query(first.messages, first.sampling, first.request)
    assert answer.text == WRONG
    second = done.model.requests[1]
    assert len((await model.query(second.messages, second.sampling, second.request)).choices) == 4
