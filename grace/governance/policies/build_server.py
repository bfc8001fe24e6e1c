"""GP007: a change of what a build server runs needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed
from grace.path_roles import runs_in_ci


def build_server(facts: Facts) -> PolicyResult:
    """Review when build server configuration is edited: it runs with that server's secrets."""
    if edited := facts.edited(runs_in_ci):
        return PolicyResult(
            policy_id="GP007",
            verdict=Verdict.REVIEW,
            reason="build server configuration edited",
            evidence=", ".join(edited),
        )
    return allowed("GP007", "no build server configuration edited")
