"""The second half of every workflow: from a change to a delivery. No workflow is less safe than another."""

# A plain function, not a flow: a later approval must suspend the flow itself, and a subflow cannot be.
from collections.abc import Callable

from grace.contracts import (
    Change,
    Delivered,
    Denied,
    Evidence,
    Outcome,
    Proposed,
    Request,
    Unverified,
    Verdict,
    Verification,
    Waiting,
)
from grace.governance import satisfied
from tasks.assess import assess_change
from tasks.deliver import deliver_change
from tasks.govern import cast_own_vote, govern
from tasks.scan import scan_for_weaknesses

Verify = Callable[[], Verification]


def assure_and_deliver(request: Request, change: Change, evidence: Evidence, verify: Verify) -> Outcome:
    """Verify, scan, assess, decide, and deliver what may be delivered; every ending says why."""
    verification = verify()
    evidence = evidence.model_copy(update={"verification": verification})
    scan, impact = scan_for_weaknesses(request, change), assess_change(request, change)
    decision = govern(request, change, verification, scan, impact)
    evidence = evidence.model_copy(update={"scan": scan, "impact": impact, "decision": decision})

    if not verification.passed:
        return Unverified(run_id=request.id, reason=why_unverified(verification), evidence=evidence)
    if decision.verdict is Verdict.DENY:
        return Denied(run_id=request.id, reason=decision.reason, evidence=evidence)
    if decision.verdict is Verdict.REVIEW and request.approve:
        evidence = evidence.model_copy(update={"votes": (cast_own_vote(request, decision),)})
    if not satisfied(decision, evidence.votes):
        return Waiting(run_id=request.id, reason=decision.reason, evidence=evidence)
    if request.dry_run:
        return Proposed(run_id=request.id, reason="A dry run delivers nothing.", evidence=evidence)
    delivery = deliver_change(request, change, decision)
    reason = f"Branch {delivery.branch} holds the change."
    return Delivered(run_id=request.id, reason=reason, evidence=evidence, delivery=delivery)


def why_unverified(verification: Verification) -> str:
    """The checks that did not pass, and why."""
    unsettled = [check for check in verification.checks if check.status.value != "passed"]
    return "; ".join(f"{c.name} {c.status.value}: {c.reason}" for c in unsettled) or "No check ran."
