"""Short-term memory: append-only, compacted rarely and in one stride."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.history import History, estimated_tokens
from agent.models.base import Capabilities
from trajectories.events import Event, PromptCompacted, PromptExtended
from trajectories.messages import Message, Usage

SYSTEM = Message(role="system", content="You mend programs. " * 20)
STATEMENT = Message(role="user", content="The sum is wrong. " * 20)


def filled(window: int | None, observations: int, size: int = 1000) -> tuple[History, list[Event]]:
    events: list[Event] = []
    history = History(events.append, window, reserve=100)
    history.extend(SYSTEM, STATEMENT)
    for number in range(observations):
        history.extend(
            Message(role="assistant", content=f"action {number}"),
            Message(role="user", content=f"{number}\n" + "x" * size),
        )
    return history, events


def test_a_conversation_that_fits_is_left_alone() -> None:
    history, events = filled(10_000, 5)
    before = history.messages
    assert history.fits()
    assert history.messages == before
    assert not [event for event in events if isinstance(event, PromptCompacted)]


def test_an_unknown_window_fits_everything() -> None:
    history, _ = filled(None, 200)
    assert history.fits()


def test_compaction_keeps_the_statement_the_newest_and_every_action() -> None:
    history, _ = filled(4000, 15)
    before = history.messages
    assert history.fits()
    after = history.messages
    assert after[:2] == (SYSTEM, STATEMENT)
    assert after[-2:] == before[-2:]
    assert len(after) == len(before)
    assert [m for m in after if m.role == "assistant"] == [m for m in before if m.role == "assistant"]


def test_compaction_elides_the_oldest_first_down_to_half_in_one_stride() -> None:
    history, events = filled(4000, 15)
    assert history.fits()
    elided = ["elided to save room: 2 lines" in message.content for message in history.messages[3::2]]
    assert elided == sorted(elided, reverse=True)
    assert any(elided)
    assert not all(elided)
    assert history.tokens <= (4000 - 100) // 2
    history.extend(Message(role="assistant", content="next"), Message(role="user", content="x" * 1000))
    assert history.fits()
    assert len([event for event in events if isinstance(event, PromptCompacted)]) == 1


def test_what_was_elided_is_recorded_well_enough_to_make_the_prompt_again() -> None:
    history, events = filled(4000, 30)
    assert history.fits()
    prompt: list[Message] = []
    for event in events:
        if isinstance(event, PromptExtended):
            prompt += event.messages
        elif isinstance(event, PromptCompacted):
            assert len(event.replacement) == event.elided
            prompt[event.start : event.start + event.elided] = event.replacement
    assert tuple(prompt) == history.messages


def test_a_statement_that_does_not_fit_by_itself_is_said_not_to() -> None:
    history, events = filled(300, 0)
    assert not history.fits()
    assert not [event for event in events if isinstance(event, PromptCompacted)]


def test_the_servers_count_goes_before_the_estimate() -> None:
    history, _ = filled(10_000, 2)
    history.count(Usage(prompt_tokens=5000))
    assert history.tokens == 5000
    more = Message(role="user", content="x" * 320)
    history.extend(more)
    assert history.tokens == 5000 + estimated_tokens([more])
    history.count(Usage(prompt_tokens=0))
    assert history.tokens == 5000 + estimated_tokens([more])


def test_a_count_of_the_server_beyond_the_window_leads_to_compaction() -> None:
    history, events = filled(10_000, 6)
    history.count(Usage(prompt_tokens=9_950))
    assert history.fits()
    assert [event for event in events if isinstance(event, PromptCompacted)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4000), max_size=20), st.integers(150, 6000))
def test_whatever_comes_the_statement_and_the_roles_stay(sizes: list[int], window: int) -> None:
    history = History(lambda _: None, window, reserve=100)
    history.extend(SYSTEM, STATEMENT)
    roles = ["system", "user"]
    for size in sizes:
        history.extend(Message(role="assistant", content="a"), Message(role="user", content="x" * size))
        roles += ["assistant", "user"]
        fits = history.fits()
        assert not fits or history.tokens <= window - 100
    assert history.messages[:2] == (SYSTEM, STATEMENT)
    assert [message.role for message in history.messages] == roles


async def test_a_run_whose_window_is_full_is_compacted_and_goes_on(run, untested, do) -> None:
    untested["long.txt"] = "".join(f"{number} {'x' * 60}\n" for number in range(500))
    looks = [do("open", path="long.txt", line=50 * number + 1) for number in range(6)]
    done = await run(
        untested,
        [*looks, do("bash", command="true"), do("submit"), do("submit")],
        {"model": {"max_tokens": 100}},
        capabilities=Capabilities(context_window=8000),
    )
    assert done.of(PromptCompacted)
    last, first = done.model.requests[-1].messages, done.model.requests[0].messages
    assert last[: len(first)] == first
    assert any("elided to save room" in message.content for message in last)
    assert done.result.status == "unresolved"
