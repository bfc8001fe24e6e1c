"""Services die, start slowly, ignore signals: real child processes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.leftovers import MARK, end_leftovers, mark
from deployments.supervisor import BackOff, Service, Supervisor
from grace.errors import EnvironmentLacking, TransientError

FAST = BackOff(first=0.05, most=0.2, healthy=60)
NOTES = "import os, sys, time; open('starts', 'a').write(sys.argv[1] + '\\n');"


def note(name: str, then: str, **fields: object) -> Service:
    """A service that writes down each of its starts."""
    return Service(name=name, command=(sys.executable, "-c", NOTES + then, name), **fields)  # type: ignore[arg-type]  # the test says what


def starts(home: Path) -> list[str]:
    written = home / "starts"
    return written.read_text().split() if written.is_file() else []


def until(true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Watched:
    """A supervisor that watches in a thread."""

    def __init__(self, home: Path, *services: Service) -> None:
        self.stop = threading.Event()
        self.said: list[str] = []
        self.supervisor = Supervisor(home, FAST)
        for service in services:
            self.supervisor.launch(service)
        self.thread = threading.Thread(target=self.supervisor.watch, args=(self.stop, self.said.append))

    def __enter__(self) -> "Watched":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.supervisor.stop()


def test_what_keeps_dying_is_started_ever_later() -> None:
    policy = BackOff(first=0.5, most=30)
    assert [policy.delay(deaths) for deaths in (0, 1, 2, 3)] == [0, 0.5, 1, 2]
    assert policy.delay(50) == 30


def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    with Watched(tmp_path, note("brief", "sys.exit(3)")) as watched:
        until(lambda: len(starts(tmp_path)) >= 3)
    assert "brief ended with 3; started again in 0.05 s" in watched.said


def test_nothing_is_started_before_it_is_prepared(tmp_path: Path) -> None:
    calls: list[int] = []

    def prepare() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TransientError("the last one's runs are still there")

    with Watched(tmp_path, note("brief", "sys.exit(0)", prepare=prepare)) as watched:
        until(lambda: len(starts(tmp_path)) >= 2)
    assert "brief waits: the last one's runs are still there" in watched.said
    assert len(calls) > len(starts(tmp_path)) - 1


def test_they_are_stopped_in_reverse_order(tmp_path: Path) -> None:
    settled: list[str] = []
    watched = Watched(
        tmp_path,
        note("first", "time.sleep(60)", settle=lambda: settled.append("first")),
        note("second", "time.sleep(60)", settle=lambda: settled.append("second")),
    )
    with watched:
        until(lambda: len(starts(tmp_path)) == 2)
    assert settled == ["second", "first"]


def test_what_ignores_being_asked_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); time.sleep(60)"
    with Watched(tmp_path, note("deaf", deaf, seconds_to_stop=0.3)):
        until((tmp_path / "deaf").exists)
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_a_service_that_never_serves_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.launch(note("mute", "print('no port', flush=True); sys.exit(1)", ready=lambda: False))
    with pytest.raises(EnvironmentLacking, match=r"mute\.log"):
        supervisor.wait_until_ready(threading.Event())
    assert (tmp_path / "logs" / "mute.log").read_text() == "no port\n"


def test_children_of_the_dead_are_found_in_any_session(tmp_path: Path) -> None:
    grandchild = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True, stdout=-3, stderr=-3); print(p.pid)"
    )
    environment = {**os.environ, MARK: mark(tmp_path, "worker")}
    done = subprocess.run([sys.executable, "-c", grandchild], env=environment, capture_output=True, text=True)
    pid = int(done.stdout)
    assert end_leftovers(mark(tmp_path, "server")) == 0
    assert end_leftovers(mark(tmp_path)) == 1
    assert not Path(f"/proc/{pid}/exe").exists() or not Path(f"/proc/{pid}/exe").is_file()
