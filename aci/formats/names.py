"""The names that models use out of habit, for commands and for their fields."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from aci.command import Command
from aci.formats.malformed import Malformed
from aci.formats.schema import signature
from aci.rendering import clipped

# Taken only where they can mean nothing else.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "path": ("file", "file_path", "filepath", "filename", "file_name"),
    "pattern": ("name", "file_name", "filename", "file", "query"),
    "text": ("query", "pattern", "term", "search_term", "search", "string"),
    "folder": ("dir", "directory", "path"),
    "search": ("old", "old_str", "old_string", "old_text", "find"),
    "replace": ("new", "new_str", "new_string", "new_text", "replacement"),
    "content": ("text", "file_text", "code", "new_str", "insert_text", "replacement"),
    "first": ("start", "start_line", "from", "line_start"),
    "last": ("end", "end_line", "to", "line_end"),
    "line": ("line_number", "insert_line", "number"),
    "command": ("cmd", "script", "code"),
    "tests": ("test", "path", "selection", "test_path"),
    "symbol": ("name", "function", "function_name", "class_name"),
}

ALIASES: Mapping[str, str] = {
    "view": "open", "view_file": "open", "read_file": "open", "open_file": "open", "cat": "open",
    "str_replace": "edit", "str_replace_in_file": "edit", "edit_file": "edit", "replace_in_file": "edit",
    "create_file": "create",
    "execute_bash": "bash", "run_bash": "bash", "run_command": "bash", "run_shell_command": "bash",
    "execute_command": "bash", "run_terminal_cmd": "bash", "shell": "bash", "terminal": "bash",
    "undo_edit": "undo",
}  # fmt: skip
"""Other names of a command, taken for it: it does just what is meant, or refuses what it can't do."""

# Never taken: they search by patterns, overwrite, or end the attempt, which is not asked for by mistake.
_MEANT: Mapping[str, str] = {
    "read": "open", "ls": "open", "list_dir": "open",
    "grep": "search_dir", "search": "search_dir", "find": "find_file", "glob": "find_file",
    "replace": "edit", "modify": "edit", "apply_patch": "edit", "str_replace_editor": "edit",
    "write": "create", "write_file": "create",
    "run": "bash", "execute": "bash", "sh": "bash", "python": "bash",
    "test": "run_tests", "pytest": "run_tests",
    "finish": "submit", "done": "submit", "exit": "submit", "end": "submit", "quit": "submit",
}  # fmt: skip
_EDITOR: Mapping[str, str] = {
    "view": "open", "create": "create", "str_replace": "edit", "insert": "insert", "undo_edit": "undo",
}  # fmt: skip
_NAME = 60


def lookup(name: str, commands: Iterable[type[Command]]) -> type[Command] | None:
    """Return the command of that name, or of an alias for it; None when there is none."""
    known = {command.name: command for command in commands}
    wanted = name[:_NAME].strip().lower().replace("-", "_").removeprefix("functions.")
    return known.get(wanted) or known.get(ALIASES.get(wanted, ""))


def command_named(name: str, commands: Sequence[type[Command]]) -> type[Command]:
    """Return the command of that name.

    Raises:
        Malformed: There is none; the message says which one may be meant.
    """
    if (found := lookup(name, commands)) is not None:
        return found
    known = {command.name: command for command in commands}
    wanted = name[:_NAME].strip().lower()
    meant = _MEANT.get(wanted, ALIASES.get(wanted, ""))
    if meant not in known:
        meant = next(iter(difflib.get_close_matches(wanted, known, 1, 0.6)), "")
    hint = f"did you mean {signature(known[meant])}?" if meant else f"the commands are {', '.join(known)}."
    raise Malformed(f'There is no command "{clipped(name, _NAME)}"; {hint}')


def of_editor(name: str, arguments: Mapping[str, object]) -> tuple[str, dict[str, object]] | None:
    """Return the call that one of the well-known editor tool stands for, whose command is an argument."""
    command = arguments.get("command")
    if name.strip().lower() not in {"str_replace_editor", "str_replace_based_edit_tool"}:
        return None
    if not isinstance(command, str) or command not in _EDITOR:
        return None
    rest = {key: value for key, value in arguments.items() if key != "command" and value is not None}
    span = rest.pop("view_range", None) if command == "view" else None
    if isinstance(span, list) and span:
        rest["line"] = span[0]
    return _EDITOR[command], rest


def field_named(word: str, fields: Iterable[str]) -> str | None:
    """Return the field that a word names, by its own name or one that models use for it."""
    names = list(fields)
    if word in names:
        return word
    return next((key for key in names if word in _SYNONYMS.get(key, ())), None)


def renamed(fields: Iterable[str], arguments: Mapping[str, object]) -> dict[str, object]:
    """Return arguments with other names of a field replaced by its own, where it is not given itself."""
    names, given = list(fields), dict(arguments)
    for key in names:
        if key not in given:
            words = (word for word in _SYNONYMS.get(key, ()) if word in given and word not in names)
            if (word := next(words, None)) is not None:
                given[key] = given.pop(word)
    return given
