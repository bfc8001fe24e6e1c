"""Intent -> Plan."""

from grace.contracts import Intent, Plan, Request
from tasks.installation import ledger
from tasks.persistence import stage


@stage("plan", 10)
def make_plan(request: Request, intent: Intent) -> Plan:
    """Lay out how the intent will be carried out."""
    from grace.planning import plan_implementation

    plan = plan_implementation(intent)
    ledger().understood(request.id, plan=plan)
    return plan
