"""A suspended flow run -> resumed, now or when the time for votes is over: Prefect would let it fail instead."""

import logging
from datetime import datetime
from uuid import UUID

from prefect import task
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from grace.contracts import Ballot
from tasks.retries import RETRYING

WAKE_RUN = "wake-run/wake-run"
_log = logging.getLogger(__name__)


# Whatever Prefect's client raises here is worth another attempt.
@task(name="wake", task_run_name="wake", **(RETRYING | {"retry_condition_fn": None}))
def wake(flow_run_id: UUID) -> None:
    """Resume a flow run that waits for votes, without a vote."""
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(flow_run_id).state
        if state is not None and state.is_paused():
            client.resume_flow_run(flow_run_id, run_input=Ballot().model_dump())


def wake_at(when: datetime, flow_run_id: str, key: str) -> None:
    """Have a flow run woken then; asked again with the same key, it is woken once."""
    asked = {"flow_run_id": flow_run_id}
    try:
        run_deployment(
            WAKE_RUN, parameters=asked, scheduled_time=when, timeout=0, as_subflow=False, idempotency_key=key
        )
    except ObjectNotFound:
        _log.warning("Nothing wakes run %s when its votes are due: `grace deploy` registers what does.", key)
