"""Facts -> Decision: every policy is asked, and the strictest verdict wins."""

from collections.abc import Sequence

from grace.contracts import (
    Change,
    Decision,
    Impact,
    PolicyResult,
    Request,
    ScanReport,
    Verdict,
    Verification,
    Vote,
)
from grace.errors import IntegrityError
from grace.governance.facts import Facts, Policy
from grace.governance.policies import POLICIES

POLICY_VERSION = "built-in 2"
"""Changes whenever a policy is added or decides differently."""


def decide(
    change: Change,
    *,
    request: Request,
    verification: Verification,
    scan: ScanReport,
    impact: Impact,
    votes: tuple[Vote, ...] = (),
    policies: Sequence[Policy] = POLICIES,
) -> Decision:
    """Judge a change by every policy; a review asks for one vote.

    Votes never make a verdict milder (`satisfied` says whether a review has the votes it asks for); one
    against denies. Raises IntegrityError when the facts are about another change.
    """
    for fact in (verification, scan, impact):
        if fact.change_digest != change.digest:
            raise IntegrityError(
                f"The {type(fact).__name__} is about the change {fact.change_digest[:12]}, "
                f"not {change.digest[:12]}: it proves nothing here. Run the stage again."
            )
    facts = Facts(change, request, verification, scan, impact, votes)
    results = tuple(policy(facts) for policy in policies)
    verdict = strictest(results)
    return Decision(
        change_digest=change.digest,
        verdict=verdict,
        results=results,
        votes_required=1 if verdict is Verdict.REVIEW else 0,
        policy_version=POLICY_VERSION,
    )


def strictest(results: Sequence[PolicyResult]) -> Verdict:
    """The strictest verdict; deny when there is none, for nothing was judged then."""
    order = list(Verdict)
    return max((result.verdict for result in results), key=order.index, default=Verdict.DENY)
