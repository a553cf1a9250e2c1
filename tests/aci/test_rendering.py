import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.rendering import clipped, elided, harmless, listed, name, plural, terminal_output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J\x07\x00", "\\x1b[2J\\x07\\x00"),
        ("a\u202eb", "a\\u202eb"),
        ("\u200bx\ufeff", "\\u200bx\\ufeff"),
        ("\x85\u2028", "\\x85\\u2028"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("é日本", "é日本"),
    ],
)
def test_control_and_invisible_characters_are_spelled_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_harmless_text_stays_as_it_is_when_made_harmless_again(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)
    assert "\x1b" not in terminal_output(text)


def test_colours_and_windows_line_ends_of_a_program_go() -> None:
    assert terminal_output("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07end") == "red\nend"


def test_a_progress_bar_keeps_its_last_state() -> None:
    assert terminal_output("1%\r2%\r3%\r100%\ndone") == "[3 overwritten lines] 100%\ndone"


def test_a_long_line_is_cut_with_the_hidden_characters_counted() -> None:
    assert clipped("a" * 12, 10) == "a" * 10 + " [+2 characters]"


@given(st.text(alphabet="ab\n", max_size=500), st.integers(20, 100))
def test_a_long_text_loses_its_middle_and_says_how_much(text: str, limit: int) -> None:
    shown = elided(text, limit)
    if len(text) <= limit:
        assert shown == text
    else:
        head, _, rest = shown.partition("\n[... ")
        count, _, tail = rest.partition(" left out ...]\n")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert int(count.split()[0].replace(",", "")) == len(text) - len(head) - len(tail)
        assert len(head) + len(tail) <= limit


def test_nouns_are_counted() -> None:
    assert [
        plural(count, noun) for count, noun in ((1, "line"), (2000, "line"), (2, "match"), (0, "entry"))
    ] == [
        "1 line",
        "2,000 lines",
        "2 matches",
        "0 entries",
    ]


def test_long_lists_are_cut_and_odd_paths_quoted() -> None:
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert name("a\nb") == '"a\\nb"'
    assert name("a b.py") == "a b.py"
