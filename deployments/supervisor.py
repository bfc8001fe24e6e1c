"""Services as child processes: started in order, started again when they die, stopped in reverse order."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from grace.errors import EnvironmentLacking, TransientError
from grace.settings import child_environment

_TICK = 0.2
_LOOK_SECONDS = 10.0
_LOG_BYTES = 10 * 2**20


def _nothing() -> None:
    """Take no further step."""


def _yes() -> bool:
    return True


@dataclass(frozen=True)
class Service:
    """One kind of child process.

    `prepare` is called before every start, and may raise TransientError to be called again later. `ready` says
    whether the process serves, `settle` cleans up after it was stopped on purpose.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = _nothing
    ready: Callable[[], bool] = _yes
    settle: Callable[[], None] = _nothing
    seconds_to_start: float = 120.0
    seconds_to_stop: float = 10.0


@dataclass(frozen=True)
class BackOff:
    """How long to wait before the next start of something that keeps dying."""

    first: float = 0.5
    most: float = 30.0
    healthy: float = 60.0
    """Seconds of life after which earlier deaths are forgotten."""

    def delay(self, deaths: int) -> float:
        """Seconds to wait after so many deaths in a row."""
        return min(self.most, self.first * 2.0 ** min(deaths - 1, 16)) if deaths else 0.0


class _Child:
    """A service and its process, while there is one."""

    def __init__(self, service: Service, folder: Path, log: Path, back_off: BackOff) -> None:
        self.service = service
        self.log = log
        self._folder = folder
        self._back_off = back_off
        self._process: subprocess.Popen[bytes] | None = None
        self._began = self._next_start = 0.0
        self._deaths = 0

    def start(self) -> None:
        """Start the process; in a session of its own, so that a signal to us is not one to it."""
        self.service.prepare()
        if self.log.is_file() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                list(self.service.command),
                cwd=self._folder,
                env=child_environment(self.service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._began = time.monotonic()

    def wait_until_ready(self, stop: Event) -> None:
        """Wait until it serves. Raises EnvironmentLacking when it ends or takes too long."""
        while not self.service.ready():
            assert self._process is not None  # noqa: S101  # it was started
            if self._process.poll() is not None or time.monotonic() - self._began > self.service.seconds_to_start:
                raise EnvironmentLacking(f"The {self.service.name} did not start. Its log says why: {self.log}")
            if stop.wait(0.1):
                return

    def tend(self) -> str | None:
        """Notice a death, or start again when it is time; gives what happened, in a few words."""
        now = time.monotonic()
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            self._deaths = 1 if now - self._began > self._back_off.healthy else self._deaths + 1
            delay = self._back_off.delay(self._deaths)
            self._next_start = now + delay
            return f"{self.service.name} ended with {code}; started again in {delay:g} s"
        if self._process is None and now >= self._next_start:
            try:
                self.start()
            except TransientError as error:
                self._next_start = now + 1.0
                return f"{self.service.name} waits: {error}"
            return f"{self.service.name} started again"
        return None

    def stop(self) -> None:
        """Ask everything of its session to end, and make it end when it does not."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(self.service.seconds_to_stop)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self.service.settle()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101  # callers looked
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class Supervisor:
    """Keeps services alive, from their launch until `stop`."""

    def __init__(self, home: Path, back_off: BackOff | None = None) -> None:
        """`home` is the working directory of every service, and their logs go to its folder `logs`."""
        self._home = home
        self._logs = home / "logs"
        self._back_off = back_off or BackOff()
        self._children: list[_Child] = []

    def launch(self, service: Service) -> None:
        """Start a service, after those that were launched before. Raises what its `prepare` raises."""
        self._logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = _Child(service, self._home, self._logs / f"{service.name}.log", self._back_off)
        child.start()
        self._children.append(child)

    def wait_until_ready(self, stop: Event) -> None:
        """Wait for all of them, or for `stop`. Raises EnvironmentLacking when one does not get there."""
        for child in self._children:
            child.wait_until_ready(stop)

    def watch(self, stop: Event, report: Callable[[str], None], look_after: Callable[[], None] = _nothing) -> None:
        """Keep them alive until `stop` is set; every 10 seconds, also `look_after` what they cannot do themselves."""
        said, looked = "", time.monotonic()
        while not stop.wait(_TICK):
            if time.monotonic() - looked > _LOOK_SECONDS:
                look_after()
                looked = time.monotonic()
            for child in self._children:
                if (happened := child.tend()) and happened != said:
                    report(happened)
                    said = happened

    def stop(self) -> None:
        """Stop them, the last one first."""
        for child in reversed(self._children):
            child.stop()
