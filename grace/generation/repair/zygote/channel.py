"""JSON lines over the process's original standard streams."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the aliases are newer syntax than the oldest interpreter can evaluate
    from typing import Any, BinaryIO

    Order = dict[str, Any]
    Answer = dict[str, Any]


class Channel:
    """Orders come in, answers go out; what tests print goes nowhere near it."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    @classmethod
    def take_over_standard_streams(cls) -> Channel:
        """Keep stdin and stdout for orders; stdin becomes empty and stdout joins stderr."""
        channel = cls(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        return channel

    def receive(self) -> Order | None:
        """The next order, None when the other side has gone."""
        line = self._incoming.readline()
        return json.loads(line) if line else None

    def send(self, answer: Answer) -> None:
        """One answer, at once."""
        self._outgoing.write(json.dumps(answer).encode() + b"\n")
        self._outgoing.flush()

    def close(self) -> None:
        """For forked children: their code has no business here."""
        self._incoming.close()
        self._outgoing.close()
