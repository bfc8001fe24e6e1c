"""Decision -> Tally: the votes that were cast for a change, and what they come to."""

from datetime import UTC, datetime

from grace.contracts import Decision, Request, Tally, Vote
from tasks.persistence import approvals, audit_log, stage


@stage("vote", 91)
def cast_own_vote(request: Request, decision: Decision) -> Vote:
    """Cast the requester's own vote, which they gave with the request."""
    from grace.governance import own_vote

    vote = own_vote(request, decision, datetime.now(UTC))
    audit_log().vote_cast(request.id, vote)
    approvals().cast(request.id, vote)
    return vote


@stage("tally", 92, always=True)
def count_votes(request: Request, decision: Decision) -> Tally:
    """Count the votes that there are by now, each time anew: they come while the run waits."""
    return approvals().tally(decision, request, datetime.now(UTC))
