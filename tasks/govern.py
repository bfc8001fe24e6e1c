"""Facts -> Decision, and the vote a requester casts for their own change."""

from datetime import UTC, datetime

from grace.contracts import Change, Decision, Impact, Request, ScanReport, Verification, Vote
from tasks.persistence import stage


@stage("govern", 90)
def govern(request: Request, change: Change, verification: Verification, scan: ScanReport, impact: Impact) -> Decision:
    """Ask every policy whether the change may be delivered; the strictest answer counts."""
    from grace.governance import decide

    return decide(change, request=request, verification=verification, scan=scan, impact=impact)


@stage("vote", 92)
def cast_own_vote(request: Request, decision: Decision) -> Vote:
    """Record the requester's own vote, which they gave with the request."""
    from grace.governance import own_vote

    return own_vote(request, decision, datetime.now(UTC))
