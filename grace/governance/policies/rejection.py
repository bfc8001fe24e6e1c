"""GP010: a vote against denies."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed
from grace.governance.votes import latest_votes


def rejection(facts: Facts) -> PolicyResult:
    """Deny when somebody's last vote on exactly this change is a no."""
    against = [vote for vote in latest_votes(facts.change.digest, facts.votes) if not vote.approved]
    if not against:
        return allowed("GP010", "nobody voted against")
    said = "; ".join(f"{vote.voter}: {vote.comment}".rstrip(": ") for vote in against)
    return PolicyResult(policy_id="GP010", verdict=Verdict.DENY, reason="rejected by a vote", evidence=said)
