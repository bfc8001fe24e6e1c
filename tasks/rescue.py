"""A flow run whose process died -> scheduled again under the same id, or failed with the evidence.

How often that happened is read from the run's own states, so there is no counter to get out of step.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from prefect import task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed, Scheduled

from grace.settings import Settings
from tasks.installation import ledger

RESCUED = "Rescued"
INTERRUPTED = "Interrupted"
"""Names of the states that a run is scheduled with: after a death, and after an orderly stop, which does not count."""

SILENCE = timedelta(seconds=75)
"""A run without a sign of life for so long is taken for dead. Prefect's hearts beat every 30 seconds at best."""

_SHOWN = 5
"""How many of the last states are evidence."""


class Rescue(StrEnum):
    """What was done about a flow run."""

    RESCUED = "rescued"
    INTERRUPTED = "interrupted"
    GIVEN_UP = "given up"
    LEFT_ALONE = "left alone"


@task(name="rescue", task_run_name="rescue", retries=3, retry_delay_seconds=[1, 4, 16])
def rescue_flow_run(flow_run_id: UUID) -> str:
    """Start a flow run again that crashed or fell silent; others are left alone."""
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(flow_run_id)
        return rescue(client, flow_run, "") if _is_dead(client, flow_run) else Rescue.LEFT_ALONE


def rescue(client: SyncPrefectClient, flow_run: FlowRun, why: str) -> Rescue:
    """Schedule a flow run again whose process is known to be gone; fail it when that happened too often."""
    states = sorted(client.read_flow_run_states(flow_run.id), key=lambda state: state.timestamp)
    if not states or flow_run.state is None or states[-1].id != flow_run.state.id:
        return Rescue.LEFT_ALONE  # somebody else was faster
    rescues = sum(state.name == RESCUED for state in states)
    if rescues >= Settings().rescues:
        return _give_up(client, flow_run, rescues, states)
    why = states[-1].message or why or "Its process gave no sign of life."
    _force(client, flow_run, Scheduled(name=RESCUED, message=f"Started again, time {rescues + 1}: {why}"))
    return Rescue.RESCUED


def interrupt(client: SyncPrefectClient, flow_run: FlowRun, why: str) -> Rescue:
    """Schedule a flow run again that was stopped on purpose and in order."""
    _force(client, flow_run, Scheduled(name=INTERRUPTED, message=why))
    return Rescue.INTERRUPTED


def _give_up(client: SyncPrefectClient, flow_run: FlowRun, rescues: int, states: list[State]) -> Rescue:
    said = [f"{state.timestamp:%H:%M:%S} {state.name}: {state.message}" for state in states if state.message]
    message = f"Its process died again after it had been started again {rescues} times. {'; '.join(said[-_SHOWN:])}"
    records = ledger()
    if run_id := records.find_by_flow_run(str(flow_run.id)):
        records.fail(run_id, message)
    _force(client, flow_run, Failed(message=message))
    return Rescue.GIVEN_UP


def _force(client: SyncPrefectClient, flow_run: FlowRun, state: State) -> None:
    # By force: Prefect's rules would forget which questions a run that left a final state has had answered.
    client.set_flow_run_state(flow_run.id, state, force=True)


def _is_dead(client: SyncPrefectClient, flow_run: FlowRun) -> bool:
    state = flow_run.state
    if state is None or not (state.is_running() or state.is_pending()):
        return state is not None and state.is_crashed()
    long_ago = datetime.now(UTC) - SILENCE
    return state.timestamp < long_ago and not _was_heard(client, flow_run, long_ago)


def _was_heard(client: SyncPrefectClient, flow_run: FlowRun, since: datetime) -> bool:
    from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter

    heartbeats = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{flow_run.id}"]),
        occurred=EventOccurredFilter(since=since),
    )
    body = {"filter": heartbeats.model_dump(mode="json"), "limit": 1}
    return bool(client.request("POST", "/events/filter", json=body).json()["events"])
