"""Text from a repository or a program, made short and harmless before a model or a terminal sees it."""

import re
from collections.abc import Iterable

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# C0 and C1 controls but tab and newline, the bidirectional overrides, invisible marks, line separators.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_OVERWRITTEN = 3


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def harmless(text: str) -> str:
    r"""Return `text` with each control and invisible character but `\n` and `\t` spelled out as an escape."""
    return _UNSAFE.sub(_escaped, text)


def terminal_output(text: str) -> str:
    r"""Return what a program printed, as a person would read it.

    Colours and cursor movements go, `\r\n` counts as `\n`, a progress bar that redrew its line keeps the
    last state, every other control character is spelled out.
    """
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(_last_drawn(line) for line in text.split("\n"))
    return harmless(text)


def _last_drawn(line: str) -> str:
    drawn = [part for part in line.split("\r") if part]
    if len(drawn) <= _OVERWRITTEN:
        return line
    return f"[{len(drawn) - 1} overwritten lines] {drawn[-1]}"


def clipped(line: str, limit: int) -> str:
    """Return one line, cut at `limit` characters with the number of hidden ones."""
    line = harmless(line)
    if len(line) <= limit:
        return line
    return f"{line[:limit]} [+{len(line) - limit} characters]"


def numbered(lines: Iterable[str], first: int, limit: int) -> str:
    """Return lines as `N:text`, counted from `first`."""
    return "\n".join(f"{number}:{clipped(line, limit)}" for number, line in enumerate(lines, first))


def elided(text: str, limit: int) -> str:
    """Return `text`, its middle left out when it is longer than `limit`, cut at line ends where it can be."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 6 // 10], text[len(text) - limit * 4 // 10 :]
    if "\n" in head[len(head) // 2 :]:
        head = head[: head.rindex("\n")]
    if "\n" in tail[: len(tail) // 2]:
        tail = tail[tail.index("\n") + 1 :]
    hidden = text[len(head) : len(text) - len(tail)]
    return f"{head}\n[... {len(hidden):,} characters in {hidden.count(chr(10))} lines left out ...]\n{tail}"


def plural(count: int, noun: str) -> str:
    """Return a counted noun: `1 line`, `2 lines`, `2 matches`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("ry"):
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith(('ch', 's', 'x')) else 's'}"


def listed(items: Iterable[str], limit: int) -> str:
    """Return items joined by commas, at most `limit` of them, with the number of the others."""
    every = list(items)
    shown = ", ".join(harmless(item).replace("\n", "\\n") for item in every[:limit])
    return shown if len(every) <= limit else f"{shown} and {len(every) - limit} more"


def name(path: str) -> str:
    """Return a path for a line of text; one with odd characters is quoted."""
    shown = harmless(path).replace("\n", "\\n").replace("\t", "\\t")
    return shown if shown == path else f'"{shown}"'
