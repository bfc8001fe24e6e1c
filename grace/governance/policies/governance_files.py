"""GP008: a change of who decides needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed
from grace.path_roles import sets_policy


def governance_files(facts: Facts) -> PolicyResult:
    """Review when code owners or GRACE's own rules are edited."""
    if edited := facts.edited(sets_policy):
        return PolicyResult(
            policy_id="GP008",
            verdict=Verdict.REVIEW,
            reason="governance files edited",
            evidence=", ".join(edited),
        )
    return allowed("GP008", "no governance files edited")
