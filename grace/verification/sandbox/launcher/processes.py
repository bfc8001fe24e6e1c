"""Counting and ending the processes below this one."""

import os

_SIGSTOP, _SIGKILL = 19, 9


def reap(child: int) -> int | None:
    """Collect every process that has ended; give the wait status of `child` if it is among them."""
    status = None
    while True:
        try:
            ended, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if ended == 0:
            return status
        if ended == child:
            status = how


def count(*, own_namespace: bool) -> int:
    """How many processes there are: all but this one in our own process namespace, else descendants."""
    if own_namespace:
        return sum(name.isdigit() for name in os.listdir("/proc")) - 1
    return len(descendants())


def descendants() -> list[int]:
    """Process ids of children, their children and so on. Orphans come back to us: we are their subreaper."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def kill_descendants(group: int) -> None:
    """End all descendants, also those that go on forking, and collect them. `group` is killed as one."""
    _signal(-group, _SIGKILL)
    while True:
        remaining = descendants()
        for signal in (_SIGSTOP, _SIGKILL):  # stopped ones cannot fork while the others are being killed
            for process in remaining:
                _signal(process, signal)
        try:
            os.waitpid(-1, 0 if not remaining else os.WNOHANG)
        except ChildProcessError:
            return


def _signal(process: int, signal: int) -> None:
    try:
        os.kill(process, signal)
    except ProcessLookupError:
        return  # it is gone, as wanted


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return found  # it ended while we looked
    return found
