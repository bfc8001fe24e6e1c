"""Code memory: repositories, files, symbols, edges, text, patterns, history, coverage."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "code_blobs",
        sa.Column("blob", sa.String(80), primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "code_commit_paths",
        sa.Column("commit_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("path_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("removed", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_code_commit_paths_path", "code_commit_paths", ["path_id", "commit_id"])
    op.create_table(
        "code_commits",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("sha", sa.Text, nullable=False, server_default=""),
        sa.Column("author", sa.Text, nullable=False, server_default=""),
        sa.Column("committed_at", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, server_default=""),
        sa.Column("is_fix", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reverted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("files", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_code_commits_sha", "code_commits", ["repo_id", "sha"], unique=True)
    op.create_table(
        "code_edges",
        sa.Column("src", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dst", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("confidence", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_code_edges_dst", "code_edges", ["dst", "kind"])
    op.create_table(
        "code_files",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False, server_default=""),
        sa.Column("blob", sa.Text, nullable=False, server_default=""),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("inode", sa.BigInteger, nullable=False),
        sa.Column("language", sa.String, nullable=False, server_default=""),
        sa.Column("lines", sa.Integer, nullable=False, server_default="0"),
        sa.Column("status", sa.Text, nullable=False, server_default=""),
        sa.Column("unresolved", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_code_files_path", "code_files", ["repo_id", "path"], unique=True)
    op.create_table(
        "code_numbers",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.create_table(
        "code_paths",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_code_paths_path", "code_paths", ["repo_id", "path"], unique=True)
    op.create_table(
        "code_patterns",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pattern_type", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("signature", sa.Text, nullable=False, server_default=""),
        sa.Column("code_snippet", sa.Text, nullable=False, server_default=""),
        sa.Column("file_path", sa.Text, nullable=False, server_default=""),
        sa.Column("project", sa.Text, nullable=False, server_default=""),
        sa.Column("tags", sa.Text, nullable=False, server_default=""),
        sa.Column("dependencies", sa.Text, nullable=False, server_default=""),
        sa.Column("complexity", sa.Integer, nullable=False),
        sa.Column("times_recalled", sa.Integer, nullable=False, server_default="0"),
        sa.Column("success_rate", sa.Float, nullable=False, server_default="0.5"),
        sa.Column("confidence", sa.Float, nullable=False, server_default="1.0"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
    )
    op.create_index("ix_code_patterns_place", "code_patterns", ["project", "file_path", "name"])
    op.create_table(
        "code_postings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("word", sa.Text, nullable=False, server_default=""),
        sa.Column("df", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_code_postings_segment", "code_postings", ["repo_id", "segment"])
    op.create_index("ix_code_postings_word", "code_postings", ["word", "repo_id", "segment"], unique=True)
    op.create_table(
        "code_recalls",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project", sa.Text, nullable=False, server_default=""),
        sa.Column("file_path", sa.Text, nullable=False, server_default=""),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("run_id", sa.String, nullable=False, server_default=""),
        sa.Column("recalled_at", sa.Float, nullable=False),
        sa.Column("succeeded", sa.Integer, nullable=True),
    )
    op.create_index("ix_code_recalls_run", "code_recalls", ["run_id"])
    op.create_table(
        "code_repositories",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("location", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("revision", sa.Text, nullable=False, server_default=""),
        sa.Column("indexed_at", sa.Float, nullable=False, server_default="0"),
        sa.Column("watched", sa.LargeBinary, nullable=False),
        sa.Column("files", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lines", sa.Integer, nullable=False, server_default="0"),
        sa.Column("symbols", sa.Integer, nullable=False, server_default="0"),
        sa.Column("edges", sa.Integer, nullable=False, server_default="0"),
        sa.Column("unresolved", sa.Integer, nullable=False, server_default="0"),
        sa.Column("history_revision", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "code_segments",
        sa.Column("repo_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("symbols", sa.Integer, nullable=False),
        sa.Column("columns", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "code_symbols",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("file_id", sa.Integer, nullable=False),
        sa.Column("parent_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("qualname", sa.Text, nullable=False, server_default=""),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("first_line", sa.Integer, nullable=False),
        sa.Column("end_line", sa.Integer, nullable=False),
        sa.Column("signature", sa.Text, nullable=False, server_default=""),
        sa.Column("doc", sa.Text, nullable=False, server_default=""),
        sa.Column("complexity", sa.Integer, nullable=False),
        sa.Column("fan_in", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_code_symbols_file", "code_symbols", ["file_id"])
    op.create_index("ix_code_symbols_name", "code_symbols", ["name"])
    op.create_table(
        "code_test_covers",
        sa.Column("test_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("symbol_id", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_code_test_covers_symbol", "code_test_covers", ["symbol_id"])
    op.create_table(
        "code_tests",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_code_tests_name", "code_tests", ["repo_id", "name"], unique=True)
    op.create_table(
        "code_mentions",
        sa.Column("file_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repo_id", sa.Integer, nullable=False),
        sa.Column("names", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "code_index_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("location", sa.Text, nullable=False, server_default=""),
        sa.Column("run_id", sa.String, nullable=False, server_default=""),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False),
        sa.Column("result", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_code_index_runs_location", "code_index_runs", ["location", "recorded_at"])
