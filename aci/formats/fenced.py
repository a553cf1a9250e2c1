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

Text between the tags is taken as it stands, fences included; its last line break belongs to the tag.

Beyond the grammar a block is understood where it can mean one thing only: a shell block is `bash`, arguments
may follow the name (`open src/a.py 10`), stand as a call (`open("src/a.py", 10)`) or as JSON, and `edit`
takes conflict markers (`<<<<<<< SEARCH`). Blocks that are no action are part of the thought.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aci.command import Command
from aci.formats.base import Action, Malformed
from aci.formats.blocks import Block, blocks
from aci.formats.fields import from_line, from_lines, render_fields
from aci.formats.jsons import as_call, find_object
from aci.formats.schema import build, command_list, command_named
from trajectories.messages import Answer, Message

_SHELLS = frozenset({"bash", "sh", "shell", "console", "zsh"})
_PLAIN = frozenset({"", "action", "command", "text", "tool", "plaintext", "aci"})

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

    def parse(self, answer: Answer, commands: Sequence[type[Command]]) -> Action:
        """See `Format.parse`."""
        reading = _read(answer, commands)
        if reading.commands:
            thought = "\n".join(answer.text.split("\n")[: reading.first]).strip()
            count = len(reading.commands)
            note = (
                f"(Only the first of your {count} actions was run; give one at a time.)" if count > 1 else ""
            )
            return Action(thought, reading.commands[0], None, note)
        if reading.problem is not None:
            raise reading.problem
        bare = _bare(answer.text, commands)
        if bare is not None:
            return bare
        raise Malformed(_no_action(answer, commands))

    def reply(self, answer: Answer) -> Message:
        """See `Format.reply`. What follows the action, often an imagined observation, is left out."""
        text = answer.text
        reading = _read(answer, _registry())
        if reading.commands:
            text = "\n".join(text.split("\n")[: reading.last + 1])
        return Message(role="assistant", content=text)

    def observe(self, action: Action | None, answer: Answer, text: str) -> Message:
        """See `Format.observe`."""
        return Message(role="user", content=f"{action.note}\n{text}" if action and action.note else text)


def _read(answer: Answer, commands: Sequence[type[Command]]) -> _Reading:
    found: list[Command] = []
    problem: Malformed | None = None
    first, last = 0, 0
    for block in blocks(answer.text, {field for command in commands for field in command.model_fields}):
        if not block.closed and answer.finish_reason == "length":
            problem = problem or Malformed(
                "Your answer was cut off before the action ended; "
                "send it again with a shorter thought or a smaller change."
            )
            continue
        try:
            command = _action(block, commands)
        except Malformed as mistake:
            problem = problem or mistake
            continue
        if command is not None:
            if not found:
                first, last = block.first, block.last
            found.append(command)
    return _Reading(found, problem, first, last)


def _action(block: Block, commands: Sequence[type[Command]]) -> Command | None:
    """Return the command of a block, or None when it is no action.

    Raises:
        Malformed: It names a command but is wrong.
    """
    known = {command.name: command for command in commands}
    head, _, rest = block.info.strip().partition(" ")
    word = head.lower()
    if word in _SHELLS or word in _PLAIN:
        named = _named_in_first_line(block.lines, known, alone=word in _SHELLS)
        if named is not None:
            return named
        if word in _SHELLS and "bash" in known:
            # A prompt copied from a terminal is no part of the command.
            return from_lines(
                known["bash"], [line.removeprefix("$ ") for line in block.lines[:1]] + block.lines[1:]
            )
    if word == "json" or word in _PLAIN:
        found = (
            find_object("\n".join(block.lines))
            if block.lines and block.lines[0].lstrip().startswith("{")
            else None
        )
        call = as_call(found.value) if found else None
        return build(command_named(call[0], commands), call[1]) if call else None
    if word not in known:
        return None
    command = known[word]
    if not command.model_fields:
        # A block of the language `diff` shows a patch; it is not the command.
        return None if word == "diff" and any(line.strip() for line in block.lines) else build(command, {})
    if rest.strip() and not any(line.strip() for line in block.lines):
        return from_line(command, rest.strip())
    return from_lines(command, [*_header(command, rest), *block.lines])


def _header(command: type[Command], rest: str) -> list[str]:
    """Return what stands behind the name in the fence line (```create src/a.py) as a field."""
    first = next(iter(command.model_fields))
    return [f"{first}: {rest.strip()}"] if rest.strip() else []


def _named_in_first_line(
    lines: Sequence[str], known: Mapping[str, type[Command]], *, alone: bool
) -> Command | None:
    """Return the command that the first line names; `alone`, as in a shell block, only if it fits."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return None
    line = filled[0].strip().removeprefix("$ ")
    name = line.partition("(")[0].partition(" ")[0].rstrip(":")
    command = known.get(name)
    if command is None or (alone and (name == "bash" or len(filled) > 1)):
        return None
    if line == name and not alone:
        at = list(lines).index(filled[0])
        return from_lines(command, lines[at + 1 :])
    try:
        return from_line(
            command, "\n".join(filled)[len(name) :] if len(filled) > 1 else line[len(name) :].strip()
        )
    except Malformed:
        if alone:
            return None
        raise


def _bare(text: str, commands: Sequence[type[Command]]) -> Action | None:
    """Return the action of an answer without a block: a JSON call, or a last line that is a command."""
    found = find_object(text)
    call = as_call(found.value) if found else None
    if found is not None and call is not None and call[0] in {command.name for command in commands}:
        return Action(
            str(found.value.get("thought", found.before)), build(command_named(call[0], commands), call[1])
        )
    lines = [line for line in text.strip().split("\n") if line.strip()]
    known = {command.name: command for command in commands}
    command = _named_in_first_line([lines[-1].strip("` ")], known, alone=True) if lines else None
    return None if command is None else Action("\n".join(lines[:-1]).strip(), command)


def _no_action(answer: Answer, commands: Sequence[type[Command]]) -> str:
    every = blocks(answer.text, ())
    names = ", ".join(command.name for command in commands)
    if answer.finish_reason == "length":
        return "Your answer was cut off before an action. Give a shorter thought, then one fenced block."
    if not every:
        form = "End it with one whose first line is three backticks and a command"
        return f"Your answer has no fenced block. {form}: {names}."
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
