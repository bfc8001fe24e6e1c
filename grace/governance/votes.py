"""Whose word counts for a change."""

from collections.abc import Iterable
from datetime import datetime

from grace.contracts import Decision, Request, Vote


def own_vote(request: Request, decision: Decision, now: datetime) -> Vote:
    """The requester's vote for their own change (`--approve`), recorded as such."""
    return Vote(
        voter=request.requested_by,
        role="requester",
        authenticated_by="the account that ran the command",
        approved=True,
        comment="approved with the request",
        cast_at=now,
        change_digest=decision.change_digest,
    )


def latest_votes(change_digest: str, votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """Each voter's last vote on exactly that change; of two at the same instant the one against."""
    latest: dict[str, Vote] = {}
    for vote in sorted(votes, key=lambda vote: (vote.cast_at, not vote.approved)):
        if vote.change_digest == change_digest:
            latest[vote.voter] = vote
    return tuple(latest.values())
