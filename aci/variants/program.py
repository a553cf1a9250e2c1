"""The text of a program: variants of a function one below the other, the choice among them, and probes."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aci.grammars import language_of, parse
from aci.variants.grouping import Group
from aci.variants.hooks import hook_of
from aci.variants.sites import Site

NUMBER = "PATCHWRIGHT_VARIANT"
"""The variable that says which variant is meant."""

Lines = tuple[int, int]
"""The first and the last line of something, from 1."""


class Program(NamedTuple):
    """A text that holds several.

    Attributes:
        text: It.
        variants: The lines of each variant, by its number.
        probes: The lines of each probe, by its place among the probes.
        hook: The lines of all that runs the probes.
    """

    text: str
    variants: Mapping[int, Lines]
    probes: Mapping[int, Lines]
    hook: Lines


class _Pen:
    """Writes a text and knows the line it is in."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.line = 1

    def write(self, piece: str) -> Lines:
        first = self.line
        self.pieces.append(piece)
        self.line += piece.count("\n")
        return first, self.line


def program(path: str, group: Group, probes: Mapping[int, str]) -> Program:
    """Return the program of a group; without a variant's number in the environment it is its first text.

    Args:
        path: The file that it is for.
        group: What goes into it; without a site it has one text.
        probes: Calls, by their place among all probes.
    """
    language = language_of(path)
    place, base = group.site, group.base
    root = parse(language, base)
    data = base.encode("utf-8", "replace")
    pen = _Pen()
    hook = hook_of(language, probes)
    top = _behind_package(root, data) if language == "go" else _behind_directives(language, base)
    pen.write(base[:top] + hook.top + (_TOPS.get(language, "") if place is not None else ""))
    at = top
    variants: dict[int, Lines] = {}
    insides = _class_ends(root, data) if language == "java" and hook.inside else []
    edges = sorted([(end, False) for end in insides] + ([(place.start, True)] if place is not None else []))
    first = 1
    for end, is_site in edges:
        pen.write(base[at:end])
        at = end
        if is_site and place is not None:
            variants = _write_variants(pen, language, place, group.bodies)
            at = place.close
        else:
            pen.write(hook.inside)
    pen.write(base[at:] + "\n")
    if place is None:
        variants = dict.fromkeys(group.bodies, (first, pen.line))
    else:
        pen.write(_ENDS.get(language, ""))
    begun = pen.line
    lines: dict[int, Lines] = {}
    for probe, piece in hook.pieces:
        span = pen.write(piece)
        if probe >= 0:
            lines[probe] = (span[0], span[1] - 1)
    return Program("".join(pen.pieces), variants, lines, (begun, pen.line))


def _write_variants(pen: _Pen, language: str, place: Site, bodies: Mapping[int, str]) -> dict[int, Lines]:
    """Write the variants and the function that chooses among them, up to its last brace."""
    lines: dict[int, Lines] = {}
    if not place.header:
        pen.write(place.dispatcher + "\nswitch (patchwright_variant()) {\n")
        arrow = f" -> {place.result}" if place.result else ""
        for number, body in bodies.items():
            labels = f"case {number}:" + ("" if lines else " default:")
            # Inlined into one frame, the variants would use up the stack of a function that calls itself.
            pen.write(f"{labels} return [&]() __attribute__((noinline)){arrow} {{")
            lines[number] = pen.write(body)
            pen.write("}();\n")
        pen.write("}\n")
        return lines
    for number, body in bodies.items():
        pen.write(place.header.format(name=_name(number)))
        lines[number] = pen.write(body)
        pen.write("}\n")
    pen.write(place.dispatcher + _SWITCHES[language])
    first = next(iter(bodies))
    for number in reversed(list(bodies)):
        call = place.call.format(name=_name(number))
        pen.write(_case(language, number, call, returns=place.returns, last=number == first))
    pen.write("}\n")
    return lines


def _name(number: int) -> str:
    return f"patchwright__variant{number}"


def _case(language: str, number: int, call: str, *, returns: bool, last: bool) -> str:
    if language == "rust":
        return f"{'_' if last else number} => {call},\n"
    label = "default" if last else f"case {number}"
    return f"{label}: return {call};\n" if returns else f"{label}: {call}; return;\n"


_SWITCHES = {
    "java": "\nswitch (PatchwrightVariant.NUMBER) {\n",
    "go": "\nswitch patchwrightVariant {\n",
    "rust": f"""
fn patchwright_variant() -> u32 {{
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(u32::MAX);
    let known = NUMBER.load(std::sync::atomic::Ordering::Relaxed);
    if known != u32::MAX {{ return known; }}
    let found = std::env::var("{NUMBER}").ok().and_then(|word| word.parse().ok()).unwrap_or(0u32);
    NUMBER.store(found, std::sync::atomic::Ordering::Relaxed);
    found
}}
match patchwright_variant() {{
""",
}

_TOPS = {"cpp": "static int patchwright_variant();\n"}

_ENDS = {
    "java": f"""
class PatchwrightVariant {{
    static final int NUMBER = number();
    private static int number() {{
        String word = System.getenv("{NUMBER}");
        return word == null ? 0 : Integer.parseInt(word);
    }}
}}
""",
    "go": f"""
var patchwrightVariant = func() int {{
	number := 0
	for _, digit := range patchwrightOs.Getenv("{NUMBER}") {{
		number = number*10 + int(digit-'0')
	}}
	return number
}}()
""",
    "cpp": f"""
#include <cstdlib>
static int patchwright_variant() {{
    static const int number = [] {{
        const char *word = ::getenv("{NUMBER}");
        return word ? ::atoi(word) : 0;
    }}();
    return number;
}}
""",
}


# What counts only at the very beginning of a file.
_DIRECTIVES = re.compile(
    r"(?:#![^\n]*\n)?(?:(?:\s|//[^\n]*\n|/\*.*?\*/)*(?:'use \w+'|\"use \w+\");?)?", re.DOTALL
)


def _behind_directives(language: str, text: str) -> int:
    match = _DIRECTIVES.match(text) if language == "javascript" else None
    return match.end() if match else 0


def _behind_package(root: Any, data: bytes) -> int:
    clause = next((node for node in root.children if node.type == "package_clause"), None) if root else None
    return 0 if clause is None else len(data[: clause.end_byte].decode("utf-8", "replace"))


def _class_ends(root: Any, data: bytes) -> list[int]:
    """Return where the outermost classes end, at `}`: what is written there runs when one is first used."""
    ends = []
    for node in root.children if root else ():
        body = node.child_by_field_name("body")
        if node.type == "class_declaration" and body is not None:
            ends.append(len(data[: body.end_byte - 1].decode("utf-8", "replace")))
    return ends
