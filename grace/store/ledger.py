"""The ledger in SQL: every call is one transaction, and repeating a call changes nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlmodel import Session, col, select

from grace.contracts import (
    Intent,
    Outcome,
    Plan,
    Request,
    RunStatus,
    RunStep,
    RunSummary,
    Waiting,
    WorkflowKind,
)
from grace.errors import InputError, IntegrityError
from grace.redaction import redact
from grace.store.rules import same_request, the_only
from grace.store.session import open_database, reading, writing
from grace.store.tables import DevelopmentTask, RunStepRow


@cache
def outcome_adapter() -> TypeAdapter[Outcome]:
    """Reads any outcome back from JSON."""
    return TypeAdapter(Outcome)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqlLedger:
    """`ports.Ledger` over a database at the newest schema."""

    def __init__(self, engine: Engine, now: Callable[[], datetime] = _utc_now) -> None:
        self._engine = engine
        self._now = now

    @classmethod
    def open(cls, url: str) -> "SqlLedger":
        """A ledger over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def start(self, request: Request) -> None:
        """Record a run once, its text without secrets; its test command as given, which running it again needs."""
        kept = request.model_copy(update={"text": redact(request.text)})
        row = DevelopmentTask(
            task_id=kept.id,
            user=kept.requested_by,
            kind=kept.kind.value,
            repository=kept.repository,
            base_revision=kept.base_revision,
            description=kept.text,
            status=RunStatus.RUNNING.value,
            request=kept.model_dump_json(round_trip=True),
            started_at=self._now().isoformat(),
        )
        try:
            with writing(self._engine) as session:
                if (known := _find(session, kept.id)) is None:
                    session.add(row)
                    return
        except UniqueViolation:  # another process was faster
            with reading(self._engine) as session:
                known = _get(session, kept.id)
        if not same_request(Request.model_validate_json(known.request), kept):
            raise IntegrityError(f"Run {kept.id} is already recorded with another request. Use a new run id.")

    def reopen(self, run_id: str) -> None:
        """Say that a stopped run goes on."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            row.status, row.completed_at = RunStatus.RUNNING.value, None

    def understood(self, run_id: str, *, intent: Intent | None = None, plan: Plan | None = None) -> None:
        """Record intent and plan; None leaves what is there."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            row.intent = intent.model_dump_json(round_trip=True) if intent else row.intent
            row.plan = plan.model_dump_json(round_trip=True) if plan else row.plan

    def begin_step(self, run_id: str, stage: str, progress_percent: int) -> int:
        """Record that an attempt at a stage begins."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            row.current_step, row.progress_pct = stage, progress_percent
            here = (RunStepRow.task_id == run_id, RunStepRow.stage == stage)
            attempt = (session.exec(select(func.max(RunStepRow.attempt)).where(*here)).one() or 0) + 1
            session.add(
                RunStepRow(
                    task_id=run_id,
                    stage=stage,
                    attempt=attempt,
                    status="running",
                    started_at=self._now().isoformat(),
                )
            )
            return attempt

    def end_step(
        self, run_id: str, stage: str, attempt: int, status: Literal["finished", "failed"], summary: str
    ) -> None:
        """Record how an attempt ended."""
        with writing(self._engine) as session:
            row = session.exec(
                select(RunStepRow).where(
                    RunStepRow.task_id == run_id, RunStepRow.stage == stage, RunStepRow.attempt == attempt
                )
            ).one()
            row.status, row.summary = status, redact(summary)
            row.finished_at = row.finished_at or self._now().isoformat()

    def finish(self, run_id: str, outcome: Outcome) -> None:
        """Record the outcome."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            repair = outcome.evidence.repair
            row.generated_code = repair.change.patch if repair and repair.change else row.generated_code
            row.outcome = outcome.model_dump_json(round_trip=True)
            row.outcome_status = outcome.status
            if isinstance(outcome, Waiting):
                row.status, row.completed_at = RunStatus.WAITING.value, None
            else:
                row.status, row.progress_pct = RunStatus.FINISHED.value, 100
                row.completed_at = row.completed_at or self._now().isoformat()

    def fail(self, run_id: str, error: str) -> None:
        """Record an error."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            errors = json.loads(row.errors)
            if not errors or errors[-1] != redact(error):
                row.errors = json.dumps([*errors, redact(error)])
            row.status, row.completed_at = RunStatus.FAILED.value, self._now().isoformat()

    def cancel(self, run_id: str) -> None:
        """Record that the user stopped the run; a finished run stays finished."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            if row.status != RunStatus.FINISHED.value:
                row.status, row.completed_at = RunStatus.CANCELLED.value, self._now().isoformat()

    def find(self, prefix: str) -> str:
        """The one run id that starts with prefix."""
        with reading(self._engine) as session:
            starts = col(DevelopmentTask.task_id).startswith(prefix, autoescape=True)
            return the_only(prefix, session.exec(select(DevelopmentTask.task_id).where(starts).limit(9)).all())

    def request(self, run_id: str) -> Request:
        """The request of a run."""
        with reading(self._engine) as session:
            return Request.model_validate_json(_get(session, run_id).request)

    def outcome(self, run_id: str) -> Outcome | None:
        """The outcome of a run, None while there is none."""
        with reading(self._engine) as session:
            stored = _get(session, run_id).outcome
            return outcome_adapter().validate_json(stored) if stored else None

    def summary(self, run_id: str) -> RunSummary:
        """One run."""
        with reading(self._engine) as session:
            return _summary(_get(session, run_id))

    def errors(self, run_id: str) -> tuple[str, ...]:
        """What went wrong, oldest first."""
        with reading(self._engine) as session:
            return tuple(json.loads(_get(session, run_id).errors))

    def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """The attempts at the stages of a run."""
        with reading(self._engine) as session:
            rows = session.exec(
                select(RunStepRow).where(RunStepRow.task_id == run_id).order_by(col(RunStepRow.id))
            ).all()
            return tuple(RunStep.model_validate(row.model_dump(exclude={"id", "task_id"})) for row in rows)

    def recent(self, limit: int) -> Iterator[RunSummary]:
        """Runs, newest first."""
        with reading(self._engine) as session:
            newest = (col(DevelopmentTask.started_at).desc(), col(DevelopmentTask.id).desc())
            rows = session.exec(select(DevelopmentTask).order_by(*newest).limit(limit)).all()
            summaries = [_summary(row) for row in rows]
        yield from summaries


def _find(session: Session, run_id: str) -> DevelopmentTask | None:
    return session.exec(select(DevelopmentTask).where(DevelopmentTask.task_id == run_id)).one_or_none()


def _get(session: Session, run_id: str) -> DevelopmentTask:
    if (row := _find(session, run_id)) is None:
        raise InputError(f"There is no run {run_id!r}. `grace runs` lists the runs there are.")
    return row


def _summary(row: DevelopmentTask) -> RunSummary:
    return RunSummary(
        run_id=row.task_id,
        kind=WorkflowKind(row.kind),
        status=RunStatus(row.status),
        outcome=row.outcome_status,
        current_step=row.current_step,
        progress_percent=row.progress_pct,
        repository=row.repository,
        started_at=datetime.fromisoformat(row.started_at),
        completed_at=datetime.fromisoformat(row.completed_at) if row.completed_at else None,
    )
