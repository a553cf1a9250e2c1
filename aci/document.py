"""A text file in memory whose untouched bytes survive: encoding, BOM, line endings, missing last newline."""

import codecs
import re
from bisect import bisect_left
from typing import NamedTuple

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MAGIC = (
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"\x7fELF", "ELF program"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ", "xz archive"),
    (b"%PDF", "PDF document"),
    (b"SQLite format 3", "SQLite database"),
    (b"\xca\xfe\xba\xbe", "Java class"),
    (b"\0asm", "WebAssembly module"),
)
# UTF-32's mark begins with UTF-16's, so it must be asked first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class BinaryFile(Exception):
    """The bytes are no text; the message names their type."""


class Unencodable(Exception):
    """A text holds a character that the file's encoding does not have."""


class Document(NamedTuple):
    """The text of a file.

    Attributes:
        text: Everything after the byte order mark, line endings as they are.
        encoding: How it is encoded.
        mark: The byte order mark, or b"".
    """

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @classmethod
    def decode(cls, data: bytes) -> "Document":
        """Return the text of a file: by its byte order mark, else UTF-8, else Latin-1.

        Raises:
            BinaryFile: It is no text.
        """
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                try:
                    document = cls(data[len(mark) :].decode(encoding), encoding, mark)
                except UnicodeDecodeError:
                    break
                if document.encode() == data:
                    return document
                break
        kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")
        if b"\0" in data:
            raise BinaryFile(kind or "binary file")
        try:
            return cls(data.decode("utf-8"))
        except UnicodeDecodeError:
            if kind:
                raise BinaryFile(kind) from None
            return cls(data.decode("latin-1"), "latin-1")

    def encode(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            Unencodable: The encoding lacks a character.
        """
        try:
            return self.mark + self.text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Unencodable(
                f"The file is {error.encoding}, which has no character {error.object[error.start]!r}."
            ) from None

    @property
    def lines(self) -> list[str]:
        """The lines without their endings."""
        lines = self.text.split("\n")
        if not lines[-1]:
            lines.pop()
        return [line.removesuffix("\r") for line in lines] if "\r" in self.text else lines

    @property
    def starts(self) -> list[int]:
        """The offset of each line, and at the end the length of the text."""
        return [match.start() for match in _LINE.finditer(self.text)] + [len(self.text)]

    @property
    def ending(self) -> str:
        """The line ending that most lines have."""
        windows = self.text.count("\r\n")
        return "\r\n" if windows * 2 > self.text.count("\n") else "\n"

    def ending_at(self, offset: int) -> str:
        """Return the ending of the line at `offset`, or of the one before it, or the usual one."""
        end = self.text.find("\n", offset)
        if end < 0:
            end = self.text.rfind("\n", 0, offset)
        if end < 0:
            return self.ending
        return "\r\n" if end and self.text[end - 1] == "\r" else "\n"

    def line_at(self, offset: int) -> int:
        """Return the number, from 1, of the line that holds `offset`."""
        return self.text.count("\n", 0, offset) + 1

    def spliced(self, start: int, end: int, new: str) -> "Document":
        r"""Return the document with `[start:end]` replaced by `new`, whose `\n` take the file's ending.

        What both have in common at their two ends is left alone, so that context lines in a file of mixed
        line endings keep their own.
        """
        old = self.text[start:end]
        plain_old, breaks = _plain(old)
        plain_new = _plain(new)[0]
        head = _common(plain_old, plain_new)
        tail = _common(plain_old[head:][::-1], plain_new[head:][::-1])
        first = start + _original(head, breaks)
        last = start + _original(len(plain_old) - tail, breaks)
        middle = plain_new[head : len(plain_new) - tail]
        if "\n" in middle:
            middle = middle.replace("\n", self.ending_at(first))
        return self._replace(text=self.text[:first] + middle + self.text[last:])


def _plain(text: str) -> tuple[str, list[int]]:
    r"""Return `text` with `\n` for `\r\n`, and the offsets of the changed line ends in the result."""
    plain = text.replace("\r\n", "\n")
    if len(plain) == len(text):
        return plain, []
    found = [match.start() for match in re.finditer("\r\n", text)]
    return plain, [offset - before for before, offset in enumerate(found)]


def _original(offset: int, breaks: list[int]) -> int:
    return offset + bisect_left(breaks, offset)


def _common(one: str, other: str) -> int:
    limit = min(len(one), len(other))
    if one[:limit] == other[:limit]:
        return limit
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Region(NamedTuple):
    """The lines that a change touched, from 1, before and after it; `last` may lie before `first`."""

    first: int
    old_last: int
    new_last: int

    def holds(self, line: int) -> bool:
        """Say whether a line of the new text was touched."""
        return self.first <= line <= max(self.first, self.new_last)


def region_of(old: str, new: str) -> Region:
    """Return the lines that differ between two texts."""
    start = old.rfind("\n", 0, _common(old, new)) + 1
    tail = _common(old[start:][::-1], new[start:][::-1])
    ends = len(old) - tail, len(new) - tail
    if any(end != start and text[end - 1] != "\n" for text, end in zip((old, new), ends, strict=True)):
        # The common end begins within a line.
        line_end = old.find("\n", ends[0])
        tail = 0 if line_end < 0 else len(old) - line_end - 1
    return Region(
        old.count("\n", 0, start) + 1, _line_count(old, len(old) - tail), _line_count(new, len(new) - tail)
    )


def _line_count(text: str, end: int) -> int:
    return text.count("\n", 0, end) + (end > 0 and text[end - 1] != "\n")


def occurrences(text: str, search: str) -> list[tuple[int, int]]:
    r"""Return where `search` stands in `text`, not overlapping, `\r\n` and `\n` counted as the same."""
    plain, breaks = _plain(text)
    wanted = _plain(search)[0]
    spans = []
    at = plain.find(wanted) if wanted else -1
    while at >= 0:
        spans.append((_original(at, breaks), _original(at + len(wanted), breaks)))
        at = plain.find(wanted, at + len(wanted))
    return spans
