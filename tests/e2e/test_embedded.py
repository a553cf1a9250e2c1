"""The example, end to end, with a real model."""

import pytest

from trajectories.events import (
    ActionFinished,
    AnswerMalformed,
    AttemptEnded,
    AttemptStarted,
    ModelAnswered,
    RunEnded,
    RunStarted,
    SandboxStarted,
)


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("embedded_weights")
def test_the_demo_runs_with_the_small_embedded_model(cli, events_in, result_in) -> None:
    options = ["--model", "embedded:0.5b", "--attempts", "1", "--max-steps", "3"]
    done = cli("demo", *options, "--sandbox", "unsafe", "--json")
    assert done.returncode in {0, 1, 5}, done.stderr
    events = events_in(done.stdout)
    kinds = [type(event) for event in events]
    assert kinds[0] is RunStarted
    assert kinds[-2:] == [AttemptEnded, RunEnded]
    assert kinds.index(AttemptStarted) < kinds.index(SandboxStarted) < kinds.index(ModelAnswered)
    assert ActionFinished in kinds
    # Constrained decoding makes a malformed action impossible; only an answer that is cut off may be one.
    assert AnswerMalformed not in kinds
    result = events[-1].result
    assert result == result_in(cli.runs[0])
    assert (result.exit_status, result.malformed) == (done.returncode, 0)
    answers = [event for event in events if isinstance(event, ModelAnswered)]
    assert all(answer.usage.prompt_tokens and answer.usage.completion_tokens for answer in answers)
    if len(answers) > 1:
        assert result.usage.cached_tokens > 0
