"""What a push costs until its flow run is created: the answer to the provider, and the run on a real Prefect server.

Both servers are processes of their own, fresh, with SQLite. Pushes come one after the other, then as a burst. CPU is
user + system of each server. Run: `python benchmarks/webhooks.py --pushes 200`.
"""

import argparse
import hashlib
import hmac
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx

from grace.contracts import RegisteredRepository
from grace.store.repositories import SqlRepositories
from grace.store.webhooks import SqlWebhookDeliveries

SECRET = "correct horse battery staple"
REMOTE = "https://git.example/team/shop.git"
TICK = 1 / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], health: str, environment: dict[str, str]) -> Iterator[int]:
    """A server in a process of its own, until the block ends: its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 180
    while not answers(health):
        assert process.poll() is None and time.monotonic() < deadline, command
        time.sleep(0.1)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def deploy(api: str) -> None:
    flow = httpx.post(f"{api}/flows/", json={"name": "on-git-push"}).json()["id"]
    wanted = {"name": "on-git-push", "flow_id": flow, "enforce_parameter_schema": False}
    httpx.post(f"{api}/deployments/", json=wanted).raise_for_status()


def tell(client: httpx.Client, url: str, name: str) -> float:
    """Tell of one push: milliseconds until the answer."""
    push = {
        "ref": "refs/heads/main",
        "after": hashlib.sha1(name.encode()).hexdigest(),
        "repository": {"clone_url": REMOTE},
        "pusher": {"name": "ann"},
        "commits": [{"id": str(n), "message": "x" * 200, "added": [f"src/{n}.py"]} for n in range(20)],
    }
    body = json.dumps(push).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": name,
        "x-hub-signature-256": f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
    }
    began = time.perf_counter()
    answer = client.post(url, content=body, headers=headers)
    taken = (time.perf_counter() - began) * 1000
    assert answer.status_code == 202, answer.text
    return taken


def created(deliveries: SqlWebhookDeliveries) -> None:
    """Wait until every push has its flow run."""
    while deliveries.pending():
        time.sleep(0.002)


def summary(name: str, milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{name:<42} p50 {statistics.median(ordered):7.1f} ms   p99 {p99:7.1f} ms   max {ordered[-1]:7.1f} ms"


def measure(pushes: int, home: Path) -> list[str]:
    port, prefect_port = free_port(), free_port()
    api, url = f"http://127.0.0.1:{prefect_port}/api", f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "GRACE_HOME": str(home),
        "GRACE_WEBHOOK_SECRET": SECRET,
        "PREFECT_API_URL": api,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    database = f"sqlite:///{home / 'grace.db'}"
    shop = RegisteredRepository(name="shop", location="/srv/shop", remote=REMOTE)
    SqlRepositories.open(database).register(shop)
    deliveries = SqlWebhookDeliveries.open(database)
    prefect = ["prefect", "server", "start", "--no-ui", "--port", str(prefect_port)]
    ours = ["uvicorn", "--factory", "grace.api.app:create_app", "--port", str(port), "--log-level", "warning"]
    with (
        serving(prefect, f"{api}/health", environment) as prefect_pid,
        serving(ours, f"{url}/health/ready", environment) as our_pid,
        httpx.Client() as client,
    ):
        deploy(api)
        target = f"{url}/api/webhooks/github"
        tell(client, target, "warm-up")
        created(deliveries)
        before, answered, ready = (cpu(our_pid), cpu(prefect_pid)), [], []
        for number in range(pushes):
            began = time.perf_counter()
            answered.append(tell(client, target, f"d-{number}"))
            created(deliveries)
            ready.append((time.perf_counter() - began) * 1000)
        spent = (cpu(our_pid) - before[0], cpu(prefect_pid) - before[1])
        began = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            burst = list(pool.map(lambda n: tell(client, target, f"b-{n}"), range(pushes)))
        created(deliveries)
        seconds = time.perf_counter() - began
    return [
        summary("answer 202, one at a time", answered),
        summary("push told -> flow run created", ready),
        summary("answer 202, 8 at a time", burst),
        f"burst of {pushes}: all flow runs created after {seconds:.1f} s",
        f"CPU for a push: GRACE {spent[0] / pushes * 1000:.1f} ms, Prefect's server {spent[1] / pushes * 1000:.1f} ms",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=200)
    arguments = parser.parse_args()
    print(f"{date.today()}  Python {platform.python_version()}  {os.cpu_count()} cores  load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="grace-webhooks-") as home:
        print("\n".join(measure(arguments.pushes, Path(home))))


if __name__ == "__main__":
    main()
