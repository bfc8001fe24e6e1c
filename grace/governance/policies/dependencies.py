"""GP006: a change of the dependencies needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed
from grace.path_roles import names_dependencies


def dependencies(facts: Facts) -> PolicyResult:
    """Review when a file that names dependencies is edited: what it brings in ran in no scan."""
    if edited := facts.edited(names_dependencies):
        return PolicyResult(
            policy_id="GP006",
            verdict=Verdict.REVIEW,
            reason="dependencies edited",
            evidence=", ".join(edited),
        )
    return allowed("GP006", "no dependencies edited")
