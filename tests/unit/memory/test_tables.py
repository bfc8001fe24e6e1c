"""The schema of code memory: one description, and migrations that build it."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from grace.memory import database
from grace.memory.tables import Memory


def test_migrations_build_exactly_the_tables_that_the_models_declare(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    database.open_memory(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": database.VERSION_TABLE})
        assert compare_metadata(context, Memory.metadata) == []
    engine.dispose()


def test_the_head_is_the_newest_migration() -> None:
    versions = Path(database.__file__).parent / "migrations" / "versions"
    assert max(path.name for path in versions.glob("0*.py")).startswith(f"{database.HEAD}_")


def test_asking_leaves_no_file_behind(tmp_path: Path) -> None:
    assert database.open_existing(f"sqlite:///{tmp_path / 'memory.db'}") is None
    assert list(tmp_path.iterdir()) == []
