"""Each kind of field, in each format: asked for, read, repaired where that is sure, else refused."""

import json
from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from aci import COMMANDS, Command, Observation, Workspace
from aci.formats import FORMATS, Malformed
from aci.formats.schema import signature
from aci.help import details
from trajectories.messages import Answer, ToolCall


class Place(BaseModel):
    """A place to change."""

    search: str = Field(description="Text to replace.")
    replace: str = Field(description="Text to put there.")


class Change(Command):
    """Change several places."""

    name: ClassVar[str] = "change"

    path: str = Field(description="File to change.")
    places: list[Place] = Field(description="What to change.")
    regex: bool = Field(default=False, description="Search by patterns.")
    mode: Literal["all", "first"] = Field(default="all", description="Which places.")
    tags: list[str] = Field(default=[], description="Words.")
    times: int = Field(default=1, ge=1, le=9, description="How often.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Do nothing."""
        return Observation(text="")


EVERY = (*COMMANDS.values(), Change)
TWO = [{"search": "a", "replace": "b"}, {"search": "c", "replace": "d"}]


def native(arguments: dict[str, Any]) -> Change:
    call = ToolCall(id="1", name="change", arguments=json.dumps(arguments))
    (action,) = FORMATS["native"].parse(Answer(text="", tool_calls=(call,)), EVERY)
    assert isinstance(action.command, Change)
    return action.command


def fenced(text: str) -> Change:
    (action,) = FORMATS["fenced"].parse(Answer(text=f"So.\n```change\n{text}\n```"), EVERY)
    assert isinstance(action.command, Change)
    return action.command


def test_the_signature_shows_the_form_of_each_field() -> None:
    assert signature(Change) == (
        'change(path, places=[{search, replace}, ...], regex=false, mode="all"|"first", tags=[], times=1)'
    )


@pytest.mark.parametrize(
    ("said", "flag"),
    [("False", False), ("false", False), (False, False), ("true", True), (True, True), (0, False)],
)
def test_a_flag_is_read_as_it_says(said: Any, flag: bool) -> None:
    assert native({"path": "a", "places": TWO, "regex": said}).regex is flag
    assert fenced(f"path: a\nregex: {said}\nplaces: {json.dumps(TWO)}").regex is flag


SEVERAL = [
    "path: a\n<places>\nsearch: a\nreplace: b\n</places>\n<places>\n<search>\nc\n</search>\n"
    "<replace>\nd\n</replace>\n</places>",
    "path: a\n<search>\na\n</search>\n<replace>\nb\n</replace>\n"
    "<search>\nc\n</search>\n<replace>\nd\n</replace>",
    "path: a\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE",
    f"path: a\nplaces: {json.dumps(TWO)}",
    'path: a\n<places>\n{"old_str": "a", "new_str": "b"}\n</places>\n'
    '<places>\n{"search": "c", "replace": "d"}\n</places>',
    json.dumps({"path": "a", "places": TWO}),
    f'change("a", {TWO!r})',
]


@pytest.mark.parametrize("text", SEVERAL)
def test_several_places_are_read_in_every_way_to_write_them(text: str) -> None:
    if text.startswith("change("):
        (action,) = FORMATS["fenced"].parse(Answer(text=f"```\n{text}\n```"), EVERY)
        found: Any = action.command
    else:
        found = fenced(text)
    assert [place.model_dump() for place in found.places] == TWO


@pytest.mark.parametrize("tags", ["tags: x y\ntags: z", "tags:\n- x y\n- z", 'tags: ["x y", "z"]'])
def test_a_list_of_texts_is_read_in_every_way_to_write_it(tags: str) -> None:
    assert fenced(f"path: a\n{tags}\nplaces: {json.dumps(TWO)}").tags == ["x y", "z"]


@pytest.mark.parametrize(
    "given",
    [{"places": TWO[0]}, {"places": json.dumps(TWO[:1])}, {"places": [{"old_str": "a", "new_str": "b"}]}],
)
def test_one_item_json_text_and_other_names_stand_for_a_list(given: dict[str, Any]) -> None:
    assert [place.model_dump() for place in native({"path": "a", **given}).places] == TWO[:1]


MISFITS: list[tuple[dict[str, Any], str]] = [
    ({"places": [{"search": "a"}]}, "Item 1 of places of `change` lacks the field replace."),
    (
        {"places": [TWO[0], {"search": "a", "replace": {}}]},
        "Item 2 of places of `change`: its replace must be text, not {}.",
    ),
    (
        {"places": [{**TWO[0], "every": 1}]},
        "The field places of `change` holds no every; each item is {search, replace}.",
    ),
    ({"places": "a"}, 'must be a list of {search, replace}, not "a".'),
    ({"places": TWO, "mode": "some"}, 'The field mode of `change` must be one of all, first, not "some".'),
    ({"places": TWO, "times": 12}, "The field times of `change`: it must be less than or equal to 9."),
    ({"places": TWO, "regex": "maybe"}, 'The field regex of `change` must be true or false, not "maybe".'),
    (
        {"places": TWO[:1], "mode": "some"},
        'change(path="a", places=[{"search": "a", "replace": "b"}], mode=<one of all, first>).',
    ),
]


@pytest.mark.parametrize(("given", "sentence"), MISFITS)
def test_what_does_not_fit_is_told_where_it_stands(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Malformed) as told:
        native({"path": "a", **given})
    assert sentence in str(told.value)


def test_a_choice_is_read_in_any_capitals() -> None:
    assert native({"path": "a", "places": TWO, "mode": "First"}).mode == "first"


def test_a_kind_that_no_format_can_write_is_refused_by_name() -> None:
    class Odd(Command):
        """Odd."""

        name: ClassVar[str] = "odd"
        field: dict[str, int] = Field(description="A mapping.")

        async def execute(self, workspace: Workspace) -> Observation:
            """Do nothing."""
            return Observation(text="")

    with pytest.raises(TypeError, match=r"No format can write a field of dict\[str, int\]"):
        signature(Odd)


def test_the_help_tells_of_the_fields_of_each_item() -> None:
    assert "\n          - search: Text to replace.\n" in details(Change)
