"""Output in bounded memory: its head and its tail, however long it is."""


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
    if total <= len(head) + len(tail):
        return (head + tail).decode("utf-8", "backslashreplace")
    gap = f"\n[... {total - len(head) - len(tail):,} bytes elided ...]\n"
    return head.decode("utf-8", "backslashreplace") + gap + tail.decode("utf-8", "backslashreplace")
