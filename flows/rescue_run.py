"""Start a flow run again whose process died."""

from uuid import UUID

from prefect import flow

from tasks.rescue import rescue_flow_run


@flow(
    name="rescue-run",
    flow_run_name="rescue {flow_run_id}",
    description="Start a flow run again whose process died, from its last finished stage; not for ever. "
    "Runs that ended, wait for people or are still alive are left alone.",
    validate_parameters=True,
)
def rescue_run(flow_run_id: UUID) -> str:
    """Rescue the flow run with this id; gives what was done about it."""
    return rescue_flow_run(flow_run_id)
