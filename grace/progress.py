"""How long work tells whoever is watching how it goes.

Rooms call `report`; an edge that wants to show it wraps the work in `listening`. Nobody listening costs nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One moment of a stage."""

    stage: str
    detail: str = ""
    tried: int | None = None
    """Candidates judged so far."""
    per_second: float | None = None
    """Candidates judged per wall-clock second."""
    best: str = ""
    """Where the search looks now, or the best it has."""


_listener: ContextVar[Callable[[Progress], None] | None] = ContextVar("grace_progress", default=None)


def report(progress: Progress) -> None:
    """Tell the listener, if there is one."""
    if listener := _listener.get():
        listener(progress)


@contextmanager
def listening(listener: Callable[[Progress], None]) -> Iterator[None]:
    """Send every report made in this context to the listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
