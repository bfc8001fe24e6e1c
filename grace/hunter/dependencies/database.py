"""The local advisory database: one SQLite file that is written once and never changed, only replaced."""

import json
import os
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grace.contracts import Severity
from grace.errors import EnvironmentLacking, InputError
from grace.hunter.dependencies.advisory import Advisory, Affected, Event
from grace.hunter.dependencies.rating import Rating

FILE_NAME = "advisories.db"
_LAYOUT = "1"
_LEFT_BEHIND_SECONDS = 3600
_TABLES = """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE advisory (package TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (package, id));
"""
NO_DATABASE = (
    "There is no advisory database here. `grace advisories update` downloads one; "
    "`grace advisories update --from DIR` reads one you have."
)
_DAMAGED = "The advisory database {path} cannot be read ({why}). `grace advisories update` makes a new one."


@dataclass(frozen=True)
class About:
    """What a set of advisories is."""

    source: str
    """Where it came from."""
    date: datetime | None
    """When the youngest of its advisories was last changed; None: they do not say."""
    updated: datetime
    """When it was read in."""
    count: int = 0
    """How many advisories."""
    packages: int = 0
    withdrawn: int = 0
    unreadable: int = 0


class AdvisoryDatabase:
    """Reads advisories by package. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises EnvironmentLacking when it is not there or cannot be used."""
        self._path = path
        if not path.is_file():
            raise EnvironmentLacking(NO_DATABASE)
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False
            )
            about = dict(self._connection.execute("SELECT name, value FROM about"))
            if about["layout"] != _LAYOUT:
                raise ValueError(f"it has layout {about['layout']}, this GRACE reads {_LAYOUT}")
            self.about = About(
                source=about["source"],
                date=datetime.fromisoformat(about["date"]) if about["date"] else None,
                updated=datetime.fromisoformat(about["updated"]),
                count=int(about["count"]),
                packages=int(about["packages"]),
                withdrawn=int(about["withdrawn"]),
                unreadable=int(about["unreadable"]),
            )
        except (sqlite3.Error, ValueError, KeyError) as error:
            raise EnvironmentLacking(_DAMAGED.format(path=path, why=error)) from error

    def about_package(self, name: str) -> tuple[Advisory, ...]:
        """Every advisory about a package, by its normalised name. Raises EnvironmentLacking when it is damaged."""
        try:
            rows = self._connection.execute(
                "SELECT id, content FROM advisory WHERE package = ? ORDER BY id", (name,)
            ).fetchall()
            return tuple(_advisory(id_, content) for id_, content in rows)
        except (sqlite3.Error, zlib.error, ValueError, KeyError, TypeError) as error:
            raise EnvironmentLacking(_DAMAGED.format(path=self._path, why=error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def replace_database(path: Path, advisories: Iterable[tuple[str, Advisory]], about: Callable[[], About]) -> About:
    """Write a new database beside the old one, and put it in its place once it is whole.

    `advisories` are (normalised package, advisory); `about` is asked when they are at an end, and its counts are
    set here. Raises InputError when there are none: the old database stays. EnvironmentLacking when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".new", dir=path.parent)
        os.close(handle)
        new = Path(name)
        try:
            written = _write(new, advisories, about)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except (sqlite3.Error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise EnvironmentLacking(
            f"The advisory database {path} cannot be written ({why}). Make room or set GRACE_HOME to another folder."
        ) from error
    return written


def _write(path: Path, advisories: Iterable[tuple[str, Advisory]], about: Callable[[], About]) -> About:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
        connection.executemany("INSERT OR REPLACE INTO advisory VALUES (?, ?, ?)", map(_row, advisories))
        count, packages = connection.execute(
            "SELECT count(DISTINCT id), count(DISTINCT package) FROM advisory"
        ).fetchone()
        if not count:
            raise InputError(
                "No advisory about a Python package is there. Give a clone of the PyPA advisory database, "
                "or an export of OSV for PyPI: a folder of JSON files, or all.zip."
            )
        whole = replace(about(), count=count, packages=packages)
        connection.executemany("INSERT INTO about VALUES (?, ?)", _about_rows(whole))
        connection.commit()
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return whole


def _about_rows(about: About) -> Iterator[tuple[str, str]]:
    yield "layout", _LAYOUT
    yield "source", about.source
    yield "date", about.date.isoformat() if about.date else ""
    yield "updated", about.updated.isoformat()
    for name in ("count", "packages", "withdrawn", "unreadable"):
        yield name, str(getattr(about, name))


def _row(entry: tuple[str, Advisory]) -> tuple[str, str, bytes]:
    package, advisory = entry
    content = [
        advisory.aliases,
        advisory.summary,
        [advisory.rating.severity, advisory.rating.text],
        advisory.malicious,
        [[each.ranges, " ".join(each.versions)] for each in advisory.affected],
    ]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return package, advisory.id, zlib.compress(text.encode("utf-8", "replace"), 1)


def _advisory(id_: str, content: bytes) -> Advisory:
    aliases, summary, (severity, text), malicious, affected = json.loads(zlib.decompress(content))
    return Advisory(
        id_,
        tuple(aliases),
        summary,
        Rating(Severity(severity) if severity else None, text),
        tuple(Affected(_ranges(ranges), tuple(versions.split())) for ranges, versions in affected),
        malicious,
    )


def _ranges(ranges: Sequence[Sequence[Sequence[str]]]) -> tuple[tuple[Event, ...], ...]:
    return tuple(tuple(Event(kind, version) for kind, version in events) for events in ranges)


def _sweep(path: Path) -> None:
    """Remove what an update that was killed has left."""
    for left in path.parent.glob(f"{path.name}.*.new"):
        with suppress(FileNotFoundError):  # another update removed it
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                left.unlink()
