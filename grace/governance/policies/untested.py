"""GP011: a change that no test speaks for needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed


def untested(facts: Facts) -> PolicyResult:
    """Review when the project has no test, so that only other checks ran."""
    if facts.verification.tested:
        return allowed("GP011", "tests ran")
    return PolicyResult(
        policy_id="GP011",
        verdict=Verdict.REVIEW,
        reason="no test speaks for the change: the project has none",
        evidence=", ".join(check.name for check in facts.verification.checks),
    )
