"""Constrained decoding for real: each command, and every kind of field, on a llama.cpp server."""

import json
from collections.abc import AsyncIterator
from typing import ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from aci import COMMANDS, Command, Observation, Workspace
from aci.formats import FORMATS, Pending
from agent.models.base import Sampling
from agent.models.embedded import EmbeddedModel
from trajectories.messages import Answer, Message


class Place(BaseModel):
    """One of several places."""

    search: str = Field(description="Text to replace.")
    replace: str = Field(description="Text to put there.")


class ReplaceAll(Command):
    """Replace texts at several places at once."""

    name: ClassVar[str] = "replace_all"

    path: str = Field(description="File to change.")
    mode: Literal["exact", "regex"] = Field(description="How to search.")
    places: list[Place] = Field(description="What to replace by what.", min_length=1, max_length=2)
    names: tuple[str, ...] = Field(description="Two names.", min_length=2, max_length=2)
    every: bool = Field(default=False, description="All of them.")
    limit: int | None = Field(default=None, description="At most so many.", ge=1, le=9)

    async def execute(self, workspace: Workspace) -> Observation:
        """Do nothing."""
        return Observation(text="")


EVERY = (*COMMANDS.values(), ReplaceAll)


@pytest.fixture
async def model(embedded_weights) -> AsyncIterator[EmbeddedModel]:
    model = EmbeddedModel("embedded:0.5b", context=2048, linger=5)
    await model.open()
    yield model
    await model.close()


@pytest.mark.timeout(900)
async def test_the_server_forces_a_valid_action_of_each_command(model) -> None:
    for command in EVERY:
        form = FORMATS["staged" if command.block else "json"]
        # Little is said, so that the prompt alone would hardly lead to the right form.
        asked = f"Answer in JSON with the action {command.name} for the file a.py. Be brief."
        messages = [Message(role="user", content=asked)]
        answer = await model.query(messages, Sampling(max_tokens=400), form.request((command,)))
        assert answer.finish_reason == "stop", (command.name, answer.text)
        found = form.parse(answer, EVERY)
        chosen = found.command if isinstance(found, Pending) else type(found[0].command)
        assert chosen is command, answer.text


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["rewrite", "create"])
async def test_the_server_forces_the_text_into_a_code_block(model, name: str) -> None:
    place = {"path": "a.py"} | ({"symbol": "add"} if name == "rewrite" else {})
    call = json.dumps({"thought": "Add.", "action": {"command": name, "arguments": place}})
    pending = FORMATS["staged"].parse(Answer(text=call), EVERY)
    assert isinstance(pending, Pending)
    # The prompt asks for what the grammar forbids.
    asked = f"Write this JSON again, word for word: {call}"
    answer = await model.query(
        [Message(role="user", content=asked)], Sampling(max_tokens=300), {"grammar": pending.grammar}
    )
    assert answer.text.startswith("```")
    if answer.finish_reason == "stop" and name == "rewrite":
        assert pending.complete(answer).command.name == name
        assert not answer.text.split("\n")[1].startswith("{")


@pytest.mark.timeout(900)
async def test_the_server_takes_all_commands_at_once(model) -> None:
    for name in ("json", "staged"):
        form = FORMATS[name]
        messages = [Message(role="user", content="Open the file a.py at line 3. Answer in JSON.")]
        answer = await model.query(
            messages, Sampling(max_tokens=400), form.request(EVERY, {"path": ["a.py"]})
        )
        assert answer.finish_reason == "stop", answer.text
        assert form.parse(answer, EVERY)
