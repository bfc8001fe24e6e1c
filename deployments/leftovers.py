"""Processes that outlived whoever started them, found by a mark in their environment."""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

MARK = "GRACE_SERVICE"
"""Every process below a service of `grace up` inherits this, whatever session or parent it has later."""

_PROC = Path("/proc")
_DYING_SECONDS = 10.0


def mark(home: Path, service: str = "") -> str:
    """The mark of a service's processes; without a service, what the marks of all of them begin with."""
    return f"{home.absolute()}:{service}"


def end_leftovers(marked: str) -> int:
    """Kill every process whose mark begins so, and wait until all are gone; gives how many there were.

    Processes of other users cannot be read and are left alone.
    """
    ended: set[int] = set()
    while found := set(_marked(marked)) - ended:  # what they start while they die is found in the next round
        with contextlib.ExitStack() as opened:
            for handle in [handle for pid in found if (handle := _open(pid)) is not None]:
                opened.callback(os.close, handle)
                _end(handle)
        ended |= found
    return len(ended)


def _marked(marked: str) -> Iterator[int]:
    wanted = f"{MARK}={marked}".encode()
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # gone, or somebody else's
            continue
        if any(variable.startswith(wanted) for variable in environment.split(b"\0")):
            yield int(entry.name)


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _end(handle: int) -> None:
    # A handle becomes readable when the last thread is gone, and with it every file and port.
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [], _DYING_SECONDS)
