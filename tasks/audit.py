"""Decision -> AuditHead: what was decided, and by whose votes, is on record before it is carried out."""

from grace.contracts import AuditHead, Change, Decision, Request, Vote
from tasks.installation import audit_log
from tasks.persistence import stage


@stage("seal", 93)
def seal_decision(request: Request, change: Change, decision: Decision, votes: tuple[Vote, ...]) -> AuditHead:
    """Record the decision to deliver a change; the head goes into its commit, the same at every delivery."""
    return audit_log().append(
        request.id,
        "change.decided",
        "grace",
        {
            "digest": change.digest,
            "base_revision": change.base_revision,
            "verdict": decision.verdict,
            "policies": [
                {"id": result.policy_id, "verdict": result.verdict, "reason": result.reason}
                for result in decision.results
            ],
            "policy_version": decision.policy_version,
            "votes": [{"voter": vote.voter, "role": vote.role, "approved": vote.approved} for vote in votes],
        },
        key=f"{request.id}/change.decided/{change.digest}/{change.base_revision}",
    )
