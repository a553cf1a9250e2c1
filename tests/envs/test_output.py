"""Output in bounded memory, checked against doing it with all of the output at hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.output import HeadTail, decode_output


@given(st.lists(st.binary(max_size=40)), st.integers(0, 20), st.integers(0, 20))
def test_head_and_tail_are_those_of_the_whole_and_never_overlap(
    pieces: list[bytes], head: int, tail: int
) -> None:
    kept = HeadTail(head, tail)
    for piece in pieces:
        kept.feed(piece)
    whole = b"".join(pieces)
    rest = whole[head:]
    assert (kept.total, kept.head) == (len(whole), whole[:head])
    assert kept.tail == rest[max(0, len(rest) - tail) :]


def test_memory_stays_bounded_however_much_comes() -> None:
    kept = HeadTail(100, 100)
    for _ in range(10_000):
        kept.feed(b"x" * 1000)
    assert (kept.total, len(kept.head), len(kept.tail)) == (10_000_000, 100, 100)
    assert len(kept._tail) <= 1200


@given(st.text(), st.integers(0, 30))
def test_whole_output_is_shown_as_it_was_wherever_it_was_divided(text: str, at: int) -> None:
    data = text.encode()
    assert decode_output(data[:at], data[at:], len(data)) == text


@pytest.mark.parametrize(
    ("head", "tail", "total", "shown"),
    [
        (b"", b"", 0, ""),
        (b"\xff\xfeok", b"\xc3", 5, r"\xff\xfeok\xc3"),
        (b"a", b"b", 1002, "a\n[... 1,000 bytes elided ...]\nb"),
        ("é".encode()[:1], "é".encode()[1:], 2, "é"),
    ],
)
def test_bytes_that_are_no_text_are_shown_and_a_gap_is_counted(
    head: bytes, tail: bytes, total: int, shown: str
) -> None:
    assert decode_output(head, tail, total) == shown
