"""What a worker that is gone left behind on the server: its flow runs are handed over at once.

Without this they would wait until their silence is noticed (deployments/automations.py).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deployments.description import DURABLE, WORK_POOL

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

    from tasks.rescue import Rescue

    Remedy = Callable[[SyncPrefectClient, FlowRun, str], Rescue]

PATIENCE = timedelta(seconds=20)
"""What an automation needs at most for a run to be started again."""
_PAGE = 200
_WORKER_LABEL = "prefect.worker.name"


def rescue_runs_of(worker: str) -> int:
    """Start the runs again that this worker carried when it died, and what crashed; gives how many there were."""
    from tasks.rescue import rescue

    return _hand_over(worker, rescue, "The worker that carried it died.")


def rescue_crashed() -> int:
    """Start crashed runs again whom no automation came to help in time; gives how many there were.

    Prefect's automation does not act on every second crash of a run after a worker has died, though its event is there.
    """
    from prefect.client.orchestration import get_client

    from tasks.rescue import rescue

    with get_client(sync_client=True) as client:
        long_ago = datetime.now(UTC) - PATIENCE
        crashed = [
            run
            for run in _unfinished(client)
            if DURABLE in run.tags and run.state and run.state.is_crashed() and run.state.timestamp < long_ago
        ]
        for run in crashed:
            rescue(client, run, "It crashed.")
    return len(crashed)


def interrupt_runs_of(worker: str) -> int:
    """Schedule the runs again that this worker carried when it was stopped on purpose; gives how many there were."""
    from tasks.rescue import interrupt

    return _hand_over(worker, interrupt, "GRACE was stopped. It goes on when GRACE is started again.")


def _hand_over(worker: str, remedy: "Remedy", why: str) -> int:
    from prefect.client.orchestration import get_client
    from prefect.states import Crashed

    with get_client(sync_client=True) as client:
        orphans = list(_orphans(client, worker))
        for orphan in orphans:
            if DURABLE in orphan.tags:
                remedy(client, orphan, why)
            elif not (orphan.state and orphan.state.is_crashed()):
                client.set_flow_run_state(orphan.id, Crashed(message=why), force=True)
    return len(orphans)


def _orphans(client: "SyncPrefectClient", worker: str) -> Iterator["FlowRun"]:
    """Unfinished runs of this worker; of those that name none yet, all when there is no other worker."""
    workers = client.read_workers_for_work_pool(WORK_POOL)
    alone = all(each.name == worker or each.status != "ONLINE" for each in workers)
    for flow_run in _unfinished(client):
        carrier = flow_run.labels.get(_WORKER_LABEL)
        if carrier == worker or (alone and carrier is None):
            yield flow_run


def _unfinished(client: "SyncPrefectClient") -> list["FlowRun"]:
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType

    carried = filters.FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CRASHED])
    runs = filters.FlowRunFilter(state=filters.FlowRunFilterState(type=carried))
    pool = filters.WorkPoolFilter(name=filters.WorkPoolFilterName(any_=[WORK_POOL]))
    found: list[FlowRun] = []
    while page := client.read_flow_runs(flow_run_filter=runs, work_pool_filter=pool, limit=_PAGE, offset=len(found)):
        found += page
    return found
