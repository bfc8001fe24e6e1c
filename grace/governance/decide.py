"""Facts -> Decision: every policy is asked, the repository's own rules too, and the strictest verdict wins."""

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
from grace.governance.policy_file import policy_version
from grace.governance.rules import rule_on

POLICY_VERSION = "built-in 2"
"""Changes whenever a built-in policy is added or decides differently."""


def decide(
    change: Change,
    *,
    request: Request,
    verification: Verification,
    scan: ScanReport,
    impact: Impact,
    votes: tuple[Vote, ...] = (),
    policy_file: bytes | None = None,
    policies: Sequence[Policy] = POLICIES,
) -> Decision:
    """Judge a change by every policy, and by the first rule of the repository's policy file that matches.

    `policy_file` is what the base revision holds: a change must not choose what judges it. Where no rule speaks, a
    review asks for one vote. Votes never make a verdict milder; one against denies. Raises IntegrityError when the
    facts are about another change.
    """
    for fact in (verification, scan, impact):
        if fact.change_digest != change.digest:
            raise IntegrityError(
                f"The {type(fact).__name__} is about the change {fact.change_digest[:12]}, "
                f"not {change.digest[:12]}: it proves nothing here. Run the stage again."
            )
    facts = Facts(change, request, verification, scan, impact, votes)
    ruling = rule_on(policy_file, facts)
    results = ruling.beside([policy(facts) for policy in policies])
    verdict = strictest(results)
    review = verdict is Verdict.REVIEW
    return Decision(
        change_digest=change.digest,
        verdict=verdict,
        results=results,
        votes_required=ruling.votes if review else 0,
        roles=ruling.roles if review else (),
        within_seconds=ruling.within if review else None,
        policy_version=POLICY_VERSION if policy_file is None else policy_version(policy_file),
    )


def strictest(results: Sequence[PolicyResult]) -> Verdict:
    """The strictest verdict; deny when there is none, for nothing was judged then."""
    order = list(Verdict)
    return max((result.verdict for result in results), key=order.index, default=Verdict.DENY)
