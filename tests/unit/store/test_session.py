import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import grace.store.session as session_module
from grace.errors import EnvironmentLacking, InputError, IntegrityError
from grace.store.session import HEAD, open_database
from grace.store.tables import DevelopmentTask

SPECIFIED = {
    "task_id",
    "user",
    "description",
    "intent",
    "plan",
    "current_step",
    "status",
    "progress_pct",
    "generated_code",
    "tests_gen",
    "errors",
    "started_at",
    "completed_at",
}


def url(path: Path) -> str:
    return f"sqlite:///{path / 'grace.db'}"


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(session_module.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrations_build_exactly_the_tables_that_the_models_declare(tmp_path: Path) -> None:
    engine = open_database(url(tmp_path))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), DevelopmentTask.metadata) == []


def test_development_tasks_has_every_column_of_the_specification(tmp_path: Path) -> None:
    open_database(url(tmp_path))
    rows = sqlite3.connect(tmp_path / "grace.db").execute("PRAGMA table_info(development_tasks)")
    assert {row[1] for row in rows} >= SPECIFIED


def test_opening_again_does_not_import_alembic(tmp_path: Path) -> None:
    open_database(url(tmp_path))
    code = (
        "import sys; from grace.store.session import open_database; "
        f"open_database({url(tmp_path)!r}); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sqlite_is_opened_for_several_processes(tmp_path: Path) -> None:
    with open_database(url(tmp_path)).connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 30000}


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    code = f"from grace.store.session import open_database; open_database({url(tmp_path)!r})"
    both = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [(b"", 0), (b"", 0)]


def test_a_database_from_a_newer_grace_is_refused(tmp_path: Path) -> None:
    open_database(url(tmp_path)).dispose()
    with sqlite3.connect(tmp_path / "grace.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(IntegrityError, match="written by a newer GRACE"):
        open_database(url(tmp_path))


def test_a_home_that_cannot_be_created_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentLacking, match="GRACE_HOME"):
        open_database(url(tmp_path / "file" / "home"))


def test_something_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "grace.db").write_text("this is not a database, but long enough to be read as one" * 20)
    with pytest.raises(EnvironmentLacking, match="not a database"):
        open_database(url(tmp_path))


@pytest.mark.parametrize("bad", ["nonsense", "strange://host/db"])
def test_a_url_that_cannot_be_understood_is_the_users_to_mend(bad: str) -> None:
    with pytest.raises(InputError, match="GRACE_DATABASE_URL"):
        open_database(bad)
