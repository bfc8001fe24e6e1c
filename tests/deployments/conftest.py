"""A box as a user has it: `grace up` in a process of its own, with authentication."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

GRACE = str(Path(sys.executable).with_name("grace"))
AUTH = "ann:correct horse"
BUGGY = {
    "clamp.py": "def clamp(value, low, high):\n    return max(low, max(value, high))\n",
    "test_clamp.py": (
        "from clamp import clamp\n\ndef test_clamp():\n"
        "    assert [clamp(n, 1, 3) for n in range(5)] == [1, 1, 2, 3, 3]\n"
    ),
}
REVIEWED = BUGGY | {
    ".grace/policy.toml": 'version = 1\n[[rule]]\nname = "people look at everything"\nthen = "review"\nvotes = 1\n'
}
"""The same, where policy asks for a vote."""
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


def until(true: Callable[[], Any], seconds: float, what: str = "") -> Any:
    """Wait until something is true, and give it."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Box:
    """A GRACE_HOME, and the `grace up` that runs for it."""

    home: Path
    port: int
    api_port: int
    process: subprocess.Popen[str] | None = None
    status: dict[str, Any] | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """Of the environment."""

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands of a user of this home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "GRACE_"))}
        return {**kept, "GRACE_HOME": str(self.home), "GRACE_RESCUES": "1", **self.extra}

    def grace(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as that user."""
        return subprocess.run(
            [GRACE, *arguments],
            cwd=self.home,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def up(self, auth: str = AUTH) -> None:
        """Start everything, and wait until it is there."""
        command = [GRACE, "up", "--port", str(self.port), "--api-port", str(self.api_port), "--json"]
        environment = {**self.environment, **({"PREFECT_SERVER_API_AUTH_STRING": auth} if auth else {})}
        with (self.home / "up.err").open("a") as errors:
            self.process = subprocess.Popen(
                command, cwd=self.home, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        self.status = json.loads(said)
        assert self.status is not None
        assert self.status["status"] == "up", said + (self.home / "up.err").read_text()

    def down(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def processes(self, service: str = "") -> list[int]:
        """Everything that runs for this home, or one of its services and what that started."""
        mark = f"GRACE_SERVICE={self.home}:{service}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marked = mark in (entry / "environ").read_bytes()
            except OSError:
                continue
            found += [int(entry.name)] if marked else []
        return found

    def call(self, path: str, body: object = None, auth: str = AUTH) -> tuple[int, Any]:
        """Ask Prefect's API; gives status and answer. Asks again as its clients do when SQLite was locked (503)."""
        return until(lambda: (found := self._call(path, body, auth))[0] != 503 and found, 30, "the server is busy")

    def _call(self, path: str, body: object, auth: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        if auth:
            headers["Authorization"] = f"Basic {b64encode(auth.encode()).decode()}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self.port}/api{path}", data=data, headers=headers)
        try:
            with urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def ask(self, deployment: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        """Ask for a run, as the UI's form does."""
        _, found = self.call(f"/deployments/name/{deployment}/{deployment}")
        return self.call(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})

    def run(self, flow_run_id: str) -> dict[str, Any]:
        """A flow run as it stands."""
        found: dict[str, Any] = self.call(f"/flow_runs/{flow_run_id}")[1]
        return found

    def states(self, flow_run_id: str) -> list[str]:
        """The names of its states, in order."""
        _, found = self.call(f"/flow_run_states/?flow_run_id={flow_run_id}")
        return [state["name"] for state in sorted(found, key=lambda state: state["timestamp"])]

    def flow_process(self, flow_run_id: str) -> int:
        """Wait for the process that carries the run, and give it."""

        def running() -> int | None:
            run = self.run(flow_run_id)
            pid = run["infrastructure_pid"]
            alive = pid and run["state_name"] == "Running" and int(pid) in self.processes("worker")
            return int(pid) if alive else None

        return int(until(running, 60, "the run did not start"))

    def end(self, flow_run_id: str) -> dict[str, Any]:
        """Wait until a run ended, and give it."""
        try:
            until(lambda: self.run(flow_run_id)["state_type"] in ENDED[:3], 90, "the run did not end")
        except AssertionError as error:
            raise AssertionError(f"The run did not end: {self.states(flow_run_id)}") from error
        return self.run(flow_run_id)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Everything up, with authentication."""
    made = Box(tmp_path_factory.mktemp("home"), free_port(), free_port())
    made.up()
    try:
        yield made
    finally:
        assert made.process is not None
        if made.process.poll() is None:
            made.down()
