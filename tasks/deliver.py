"""Change -> Delivery."""

from pathlib import Path

from grace.contracts import AuditHead, Change, Decision, Delivery, Request
from grace.git import GitRepository
from tasks.installation import audit_log, carrier, leases, ledger
from tasks.persistence import stage


@stage("deliver", 95, always=True)
def deliver_change(request: Request, change: Change, decision: Decision, audit: AuditHead) -> Delivery:
    """Commit the change to a branch of its own; doing it again finds what is there, or makes it if it is gone."""
    from grace.delivery import deliver

    repository, token = GitRepository.open(Path(request.repository)), carrier(request.id)
    with leases().held(str(repository.root), request.id, token):
        ledger().guard(request.id, token)  # a process that was given up for dead must not deliver beside its heir
        delivery = deliver(change, request, decision, audit, repository=repository)
    audit_log().append(
        request.id,
        "change.delivered",
        "grace",
        {"branch": delivery.branch, "commit": delivery.commit, "digest": change.digest},
        key=f"{request.id}/change.delivered/{delivery.commit}",
    )
    return delivery
