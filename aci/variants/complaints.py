"""What compilers say of a program: the lines that their errors are in."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple


class Complaint(NamedTuple):
    """A compiler's error.

    Attributes:
        line: The line of the program, from 1; 0 when it names none.
        message: What it says, in one line.
    """

    line: int
    message: str


_PLACED = re.compile(r"(?P<file>[^\s:]+\.\w+):(?P<line>\d+)(?::\d+)?:\s*(?P<rest>.*)")
_RUST_HEAD = re.compile(r"error(?:\[\w+\])?: (?P<message>.*)")
_RUST_PLACE = re.compile(r"\s*--> (?P<file>\S+?):(?P<line>\d+):\d+")
_MAVEN = re.compile(r"\[ERROR\] (?P<file>\S+\.java):\[(?P<line>\d+),\d+\] (?P<message>.*)")
_JAVA_SYMBOL = re.compile(r"\s+symbol:\s+(?P<symbol>.+)")
_RUST_SUMMARY = re.compile(r"aborting due to|could not compile|process didn't exit|linking with")


def complaints(path: str, output: str) -> list[Complaint]:
    """Return the errors that compilers print of a file, as far as they can be told from warnings."""
    name = PurePosixPath(path).name
    found: list[Complaint] = []
    needed, message = 0, ""
    for line in output.split("\n"):
        if match := _RUST_HEAD.match(line):
            message = "" if _RUST_SUMMARY.search(line) else match["message"]
        elif (match := _RUST_PLACE.match(line)) and message:
            if PurePosixPath(match["file"]).name == name:
                found.append(Complaint(int(match["line"]), message))
                message = ""
        elif (match := _JAVA_SYMBOL.match(line)) and found and path.endswith(".java"):
            found[-1] = found[-1]._replace(message=f"{found[-1].message}: {match['symbol']}")
        elif match := _MAVEN.match(line):
            if PurePosixPath(match["file"]).name == name:
                found.append(Complaint(int(match["line"]), match["message"]))
        elif match := _PLACED.match(line):
            ours, rest = PurePosixPath(match["file"]).name == name, match["rest"]
            if ours and "required from" in rest:
                needed = int(match["line"])
            elif "error" in rest[:14]:
                # An error in a header belongs to the line that needed it.
                at = int(match["line"]) if ours else needed
                found.append(Complaint(at, rest.partition("error:")[2].strip() or rest))
                needed = 0
            elif ours and path.endswith(".go"):
                found.append(Complaint(int(match["line"]), rest))
    return found
