"""Opening the database: SQLite tuned for several processes at once, or any other SQLAlchemy URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, column, create_engine, event, make_url, select, table, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.exc import IntegrityError as IntegrityViolation
from sqlmodel import Session

from grace.errors import EnvironmentLacking, GraceError, InputError, IntegrityError, TransientError

HEAD = "0004"
"""The newest schema revision; a test holds it equal to the newest file in migrations/versions."""


@dataclass(frozen=True)
class Chain:
    """A line of schema revisions."""

    head: str
    """The newest revision."""
    folder: Path
    """Alembic's folder."""
    table: str = "alembic_version"
    """Where a database says which revision it has."""


RUNS = Chain(HEAD, Path(__file__).parent / "migrations")

_UPGRADE_LOCK = 0x67726163
"""Key of the PostgreSQL advisory lock that lets one process at a time change the schema."""


def open_database(url: str, chain: Chain = RUNS) -> Engine:
    """An engine over a database whose schema is at the head of a chain, that of the runs by default.

    When it already is, this costs one SELECT and Alembic is not imported.

    Raises:
        InputError: the URL cannot be understood.
        EnvironmentLacking: the driver is missing, or the database cannot be reached or written.
        IntegrityError: a newer GRACE has written this database.
    """
    engine = _engine(url)
    with _readable_errors(engine):
        if _revision(engine, chain) != chain.head:
            _upgrade(engine, chain)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one consistent state and takes no write lock."""
    with (
        _readable_errors(engine),
        engine.connect().execution_options(sqlite_begin="BEGIN") as connection,
        Session(connection) as session,
    ):
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that commits on leaving, or rolls back when an exception passes."""
    with _readable_errors(engine), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def statements(engine: Engine) -> Iterator[Connection]:
    """The same for statements that need no objects: what every stage does should cost little."""
    with _readable_errors(engine), engine.begin() as connection:
        yield connection


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            _make_folder(Path(str(parsed.database)).parent)
        engine = create_engine(parsed)
    except ArgumentError as error:
        raise InputError(f"GRACE_DATABASE_URL is not an SQLAlchemy URL: {error}") from error
    except NoSuchModuleError as error:
        raise InputError(f"GRACE_DATABASE_URL names an unknown kind of database: {error}") from error
    except ModuleNotFoundError as error:
        raise EnvironmentLacking(
            f"The driver for this database is not installed ({error.name}). "
            "For PostgreSQL install GRACE with its extra: pip install 'grace[postgres]'."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EnvironmentLacking(
            f"GRACE cannot create its folder {folder}: {error.strerror}. Set GRACE_HOME to a folder that you can write."
        ) from error


def _tune_sqlite(connection: Any, _record: object) -> None:
    # Without this, Python's driver begins transactions by itself, too late to take the write lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")  # WAL stays consistent; only a power cut loses the last commits
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE waits its turn for the lock; a read transaction that later writes would fail instead.
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))


def _revision(engine: Engine, chain: Chain) -> str | None:
    with engine.connect().execution_options(sqlite_begin="BEGIN") as connection:
        return _stored_revision(connection, chain)


def _stored_revision(connection: Connection, chain: Chain) -> str | None:
    if not _has_table(connection, chain.table):
        return None
    revision: str | None = connection.execute(select(column("version_num")).select_from(table(chain.table))).scalar()
    return revision


def _has_table(connection: Connection, name: str) -> bool:
    """Whether the database has the table."""
    return connection.dialect.has_table(connection, name)


def _upgrade(engine: Engine, chain: Chain) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(chain.folder))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        revision = _stored_revision(connection, chain)
        if revision is not None and revision not in known:
            raise IntegrityError(
                f"The database {engine.url.render_as_string()} was written by a newer GRACE "
                f"(schema {revision}, this one knows {chain.head}). "
                "Upgrade GRACE, or set GRACE_HOME to another folder."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _readable_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except IntegrityViolation:
        raise  # the caller's to understand: two processes recorded the same
    except DatabaseError as error:
        raise _explain(engine, error) from error


def _explain(engine: Engine, error: DatabaseError) -> GraceError:
    where = engine.url.render_as_string()
    what = str(error.orig)
    if error.connection_invalidated:
        return TransientError(f"The connection to {where} was lost. Try again.")
    if "locked" in what:
        return TransientError(f"The database {where} stayed locked by another process. Try again.")
    if "full" in what:
        return EnvironmentLacking(f"The disk that holds {where} is full. Free some space and run again.")
    if "readonly" in what or "unable to open" in what:
        return EnvironmentLacking(
            f"The database {where} cannot be written ({what}). Set GRACE_HOME to a folder that you can write."
        )
    return EnvironmentLacking(f"The database {where} cannot be used: {what}. Check GRACE_DATABASE_URL.")
