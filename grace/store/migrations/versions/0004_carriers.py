"""Who carries a run, what is told of it, one-time codes, leases, and what starts runs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what runs on a server, over several processes, need."""
    op.add_column("development_tasks", sa.Column("carrier", sa.Integer, nullable=False, server_default="0"))
    op.add_column("development_tasks", sa.Column("flow_run_id", sa.String(36)))
    op.add_column("development_tasks", sa.Column("carried_by", sa.String, nullable=False, server_default=""))
    op.create_table(
        "run_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(12), sa.ForeignKey("development_tasks.task_id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.String, nullable=False),
    )
    op.create_index("ix_run_events_task_id", "run_events", ["task_id"])
    op.create_table(
        "ballot_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("task_id", sa.String(12), sa.ForeignKey("development_tasks.task_id"), nullable=False),
        sa.Column("change_digest", sa.String(64), nullable=False),
        sa.Column("voter", sa.String, nullable=False),
        sa.Column("authenticated_by", sa.String, nullable=False),
        sa.Column("issued_at", sa.String, nullable=False),
        sa.Column("expires_at", sa.String, nullable=False),
        sa.Column("used_for", sa.String),
        sa.Column("used_at", sa.String),
    )
    op.create_table(
        "repository_leases",
        sa.Column("repository", sa.String, primary_key=True),
        sa.Column("task_id", sa.String(12), nullable=False),
        sa.Column("carrier", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.String, nullable=False),
    )
    op.create_table(
        "repositories",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("remote", sa.Text, nullable=False),
        sa.Column("every_seconds", sa.Integer),
        sa.Column("added_at", sa.String, nullable=False),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("delivery_id", sa.String, primary_key=True),
        sa.Column("repository", sa.String, nullable=False),
        sa.Column("ref", sa.String, nullable=False),
        sa.Column("commit", sa.String, nullable=False),
        sa.Column("pusher", sa.String, nullable=False, server_default=""),
        sa.Column("received_at", sa.String, nullable=False),
        sa.Column("flow_run_id", sa.String(36)),
        sa.UniqueConstraint("provider", "repository", "ref", "commit"),
    )
