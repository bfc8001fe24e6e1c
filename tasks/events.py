"""The Trigger Mesh: each step in the life of a run, kept once and emitted as a Prefect event.

Automations react to them by name (`coding.approval.requested`) and by resource: `grace.run.<run id>`, with the
repository and the requester as labels.
"""

import json

from prefect.context import TaskRunContext
from prefect.events import emit_event

from grace.contracts import (
    Contract,
    Decision,
    Delivery,
    Impact,
    Intent,
    Outcome,
    Plan,
    Rebased,
    Repair,
    Reproduction,
    ReproductionStatus,
    Request,
    ScanReport,
    Verification,
    Vote,
)
from tasks.installation import events
from tasks.summary import summarise


def tell(request: Request, result: Contract, *, key: str) -> None:
    """Tell what a stage came to; `key` names the stage and its inputs, so that it is told once."""
    if name := name_of(result):
        tell_of(request, name, {"summary": summarise(result)}, key=key)


def tell_of(request: Request, name: str, facts: dict[str, str], *, key: str) -> None:
    """Keep an event and emit it, unless it is known by its key already; outside a run nobody listens."""
    event = events().keep(request.id, name, key, facts)
    if event is None or TaskRunContext.get() is None:
        return
    emit_event(
        event=name,
        resource={
            "prefect.resource.id": f"grace.run.{request.id}",
            "prefect.resource.name": f"{request.kind.value} {request.repository_name}",
            "grace.repository": request.repository,
            "grace.requested-by": request.requested_by,
        },
        payload=json.loads(event.facts),
        occurred=event.occurred_at,
    )


def name_of(result: Contract) -> str | None:
    """The event that a result of a stage is, None when it is none."""
    match result:
        case Intent():
            return "coding.intent.understood"
        case Plan():
            return "coding.plan.created"
        case Reproduction():
            red = result.status is ReproductionStatus.RED
            return "coding.bug.reproduced" if red else "coding.bug.not_reproduced"
        case Repair():
            return "coding.change.proposed" if result.change else "coding.change.not_found"
        case Rebased():
            return None if result.change else "coding.change.outdated"
        case Verification():
            return "coding.change.verified" if result.passed else "coding.change.unverified"
        case ScanReport():
            return "coding.change.scanned"
        case Impact():
            return "coding.impact.assessed"
        case Decision():
            return f"coding.decision.{result.verdict.value}"
        case Vote():
            return "coding.vote.cast"
        case Delivery():
            return "coding.change.delivered"
        case _:
            return None


def tell_ending(request: Request, outcome: Outcome) -> None:
    """Tell how a run ended; a run that waited ends again."""
    facts = {"summary": outcome.reason, "status": outcome.status}
    tell_of(request, f"coding.run.{outcome.status}", facts, key=f"{request.id}/run/{outcome.status}")
