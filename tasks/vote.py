"""Decision -> Tally: the votes that were cast for a change, and what they come to."""

from datetime import UTC, datetime, timedelta

from prefect.runtime import flow_run

from grace.contracts import AuditHead, Ballot, BallotReading, Decision, Evidence, Request, Tally, Vote, Waiting
from tasks.events import tell_of
from tasks.installation import approvals, audit_log, ballot_codes
from tasks.persistence import stage
from tasks.record import publish, set_down
from tasks.wake import wake_at


@stage("vote", 91)
def cast_own_vote(request: Request, decision: Decision) -> Vote:
    """Cast the requester's own vote, which they gave with the request."""
    from grace.governance import own_vote

    vote = own_vote(request, decision, datetime.now(UTC))
    return _cast(request, vote)


@stage("tally", 92, always=True)
def count_votes(request: Request, decision: Decision) -> Tally:
    """Count the votes that there are by now, each time anew: they come while the run waits."""
    return approvals().tally(decision, request, datetime.now(UTC))


@stage("ask", 92)
def ask_for_votes(request: Request, decision: Decision, evidence: Evidence, form: str) -> AuditHead:
    """Put on record, and before people's eyes, that the run waits for them, and on what they decide."""
    tally = approvals().tally(decision, request, datetime.now(UTC))
    evidence = evidence.model_copy(update={"votes": tally.counted})
    waiting = Waiting(run_id=request.id, reason=tally.reason, evidence=evidence)
    set_down(request, waiting)
    publish(request, waiting)
    if tally.closes_at and flow_run.id:
        wake_at(tally.closes_at + timedelta(seconds=1), flow_run.id, f"{request.id}/{form}")
    facts = {"summary": tally.reason, "change_digest": decision.change_digest, "roles": " ".join(decision.roles)}
    tell_of(request, "coding.approval.requested", facts, key=f"{request.id}/{form}")
    return audit_log().append(
        request.id,
        "approval.requested",
        "grace",
        {"digest": decision.change_digest, "reason": tally.reason, "missing": tally.missing},
        key=f"{request.id}/approval.requested/{form}",
    )


@stage("ballot", 92)
def read_ballot(request: Request, decision: Decision, ballot: Ballot, form: str) -> BallotReading:
    """Take what somebody put into the form of a suspended run as their vote, or refuse it and record that."""
    if ballot.answer == "count again":
        return BallotReading(reason="the votes are counted again")
    read = ballot_codes().redeem(request, decision.change_digest, ballot, form, datetime.now(UTC))
    if isinstance(read, Vote):
        return BallotReading(vote=_cast(request, read), reason="counted")
    refusal = {"digest": decision.change_digest, "answer": ballot.answer, "comment": ballot.comment, "reason": read}
    audit_log().append(request.id, "vote.refused", "somebody through Prefect", refusal, key=f"{request.id}/{form}")
    tell_of(request, "coding.vote.refused", {"summary": read}, key=f"{request.id}/{form}/refused")
    return BallotReading(reason=read)


def _cast(request: Request, vote: Vote) -> Vote:
    audit_log().vote_cast(request.id, vote)
    approvals().cast(request.id, vote)
    return vote
