"""The database of code memory, spoken to in SQL over the driver: SQLite in a file of its own, or PostgreSQL.

A file of its own, because an index that takes seconds to write must not make the records of runs wait, and because
it can be thrown away: everything but the recalls follows from the repositories. SQLAlchemy is imported only to
create or upgrade the tables: it takes longer to import than a search takes.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from grace.errors import EnvironmentLacking, InputError, TransientError

HEAD = "0001"
"""The newest schema revision; a test holds it equal to the newest file in migrations/versions."""
VERSION_TABLE = "code_memory_version"
_BUSY_SECONDS = 60
_AT_A_TIME = 500
"""Parameters of one statement: every database takes so many."""


class Connection(Protocol):
    """One transaction. `?` stands for a parameter, with either database."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a SELECT gives."""
        ...

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Carry out a statement."""
        ...

    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Carry out a statement once per tuple of parameters."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows, by the fastest way the driver has."""
        ...

    def take_ids(self, name: str, count: int) -> int:
        """The first of `count` new consecutive ids for a table; ids start at 1 and are never given twice."""
        ...


def chunks(values: Sequence[Any]) -> Iterator[tuple[Sequence[Any], str]]:
    """Values in portions that fit one statement, each with its marks for `IN (...)`."""
    for start in range(0, len(values), _AT_A_TIME):
        some = values[start : start + _AT_A_TIME]
        yield some, ", ".join("?" * len(some))


class Database:
    """Opens transactions. One object per process; its transactions may be used one at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._path = Path(url.partition(":///")[2]) if url.startswith("sqlite") else None
        self._open: sqlite3.Connection | Any = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent state, without a lock."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer until it ends: commits on leaving, rolls back when an exception passes."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Give the connection back."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with _readable_errors(self._url):
            if self._open is None:
                self._open = self._connect()
            connection: Connection
            if self._path is not None:
                connection = _Sqlite(self._open)
                connection.run(begin)
            else:
                connection = _Postgres(self._open, serial=begin != "BEGIN")
            try:
                yield connection
            except BaseException:
                self._open.rollback()
                raise
            self._open.commit()

    def _connect(self) -> Any:
        if self._path is None:
            return _connect_postgres(self._url)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536", "mmap_size = 1073741824"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def open_memory(url: str) -> Database:
    """The database of code memory at an SQLAlchemy URL (SQLite or PostgreSQL), its tables at HEAD.

    Raises:
        InputError: another kind of database.
        EnvironmentLacking: it cannot be reached or written, or its driver is missing.
        IntegrityError: a newer GRACE has written it.
    """
    if not url.startswith(("sqlite:///", "postgresql")):
        raise InputError(f"Code memory is kept in SQLite or PostgreSQL, not in {url.partition(':')[0]}.")
    database = Database(url)
    if not (database._path and not database._path.exists()) and _revision(database) == HEAD:
        return database
    database.close()
    from grace.memory.migrate import upgrade

    upgrade(url)
    return database


def open_existing(url: str) -> Database | None:
    """The same, but None where nobody has indexed anything yet: asking leaves no file behind."""
    if url.startswith("sqlite:///") and not Path(url.partition(":///")[2]).exists():
        return None
    return open_memory(url)


def _revision(database: Database) -> str | None:
    listing = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"
        if database._path is not None
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?"
    )
    with database.reading() as connection:
        if not connection.rows(listing, (VERSION_TABLE,)):
            return None
        return next((str(row[0]) for row in connection.rows(f"SELECT version_num FROM {VERSION_TABLE}")), None)


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, parameters)

    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def take_ids(self, name: str, count: int) -> int:
        return _take_ids(self, name, count)


class _Postgres:
    def __init__(self, connection: Any, *, serial: bool) -> None:
        self._connection = connection
        if serial:  # what BEGIN IMMEDIATE is to SQLite: one writer at a time
            self.run("SELECT pg_advisory_xact_lock(?)", (0x67726D65,))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(sql.replace("?", "%s"), parameters).fetchall()
        return rows

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql.replace("?", "%s"), parameters)

    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        with closing(self._connection.cursor()) as cursor:
            cursor.executemany(sql.replace("?", "%s"), parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with closing(self._connection.cursor()) as cursor, cursor.copy(copy) as into:
            for row in rows:
                into.write_row(row)

    def take_ids(self, name: str, count: int) -> int:
        return _take_ids(self, name, count)


def _take_ids(connection: Connection, name: str, count: int) -> int:
    connection.run(
        "INSERT INTO code_numbers (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = code_numbers.value + ?",
        (name, count + 1, count),
    )
    return int(connection.rows("SELECT value FROM code_numbers WHERE name = ?", (name,))[0][0]) - count


def _connect_postgres(url: str) -> Any:
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise EnvironmentLacking(
            "The driver for this database is not installed (psycopg): pip install 'grace[postgres]'."
        ) from error
    return psycopg.connect("postgresql://" + url.partition("://")[2])


@contextmanager
def _readable_errors(url: str) -> Iterator[None]:
    place = url.rpartition("@")[2]
    try:
        yield
    except sqlite3.Error as error:
        what = str(error)
        if "locked" in what or "busy" in what:
            raise TransientError(f"Code memory at {place} stayed locked by another process. Try again.") from error
        if "full" in what:
            raise EnvironmentLacking(f"The disk that holds {place} is full. Free some space and run again.") from error
        raise EnvironmentLacking(
            f"Code memory at {place} cannot be used: {what}. It can be deleted: `grace index` builds it anew."
        ) from error
    except Exception as error:
        if not type(error).__module__.startswith("psycopg"):
            raise
        raise EnvironmentLacking(f"Code memory at {place} cannot be used: {error}. Check the URL.") from error
