"""A Prefect server built from the lock file starts: fastapi versions that it cannot live with are capped."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_server_starts_and_answers(tmp_path: Path) -> None:
    port = free_port()
    command = [Path(sys.executable).with_name("prefect"), "server", "start", "--no-ui", "--port", str(port)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    log = tmp_path / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=output, stderr=output)
        try:
            assert answers(server, f"http://127.0.0.1:{port}/api/health", seconds=120), log.read_text()
        finally:
            server.terminate()
            server.wait(30)


def answers(server: "subprocess.Popen[bytes]", url: str, seconds: float) -> bool:
    """Whether the server answers before it ends or the time is over."""
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5) as response:
                return bool(response.read() == b"true")
        except (URLError, OSError):
            time.sleep(0.2)
    return False
