"""What prefect.yaml describes -> a Prefect server, as often as one likes.

What people changed there and we do not describe (their schedules and automations, a paused deployment) stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from deployments.automations import automations
from deployments.description import WORK_POOL, Described, described_deployments
from deployments.schedules import sync_schedules
from grace.settings import current
from grace.store.repositories import SqlRepositories

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient

Action = Literal["created", "updated", "unchanged", "removed"]
_RESCUE = "rescue-run/rescue-run"


@dataclass(frozen=True)
class Registered:
    """One thing on the server, and what was done to have it there."""

    kind: Literal["work pool", "deployment", "automation", "schedule"]
    name: str
    action: Action


def register() -> tuple[Registered, ...]:
    """Bring the server that Prefect's settings name in line with prefect.yaml."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return tuple(_register(client))


def _register(client: "SyncPrefectClient") -> Iterator[Registered]:
    yield Registered("work pool", WORK_POOL, _work_pool(client))
    for described in described_deployments():
        yield Registered("deployment", described.name, _deployment(client, described))
    for automation in automations(client.read_deployment_by_name(_RESCUE).id):
        yield Registered("automation", automation.name, _automation(client, automation))
    for name, action in sync_schedules(client, SqlRepositories.open(current().database).all()):
        yield Registered("schedule", name, action)


def _work_pool(client: "SyncPrefectClient") -> Action:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template))
        return "created"
    return "unchanged"


def _deployment(client: "SyncPrefectClient", described: Described) -> Action:
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.exceptions import ObjectNotFound
    from prefect.flows import Flow, load_flow_from_entrypoint
    from prefect.utilities.callables import parameter_schema

    flow: Flow[..., Any] = load_flow_from_entrypoint(described.entrypoint, use_placeholder_flow=False)
    schema = parameter_schema(flow).model_dump_for_openapi()
    wanted = _fields(described, {name: part for name, part in schema.items() if part or name != "definitions"})
    try:
        found = client.read_deployment_by_name(f"{flow.name}/{described.name}")
    except ObjectNotFound:
        flow_id: UUID = client.create_flow_from_name(flow.name)
        client.create_deployment(flow_id, described.name, **wanted)
        return "created"
    is_there = {**found.model_dump(), "concurrency_options": found.concurrency_options}
    limit = found.global_concurrency_limit
    is_there["concurrency_limit"] = limit.limit if limit else None
    if all(is_there[name] == value for name, value in wanted.items()):
        return "unchanged"
    client.update_deployment(found.id, DeploymentUpdate(**wanted))
    return "updated"


def _fields(described: Described, schema: dict[str, Any]) -> dict[str, Any]:
    from prefect.client.schemas.objects import ConcurrencyOptions

    options = {name: value for name, value in described.concurrency.items() if name != "limit"}
    return {
        "entrypoint": described.entrypoint,
        "description": described.description,
        "version": described.version,
        "tags": list(described.tags),
        "work_pool_name": described.work_pool,
        "job_variables": described.job_variables,
        "concurrency_limit": described.concurrency["limit"],
        "concurrency_options": ConcurrencyOptions.model_validate(options),
        "parameter_openapi_schema": schema,
        "enforce_parameter_schema": True,
        "pull_steps": described.pull,
    }


def _automation(client: "SyncPrefectClient", wanted: Any) -> Action:
    found = client.read_automations_by_name(wanted.name)
    for repeated in found[1:]:
        client.delete_automation(repeated.id)
    if not found:
        client.create_automation(wanted)
        return "created"
    fields = set(type(wanted).model_fields) - {"enabled"}
    if _plain(found[0], fields) == _plain(wanted, fields):
        return "unchanged"
    client.update_automation(found[0].id, wanted.model_copy(update={"enabled": found[0].enabled}))
    return "updated"


def _plain(automation: Any, fields: set[str]) -> dict[str, Any]:
    plain: dict[str, Any] = automation.model_dump(mode="json", include=fields, exclude={"trigger": {"id"}})
    for each in ("after", "expect", "for_each"):
        plain["trigger"][each] = sorted(plain["trigger"][each])
    return plain
