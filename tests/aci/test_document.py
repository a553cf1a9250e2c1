import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.document import BinaryFile, Document, Unencodable, occurrences

LINES = st.lists(st.sampled_from(["", "a", "b", "\tx", "é", "  y ", "\x0b", "\u2028", "\r"]), max_size=8)
TEXTS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "\tx", "é"]), st.sampled_from(["\n", "\r\n"])), max_size=8
).map(lambda lines: "".join(text + end for text, end in lines))


@given(st.binary(max_size=200))
def test_any_bytes_are_either_refused_or_come_back_unchanged(data: bytes) -> None:
    try:
        document = Document.decode(data)
    except BinaryFile:
        return
    assert document.encode() == data
    assert len(document.starts) == len(document.lines) + 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    data = "é = 1\r\nx\n".encode(encoding)
    document = Document.decode(data)
    assert document.lines == ["é = 1", "x"]
    assert document.encode() == data


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0", "PNG image"),
        (b"\x7fELF\0", "ELF program"),
        (b"a\0b", "binary file"),
        (b"%PDF-1.7 \xff", "PDF document"),
        (b"\xff\xfe\0", "binary file"),
    ],
)
def test_a_binary_file_is_refused_with_its_type(data: bytes, kind: str) -> None:
    with pytest.raises(BinaryFile, match=kind):
        Document.decode(data)


def test_a_character_that_the_encoding_lacks_is_refused() -> None:
    document = Document.decode("é".encode("latin-1"))
    with pytest.raises(Unencodable, match=r"iso8859-1|latin-1"):
        document.spliced(0, 1, "\u20ac").encode()


@given(TEXTS, st.data(), LINES.map("\n".join))
def test_a_splice_changes_nothing_outside_its_span(text: str, data: st.DataObject, new: str) -> None:
    document = Document(text)
    start, end = sorted(
        [data.draw(st.sampled_from(document.starts)), data.draw(st.sampled_from(document.starts))]
    )
    spliced = document.spliced(start, end, new).text
    assert spliced.startswith(text[:start])
    assert spliced.endswith(text[end:])
    middle = spliced[start : len(spliced) - len(text) + end]
    assert middle.replace("\r\n", "\n") == new.replace("\r\n", "\n")


@given(TEXTS)
def test_a_splice_of_the_same_text_with_other_line_ends_changes_nothing(text: str) -> None:
    assert Document(text).spliced(0, len(text), text.replace("\r\n", "\n")).text == text


def test_new_lines_take_the_ending_of_the_lines_around() -> None:
    document = Document("a\r\nb\r\nc\r\n")
    assert document.spliced(3, 4, "x\ny").text == "a\r\nx\r\ny\r\nc\r\n"
    assert Document("a\nb\r\n").spliced(0, 1, "x\ny").text == "x\ny\nb\r\n"


def test_a_text_is_found_whatever_its_line_ends() -> None:
    text = "a\r\nb\r\na\nb\n"
    assert [text[start:end] for start, end in occurrences(text, "a\nb")] == ["a\r\nb", "a\nb"]
    assert [text[start:end] for start, end in occurrences(text, "a\r\nb")] == ["a\r\nb", "a\nb"]


def test_only_line_feeds_end_lines() -> None:
    assert Document("a\x0bb\u2028c\x0cd\ne").lines == ["a\x0bb\u2028c\x0cd", "e"]
