"""The second half of every workflow: from a change to a delivery. No workflow is less safe than another."""

# A plain function, not a flow: a later approval must suspend the flow itself, and a subflow cannot be.
from collections.abc import Callable

from flows.approval import await_votes
from grace.contracts import (
    Change,
    Delivered,
    Denied,
    Evidence,
    Expired,
    GaveUp,
    Outcome,
    Proposed,
    Rejected,
    Request,
    Unverified,
    Verdict,
    Verification,
    Waiting,
)
from tasks.assess import assess_change
from tasks.audit import seal_decision
from tasks.deliver import deliver_change
from tasks.govern import govern
from tasks.rebase import rebase_change
from tasks.scan import scan_for_weaknesses
from tasks.vote import cast_own_vote

Verify = Callable[[Change], Verification]
UNSETTLED: dict[str, type[Waiting] | type[Rejected] | type[Expired]] = {
    "open": Waiting,
    "rejected": Rejected,
    "expired": Expired,
}


def assure_and_deliver(request: Request, change: Change, evidence: Evidence, verify: Verify) -> Outcome:
    """Verify, scan, assess, decide, and deliver what may be delivered; every ending says why."""
    rebased = rebase_change(request, change)
    if rebased.change is None:
        return GaveUp(run_id=request.id, reason=rebased.reason, cause="base_moved", evidence=evidence)
    change = rebased.change
    verification = verify(change)
    evidence = evidence.model_copy(update={"change": change, "verification": verification})
    scan, impact = scan_for_weaknesses(request, change), assess_change(request, change)
    decision = govern(request, change, verification, scan, impact)
    evidence = evidence.model_copy(update={"scan": scan, "impact": impact, "decision": decision})

    if not verification.passed:
        return Unverified(run_id=request.id, reason=why_unverified(verification), evidence=evidence)
    if decision.verdict is Verdict.DENY:
        return Denied(run_id=request.id, reason=decision.reason, evidence=evidence)
    if decision.verdict is Verdict.REVIEW and request.approve:
        cast_own_vote(request, decision)
    tally = await_votes(request, decision, evidence)
    evidence = evidence.model_copy(update={"votes": tally.counted})
    if tally.status != "approved":
        return UNSETTLED[tally.status](run_id=request.id, reason=tally.reason, evidence=evidence)
    if request.dry_run:
        return Proposed(run_id=request.id, reason="A dry run delivers nothing.", evidence=evidence)
    audit = seal_decision(request, change, decision, evidence.votes)
    delivery = deliver_change(request, change, decision, audit)
    reason = f"Branch {delivery.branch} holds the change."
    return Delivered(run_id=request.id, reason=reason, evidence=evidence, delivery=delivery)


def why_unverified(verification: Verification) -> str:
    """The checks that did not pass, and why."""
    unsettled = [check for check in verification.checks if check.status.value != "passed"]
    return "; ".join(f"{c.name} {c.status.value}: {c.reason}" for c in unsettled) or "No check ran."
