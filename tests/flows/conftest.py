"""One Prefect server for all flow tests, and rooms that answer at once."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from grace import contracts as c
from grace.git import GitRepository

BROKEN, FIXED = "def half(n):\n    return n // 3\n", "def half(n):\n    return n // 2\n"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API of a server started as a user would, from what is installed here."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    log = home / "server.log"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 180
        while not _healthy(url):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield url
    finally:
        _send_what_is_queued()
        process.terminate()
        process.wait(30)


def _send_what_is_queued() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=5)
    APILogWorker.drain_all(timeout=5)


def _healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=2) as response:
            return response.read() == b"true"
    except OSError:
        return False


@pytest.fixture
def on_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A GRACE_HOME whose flows run on the server."""
    from prefect import settings as s

    home = tmp_path / "home"
    monkeypatch.setenv("GRACE_HOME", str(home))
    updates = {
        s.PREFECT_API_URL: server,
        s.PREFECT_LOCAL_STORAGE_PATH: home / "results",
        s.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # ending a heart takes a second
    }
    with s.temporary_settings(updates):
        yield home


@dataclass
class Rooms:
    """What the rooms that run code answer, and how often they were asked."""

    status: c.ReproductionStatus = c.ReproductionStatus.RED
    repaired: bool = True
    check: c.CheckStatus = c.CheckStatus.PASSED
    isolation: c.Isolation = c.Isolation.BUBBLEWRAP
    asked: list[str] = field(default_factory=list)

    def reproduce(self, _request: c.Request, **_: Any) -> c.Reproduction:
        """The tests were run."""
        self.asked.append("reproduce")
        red = c.ReproductionStatus.RED
        test = c.RedTest(test_id="test_half.py::test_half", outcome="failed")
        return c.Reproduction(
            status=self.status,
            red=(test,) if self.status is red else (),
            reason=f"the tests are {self.status}",
            collected=1,
            interpreter=c.Interpreter(executable="python", version=(3, 11, 0), found_as="own"),
        )

    def repair(self, request: c.Request, _found: c.Reproduction, *, repository: GitRepository, **_: Any) -> c.Repair:
        """A repair was searched for."""
        self.asked.append("repair")
        if not self.repaired:
            return c.Repair(reason="nothing passes")
        edits = (c.FileEdit(path="half.py", before_hash=_sha256(BROKEN), after=FIXED.encode()),)
        change = c.Change(
            base_revision=request.base_revision,
            edits=edits,
            patch=repository.patch(request.base_revision, edits),
            rationale="Halve by two",
            provenance=c.Provenance(strategy="ready"),
        )
        return c.Repair(change=change, reason="found", confidence=1.0, plausible=1)

    def verify(self, change: c.Change, **_: Any) -> c.Verification:
        """The change was proved."""
        self.asked.append("verify")
        checks = (c.Check(name="test command", status=self.check, reason="as told"),)
        return c.Verification(change_digest=change.digest, checks=checks, isolation=self.isolation)


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    """The rooms that run other people's code, replaced; git, scan, impact, policy and delivery are real."""
    ready = Rooms()
    monkeypatch.setattr("grace.generation.repair.reproduce.reproduce", ready.reproduce)
    monkeypatch.setattr("grace.generation.repair.search.repair", ready.repair)
    monkeypatch.setattr("grace.verification.checks.verify_change", ready.verify)
    monkeypatch.setattr("grace.verification.interpreter.find_interpreter", lambda *_: None)
    return ready


@pytest.fixture
def ask(make_repository: Callable[..., GitRepository]) -> Callable[..., c.Request]:
    """Make a request about a repository with one bug."""
    repository = make_repository({"half.py": BROKEN, "test_half.py": "from half import half\n"})

    def make(**fields: Any) -> c.Request:
        values: dict[str, Any] = {
            "id": "a" * 12,
            "kind": c.WorkflowKind.FIX_BUG,
            "repository": str(repository.root),
            "base_revision": repository.resolve("HEAD"),
            "requested_by": "ann",
            "requested_at": datetime(2026, 1, 2, tzinfo=UTC),
        }
        return c.Request.model_validate({**values, **fields})

    return make


@pytest.fixture
def fix_bug() -> Callable[[c.Request], c.Outcome]:
    """Carry a recorded request through the flow, as the launcher does."""
    from flows import fix_bug as module
    from tasks.installation import ledger

    def carry_out(request: c.Request) -> c.Outcome:
        ledger().start(request)
        wish = c.FixBug(repository=request.repository, run_id=request.id, approve=request.approve)
        outcome: c.Outcome = module.fix_bug(wish)
        return outcome

    return carry_out
