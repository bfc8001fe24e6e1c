"""What happened in a run is kept once, without secrets."""

import json
from datetime import UTC, datetime
from pathlib import Path

from grace.contracts import Request, WorkflowKind
from grace.store.events import SqlEvents
from grace.store.ledger import SqlLedger
from grace.store.session import open_database


def test_an_event_is_kept_once_and_in_order(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'grace.db'}")
    request = Request(
        id="a" * 12,
        kind=WorkflowKind.FIX_BUG,
        repository="/r",
        base_revision="0" * 40,
        requested_by="ann",
        requested_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    SqlLedger(engine).start(request)
    events = SqlEvents(engine)
    first = events.keep(request.id, "coding.plan.created", "k1", {"summary": "clone https://ann:hunter2@host/x"})
    again = events.keep(request.id, "coding.plan.created", "k1", {"summary": "anything"})
    events.keep(request.id, "coding.change.proposed", "k2", {})
    assert (first is not None, again) == (True, None)
    kept = events.of_run(request.id)
    assert [event.name for event in kept] == ["coding.plan.created", "coding.change.proposed"]
    assert json.loads(kept[0].facts) == {"summary": "clone https://[redacted]@host/x"}
    assert events.of_run("b" * 12) == ()
