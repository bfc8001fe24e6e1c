"""Forked children that work through a list and report each item over a pipe."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING

from . import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, NoReturn

    Emit = Callable[[str], None]

MEMORY_HEADROOM = 1 << 30
"""Address space in bytes a child may add to what the zygote had."""
LAST_PATIENCE = 2.0
"""Wall seconds in which a child that was silent for too long may still say where it was interrupted."""

DONE, CRASHED, HUNG = "done", "crashed", "hung"
"""How the work on an item ended."""
_BEGIN, _END, LAST_WORD = "+", "=", "!"


class Child:
    """One forked process, the items it has yet to do, and the lines it wrote about the present one."""

    def __init__(self, body: Callable[[Emit], None], todo: list[int], close: Callable[[], None]) -> None:
        self.todo = todo
        self.said: list[str] = []
        self.reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.reading)
            _be_child(body, writing, close)
        os.close(writing)
        self._unfinished = b""
        self._heard = time.monotonic()
        self._interrupted = 0.0

    def lines(self) -> Iterator[str]:
        """What it wrote since the last call, as far as lines are complete; an empty text at its end."""
        chunk = os.read(self.reading, 1 << 16)
        self._heard, self._interrupted = time.monotonic(), 0.0
        *whole, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")
        if not chunk:
            yield ""

    def is_lost(self, silence: float) -> bool:
        """Whether it said nothing for `silence` seconds, nor after an interruption that tests can report."""
        now = time.monotonic()
        if not self._interrupted and now - self._heard > silence:
            self._interrupted = now
            os.kill(self.pid, signal.SIGPROF)
        return bool(self._interrupted) and now - self._interrupted > LAST_PATIENCE

    def end(self) -> None:
        """Kill whatever is left of it and of what it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)  # in another group; until waited for, the process id is its own
        os.waitpid(self.pid, 0)
        os.close(self.reading)


def _be_child(body: Callable[[Emit], None], writing: int, close: Callable[[], None]) -> NoReturn:
    code = 1

    def emit(line: str) -> None:
        rest = line.encode("utf-8", "backslashreplace") + b"\n"
        while rest:
            rest = rest[os.write(writing, rest) :]

    try:
        os.setpgid(0, 0)
        clock.install()
        close()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.close(null)
        _limit_memory()
        body(emit)
        code = 0
    except BaseException:  # noqa: BLE001 - the other side sees the end, and this as its reason
        clock.disarm()
        emit(LAST_WORD + traceback.format_exc(limit=-6).replace("\n", "\x1f"))
    finally:
        os._exit(code)


def _limit_memory() -> None:
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MEMORY_HEADROOM
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def never(_item: Any) -> bool:
    """Items that leave their process as it was."""
    return False


def work_through(
    items: Sequence[Any],
    work: Callable[[Any, Emit], None],
    *,
    jobs: int,
    silence: float,
    close: Callable[[], None],
    spoils: Callable[[Any], bool] = never,
) -> Iterator[tuple[int, list[str], str]]:
    """Give every item to `work(item, emit)` in forked children; yield (index, lines, how it ended).

    `jobs` children run side by side, each taking a stripe of the items. An item during which its child died, or
    was silent for `silence` wall seconds and could not be interrupted, ends as "crashed" or "hung", and another
    child goes on after it. So does another child after an item that `spoils` its process.
    """
    running: dict[int, Child] = {}

    def start(stripe: list[int]) -> None:
        def body(emit: Emit) -> None:
            for index in stripe:
                emit(_BEGIN)
                work(items[index], emit)
                emit(_END)
                if spoils(items[index]):
                    return

        def keep_apart() -> None:
            close()
            for other in running:
                os.close(other)

        child = Child(body, stripe, keep_apart)
        running[child.reading] = child

    try:
        for first in range(min(jobs, len(items))):
            start(list(range(first, len(items), jobs)))
        while running:
            ready, _, _ = select.select(list(running), [], [], 0.2)
            for child in list(running.values()):
                ending = ""
                if child.reading in ready:
                    for line in child.lines():
                        if line == _BEGIN:
                            child.said = []
                        elif line == _END:
                            index = child.todo.pop(0)
                            ending = DONE if not child.todo or spoils(items[index]) else ""
                            yield index, child.said, DONE
                        elif line:
                            child.said.append(line)
                        else:
                            ending = ending or CRASHED
                elif child.is_lost(silence):
                    ending = HUNG
                if ending:
                    del running[child.reading]
                    child.end()
                    if ending != DONE:
                        yield child.todo.pop(0), child.said, ending
                    if child.todo:
                        start(child.todo)
    finally:
        for child in running.values():
            child.end()
