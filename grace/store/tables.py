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
