"""Naming a process so that another one can tell later whether it is still there."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """`<host>/<pid>/<start>`: unlike a pid alone, never the name of another process; without /proc, no start."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_started(pid) or ''}"


def is_gone(name: str) -> bool:
    """Whether the process is known to be gone: it ran on this machine, and none of this pid began when it did."""
    host, _, rest = name.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return _started(int(pid)) != started if started else not _exists(int(pid))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str | None:
    """When a process began, in clock ticks since the machine did (proc(5), field 22 of `stat`)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]  # the name, in brackets, may hold anything
