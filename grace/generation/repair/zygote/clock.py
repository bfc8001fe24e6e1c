"""CPU-time limits on a stretch of code, by signal."""

from __future__ import annotations

import signal


class OutOfTime(BaseException):
    """The code used up its CPU seconds. Not an Exception, so that ordinary handlers let it through."""


def _raise(_signum, _frame):
    raise OutOfTime


def arm(seconds: float) -> None:
    """Raise OutOfTime after so many CPU seconds, and again later in case code swallows it."""
    signal.setitimer(signal.ITIMER_PROF, seconds, max(0.5, seconds))


def disarm() -> None:
    """Let the code run on."""
    signal.setitimer(signal.ITIMER_PROF, 0)


def install() -> None:
    """Once per child, before the first `arm`."""
    signal.signal(signal.SIGPROF, _raise)
