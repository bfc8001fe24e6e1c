"""The services of `grace up`, one entry each."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from deployments.description import WORK_POOL
from deployments.leftovers import MARK, mark
from deployments.supervisor import Service

_PYTHON = (sys.executable, "-P", "-m")
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # recognised here, bound only with authentication


@dataclass(frozen=True)
class Address:
    """Where a service listens."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def url(self) -> str:
        """How this machine reaches it."""
        host = _WILDCARDS.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def seen_as(self, name: str) -> str:
        """How a browser reaches it, on a machine that calls this one `name`."""
        return f"http://{name}:{self.port}" if self.host in _WILDCARDS else self.url


@dataclass(frozen=True)
class Surroundings:
    """What every service is given."""

    home: Path
    environment: dict[str, str]

    def of(self, service: str) -> dict[str, str]:
        """The environment of one service, with its mark."""
        return {**self.environment, MARK: mark(self.home, service)}


def prefect_server(around: Surroundings, address: Address, *, prepare: Callable[[], None]) -> Service:
    """Prefect's API and UI."""
    return Service(
        name="server",
        command=(*_PYTHON, "prefect", "server", "start", "--host", address.host, "--port", str(address.port)),
        environment=around.of("server"),
        prepare=prepare,
        ready=lambda: answers(f"{address.url}/api/health"),
    )


def worker(around: Surroundings, name: str, *, prepare: Callable[[], None], settle: Callable[[], None]) -> Service:
    """The process that starts a process for each flow run."""
    options = ("--pool", WORK_POOL, "--type", "process", "--name", name, "--install-policy", "never")
    return Service(
        name="worker",
        command=(*_PYTHON, "prefect", "worker", "start", *options),
        environment=around.of("worker"),
        prepare=prepare,
        settle=settle,
    )


def rest_api(around: Surroundings, address: Address, *, prepare: Callable[[], None]) -> Service:
    """GRACE's own REST API and the webhooks."""
    options = ("--host", address.host, "--port", str(address.port), "--no-access-log")
    return Service(
        name="api",
        command=(*_PYTHON, "uvicorn", "--factory", "grace.api.app:create_app", *options),
        environment=around.of("api"),
        prepare=prepare,
        ready=lambda: answers(f"{address.url}/health/live"),
    )


def answers(url: str) -> bool:
    """Whether a service says that it is well."""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310  # an address of ours
            return bool(response.status == 200)
    except (URLError, OSError, ValueError):
        return False
