"""No push is lost, whatever dies between the answer and the flow run."""

import base64
from typing import Any

import pytest

from grace.api import outbox
from grace.contracts import Push
from grace.server_record import ServerRecord, write_record
from grace.settings import Settings
from grace.store.webhooks import SqlWebhookDeliveries
from tests.unit.api.conftest import COMMIT, as_json, from_github, github_push
from tests.unit.api.test_webhooks import until

pytestmark = pytest.mark.anyio


def push(delivery: str, commit: str = COMMIT) -> Push:
    return Push(provider="github", delivery_id=delivery, repository="shop", ref="refs/heads/main", commit=commit)


async def test_what_was_kept_before_a_crash_is_started_after_it(serve: Any, prefect: Any, settings: Settings) -> None:
    deliveries = SqlWebhookDeliveries.open(settings.database)
    deliveries.receive(push("before"))
    async with serve():
        await until(lambda: "github/before" in prefect.runs)
        await until(lambda: not deliveries.pending())
    assert list(prefect.runs) == ["github/before"]


async def test_a_crash_between_the_flow_run_and_its_record_starts_no_second(
    serve: Any, prefect: Any, settings: Settings
) -> None:
    deliveries = SqlWebhookDeliveries.open(settings.database)
    deliveries.receive(push("once"))
    prefect.runs["github/once"] = {"as": "it was"}
    async with serve():
        await until(lambda: not deliveries.pending())
    assert prefect.runs == {"github/once": {"as": "it was"}}


async def test_pushes_wait_for_a_server_that_is_down(
    serve: Any, prefect: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_DELAY", 0.01)
    prefect.up = False
    async with serve() as client:
        for number in range(3):
            body = as_json(github_push(after=str(number) * 39 + "a"))
            answer = await client.post(**from_github(body, delivery=f"d-{number}"))
            assert answer.status_code == 202
        await until(lambda: prefect.asked >= 3)
        assert (await client.get("/health/ready")).json() == {"status": "ready", "pushes_waiting": 3}
        prefect.up, prefect.deployed = True, False
        asked = prefect.asked
        await until(lambda: prefect.asked > asked)
        assert not prefect.runs
        prefect.deployed = True
        await until(lambda: len(prefect.runs) == 3)
        await until(lambda: not SqlWebhookDeliveries.open(settings.database).pending())
    assert list(prefect.runs) == ["github/d-0", "github/d-1", "github/d-2"]


async def test_a_push_that_is_refused_holds_up_no_other(serve: Any, prefect: Any, settings: Settings) -> None:
    deliveries = SqlWebhookDeliveries.open(settings.database)
    deliveries.receive(push("bad"))
    deliveries.receive(push("good", "d" * 40))
    prefect.refuses = "bad"
    async with serve():
        await until(lambda: "github/good" in prefect.runs)
        await until(lambda: len(deliveries.pending()) == 1)
    assert [each.delivery_id for each in deliveries.pending()] == ["bad"]


async def test_the_server_of_grace_up_is_found_with_its_password(
    serve: Any, prefect: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_record(settings.server_record, ServerRecord("http://prefect.example/api", "grace:secret"))
    SqlWebhookDeliveries.open(settings.database).receive(push("d-1"))
    async with serve():
        await until(lambda: prefect.runs)
    assert prefect.auth == "Basic " + base64.b64encode(b"grace:secret").decode()


async def test_a_database_that_cannot_be_read_does_not_stop_the_worker(
    serve: Any, prefect: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_DELAY", 0.01)
    real, failed = SqlWebhookDeliveries.pending, []

    def pending(self: SqlWebhookDeliveries) -> Any:
        if len(failed) < 3:
            failed.append(1)
            raise OSError("gone")
        return real(self)

    monkeypatch.setattr(SqlWebhookDeliveries, "pending", pending)
    SqlWebhookDeliveries.open(settings.database).receive(push("d-1"))
    async with serve():
        await until(lambda: prefect.runs)
    assert (len(failed), list(prefect.runs)) == (3, ["github/d-1"])
