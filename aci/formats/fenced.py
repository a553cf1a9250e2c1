"""Free thought, then one action in a fenced block: the form for models without tool calling or JSON schemas.

    ```edit
    path: src/a.py
    <search>
        return a - b
    </search>
    <replace>
        return a + b
    </replace>
    ```

The grammar of a block, one item a line:

    block   = fence name NEWLINE item* fence         fence: three backticks or more
    item    = field ": " value                       a value of one line
            | "<" field ">" NEWLINE text NEWLINE "</" field ">"
            | "<" field " " mark ">" ... "</" field " " mark ">"   when the text holds the plain end
    rest    = the first line that is no item and all after it, when one needed field is left

Text between the tags is taken as it stands, fences included; its last line break belongs to the tag. A field
that is a list is given once for each item; an item that is an object has its own fields between its tags.

Beyond the grammar an answer is understood where it can mean one thing only: a shell block is `bash`,
arguments may follow the name (`open src/a.py 10`), stand as a call (`open("src/a.py", 10)`), as JSON or as a
heredoc (`create a.py <<EOF`), `edit` takes conflict markers (`<<<<<<< SEARCH`); where no block holds an
action the calls of other systems are taken (see `foreign`). Blocks without one are part of the thought.
Of several actions the first is run and the model told: what follows is often an imagined observation. But
nothing is run when the first is malformed, since the later ones were written in the belief that it works.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aci.command import Command
from aci.formats.actions import block_command, foreign_command, line_command
from aci.formats.base import Action
from aci.formats.blocks import blocks
from aci.formats.building import build_call
from aci.formats.fields import render_fields
from aci.formats.foreign import foreign_calls
from aci.formats.jsons import find_call, sound
from aci.formats.kinds import item_fields, kind_of
from aci.formats.malformed import Malformed
from aci.formats.names import command_named, lookup
from aci.formats.schema import command_list
from trajectories.messages import Answer, Message

_FORM = """\
Answer with a short thought, then exactly one action in a fenced block. The command stands after the
backticks; a short field is `field: value`, longer text stands between <field> and </field>:

```edit
path: src/a.py
<search>
    return a - b
</search>
<replace>
    return a + b
</replace>
```"""


def render(action: Action) -> str:
    """Return an action as this format writes it."""
    for raw in (True, False):
        body = render_fields(action.command, raw=raw)
        block = f"```{action.command.name}\n{body}```"
        # A shell command that reads like one of ours (`open a.py`) has to be named as what it is.
        if _read(Answer(text=block), (type(action.command), *_registry())).commands == [action.command]:
            break
    return f"{action.thought}\n\n{block}".lstrip("\n")


def _registry() -> tuple[type[Command], ...]:
    from aci import COMMANDS  # noqa: PLC0415 - the package imports the commands, which need no formats

    return tuple(COMMANDS.values())


class _Reading(NamedTuple):
    """The actions of an answer, the first mistake in one, and where the first action begins and ends."""

    commands: list[Command]
    problem: Malformed | None
    first: int
    last: int


class FencedText:
    """Asks for a fenced block. Of several actions only the first is run; the model is told."""

    name = "fenced"
    example = "```open\npath: src/a.py\nline: 1\n```"

    def instructions(self, commands: Sequence[type[Command]]) -> str:
        """See `Format.instructions`."""
        return f"Commands:\n{command_list(commands)}\n\n{_FORM}"

    def request(
        self,
        commands: Sequence[type[Command]],
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        """See `Format.request`: nothing but the messages."""
        return {}

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> tuple[Action]:
        """See `Format.parse`."""
        reading = _read(answer, commands)
        if reading.commands:
            thought = "\n".join(answer.text.split("\n")[: reading.first]).strip()
            return (Action(thought, reading.commands[0], None, _note(len(reading.commands))),)
        if reading.problem is not None:
            raise reading.problem
        bare = _bare(answer.text, commands)
        if bare is not None:
            return (bare,)
        raise Malformed(_no_action(answer, commands))

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`. What follows the action, often an imagined observation, is left out."""
        text = answer.text
        reading = _read(answer, _registry())
        if reading.commands:
            text = "\n".join(text.split("\n")[: reading.last + 1])
        return Message(role="assistant", content=text)

    def observe(self, action: Action, text: str) -> Message:
        """See `Format.observe`."""
        return Message(role="user", content=f"{action.note}\n{text}" if action.note else text)

    def correct(self, answer: Answer, fault: Malformed) -> tuple[Message, ...]:
        """See `Format.correct`."""
        return (Message(role="user", content=str(fault)),)


def _note(count: int) -> str:
    return f"(Only the first of your {count} actions was run; give one at a time.)" if count > 1 else ""


def _tags(commands: Sequence[type[Command]]) -> set[str]:
    """Return every name that may stand in a tag."""
    every = [item for command in commands for item in command.model_fields.items()]
    return {key for key, _ in every} | {inner for _, field in every for inner in item_fields(kind_of(field))}


def _read(answer: Answer, commands: Sequence[type[Command]]) -> _Reading:
    found: list[Command] = []
    problem: Malformed | None = None
    first, last = 0, 0
    for block in blocks(answer.text, _tags(commands)):
        if not block.closed and answer.finish_reason == "length":
            problem = problem or Malformed(
                "Your answer was cut off before the action ended; "
                "send it again with a shorter thought or a smaller change."
            )
            continue
        try:
            command = block_command(block, commands)
        except Malformed as mistake:
            problem = problem or mistake
            if not found:
                break
            continue
        if command is not None:
            if not found:
                first, last = block.first, block.last
            found.append(command)
    return _Reading(found, problem, first, last)


def _bare(text: str, commands: Sequence[type[Command]]) -> Action | None:
    """Return the action of an answer without a block: a call in any form, or a last line that is one."""

    def names(word: str) -> bool:
        return lookup(word, commands) is not None

    calls = foreign_calls(text, names)
    if calls:
        command = foreign_command(calls[0], commands)
        if command is not None:
            return Action(text[: calls[0].before].strip(), command, None, _note(len(calls)))
    found = find_call(text, names)
    if found is not None and names(found[1][0]):
        thought = found[0].value.get("thought", found[0].before)
        return Action(sound(str(thought)), build_call(*found[1], commands))
    lines = [line for line in text.strip().split("\n") if line.strip()]
    last = line_command([lines[-1].strip("` ")], commands, alone=True) if lines else None
    return None if last is None else Action("\n".join(lines[:-1]).strip(), last)


def _no_action(answer: Answer, commands: Sequence[type[Command]]) -> str:
    every = blocks(answer.text, ())
    names = ", ".join(command.name for command in commands)
    if answer.finish_reason == "length":
        return "Your answer was cut off before an action. Give a shorter thought, then one fenced block."
    if not every:
        form = "End it with one whose first line is three backticks and a command"
        lacks = "has no fenced block" if answer.text.strip() else "was empty; it has no fenced block"
        return f"Your answer {lacks}. {form}: {names}."
    info = every[-1].info.split()[:1]
    if info == ["diff"]:
        return "A block of changed lines is no action; to change a file, write an `edit` block."
    try:
        command_named(info[0] if info else "", commands)
    except Malformed as mistake:
        return (
            f"The word after the three backticks must be a command. {mistake}"
            if info
            else (f"The block names no command; write one right after its three backticks: {names}.")
        )
    return f"The block holds no action; write one command right after the three backticks: {names}."
