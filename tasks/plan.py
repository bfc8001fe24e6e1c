"""Intent -> Plan."""

from pathlib import Path

from grace.contracts import Intent, Plan, Request
from tasks.installation import ledger, memory
from tasks.persistence import stage

_RECALLED = 3


@stage("plan", 10)
def make_plan(request: Request, intent: Intent) -> Plan:
    """Lay out how the intent will be carried out."""
    from grace.planning import plan_implementation

    plan = plan_implementation(intent, _recall(request))
    ledger().understood(request.id, plan=plan)
    return plan


def _recall(request: Request) -> tuple[str, ...]:
    """Code of an indexed repository that is like what the request speaks of; how the run ends tells if that helped."""
    from grace.memory.patterns import recall_patterns, record_recall
    from grace.memory.repositories import find_indexed

    database = memory() if request.text.strip() else None
    indexed = find_indexed(database, Path(request.repository)) if database else None
    if indexed is None:
        return ()
    with indexed.database.reading() as connection:
        found = recall_patterns(connection, request.text, repo_id=indexed.repo_id, k=_RECALLED)
    with indexed.database.writing() as connection:
        record_recall(connection, found, request.id)
    return tuple(f"{pattern.file_path}::{pattern.name}" for pattern in found)
