"""What is told to grep, next to what Python's `re` finds."""

import contextlib
import re
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aci.patterns import MAX_TEXT, Pattern, Unsearchable, checked, complaint

ATOMS = st.sampled_from(
    ["a", "b", "x_1", r"\d", r"\w", r"\s", r"\D", r"\S", r"\W", ".", r"\.", r"\(", "[ab]", "[^a]", r"[\d_]",
     r"[\w.]", r"[\s,]", r"[a\]]", r"[a\-z]", "(?:ab|c)", "(a|b)", r"\t", r"\[", r"\\"]
)  # fmt: skip
PIECES = st.builds("{}{}".format, ATOMS, st.sampled_from(["", "", "*", "+", "?", "*?", "+?", "{2}"]))
REGEXES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "^", "(?i)"]),
    st.lists(PIECES, min_size=1, max_size=4).map("".join),
    st.sampled_from(["", "$"]),
)
LINES = st.lists(st.text("abcz019 _.,()[]-\\AB\t", max_size=12), min_size=1, max_size=8)


def grepped(flags: str, pattern: str, lines: list[str]) -> list[int]:
    found = subprocess.run(
        ["grep", *flags.split(), "-n", "-a", "-e", pattern],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert found.returncode < 2, found.stderr
    return [int(line.partition(":")[0]) for line in found.stdout.splitlines()]


@settings(max_examples=150, deadline=None)
@given(regex=REGEXES, lines=LINES)
def test_a_perl_pattern_finds_the_same_lines_in_posix_words(regex: str, lines: list[str]) -> None:
    expected = [number for number, line in enumerate(lines, 1) if re.search(regex, line, re.A)]
    assert grepped(*Pattern(regex, regex=True).arguments("posix"), lines) == expected


@settings(max_examples=60, deadline=None)
@given(text=st.text("ab.*[]()\\^$+?{}|'\"- é", min_size=1, max_size=6), lines=LINES)
def test_a_text_is_literal_for_every_grep(text: str, lines: list[str]) -> None:
    lines = [*lines, f"x{text}y"]
    for grep in ("perl", "gnu", "posix"):
        found = grepped(*checked(text, regex=False).arguments(grep), lines)
        assert found == [number for number, line in enumerate(lines, 1) if text in line]


@pytest.mark.parametrize("piece", ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?P<n>a)", "(?<n>a)", "a(?#c)"])
def test_what_posix_has_no_words_for_is_named(piece: str) -> None:
    assert Pattern(piece, regex=True).arguments("perl") == ("-P", piece)
    if piece != "a(?#c)":
        with pytest.raises(Unsearchable, match="does not know"):
            Pattern(piece, regex=True).arguments("posix")


@given(st.text(max_size=40))
def test_no_text_breaks_the_translation(text: str) -> None:
    flags, pattern = "-E", ""
    with contextlib.suppress(Unsearchable):
        flags, pattern = checked(text, regex=True).arguments("posix")
    assert flags.startswith("-E")
    assert "\n" not in pattern
    assert "\0" not in pattern


def test_what_no_line_can_hold_is_refused_with_advice() -> None:
    for text, said in (
        ("", "is empty"),
        ("a\r\nb", 'one of yours, e.g. "a"'),
        ("a\0", "NUL"),
        ("x" * (MAX_TEXT + 1), "A few are enough"),
    ):
        with pytest.raises(Unsearchable, match=said):
            checked(text, regex=False)


@given(st.text(min_size=1, max_size=20), st.text(max_size=200))
def test_what_grep_says_of_a_pattern_is_one_harmless_line(text: str, said: str) -> None:
    assume("\n" not in text)
    shown = complaint(Pattern(text, regex=True), said)
    assert "\n" not in shown
    assert "\x1b" not in shown
