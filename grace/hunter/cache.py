"""What was found out about content that has not changed since: an SQLite file that may be lost at any time.

Two processes may use it at once. A file that is damaged, or that another GRACE has written, is thrown away; where
there is none and none can be made, results live as long as the process that found them.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

FILE_NAME = "scan-cache.db"
_FORMAT = 1
_MOST_BYTES = 256 * 2**20
_BUSY_SECONDS = 5.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS result "
    "(id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (shelf, key))"
)
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Values by key, of one purpose. Forgetting one is always allowed."""

    def get_many(self, keys: Collection[str]) -> dict[str, bytes]:
        """The values that are there."""
        ...

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep values; of two with one key the later one."""
        ...


class ResultCache:
    """Shelves in one file, or without one in memory. Nothing here raises because of the file."""

    def __init__(self, path: Path | None = None, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._connection: sqlite3.Connection | None = None
        self._in_memory: dict[str, dict[str, bytes]] = {}
        if path is not None:
            self._open(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def shelf(self, name: str) -> Shelf:
        """The shelf of a purpose; its name says all that the values follow from beside their keys."""
        return _NamedShelf(self, name)

    def get_many(self, shelf: str, keys: Collection[str]) -> dict[str, bytes]:
        """The values that are on a shelf."""
        kept = self._in_memory.get(shelf, {})
        found = {key: kept[key] for key in keys if key in kept}
        if wanted := [key for key in keys if key not in found]:
            found |= self._attempt(lambda connection: _read(connection, shelf, wanted)) or {}
        return found

    def put_many(self, shelf: str, values: Mapping[str, bytes]) -> None:
        """Keep values on a shelf; the oldest of all make room."""
        if values and not self._attempt(lambda connection: _write(connection, shelf, values, self._most_bytes)):
            self._in_memory.setdefault(shelf, {}).update(values)

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _log.info("Results of scans are not kept: %s.", error)
            return
        for damaged in ("", "thrown away"):
            try:
                self._connection = _connect(path)
                return
            except sqlite3.Error as error:
                if damaged or not _is_damage(error):
                    _log.info("Results of scans are not kept: %s (%s).", error, path)
                    return
                self._throw_away(path, error)

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do something with the file; None without one. After a failure there is none, or a new one."""
        if self._connection is None or self._path is None:
            return None
        try:
            return action(self._connection)
        except sqlite3.Error as error:
            self.close()
            if _is_damage(error):
                self._throw_away(self._path, error)
                self._open(self._path)
            else:
                _log.info("Results of scans are not kept from here on: %s (%s).", error, self._path)
            return None

    def _throw_away(self, path: Path, error: sqlite3.Error) -> None:
        _log.warning("The results of earlier scans are thrown away: %s (%s).", error, path)
        for name in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            try:
                name.unlink(missing_ok=True)
            except OSError as refusal:
                _log.info("%s cannot be removed: %s.", name, refusal)


class _NamedShelf:
    def __init__(self, cache: ResultCache, name: str) -> None:
        self._cache = cache
        self._name = name

    def get_many(self, keys: Collection[str]) -> dict[str, bytes]:
        return self._cache.get_many(self._name, keys)

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self._cache.put_many(self._name, values)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _FORMAT):
            raise sqlite3.DatabaseError("another GRACE has written them")
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            with connection:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("SELECT id, shelf, key, value FROM result LIMIT 0")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_damage(error: sqlite3.Error) -> bool:
    """The file itself is wrong, not what can be done with it now: SQLite names that by its widest class."""
    return type(error) is sqlite3.DatabaseError or "no such" in str(error)


def _read(connection: sqlite3.Connection, shelf: str, keys: list[str]) -> dict[str, bytes]:
    rows = connection.execute(
        "SELECT result.key, result.value FROM json_each(?) AS wanted "
        "CROSS JOIN result ON result.shelf = ? AND result.key = wanted.value",
        (json.dumps(keys), _number(shelf)),
    )
    return dict(rows.fetchall())


def _write(connection: sqlite3.Connection, shelf: str, values: Mapping[str, bytes], most_bytes: int) -> bool:
    rows = [(_number(shelf), key, value) for key, value in values.items()]
    with connection:
        connection.executemany("INSERT OR REPLACE INTO result (shelf, key, value) VALUES (?, ?, ?)", rows)
    while _bytes(connection) > most_bytes:
        newer = "SELECT id FROM result ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 4 FROM result)"
        with connection:
            pruned = connection.execute(f"DELETE FROM result WHERE id <= ({newer})")  # noqa: S608 - the line above
        if not pruned.rowcount:
            break
    return True


def _bytes(connection: sqlite3.Connection) -> int:
    """What the file uses; pages that are free are written again before it grows."""
    numbers = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(connection.execute(f"PRAGMA {number}").fetchone()[0]) for number in numbers)
    return (pages - free) * size


def _number(shelf: str) -> int:
    """A shelf's name, as short as SQLite keeps it."""
    return int.from_bytes(blake2b(shelf.encode(), digest_size=7).digest(), "big")
