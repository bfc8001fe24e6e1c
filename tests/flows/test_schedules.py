"""How often registered repositories are indexed anew, as a Prefect server keeps it."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.schedules import CronSchedule

from deployments.schedules import REINDEX, reschedule, sync_schedules
from grace.contracts import RegisteredRepository
from grace.registration import register
from grace.settings import Settings
from tests.conftest import MakeRepository


@pytest.fixture
def client(on_server: Path) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    flow, name = REINDEX.split("/")
    made = client.create_deployment(client.create_flow_from_name(flow), name, enforce_parameter_schema=False)
    yield made
    client.delete_deployment(made)


def shop(every: int | None) -> RegisteredRepository:
    return RegisteredRepository(name="shop", location="/srv/shop", remote="", every_seconds=every)


def test_a_repository_with_an_interval_gets_a_schedule(client: SyncPrefectClient, deployment: UUID) -> None:
    assert list(sync_schedules(client, [shop(3600)])) == [("shop", "created")]
    (schedule,) = client.read_deployment_schedules(deployment)
    assert schedule.schedule.interval == timedelta(hours=1)  # type: ignore[union-attr]  # it is of that kind
    assert schedule.parameters == {"wish": {"repository": "shop"}}


def test_the_same_again_changes_nothing(client: SyncPrefectClient, deployment: UUID) -> None:
    list(sync_schedules(client, [shop(3600)]))
    assert list(sync_schedules(client, [shop(3600)])) == [("shop", "unchanged")]


def test_another_interval_updates_it_and_none_removes_it(client: SyncPrefectClient, deployment: UUID) -> None:
    list(sync_schedules(client, [shop(3600)]))
    assert list(sync_schedules(client, [shop(60)])) == [("shop", "updated")]
    (schedule,) = client.read_deployment_schedules(deployment)
    assert schedule.schedule.interval == timedelta(minutes=1)  # type: ignore[union-attr]  # as above
    assert list(sync_schedules(client, [shop(None)])) == [("shop", "removed")]
    assert client.read_deployment_schedules(deployment) == []


def test_what_people_scheduled_or_paused_stays(client: SyncPrefectClient, deployment: UUID) -> None:
    client.create_deployment_schedules(deployment, [(CronSchedule(cron="0 3 * * *"), True)], slug="nightly")
    list(sync_schedules(client, [shop(3600)]))
    (ours,) = [each for each in client.read_deployment_schedules(deployment) if each.slug != "nightly"]
    client.update_deployment_schedule(deployment, ours.id, active=False)
    list(sync_schedules(client, [shop(60)]))
    left = {each.slug: each.active for each in client.read_deployment_schedules(deployment)}
    assert left == {"nightly": True, ours.slug: False}


def test_what_is_registered_is_what_is_scheduled(
    client: SyncPrefectClient, deployment: UUID, make_repository: MakeRepository
) -> None:
    register(str(make_repository({"a.py": ""}).root), Settings(), name="shop", every="30m")
    reschedule()
    (schedule,) = client.read_deployment_schedules(deployment)
    assert schedule.schedule.interval == timedelta(minutes=30)  # type: ignore[union-attr]  # as above


def test_a_schedule_makes_runs(client: SyncPrefectClient, deployment: UUID) -> None:
    """As it did not with SQLAlchemy 2.1, where Prefect's scheduler fails and says so nowhere."""
    list(sync_schedules(client, [shop(60)]))
    ours = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    deadline = time.monotonic() + 100
    while not (runs := client.read_flow_runs(flow_run_filter=ours)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert runs[0].auto_scheduled
    assert runs[0].parameters == {"wish": {"repository": "shop"}}
