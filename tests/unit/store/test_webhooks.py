"""A push is kept once, whoever tells of it and however often."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from grace.contracts import Push
from grace.store.webhooks import SqlWebhookDeliveries


def push(**fields: Any) -> Push:
    values = {"provider": "github", "delivery_id": "d-1", "repository": "shop", "ref": "refs/heads/main"}
    return Push.model_validate({**values, "commit": "a" * 40, **fields})


def opened(tmp_path: Path) -> SqlWebhookDeliveries:
    return SqlWebhookDeliveries.open(f"sqlite:///{tmp_path / 'grace.db'}")


def test_a_push_waits_until_its_flow_run_is_named(tmp_path: Path) -> None:
    deliveries = opened(tmp_path)
    assert deliveries.receive(push()).status == "new"
    second = push(delivery_id="d-2", commit="b" * 40)
    deliveries.receive(second)
    assert [each.delivery_id for each in deliveries.pending()] == ["d-1", "d-2"]
    deliveries.started(push(), "f-1")
    assert [each.delivery_id for each in opened(tmp_path).pending()] == ["d-2"]


def test_what_is_known_and_what_contradicts(tmp_path: Path) -> None:
    deliveries = opened(tmp_path)
    deliveries.receive(push())
    assert deliveries.receive(push()).status == "known"
    copy = deliveries.receive(push(delivery_id="d-2"))
    assert (copy.status, copy.push.delivery_id) == ("known", "d-1")
    for change in ({"commit": "b" * 40}, {"ref": "refs/heads/next"}, {"repository": "other"}):
        assert deliveries.receive(push(**change)).status == "contradictory"
    assert deliveries.receive(push(provider="gitea")).status == "new"
    assert len(deliveries.pending()) == 2


def test_of_many_at_once_one_is_new(tmp_path: Path) -> None:
    deliveries = opened(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: deliveries.receive(push()), range(16)))
    assert sorted(receipt.status for receipt in receipts) == ["known"] * 15 + ["new"]


def test_the_run_of_a_push_is_the_same_each_time() -> None:
    assert push().run_id == push(commit="b" * 40).run_id != push(delivery_id="d-2").run_id
    assert len(push().run_id) == 12
