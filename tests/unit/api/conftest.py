"""The application with a Prefect server that answers, or does not, as a test says."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from grace.api.app import create_app
from grace.contracts import RegisteredRepository
from grace.settings import Settings
from grace.store.repositories import SqlRepositories

SECRET = "correct horse battery staple"
COMMIT = "c0ffee" * 6 + "c0ff"
REMOTE = "https://git.example/team/shop.git"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Prefect(httpx.AsyncBaseTransport):
    """As much of Prefect's API as starting a flow run takes: one run for each idempotency key."""

    up: bool = True
    deployed: bool = True
    refuses: str = ""
    asked: int = 0
    runs: dict[str, Any] = field(default_factory=dict)
    auth: str | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.auth = request.headers.get("authorization")
        if not self.up:
            raise httpx.ConnectError("refused", request=request)
        if request.method == "GET" and request.url.path == "/api/deployments/name/on-git-push/on-git-push":
            return httpx.Response(200, json={"id": "d1"}) if self.deployed else httpx.Response(404, text="none")
        assert request.url.path == "/api/deployments/d1/create_flow_run"
        wanted = json.loads(request.content)
        if wanted["parameters"]["push"]["delivery_id"] == self.refuses:
            return httpx.Response(409, text="parameters")
        key = wanted["idempotency_key"]
        self.runs.setdefault(key, wanted["parameters"])
        return httpx.Response(201, json={"id": f"run of {key}"})


@pytest.fixture
def prefect() -> Prefect:
    return Prefect()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A GRACE_HOME where the repository `shop` is registered, and a secret is set."""
    monkeypatch.setenv("GRACE_HOME", str(tmp_path))
    monkeypatch.setenv("GRACE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example/api")
    settings = Settings()
    shop = RegisteredRepository(name="shop", location="/srv/shop", remote=REMOTE)
    SqlRepositories.open(settings.database).register(shop)
    return settings


Serve = Callable[[], Any]


@pytest.fixture
def serve(settings: Settings, prefect: Prefect) -> Serve:
    """Start the application, for as long as a block lasts."""

    @asynccontextmanager
    async def started() -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(settings, prefect=prefect)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://g") as c:
            yield c

    return started


def github_push(**fields: Any) -> dict[str, Any]:
    """What GitHub says of a push."""
    return {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": COMMIT,
        "deleted": False,
        "repository": {"full_name": "team/shop", "clone_url": REMOTE, "ssh_url": "git@git.example:team/shop.git"},
        "pusher": {"name": "ann", "email": "ann@example.com"},
        **fields,
    }


def signed(body: bytes, secret: str = SECRET) -> str:
    """The hexadecimal HMAC of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def from_github(body: bytes, delivery: str = "d-1", event: str = "push", **headers: str) -> dict[str, Any]:
    """A request as GitHub makes it."""
    values = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={signed(body)}",
        **headers,
    }
    return {"url": "/api/webhooks/github", "content": body, "headers": values}


def as_json(message: object) -> bytes:
    """The body of a message."""
    return json.dumps(message).encode()
