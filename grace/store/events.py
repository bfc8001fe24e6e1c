"""The steps in the life of runs, as they are told to whoever listens; kept in SQL, each once."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlmodel import col, select

from grace.contracts import RunEvent
from grace.redaction import redact
from grace.store.session import open_database, reading, statements
from grace.store.tables import RunEventRow


class SqlEvents:
    """What was told of each run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlEvents":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def keep(self, run_id: str, name: str, key: str, facts: Mapping[str, str]) -> RunEvent | None:
        """Keep what happened, None when it is known by this key already."""
        kept = {fact: redact(value) for fact, value in facts.items()}
        row = RunEventRow(
            task_id=run_id,
            name=name,
            key=key,
            facts=json.dumps(kept, sort_keys=True),
            occurred_at=datetime.now(UTC).isoformat(),
        )
        try:
            with statements(self._engine) as connection:
                connection.execute(insert(RunEventRow).values(row.model_dump(exclude={"id"})))
        except UniqueViolation:
            return None
        return _event(row)

    def of_run(self, run_id: str) -> tuple[RunEvent, ...]:
        """What happened in a run, in order."""
        with reading(self._engine) as session:
            told = select(RunEventRow).where(RunEventRow.task_id == run_id).order_by(col(RunEventRow.id))
            return tuple(_event(row) for row in session.exec(told))


def _event(row: RunEventRow) -> RunEvent:
    return RunEvent(
        run_id=row.task_id,
        name=row.name,
        facts=row.facts,
        occurred_at=datetime.fromisoformat(row.occurred_at),
    )
