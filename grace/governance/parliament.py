"""Whose votes count for a change, and what they come to."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from grace.contracts import Approver, Decision, RefusedVote, Request, Tally, Verdict, Vote
from grace.governance.votes import latest_votes


def tally(
    decision: Decision,
    votes: Iterable[Vote],
    *,
    request: Request,
    approvers: Sequence[Approver],
    opened_at: datetime,
    now: datetime,
) -> Tally:
    """How the votes for the decision's change stand at `now`; `opened_at` is when they were first asked for.

    Each voter's last vote on exactly that change counts once; one against rejects. Where approvers are set up, only
    theirs count, in one of the roles that the decision names, and nobody votes on what they asked for themselves.
    Where there are none, whoever works here alone approves for themselves, and the vote says so.
    """
    closes_at = opened_at + timedelta(seconds=decision.within_seconds) if decision.within_seconds else None
    counted: list[Vote] = []
    refused: list[RefusedVote] = []
    for vote in latest_votes(decision.change_digest, votes):
        if why := why_refused(vote, decision, request, approvers, closes_at):
            refused.append(RefusedVote(vote=vote, reason=why))
        else:
            counted.append(vote)
    needed = max(1, decision.votes_required) if decision.verdict is Verdict.REVIEW else 0
    missing = max(0, needed - sum(vote.approved for vote in counted))
    against = [vote for vote in counted if not vote.approved]
    if against or decision.verdict is Verdict.DENY:
        status, reason = "rejected", "; ".join(map(_said, against)) or decision.reason
    elif not missing:
        status, reason = "approved", f"{needed} of {needed} votes" if needed else "no vote is needed"
    elif closes_at and now > closes_at:
        status, reason = "expired", f"{needed - missing} of {needed} votes had come by {closes_at:%Y-%m-%d %H:%M} UTC"
    else:
        status, reason = "open", _what_is_missing(needed, missing, decision, request, approvers)
    return Tally.model_validate(
        {
            "change_digest": decision.change_digest,
            "status": status,
            "reason": reason,
            "counted": tuple(counted),
            "refused": tuple(refused),
            "missing": missing,
            "closes_at": closes_at,
        }
    )


def why_refused(
    vote: Vote, decision: Decision, request: Request, approvers: Sequence[Approver], closes_at: datetime | None
) -> str:
    """Why a vote does not count, "" when it does."""
    if closes_at and vote.cast_at > closes_at:
        return f"it came after {closes_at:%Y-%m-%d %H:%M} UTC"
    if not approvers:
        return ""
    if vote.voter == request.requested_by:
        return "nobody votes on a change that they asked for"
    known = next((approver for approver in approvers if approver.name == vote.voter), None)
    if known is None:
        return f"{vote.voter} is no approver"
    if decision.roles and not set(decision.roles) & set(known.roles):
        return f"{vote.voter} has none of the roles {', '.join(decision.roles)}"
    return ""


def _said(vote: Vote) -> str:
    return f"{vote.voter} voted against it" + (f": {vote.comment}" if vote.comment else "")


def _what_is_missing(
    needed: int, missing: int, decision: Decision, request: Request, approvers: Sequence[Approver]
) -> str:
    """The votes still needed; said too when there are not enough people to cast them."""
    of = f" of {' or '.join(decision.roles)}" if decision.roles else ""
    text = f"{missing} of {needed} votes{of} are missing" if missing > 1 else f"one of {needed} votes{of} is missing"
    able = [a for a in approvers if a.name != request.requested_by]
    able = [a for a in able if not decision.roles or set(decision.roles) & set(a.roles)]
    if approvers and len(able) < needed:
        text += f"; only {len(able)} can vote here: `grace approvers add` names more"
    return f"{decision.reason} ({text})"
