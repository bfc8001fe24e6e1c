"""CPU-time limits on a stretch of code, by signal."""

from __future__ import annotations

import signal
from types import FrameType


class OutOfTime(BaseException):
    """The code used up its seconds. Not an Exception, so that ordinary handlers let it through."""


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime


def install() -> None:
    """Once per process, before the first `arm`. From then on SIGPROF from elsewhere interrupts, too."""
    signal.signal(signal.SIGPROF, _raise)


def arm(seconds: float) -> None:
    """Raise OutOfTime after so many CPU seconds, and again later in case code swallows it."""
    signal.setitimer(signal.ITIMER_PROF, seconds, max(0.5, seconds))


def disarm() -> None:
    """Let the code run on."""
    signal.setitimer(signal.ITIMER_PROF, 0)
