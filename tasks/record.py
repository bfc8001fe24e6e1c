"""Wish and outcome -> the ledger, and what people read in the Prefect UI."""

import hashlib
from typing import Any
from uuid import UUID

from prefect import Flow, task
from prefect.client.schemas.objects import FlowRun, State
from prefect.runtime import deployment
from prefect.runtime import flow_run as current_flow_run

from grace.contracts import Delivered, FixBug, Outcome, Request, Waiting
from grace.git import sweep
from grace.governance.audit import canonical
from tasks.artifacts import (
    DIFF_KEY,
    EVIDENCE_KEY,
    FINDINGS_KEY,
    diff_markdown,
    evidence_rows,
    findings_rows,
)
from tasks.events import tell_ending
from tasks.installation import audit_log, carrier, ledger, memory, take_on
from tasks.retries import RETRYING

THROUGH_PREFECT = "somebody through Prefect"
"""Who asks when a wish does not say: Prefect knows no users."""


@task(
    name="begin",
    task_run_name="begin",
    persist_result=False,
    **RETRYING,
)
def begin_run(wish: FixBug) -> Request:
    """Make a request of a wish, or find the one that was made, and take its run on."""
    sweep()  # what a process left behind that was killed, perhaps while it carried this very run
    request = _request(wish)
    take_on(request.id, current_flow_run.id, watched=deployment.id is not None)
    audit_log().append(
        request.id,
        "run.requested",
        request.requested_by,
        {
            "kind": request.kind,
            "repository": request.repository,
            "base_revision": request.base_revision,
            "requested_by": request.requested_by,
            "text": request.text,
        },
        key=f"{request.id}/run.requested",
    )
    return request


def run_id_of(flow_run_id: UUID | str) -> str:
    """GRACE's own id of a run that Prefect started: the same however often the flow starts over."""
    return hashlib.sha256(str(flow_run_id).encode()).hexdigest()[:12]


def _request(wish: FixBug) -> Request:
    from grace.request import resolve

    records, run_id = ledger(), wish.run_id or run_id_of(current_flow_run.id or "")
    if not records.knows(run_id):
        records.start(resolve(wish.model_copy(update={"run_id": run_id}), requested_by=THROUGH_PREFECT))
    request = records.request(run_id)
    return request.model_copy(update={"approve": request.approve or wish.approve})


@task(
    name="record",
    task_run_name="record",
    **RETRYING,
)
def record_outcome(request: Request, outcome: Outcome) -> None:
    """Record how the run ended."""
    set_down(request, outcome)


def set_down(request: Request, outcome: Outcome) -> None:
    """Write an outcome to the ledger and the audit log, and tell it."""
    ledger().finish(request.id, outcome, carrier(request.id))
    ending = {"status": outcome.status, "reason": outcome.reason}
    # A run that waited ends again; ending again in the same way, as after a retry, is nothing new.
    key = f"{request.id}/run.ended/{hashlib.sha256(canonical(ending).encode()).hexdigest()}"
    event = "run.waits" if isinstance(outcome, Waiting) else "run.ended"
    audit_log().append(request.id, event, "grace", ending, key=key)
    tell_ending(request, outcome)
    _teach(request, outcome)


def _teach(request: Request, outcome: Outcome) -> None:
    """Code memory learns whether what it recalled for the run served it; a run that waits has not ended."""
    from grace.memory.patterns import record_outcome as record_recalled

    database = None if isinstance(outcome, Waiting) else memory()
    if database is not None:
        with database.writing() as connection:
            record_recalled(connection, request.id, delivered=isinstance(outcome, Delivered))


@task(name="publish", task_run_name="publish")
def publish_evidence(request: Request, outcome: Outcome) -> None:
    """Show diff, evidence and findings with the run in the Prefect UI."""
    publish(request, outcome)


def publish(request: Request, outcome: Outcome) -> None:
    """Make the artifacts that people decide on."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    create_markdown_artifact(
        diff_markdown(request, outcome), key=DIFF_KEY, description=f"The change of run {request.id}"
    )
    if rows := evidence_rows(outcome.evidence):
        create_table_artifact(rows, key=EVIDENCE_KEY, description="What was found out, in order")
    if findings := findings_rows(outcome.evidence):
        create_table_artifact(findings, key=FINDINGS_KEY, description="New weaknesses")


def record_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of every workflow: what its flow failed with is in the ledger, whoever started it."""
    if run_id := ledger().find_by_flow_run(str(flow_run.id)):
        ledger().fail(run_id, state.message or "The flow failed.")


def record_cancellation(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of every workflow: a run that was cancelled in the UI is cancelled in the ledger."""
    if run_id := ledger().find_by_flow_run(str(flow_run.id)):
        ledger().cancel(run_id)
