"""JUnit XML as a sandbox wrote it: hostile until read, and often not well-formed.

The standard library's parser reads it without building a tree, so that memory is bound by what is kept. A
report has no document type, and only a document type can declare entities: one before the root element is
refused, and anywhere else it is a syntax error.
"""

import re
from typing import NamedTuple
from xml.etree.ElementTree import ParseError, XMLParser

_PROLOG = re.compile(r"\A\ufeff?(?:\s|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z_:]", re.DOTALL)
# Tools write the escape sequences of a test's output as they are, which XML does not allow.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])"
                      r"|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")  # fmt: skip
MAX_BYTES = 10 * 1024 * 1024
MAX_CASES = 100_000
MAX_TEXT = 64 * 1024
_BAD = ("failure", "error")


class Case(NamedTuple):
    """One test case of a report.

    Attributes:
        attributes: Its name, class and so on, as the report has them.
        status: "passed", "failed" or "skipped".
        message: The message of the failure, as an attribute holds it.
        text: What the failure says at length, e.g. a traceback.
        output: What the test printed.
    """

    attributes: dict[str, str]
    status: str
    message: str
    text: str
    output: str


class _Reader:
    """Takes what the parser sees and keeps the test cases."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._attributes: dict[str, str] | None = None
        self._status = "passed"
        self._message = ""
        self._inside = ""
        self._texts: dict[str, list[str]] = {}
        self._room = MAX_TEXT

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            self._attributes, self._status, self._message, self._inside = dict(attributes), "passed", "", ""
            self._texts, self._room = {"text": [], "output": []}, MAX_TEXT
            if attributes.get("status") in {"notrun", "disabled"}:
                self._status = "skipped"
        elif self._attributes is None:
            return
        elif tag in _BAD:
            # A test may fail again in its teardown; the first failure explains it.
            self._inside = "text" if self._status != "failed" else ""
            self._message = self._message or attributes.get("message", "")[:MAX_TEXT]
            self._status = "failed"
        elif tag == "skipped" and self._status == "passed":
            self._status = "skipped"
        elif tag in {"system-out", "system-err"}:
            self._inside = "output"

    def data(self, text: str) -> None:
        if self._inside and self._room > 0:
            self._texts[self._inside].append(text[: self._room])
            self._room -= len(text)

    def end(self, tag: str) -> None:
        if tag == "testcase" and self._attributes is not None:
            if len(self.cases) < MAX_CASES:
                said, printed = ("".join(self._texts[kind]) for kind in ("text", "output"))
                self.cases.append(Case(self._attributes, self._status, self._message, said, printed))
            self._attributes = None
        elif tag in {*_BAD, "system-out", "system-err"}:
            self._inside = ""

    def close(self) -> None:
        """There is nothing to finish."""


def cases(data: bytes, *, whole: bool = True) -> list[Case]:
    """Return the test cases of a report.

    Args:
        data: The report.
        whole: Without it a report that breaks off, since its writer was killed, gives the cases before that.

    Raises:
        ValueError: It is no report, or it is larger than `MAX_BYTES`.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    text = _ILLEGAL.sub("?", data.decode("utf-8", "replace"))
    if _PROLOG.match(text) is None:
        raise ValueError("it is no XML, or declares a document type")
    reader = _Reader()
    parser = XMLParser(target=reader)  # noqa: S314 - see the module's docstring
    try:
        parser.feed(text)
        parser.close()
    except (ParseError, RecursionError, ValueError) as error:
        if whole or not reader.cases:
            raise ValueError(str(error)) from None
    return reader.cases
