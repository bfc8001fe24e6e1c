"""GP005: a change that reaches far needs a vote."""

from grace.contracts import PolicyResult, Risk, Verdict
from grace.governance.facts import Facts, allowed


def risk(facts: Facts) -> PolicyResult:
    """Review when the impact is of high risk."""
    reasons = "; ".join(facts.impact.reasons)
    if facts.impact.risk is not Risk.HIGH:
        return allowed("GP005", f"{facts.impact.risk} risk: {reasons}".rstrip(": "))
    return PolicyResult(policy_id="GP005", verdict=Verdict.REVIEW, reason="high risk", evidence=reasons)
