"""The help of the ACI's commands, for the command line and the docs."""

import difflib
import inspect
import textwrap

from aci import COMMANDS
from aci.command import Command
from aci.formats.kinds import item_fields, kind_of
from aci.formats.schema import signature, summary


def describe(name: str | None = None) -> str:
    """Return the help of one command, or the list of all.

    Raises:
        KeyError: There is no command of that name; the message says which one may be meant.
    """
    if name is None:
        width = max(len(signature(command)) for command in COMMANDS.values())
        return "\n".join(
            f"{signature(command):<{width}}  {summary(command)}" for command in COMMANDS.values()
        )
    command = COMMANDS.get(name)
    if command is None:
        meant = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean `{meant[0]}`?" if meant else f"the commands are {', '.join(COMMANDS)}."
        raise KeyError(f"There is no command `{name}`; {hint}")
    return details(command)


def details(command: type[Command]) -> str:
    """Return the help of one command."""
    parts = [signature(command), "", textwrap.indent(inspect.cleandoc(command.__doc__ or ""), "  ")]
    if command.model_fields:
        width = max(map(len, command.model_fields))
        parts.append("")
        for key, field in command.model_fields.items():
            parts.append(f"  {key:<{width}}  {field.description}")
            # What a list holds has fields of its own.
            parts += [
                f"  {'':<{width}}  - {inner}: {held.description}"
                for inner, held in item_fields(kind_of(field)).items()
            ]
    return "\n".join(parts)
