"""Let a suspended flow run count its votes again, when their time is over."""

from uuid import UUID

from prefect import flow

from tasks.wake import wake


@flow(
    name="wake-run",
    flow_run_name="wake {flow_run_id}",
    description="Let a run that waits for votes count them again. Votes with a deadline have one scheduled for then.",
    validate_parameters=True,
)
def wake_run(flow_run_id: UUID) -> None:
    """Wake the flow run with this id; one that does not wait any more is left alone."""
    wake(flow_run_id)
