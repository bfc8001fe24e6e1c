"""What programs read: one JSON object, and the exit code."""

import json
import sys
from typing import Any

from grace.contracts import Delivered, Denied, GaveUp, NothingToDo, Outcome, Proposed, Request, Waiting

_GAVE_UP = {"no_repair": "not_fixed"}
"""How a cause is said in the answer, where not by its own name."""


def status(outcome: Outcome) -> str:
    """One word; `fixed` only for a change that was verified."""
    match outcome:
        case Delivered() | Proposed():
            verification = outcome.evidence.verification
            return "fixed" if verification and verification.passed else "unverified"
        case NothingToDo():
            return "nothing_to_fix"
        case GaveUp():
            return _GAVE_UP.get(outcome.cause, outcome.cause)
        case _:
            return outcome.status


def exit_code(outcome: Outcome) -> int:
    """0 done or nothing to do, 1 an honest negative, 3 waiting for approval, 4 denied."""
    match outcome:
        case Waiting():
            return 3
        case Denied():
            return 4
        case _:
            return 0 if status(outcome) in ("fixed", "nothing_to_fix") else 1


def of_run(request: Request, outcome: Outcome, seconds: float | None) -> dict[str, Any]:
    """Everything a caller needs to judge and use the outcome."""
    evidence = outcome.evidence.model_dump(mode="json")
    repair = outcome.evidence.repair
    delivery = outcome.delivery if isinstance(outcome, Delivered) else None
    change = outcome.evidence.proposed
    return {
        "status": status(outcome),
        "outcome": outcome.status,
        "reason": outcome.reason,
        "run_id": request.id,
        "repository": request.repository,
        "base_revision": request.base_revision,
        "diff": change.patch if change else "",
        "rationale": change.rationale if change else "",
        "digest": change.digest if change else None,
        "branch": delivery.branch if delivery else None,
        "commit": delivery.commit if delivery else None,
        "applied_to_checkout": delivery.applied_to_checkout if delivery else False,
        "candidates_tried": repair.candidates_tried if repair else 0,
        "seconds": seconds,
        "search_seconds": repair.seconds if repair else 0.0,
        "confidence": repair.confidence if repair else 0.0,
        "plausible": repair.plausible if repair else 0,
        "plausible_alternatives": evidence["repair"]["alternatives"] if repair else [],
        "tests_weak": repair.tests_weak if repair else False,
        "suspects": evidence["repair"]["suspects"] if repair else [],
        "reproduction": evidence["reproduction"],
        "verification": evidence["verification"],
        "findings": evidence["scan"]["findings"] if evidence["scan"] else [],
        "detector_runs": evidence["scan"]["detector_runs"] if evidence["scan"] else [],
        "impact": evidence["impact"],
        "decision": evidence["decision"],
        "votes": evidence["votes"],
        "notes": notes(request, outcome),
    }


def notes(request: Request, outcome: Outcome) -> list[str]:
    """What the user should know beside the outcome."""
    found = list(request.notes)
    if reproduction := outcome.evidence.reproduction:
        interpreter = reproduction.interpreter
        if interpreter.missing:
            missing = ", ".join(interpreter.missing)
            found.append(f"{interpreter.executable} does not have these declared dependencies: {missing}.")
        if reproduction.flaky:
            found.append(f"Flaky tests, not repaired against: {', '.join(reproduction.flaky)}.")
    if outcome.evidence.repair and outcome.evidence.repair.tests_weak:
        found.append("The tests are weak here: patches that behave differently all pass them. Read the diff.")
    if isinstance(outcome, Delivered) and outcome.delivery.note:
        found.append(outcome.delivery.note)
    return found


def write(answer: object) -> None:
    """The one JSON object on standard output."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
    sys.stdout.flush()
