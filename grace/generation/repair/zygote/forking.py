"""Forked children that work through a list and report each item over a pipe."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
import traceback

MEMORY_HEADROOM = 1 << 30
"""Address space in bytes a child may add to what the zygote had."""


class Child:
    """One forked process and the lines it writes."""

    def __init__(self, work, close):
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _be_child(work, writing, close)
        os.close(writing)
        self.reading = reading
        self.buffer = b""
        self.heard = time.monotonic()

    def end(self) -> None:
        """Kill whatever is left of it and of what it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended by itself
        os.waitpid(self.pid, 0)
        os.close(self.reading)


def _be_child(work, writing, close):
    code = 1
    try:
        os.setpgid(0, 0)
        close()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        _limit_memory()

        def emit(line: str) -> None:
            os.write(writing, line.encode("utf-8", "backslashreplace") + b"\n")

        work(emit)
        code = 0
    except BaseException:  # noqa: BLE001 - the other side sees the end without a last word
        try:
            os.write(
                writing,
                b"!"
                + traceback.format_exc(limit=-6).encode("utf-8", "replace").replace(b"\n", b"\x1f")
                + b"\n",
            )
        except OSError:
            pass  # nobody listens any more
    finally:
        os._exit(code)


def _limit_memory():
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MEMORY_HEADROOM
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def work_through(items, work, *, jobs, silence, close, spoils=lambda item: False):
    """Give every item to `work(item, emit)` in forked children; yield (index, lines, how it ended).

    `jobs` children run side by side, each taking a stripe of the items. An item during which its child died or
    was silent for `silence` wall seconds ends as "crashed" or "hung", and another child goes on after it. So does
    another child after an item that `spoils` its process.
    """
    stripes = [list(range(k, len(items), jobs)) for k in range(min(jobs, len(items)))]
    running = {}

    def start(stripe):
        def body(emit):
            for index in stripe:
                emit("+")
                work(items[index], emit)
                emit("=")
                if spoils(items[index]):
                    return

        child = Child(body, close)
        running[child.reading] = (child, stripe, [])

    for stripe in stripes:
        start(stripe)
    try:
        while running:
            ready, _, _ = select.select(list(running), [], [], 0.2)
            now = time.monotonic()
            for reading in list(running):
                child, stripe, lines = running[reading]
                ended, spoiled = None, False
                if reading in ready:
                    chunk = os.read(reading, 1 << 16)
                    child.heard = now
                    child.buffer += chunk
                    *whole, child.buffer = child.buffer.split(b"\n")
                    for raw in whole:
                        line = raw.decode("utf-8", "replace")
                        if line == "+":
                            lines.clear()
                        elif line == "=":
                            index = stripe.pop(0)
                            yield index, list(lines), "done"
                            lines.clear()
                            spoiled = spoils(items[index])
                        else:
                            lines.append(line)
                    if spoiled:
                        ended = "spoiled"
                    elif not chunk:
                        ended = "crashed"
                elif now - child.heard > silence:
                    ended = "hung"
                if ended:
                    del running[reading]
                    child.end()
                    if stripe and ended != "spoiled":
                        yield stripe.pop(0), list(lines), ended
                    if stripe:
                        start(stripe)
    finally:
        for child, _, _ in running.values():
            child.end()
