"""The command that a fenced block, a line or a call in a foreign form stands for."""

from collections.abc import Sequence

from aci.command import Command
from aci.formats.blocks import Block
from aci.formats.building import build, build_call
from aci.formats.fields import from_heredoc, from_line, from_lines
from aci.formats.foreign import Foreign
from aci.formats.jsons import as_call, find_object
from aci.formats.malformed import Malformed
from aci.formats.names import lookup

_SHELLS = frozenset({"bash", "sh", "shell", "console", "zsh"})
_PLAIN = frozenset({"", "action", "command", "text", "tool", "plaintext", "aci", "tool_code", "tool_call"})
_JSON = frozenset({"json", "json5", "jsonc"})


def block_command(block: Block, commands: Sequence[type[Command]]) -> Command | None:
    """Return the command of a block, or None when it is no action.

    Raises:
        Malformed: It names a command but is wrong.
    """
    head, _, rest = block.info.strip().partition(" ")
    word = head.lower()
    if word in _SHELLS or word in _PLAIN:
        named = line_command(block.lines, commands, alone=word in _SHELLS)
        if named is not None:
            return named
        bash = lookup("bash", commands)
        if word in _SHELLS and bash is not None:
            # A prompt copied from a terminal is no part of the command.
            return from_lines(bash, [line.removeprefix("$ ") for line in block.lines[:1]] + block.lines[1:])
    if word in _JSON or word in _PLAIN:
        starts = bool(block.lines) and block.lines[0].lstrip().startswith("{")
        found = find_object("\n".join(block.lines)) if starts else None
        call = as_call(found.value) if found else None
        return build_call(call[0], call[1], commands) if call else None
    command = lookup(word, commands)
    if command is None:
        return None
    if not command.model_fields:
        # A block of the language `diff` shows a patch; it is not the command.
        return None if word == "diff" and any(line.strip() for line in block.lines) else build(command, {})
    if (heredoc := from_heredoc(command, rest, block.lines)) is not None:
        return heredoc
    if rest.strip() and not any(line.strip() for line in block.lines):
        return from_line(command, rest.strip())
    return from_lines(command, [*_header(command, rest), *block.lines])


def _header(command: type[Command], rest: str) -> list[str]:
    """Return what stands behind the name in the fence line (```create src/a.py) as a field."""
    first = next(iter(command.model_fields))
    return [f"{first}: {rest.strip()}"] if rest.strip() else []


def line_command(lines: Sequence[str], commands: Sequence[type[Command]], *, alone: bool) -> Command | None:
    """Return the command that the first line names; `alone`, as in a shell block, only if it fits."""
    at = next((number for number, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return None
    line = lines[at].strip().removeprefix("$ ")
    name = line.partition("(")[0].partition(" ")[0].rstrip(":")
    # An alias may be a program of its own (`cat`), or the first word of a sentence.
    command = next((command for command in commands if command.name == name), None)
    if command is None:
        return None
    more = any(other.strip() for other in lines[at + 1 :])
    if (heredoc := from_heredoc(command, line[len(name) :], lines[at + 1 :])) is not None:
        return heredoc
    if alone and (name == "bash" or more):
        return None
    if line == name and not alone:
        return from_lines(command, lines[at + 1 :])
    rest = line[len(name) :].strip()
    if more:
        rest = "\n".join(other for other in lines[at:] if other.strip())[len(name) :]
    try:
        return from_line(command, rest)
    except Malformed:
        if alone:
            return None
        raise


def foreign_command(call: Foreign, commands: Sequence[type[Command]]) -> Command | None:
    """Return the command of a call in the form of another system, or None when its line is none.

    Raises:
        Malformed: It names a command but is wrong.
    """
    if call.name:
        return build_call(call.name, call.arguments, commands)
    lines = call.line.split("\n")
    named = line_command(lines, commands, alone=False)
    bash = lookup("bash", commands)
    return named if named is not None or bash is None else from_lines(bash, lines)
