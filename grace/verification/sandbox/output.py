"""Keep the beginning and the end of a stream of unknown length."""


class Capture:
    """The first and the last half of `limit` bytes of what is added; the rest is counted."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._head_limit = limit // 2
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, piece: bytes) -> None:
        """Take the next bytes of the stream."""
        room = self._head_limit - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._tail_limit:  # cut rarely: moving bytes costs
            self._cut()

    def content(self) -> bytes:
        """What was kept, with a line in the place of what was not."""
        self._cut()
        gap = f"\n[{self.dropped} bytes left out]\n".encode() if self.dropped else b""
        return bytes(self._head + gap + self._tail)

    def _cut(self) -> None:
        surplus = len(self._tail) - self._tail_limit
        if surplus > 0:
            del self._tail[:surplus]
            self.dropped += surplus
