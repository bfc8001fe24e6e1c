"""Run and outcome -> the ledger, and what people read in the Prefect UI."""

from hashlib import sha256

from prefect import task

from grace.contracts import Outcome, Request
from grace.governance.audit import canonical
from tasks.artifacts import (
    DIFF_KEY,
    EVIDENCE_KEY,
    FINDINGS_KEY,
    diff_markdown,
    evidence_rows,
    findings_rows,
)
from tasks.persistence import audit_log, ledger
from tasks.retries import RETRIES, RETRY_DELAYS, RETRY_JITTER, is_transient


@task(
    name="begin",
    task_run_name="begin",
    tags=["grace"],
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_jitter_factor=RETRY_JITTER,
    retry_condition_fn=is_transient,
)
def begin_run(request: Request) -> None:
    """Record that the run is under way; a run that stopped goes on."""
    records = ledger()
    records.start(request)
    records.reopen(request.id)
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


@task(
    name="record",
    task_run_name="record",
    tags=["grace"],
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_jitter_factor=RETRY_JITTER,
    retry_condition_fn=is_transient,
)
def record_outcome(request: Request, outcome: Outcome) -> None:
    """Record how the run ended."""
    ledger().finish(request.id, outcome)
    ending = {"status": outcome.status, "reason": outcome.reason}
    # A run that waited ends again; ending again in the same way, as after a retry, is nothing new.
    key = f"{request.id}/run.ended/{sha256(canonical(ending).encode()).hexdigest()}"
    audit_log().append(request.id, "run.ended", "grace", ending, key=key)


@task(name="publish", task_run_name="publish", tags=["grace"])
def publish_evidence(request: Request, outcome: Outcome) -> None:
    """Show diff, evidence and findings with the run in the Prefect UI."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    create_markdown_artifact(
        diff_markdown(request, outcome), key=DIFF_KEY, description=f"The change of run {request.id}"
    )
    if rows := evidence_rows(outcome.evidence):
        create_table_artifact(rows, key=EVIDENCE_KEY, description="What was found out, in order")
    if findings := findings_rows(outcome.evidence):
        create_table_artifact(findings, key=FINDINGS_KEY, description="New weaknesses")
