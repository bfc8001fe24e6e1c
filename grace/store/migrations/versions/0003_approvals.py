"""Approvers, votes, and when they were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables of approval."""
    op.create_table(
        "approvers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("added_at", sa.String, nullable=False),
        sa.Column("removed_at", sa.String),
    )
    op.create_table(
        "ballots",
        sa.Column("task_id", sa.String(12), sa.ForeignKey("development_tasks.task_id"), primary_key=True),
        sa.Column("change_digest", sa.String(64), primary_key=True),
        sa.Column("opened_at", sa.String, nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(12), sa.ForeignKey("development_tasks.task_id"), nullable=False),
        sa.Column("change_digest", sa.String(64), nullable=False),
        sa.Column("voter", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("authenticated_by", sa.String, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("cast_at", sa.String, nullable=False),
        sa.UniqueConstraint("task_id", "voter", "cast_at"),
    )
    op.create_index("ix_votes_task_id", "votes", ["task_id"])
