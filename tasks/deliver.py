"""Change -> Delivery."""

from pathlib import Path

from grace.contracts import Change, Decision, Delivery, Request
from grace.git import GitRepository
from tasks.persistence import stage


@stage("deliver", 95, always=True)
def deliver_change(request: Request, change: Change, decision: Decision) -> Delivery:
    """Commit the change to a branch of its own; doing it again finds what is there, or makes it if it is gone."""
    from grace.delivery import deliver

    return deliver(change, request, decision, repository=GitRepository.open(Path(request.repository)))
