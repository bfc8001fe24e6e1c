"""The ledger in SQL: every call is one transaction, and repeating a call changes nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, func, insert, update
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
from grace.errors import InputError, IntegrityError, Superseded
from grace.redaction import redact
from grace.store.rules import died, same_request, superseded, the_only
from grace.store.session import open_database, reading, statements, writing
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

    def carry(self, run_id: str, flow_run_id: str | None = None, carried_by: str = "") -> int:
        """Take a run on; the token that is given fences off whoever carried it before."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            row.status, row.completed_at = RunStatus.RUNNING.value, None
            row.carrier, row.flow_run_id, row.carried_by = row.carrier + 1, flow_run_id, carried_by
            return row.carrier

    def guard(self, run_id: str, carrier: int) -> None:
        """Raise Superseded when the token is not the newest."""
        with reading(self._engine) as session:
            _carried(session, run_id, carrier)

    def understood(self, run_id: str, *, intent: Intent | None = None, plan: Plan | None = None) -> None:
        """Record intent and plan; None leaves what is there."""
        with writing(self._engine) as session:
            row = _get(session, run_id)
            row.intent = intent.model_dump_json(round_trip=True) if intent else row.intent
            row.plan = plan.model_dump_json(round_trip=True) if plan else row.plan

    def begin_step(self, run_id: str, stage: str, progress_percent: int, carrier: int | None = None) -> int:
        """Record that an attempt at a stage begins."""
        with statements(self._engine) as connection:
            _note(connection, run_id, carrier, current_step=stage, progress_pct=progress_percent)
            here = select(func.max(RunStepRow.attempt)).where(RunStepRow.task_id == run_id, RunStepRow.stage == stage)
            begun = insert(RunStepRow).values(
                task_id=run_id,
                stage=stage,
                attempt=func.coalesce(here.scalar_subquery(), 0) + 1,
                status="running",
                started_at=self._now().isoformat(),
                summary="",
            )
            return int(connection.execute(begun.returning(col(RunStepRow.attempt))).scalar_one())

    def end_step(
        self,
        run_id: str,
        stage: str,
        attempt: int,
        status: Literal["finished", "failed"],
        summary: str,
        carrier: int | None = None,
    ) -> None:
        """Record how an attempt ended."""
        attempted = (
            col(RunStepRow.task_id) == run_id,
            col(RunStepRow.stage) == stage,
            col(RunStepRow.attempt) == attempt,
        )
        ended_at = func.coalesce(RunStepRow.finished_at, self._now().isoformat())
        with statements(self._engine) as connection:
            _note(connection, run_id, carrier, current_step=stage)
            ended = update(RunStepRow).where(*attempted)
            connection.execute(ended.values(status=status, summary=redact(summary), finished_at=ended_at))

    def finish(self, run_id: str, outcome: Outcome, carrier: int | None = None) -> None:
        """Record the outcome."""
        with writing(self._engine) as session:
            row = _carried(session, run_id, carrier)
            change = outcome.evidence.proposed
            row.generated_code = change.patch if change else row.generated_code
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

    def abandoned(self, is_gone: Callable[[str], bool]) -> tuple[str, ...]:
        """Record that running runs have failed whose process is gone. Gives their ids."""
        with reading(self._engine) as session:
            running = select(DevelopmentTask).where(DevelopmentTask.status == RunStatus.RUNNING.value)
            known = running.where(DevelopmentTask.carried_by != "")
            gone = [(row.task_id, row.carrier) for row in session.exec(known) if is_gone(row.carried_by)]
        for run_id, carrier in gone:
            with suppress(Superseded):  # somebody goes on with it just now
                self.guard(run_id, carrier)
                self.fail(run_id, died(run_id))
        return tuple(run_id for run_id, _ in gone)

    def find(self, prefix: str) -> str:
        """The one run id that starts with prefix."""
        with reading(self._engine) as session:
            starts = col(DevelopmentTask.task_id).startswith(prefix, autoescape=True)
            return the_only(prefix, session.exec(select(DevelopmentTask.task_id).where(starts).limit(9)).all())

    def knows(self, run_id: str) -> bool:
        """Whether there is a run of exactly this id."""
        with reading(self._engine) as session:
            return _find(session, run_id) is not None

    def find_by_flow_run(self, flow_run_id: str) -> str | None:
        """The run that a flow run of Prefect carried last."""
        with reading(self._engine) as session:
            carried = select(DevelopmentTask.task_id).where(DevelopmentTask.flow_run_id == flow_run_id)
            return session.exec(carried.order_by(col(DevelopmentTask.id).desc())).first()

    def flow_run(self, run_id: str) -> str | None:
        """The flow run of Prefect that carried a run last."""
        with reading(self._engine) as session:
            return _get(session, run_id).flow_run_id

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


def _note(connection: Connection, run_id: str, carrier: int | None, **values: object) -> None:
    """Change a run in one statement, unless another process has taken it on; stages do this all the time."""
    mine = [col(DevelopmentTask.task_id) == run_id]
    if carrier is not None:
        mine.append(col(DevelopmentTask.carrier) == carrier)
    if connection.execute(update(DevelopmentTask).where(*mine).values(values)).rowcount == 0:
        _carried(Session(connection), run_id, carrier)


def _carried(session: Session, run_id: str, carrier: int | None) -> DevelopmentTask:
    row = _get(session, run_id)
    if carrier is not None and carrier != row.carrier:
        raise superseded(run_id)
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
