"""Output in bounded memory: its head and its tail, however long it is."""

_PLAIN = bytes(range(32, 127)) + b"\t\n"


class HeadTail:
    """Collects bytes, keeping the first `head_limit` and the last `tail_limit` of them."""

    def __init__(self, head_limit: int, tail_limit: int) -> None:
        self._head_limit = head_limit
        self._tail_limit = tail_limit
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0
        """How many bytes came in all."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self.total += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: len(self._tail) - self._tail_limit]

    @property
    def head(self) -> bytes:
        """The first bytes."""
        return bytes(self._head)

    @property
    def tail(self) -> bytes:
        """The last bytes, none of which are in `head`."""
        return bytes(self._tail[max(0, len(self._tail) - self._tail_limit) :])


def decode_output(head: bytes, tail: bytes, total: int) -> str:
    r"""Return output as text: undecodable bytes as `\xNN`, a marked gap where bytes were dropped."""
    hidden = total - len(head) - len(tail)
    if hidden <= 0:
        return (head + tail).decode("utf-8", "backslashreplace")
    return head.decode("utf-8", "backslashreplace") + gap(hidden) + tail.decode("utf-8", "backslashreplace")


def gap(hidden: int) -> str:
    """Return the mark that stands for that many dropped bytes."""
    return f"\n[... {hidden:,} bytes elided ...]\n"


def most_shown(data: bytes) -> int:
    """Return how many characters output takes at most when bytes that are no text are spelled out."""
    return len(data) + 3 * len(data.translate(None, _PLAIN))
