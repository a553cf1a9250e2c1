"""What the repair engine finds in brace languages: faults written by hand into right functions.

The functions in `benchmarks/faulty` are checked by assertions at their end. Those marked as sealed are kept
from the search, and decide with the others whether a repair is right. TypeScript and C share the operators of
JavaScript and C++.

    python benchmarks/faulty.py js [go java cpp rust] [--seconds 60] [--places]
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from figures import table

from aci.repair import proposals, search
from aci.workspace import Workspace
from envs.unsafe import UnsafeSandbox

FOLDER = Path(__file__).parent / "faulty"


class Program(NamedTuple):
    """A file of right functions, how it is run, and its faults: function, right text, wrong text."""

    file: str
    command: str
    faults: tuple[tuple[str, str, str], ...]


PROGRAMS = {
    "js": Program(
        "main.js",
        "node main.js",
        (
            ("gcd", "Math.abs(a)", "a"),
            ("gcd", "a = b;", "a = rest;"),
            ("binarySearch", "low <= high", "low < high"),
            ("binarySearch", "low = middle + 1", "low = middle"),
            ("binarySearch", "Math.floor((low + high) / 2)", "(low + high) / 2"),
            ("toRoman", "number >= values[i]", "number > values[i]"),
            ("toRoman", "      number -= values[i];\n    }\n", "    }\n      number -= values[i];\n"),
            ("transposed", "rows[r][c]", "rows[c][r]"),
            ("transposed", "    columns.push(column);\n  }\n", "  }\n    columns.push(column);\n"),
            ("encoded", "let count = 1", "let count = 0"),
            ("encoded", " && text[i + count] === text[i]", ""),
            ("encoded", "i += count", "i += 1"),
            ("isBalanced", "open.push(letter)", "open.unshift(letter)"),
            ("isBalanced", "return open.length === 0", "return true"),
            ("longestFirst", "b.length - a.length", "a.length - b.length"),
            ("longestFirst", "toUpperCase", "toLowerCase"),
            ("bestSum", "running + value, value", "running + value, best"),
            ("bestSum", "best = Math.max", "best = Math.min"),
        ),
    ),
    "go": Program(
        "main.go",
        "go run main.go",
        (
            ("gcd", "return -a", "return a"),
            ("binarySearch", "low <= high", "low < high"),
            ("binarySearch", "len(values)-1", "len(values)-2"),
            ("toRoman", "number >= value", "number > value"),
            ("transposed", "rows[r][c]", "rows[0][c]"),
            ("encoded", "i += count", "i++"),
            ("isBalanced", "len(open) == 0 || open", "len(open) == 0 && open"),
            ("isBalanced", "return len(open) == 0", "return true"),
            ("longestFirst", "len(words[i]) > len(words[j])", "len(words[j]) > len(words[i])"),
            ("bestSum", "running += value", "running = value"),
        ),
    ),
    "java": Program(
        "Main.java",
        "java -XX:TieredStopAtLevel=1 -ea Main.java",
        (
            ("gcd", "Math.abs(a)", "a"),
            ("binarySearch", "values.length - 1", "values.length - 2"),
            ("binarySearch", "high = middle - 1", "high = middle + 1"),
            ("toRoman", "number >= values[i]", "number > values[i]"),
            ("transposed", "rows.get(r).get(c)", "rows.get(c).get(r)"),
            ("encoded", "text.charAt(i) + String", "text.charAt(count) + String"),
            ("isBalanced", "open.isEmpty() || open.pop()", "open.isEmpty() && open.pop()"),
            ("isBalanced", "return open.isEmpty()", "return !open.isEmpty()"),
            ("longestFirst", "b.length() - a.length()", "a.length() - a.length()"),
            ("bestSum", "running + value, value", "running + value, 0"),
        ),
    ),
    "cpp": Program(
        "main.cpp",
        "g++ -o main main.cpp && ./main",
        (
            ("gcd_of", "abs(a)", "a"),
            ("find_sorted", "high = middle - 1", "high = middle - 2"),
            ("to_roman", "number -= values[i]", "number = values[i]"),
            ("transposed", "rows[0].size()", "rows.size()"),
            ("encoded", "int count = 1", "int count = 2"),
            ("encoded", "to_string(count)", "to_string(i)"),
            ("is_balanced", "            open.pop_back();\n", ""),
            ("longest_first", "a.size() > b.size()", "a.size() < b.size()"),
            ("longest_first", "toupper", "tolower"),
            ("best_sum", "max(best, running)", "max(value, running)"),
        ),
    ),
    "rust": Program(
        "main.rs",
        "rustc -A warnings -o main main.rs && ./main",
        (
            ("gcd", "a.abs()", "a"),
            ("binary_search", "low <= high", "low < high"),
            ("to_roman", "number >= values[i]", "number > values[i]"),
            ("transposed", "0..rows[0].len()", "1..rows[0].len()"),
            ("encoded", "            count += 1;", "            count += 2;"),
            ("is_balanced", "!= Some(other)", "== Some(other)"),
            ("is_balanced", "return false", "return true"),
            ("longest_first", "b.len().cmp(&a.len())", "a.len().cmp(&b.len())"),
            ("longest_first", "to_uppercase", "to_lowercase"),
            ("best_sum", "(running + value).max", "(running + value).min"),
        ),
    ),
}


def visible(text: str) -> str:
    """Return a program without its sealed checks."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.rstrip().endswith("// sealed"))


