"""Whether the process lives, and can do its work."""

from typing import Any

import pytest

from grace.errors import TransientError
from grace.store.webhooks import SqlWebhookDeliveries

pytestmark = pytest.mark.anyio


async def test_it_lives_and_is_ready(serve: Any) -> None:
    async with serve() as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/health/ready")).json() == {"status": "ready", "pushes_waiting": 0}


async def test_without_a_database_it_lives_but_is_not_ready(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_: SqlWebhookDeliveries) -> Any:
        raise TransientError("The database is locked.")

    async with serve() as client:
        monkeypatch.setattr(SqlWebhookDeliveries, "pending", locked)
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
