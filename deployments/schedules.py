"""How often registered repositories are indexed anew: `grace repos add --every`, as schedules of a deployment.

Ours are known by their slug. Schedules that people made stay, and one of ours that somebody paused stays paused.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from grace.contracts import RegisteredRepository
from grace.settings import current
from grace.store.repositories import SqlRepositories

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

REINDEX = "reindex-codebase/reindex-codebase"
_PREFIX = "grace-repository-"


def reschedule() -> None:
    """Do so on the server that Prefect's settings name; one that GRACE was not deployed to has no such deployment."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        list(sync_schedules(client, SqlRepositories.open(current().database).all()))


def sync_schedules(
    client: "SyncPrefectClient", repositories: Sequence[RegisteredRepository]
) -> Iterator[tuple[str, Literal["created", "updated", "unchanged", "removed"]]]:
    """Bring the schedules of reindex-codebase in line with what is registered."""
    deployment = client.read_deployment_by_name(REINDEX).id
    found = {
        each.slug: each
        for each in client.read_deployment_schedules(deployment)
        if each.slug and each.slug.startswith(_PREFIX)
    }
    wanted = {f"{_PREFIX}{each.name}": each for each in repositories if each.every_seconds}
    for slug in sorted(found.keys() - wanted.keys()):
        client.delete_deployment_schedule(deployment, found[slug].id)
        yield slug.removeprefix(_PREFIX), "removed"
    for slug, repository in sorted(wanted.items()):
        schedule = _interval(repository)
        parameters = {"wish": {"repository": repository.name}}
        there: Any = found.get(slug)
        if there is None:
            client.create_deployment_schedules(deployment, [(schedule, True)], parameters=parameters, slug=slug)
            yield repository.name, "created"
        elif there.schedule.interval != schedule.interval or there.parameters != parameters:
            client.update_deployment_schedule(deployment, there.id, schedule=schedule, parameters=parameters, slug=slug)
            yield repository.name, "updated"
        else:
            yield repository.name, "unchanged"


def _interval(repository: RegisteredRepository) -> Any:
    from prefect.client.schemas.schedules import IntervalSchedule

    return IntervalSchedule(interval=timedelta(seconds=repository.every_seconds or 0))
