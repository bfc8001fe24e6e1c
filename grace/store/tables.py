"""The SQL tables. They store; they do not validate: the gate is `grace.contracts`.

Times are UTC, written as ISO 8601 text, so that SQLite and PostgreSQL sort and read them alike.
"""

from sqlalchemy import Column, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


def _text(*, nullable: bool = False) -> Column[str]:
    return Column(Text, nullable=nullable)


class DevelopmentTask(SQLModel, table=True):
    """One run: what was asked, where it stands, what came of it."""

    __tablename__ = "development_tasks"

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(unique=True, index=True, max_length=12)
    user: str = Field(index=True)
    kind: str
    repository: str = Field(sa_column=_text())
    base_revision: str
    description: str = Field(default="", sa_column=_text())
    intent: str | None = Field(default=None, sa_column=_text(nullable=True))
    plan: str | None = Field(default=None, sa_column=_text(nullable=True))
    current_step: str = ""
    status: str = Field(index=True)
    progress_pct: int = 0
    generated_code: str = Field(default="", sa_column=_text())
    """The patch, as `git apply` reads it."""
    tests_gen: str = Field(default="", sa_column=_text())
    errors: str = Field(default="[]", sa_column=_text())
    """A JSON list of messages, oldest first."""
    request: str = Field(sa_column=_text())
    outcome: str | None = Field(default=None, sa_column=_text(nullable=True))
    outcome_status: str | None = None
    started_at: str = Field(index=True)
    completed_at: str | None = None
    carrier: int = 0
    """Counts the processes that took the run on: only the last may still do anything (a fencing token)."""
    flow_run_id: str | None = Field(default=None, max_length=36)
    """Prefect's name for the last flow run that carried it."""
    carried_by: str = ""
    """The process that carries it, when nothing but itself would notice its end; see `grace.process`."""


class RunStepRow(SQLModel, table=True):
    """One attempt at one stage of a run."""

    __tablename__ = "run_steps"
    __table_args__ = (UniqueConstraint("task_id", "stage", "attempt"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(foreign_key="development_tasks.task_id", index=True)
    stage: str
    attempt: int
    status: str
    started_at: str
    finished_at: str | None = None
    summary: str = Field(default="", sa_column=_text())


class AuditRow(SQLModel, table=True):
    """One record of the audit chain; triggers refuse to change or delete it."""

    __tablename__ = "audit_records"

    sequence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    run_id: str = Field(index=True)
    event: str
    actor: str
    at: str
    facts: str = Field(sa_column=_text())
    """Canonical JSON."""
    previous: str = Field(max_length=64)
    mac: str = Field(max_length=64)
    key: str = Field(unique=True)
    """Names what happened, so that it is recorded once."""


class ApproverRow(SQLModel, table=True):
    """Somebody whose votes count."""

    __tablename__ = "approvers"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    roles: str = Field(sa_column=_text())
    """A JSON list."""
    key_hash: str = Field(max_length=64)
    """SHA-256 of the personal key, which itself is kept nowhere."""
    added_at: str
    removed_at: str | None = None


class BallotRow(SQLModel, table=True):
    """When votes on a change were first asked for."""

    __tablename__ = "ballots"

    task_id: str = Field(foreign_key="development_tasks.task_id", primary_key=True)
    change_digest: str = Field(primary_key=True)
    opened_at: str


class VoteRow(SQLModel, table=True):
    """One vote as it was cast; whether it counts is decided each time."""

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("task_id", "voter", "cast_at"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(foreign_key="development_tasks.task_id", index=True)
    change_digest: str = Field(max_length=64)
    voter: str
    role: str
    authenticated_by: str
    approved: bool
    comment: str = Field(default="", sa_column=_text())
    cast_at: str


class RunEventRow(SQLModel, table=True):
    """One step in the life of a run, as it is told to whoever listens."""

    __tablename__ = "run_events"

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(foreign_key="development_tasks.task_id", index=True)
    name: str
    key: str = Field(unique=True)
    """Names what happened, so that it is told once."""
    facts: str = Field(sa_column=_text())
    """Canonical JSON."""
    occurred_at: str


class BallotCodeRow(SQLModel, table=True):
    """A one-time code, which carries an approver's vote through a form that knows no users."""

    __tablename__ = "ballot_codes"

    code_hash: str = Field(primary_key=True, max_length=64)
    task_id: str = Field(foreign_key="development_tasks.task_id")
    change_digest: str = Field(max_length=64)
    voter: str
    authenticated_by: str
    issued_at: str
    expires_at: str
    used_for: str | None = None
    """The form that it was put into."""
    used_at: str | None = None


class LeaseRow(SQLModel, table=True):
    """The run that may deliver to a repository."""

    __tablename__ = "repository_leases"

    repository: str = Field(primary_key=True)
    task_id: str = Field(max_length=12)
    carrier: int
    taken_at: str


class RepositoryRow(SQLModel, table=True):
    """A repository that GRACE looks after."""

    __tablename__ = "repositories"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    location: str = Field(sa_column=_text())
    """A folder of this machine, or the URL it was cloned from."""
    remote: str = Field(sa_column=_text())
    """The URL that a provider's webhook knows it by, without credentials; empty: none."""
    every_seconds: int | None = None
    added_at: str


class WebhookDeliveryRow(SQLModel, table=True):
    """One push that a provider told of; the flow run is named once it was created."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (UniqueConstraint("provider", "repository", "ref", "commit"),)

    provider: str = Field(primary_key=True)
    delivery_id: str = Field(primary_key=True)
    repository: str
    ref: str
    commit: str
    pusher: str = ""
    received_at: str
    flow_run_id: str | None = Field(default=None, max_length=36)
