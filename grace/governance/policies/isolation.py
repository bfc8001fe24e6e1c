"""GP002: a verification outside of a sandbox needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed


def isolation(facts: Facts) -> PolicyResult:
    """Review when the project's code ran without a sandbox: its result could be forged."""
    tier = facts.verification.isolation
    if tier.isolating:
        return allowed("GP002", f"verified inside {tier}")
    return PolicyResult(
        policy_id="GP002",
        verdict=Verdict.REVIEW,
        reason="sandbox-unavailable: the code ran unconfined, so its own result is not proof",
        evidence="`grace doctor` says which sandboxes this machine lacks",
    )
