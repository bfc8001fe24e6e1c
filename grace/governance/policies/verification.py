"""GP001: what did not pass its checks is denied."""

from grace.contracts import CheckStatus, PolicyResult, Verdict
from grace.governance.facts import Facts, allowed


def verification(facts: Facts) -> PolicyResult:
    """Deny unless at least one check ran and none failed or was left out."""
    if facts.verification.passed:
        return allowed("GP001", f"{len(facts.verification.checks)} checks passed")
    wrong = [check for check in facts.verification.checks if check.status is not CheckStatus.PASSED]
    said = "; ".join(f"{check.name} {check.status.replace('_', ' ')}: {check.reason}".rstrip(": ") for check in wrong)
    return PolicyResult(
        policy_id="GP001",
        verdict=Verdict.DENY,
        reason="verification did not pass",
        evidence=said or "no check ran",
    )
