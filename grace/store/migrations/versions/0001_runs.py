"""Runs and their steps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "development_tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(12), nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("base_revision", sa.String, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("intent", sa.Text),
        sa.Column("plan", sa.Text),
        sa.Column("current_step", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("progress_pct", sa.Integer, nullable=False),
        sa.Column("generated_code", sa.Text, nullable=False),
        sa.Column("tests_gen", sa.Text, nullable=False),
        sa.Column("errors", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("outcome_status", sa.String),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("completed_at", sa.String),
    )
    op.create_index("ix_development_tasks_task_id", "development_tasks", ["task_id"], unique=True)
    op.create_index("ix_development_tasks_user", "development_tasks", ["user"])
    op.create_index("ix_development_tasks_status", "development_tasks", ["status"])
    op.create_index("ix_development_tasks_started_at", "development_tasks", ["started_at"])
    op.create_table(
        "run_steps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(12), sa.ForeignKey("development_tasks.task_id"), nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("finished_at", sa.String),
        sa.Column("summary", sa.Text, nullable=False),
        sa.UniqueConstraint("task_id", "stage", "attempt"),
    )
    op.create_index("ix_run_steps_task_id", "run_steps", ["task_id"])
