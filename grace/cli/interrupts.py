"""Ctrl-C and SIGTERM: both stop a run, at any moment, and neither is forgotten."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_seen: list[int] = []


def listen() -> None:
    """From now on both signals raise KeyboardInterrupt, also where a shell started us with SIGINT ignored."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def requested() -> bool:
    """Whether the user asked to stop. Libraries may turn a KeyboardInterrupt into an error of their own."""
    return bool(_seen)


@contextmanager
def postponed() -> Iterator[None]:
    """What must be finished is: a second Ctrl-C does not keep the first from being recorded."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _seen.append(number)
    raise KeyboardInterrupt
