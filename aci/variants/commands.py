"""What a test command builds with, and what it then runs."""

import re
import shlex
from typing import NamedTuple


class Steps(NamedTuple):
    """A test command in two steps.

    Attributes:
        build: A command that builds the program and leaves it there, or "" when nothing is built beforehand.
        run: A command that runs the tests; it may use what `build` set.
        builds_too: `run` builds as well, when something has changed.
    """

    build: str
    run: str
    builds_too: bool


_BUILDERS = frozenset(
    {"javac", "g++", "gcc", "c++", "cc", "clang", "clang++", "rustc", "make", "cmake", "ninja"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_JAVA_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
_GO_RUN_FLAGS = frozenset({"run", "v", "count", "timeout", "short", "failfast", "parallel", "cpu"})
_GO_BUILD_FLAGS = frozenset({"vet", "race", "tags", "mod", "trimpath", "cover"})
_GO_ALONE = frozenset({"v", "short", "failfast", "race", "trimpath", "cover"})


def steps(command: str, box: str) -> Steps:
    """Return the steps of a test command; `box` is a folder for what they leave."""
    parts = _parts(command)
    if parts is None:
        return Steps("", command, builds_too=True)
    while len(parts) > 1 and parts[-1].split(None, 1)[0] in {"rm", "true", ":"}:
        # What tidies up would take away what the next run needs.
        parts.pop()
    last = max((at for at, part in enumerate(parts) if _builds(part)), default=-1)
    if 0 <= last < len(parts) - 1:
        run = " && ".join(_quick(part) for part in parts[last + 1 :])
        return Steps(" && ".join(parts[: last + 1]), run, builds_too=False)
    split = _go_test(parts[-1], box) or _cargo_test(parts[-1])
    if split is None:
        return Steps("", command, builds_too=True)
    build, run, builds_too = split
    return Steps(" && ".join([*parts[:-1], build]), run, builds_too)


def _parts(command: str) -> list[str] | None:
    """Return what `&&` joins; None when the command is more than that."""
    parts, part, quote, depth, at = [], "", "", 0, 0
    while at < len(command):
        letter = command[at]
        if letter == "\\" and quote != "'":
            part += command[at : at + 2]
            at += 2
            continue
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and not depth:
            quote = letter
        if command.startswith("$(", at) and quote != "'":
            end = _closing(command, at + 1)
            if end < 0:
                return None
            part += command[at : end + 1]
            at = end + 1
            continue
        if not quote:
            if command.startswith("&&", at):
                parts.append(part.strip())
                part = ""
                at += 2
                continue
            plain = part.endswith(">") if letter == "&" else letter not in ";|\n(){}`"
            if not plain and not _in_variable(part, letter):
                return None
        part += letter
        at += 1
    parts.append(part.strip())
    return None if quote or not all(parts) else parts


def _in_variable(part: str, letter: str) -> bool:
    return (letter == "{" and part.endswith("$")) or (letter == "}" and "${" in part)


def _closing(command: str, at: int) -> int:
    depth, quote = 0, ""
    for place in range(at, len(command)):
        letter = command[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                return place
    return -1


def _words(part: str) -> tuple[list[str], list[str]]:
    """Return the assignments before a command, and its words; the shell's quotes stay."""
    lexer = shlex.shlex(part, posix=False, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return [], [part]
    count = 0
    while count < len(words) and _ASSIGNMENT.match(words[count]):
        count += 1
    return words[:count], words[count:]


def _builds(part: str) -> bool:
    _, words = _words(part)
    if not words:
        return False
    name = words[0].rpartition("/")[2]
    second = words[1] if len(words) > 1 else ""
    if name == "make":
        return not any(word in {"test", "check", "run"} for word in words[1:])
    if name == "go":
        return second in {"build", "install"} or (second == "test" and "-c" in words)
    if name == "cargo":
        return second == "build" or "--no-run" in words
    return name in _BUILDERS


def _quick(part: str) -> str:
    """Return a command that starts Java so that a short run is quick."""
    given, words = _words(part)
    if words and words[0] == "java":
        return " ".join([*given, "java", _JAVA_START, *words[1:]])
    return part


def _go_test(part: str, box: str) -> tuple[str, str, bool] | None:
    given, words = _words(part)
    if words[:2] != ["go", "test"]:
        return None
    building, running, packages = [], ["-test.paniconexit0"], []
    rest = words[2:]
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            packages.append(word)
            continue
        name, _, value = word.lstrip("-").partition("=")
        if name not in _GO_RUN_FLAGS | _GO_BUILD_FLAGS:
            return None
        if not value and name not in _GO_ALONE:
            if not rest:
                return None
            value = rest.pop(0)
        flag = f"{name}={value}" if value else name
        if name in _GO_RUN_FLAGS:
            running.append(f"-test.{flag}")
        else:
            building.append(f"-{flag}")
    if len(packages) > 1 or any("..." in package or not package.startswith(".") for package in packages):
        return None
    folder = packages[0] if packages else "."
    binary = shlex.quote(f"{box}/go.test")
    build = " ".join([*given, "go test -c -o", binary, *building, folder])
    run = " ".join([*given, binary, *running])
    return build, run if folder == "." else f"cd {folder} && {run}", False


def _cargo_test(part: str) -> tuple[str, str, bool] | None:
    given, words = _words(part)
    if words[:2] != ["cargo", "test"]:
        return None
    head = words[: words.index("--")] if "--" in words else words
    return " ".join([*given, *head, "--no-run"]), part, True