def unsealed(text: str, whole: str) -> str:
    """Return a text of the visible program with the sealed checks put where they were, at its end."""
    checks = [line for line in whole.splitlines(keepends=True) if line.rstrip().endswith("// sealed")]
    head, brace, tail = text.rstrip().rpartition("}")
    if brace and not tail.strip():
        # Java closes the class as well.
        inner, more, _ = head.rstrip().rpartition("}") if whole.startswith("import java") else (head, "", "")
        return inner + "".join(checks) + (more + "\n" if more else "") + "}\n"
    return text + "".join(checks)


def function_text(text: str, name: str, right: str, wrong: str) -> str:
    """Return a program with a fault in one of its functions."""
    at = text.index(right, text.index(f" {name}"))
    return text[:at] + wrong + text[at + len(right) :]


async def verdict(program: Program, text: str) -> bool:
    """Say whether a whole program passes its own checks."""
    sandbox = UnsafeSandbox()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / program.file).write_text(text, "utf-8")
        await sandbox.start(Path(folder))
    try:
        return (await sandbox.run(program.command, 20)).exit_code == 0
    finally:
        await sandbox.close()


async def measure(language: str, seconds: float) -> list[str]:
    """Search for one language's repairs, print each, and return a row of figures."""
    program = PROGRAMS[language]
    whole = (FOLDER / program.file).read_text("utf-8")
    passing = found_right = first_right = tried = 0
    for name, right, wrong in program.faults:
        text = function_text(visible(whole), name, right, wrong)
        sandbox = UnsafeSandbox()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / program.file).write_text(text, "utf-8")
            await sandbox.start(Path(folder))
        try:
            workspace = Workspace(sandbox, test_command=program.command)
            found = await search(workspace, program.file, name, seconds=seconds)
        finally:
            await sandbox.close()
        verdicts = [await verdict(program, unsealed(one.text, whole)) for one in found.repairs[:6]]
        passing += bool(found.repairs)
        found_right += any(verdicts)
        first_right += bool(verdicts) and verdicts[0]
        tried += found.tried
        marks = "".join("+" if one else "-" for one in verdicts)
        best = f"line {found.repairs[0].line}: {found.repairs[0].what}" if found.repairs else ""
        spent = f"{found.tried:4} in {found.seconds:5.1f} s"
        print(f"{name:14} {wrong.strip()[:34]!r:38} {spent} {marks:6} {best}", flush=True)
    total = len(program.faults)
    return [language, str(total), str(passing), str(found_right), str(first_right), f"{tried / total:.0f}"]


def places(language: str) -> None:
    """Print at which place among the untried edits the right text stands, for each fault."""
    program = PROGRAMS[language]
    whole = (FOLDER / program.file).read_text("utf-8")
    for name, right, wrong in program.faults:
        texts = [
            "".join(one.text.split())
            for one in proposals(program.file, function_text(whole, name, right, wrong), name, 2000)
        ]
        place = texts.index("".join(whole.split())) + 1 if "".join(whole.split()) in texts else 0
        print(f"{language:5} {name:14} {wrong.strip()[:34]!r:38} {place or '-':>4} of {len(texts)}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="+", choices=sorted(PROGRAMS))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--places", action="store_true", help="where the right text stands; nothing is run")
    arguments = parser.parse_args()
    if arguments.places:
        for language in arguments.languages:
            places(language)
        return
    rows = [asyncio.run(measure(language, arguments.seconds)) for language in arguments.languages]
    head = ["", "faults", "some repair passes", "a right one is found", "the first is right", "texts tried"]
    print("\n" + table(head, rows))


if __name__ == "__main__":
    main()
