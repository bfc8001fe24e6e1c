"""Repository -> index: look, read what changed, publish it in one transaction.

What was read is kept by content as it comes, so that an indexer that is killed goes on where it was. The index itself
changes in one transaction: until it commits, and if it never does, everybody is answered from the last good one.
"""

import gc
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grace.errors import TransientError
from grace.memory import publish, source_tree
from grace.memory.bare import look_at_head, on_disk
from grace.memory.database import Connection, Database, chunks
from grace.memory.history import read_history
from grace.memory.languages import language
from grace.memory.parse import FEW, KEY_END, Parsed, parse_codebase
from grace.memory.search import write_history_words
from grace.memory.source_tree import Known, Look, Stat, is_bare
from grace.progress import Progress, report

_KEPT_AT_A_TIME = 1_000
_ATTEMPTS = 3

Check = Callable[[Connection, int], None]
"""Is given the transaction that changes an index and the repository's id; to refuse, it raises."""


@dataclass(frozen=True)
class IndexReport:
    """An index as it is after a look at its repository."""

    repository: str
    revision: str
    files: int
    lines: int
    symbols: int
    edges: int
    unresolved: int
    changed: int
    """Files written anew by this look."""
    removed: int
    seconds: float
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why files are known by their words only, or not at all -> how many."""


def index_repository(
    database: Database,
    root: Path,
    *,
    hint: Collection[str] | None = None,
    before: Check | None = None,
    check: Check | None = None,
    processes: int = 0,
) -> IndexReport:
    """Bring the index of a repository up to date.

    `hint` names the files that may have changed (relative paths), when the caller knows: nothing else is looked at.
    `before` looks at the index in service, if there is one, `check` at the new one before it takes its place.
    `processes` 0 reads with as many as there are cores.

    Raises:
        InputError: there is no such folder.
        TransientError: other indexers kept coming first.
        EnvironmentLacking: the database or its disk.
    """
    started = time.monotonic()
    root, by_git = source_tree.find_root(root)
    for _ in range(_ATTEMPTS):
        with database.reading() as connection:
            known = _load(connection, root, None if is_bare(root) else hint)
        seen = _hinted(root, by_git, known, hint) if hint is not None else _look(root, by_git, known)
        if known and not seen.changed and not seen.removed and known.watched == seen.watched:
            revision = source_tree.head_of(root) if by_git and hint is None else known.revision
            if revision == known.revision:
                return _report(database, known.repo_id, root, 0, 0, started)
        read = _read(database, root, sorted(seen.changed), processes)
        with _collector_paused(), database.writing() as connection:
            if _indexed_at(connection, root) != (known and known.indexed_at):
                continue  # another indexer came first: its index is the one to go on from
            if known and before:
                before(connection, known.repo_id)
            changed, removed = _publish(connection, root, by_git and (hint is None or not known), known, seen, read)
            repo_id = _repo_id(connection, root)
            if check:
                check(connection, repo_id)
        return _report(database, repo_id, root, changed, removed, started)
    raise TransientError(f"Other processes keep indexing {root}: try again.")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Millions of small values come and stay: looking for cycles among them takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def changed_files(database: Database, root: Path) -> list[str]:
    """The source files that the index has not seen as they are."""
    root, by_git = source_tree.find_root(root)
    with database.reading() as connection:
        known = _load(connection, root)
    return sorted(_look(root, by_git, known).changed)


def read_files(database: Database, root: Path, paths: Sequence[str]) -> int:
    """Read files ahead, by another process, and keep what they say by content; gives how many there were."""
    root, _ = source_tree.find_root(root)
    return sum(bool(parsed.blob) for parsed in _read(database, root, paths, processes=1))


def forget_repository(database: Database, root: Path) -> bool:
    """Drop the index of a repository. False when there is none."""
    with database.writing() as connection:
        if not (before := _load(connection, root)):
            return False
        publish.drop_repository(connection, before.repo_id)
    return True


@dataclass(frozen=True)
class _Before:
    """What the database knows of the repository."""

    repo_id: int
    revision: str
    indexed_at: float
    watched: dict[str, int]
    files: dict[str, Stat]
    ids: dict[str, int]
    blobs: dict[str, str]


def _load(connection: Connection, root: Path, hint: Collection[str] | None = None) -> _Before | None:
    """What the index knows of a repository; with a hint, of those files."""
    query = "SELECT id, revision, indexed_at, watched FROM code_repositories WHERE location = ?"
    if not (rows := connection.rows(query, (str(root),))):
        return None
    repo_id, revision, indexed_at, watched = rows[0]
    query = "SELECT path, id, blob, mtime_ns, size, inode FROM code_files WHERE repo_id = ?"
    if hint is None:
        found = connection.rows(query, (repo_id,))
    else:
        found = [
            row
            for some, marks in chunks(sorted(hint))
            for row in connection.rows(f"{query} AND path IN ({marks})", (repo_id, *some))
        ]
    files, ids, blobs = {}, {}, {}
    for path, file_id, blob, mtime_ns, size, inode in found:
        files[path], ids[path], blobs[path] = Stat(mtime_ns, size, inode), file_id, blob
    return _Before(repo_id, revision, indexed_at, json.loads(bytes(watched)) if hint is None else {}, files, ids, blobs)


def _indexed_at(connection: Connection, root: Path) -> float | None:
    rows = connection.rows("SELECT indexed_at FROM code_repositories WHERE location = ?", (str(root),))
    return rows[0][0] if rows else None


def _repo_id(connection: Connection, root: Path) -> int:
    return int(connection.rows("SELECT id FROM code_repositories WHERE location = ?", (str(root),))[0][0])


def _look(root: Path, by_git: bool, before: _Before | None) -> Look:
    known = Known(before.files, before.watched) if before else None
    seen = look_at_head(root, known) if is_bare(root) else source_tree.look(root, by_git=by_git, known=known)
    outdated = {path for path, blob in before.blobs.items() if not blob.endswith(KEY_END)} if before else set()
    return seen._replace(changed=seen.changed | (outdated & seen.files.keys()))


def _hinted(root: Path, by_git: bool, before: _Before | None, hint: Collection[str]) -> Look:
    if before is None or is_bare(root):
        return _look(root, by_git, before)
    now = source_tree.stats(root, [path for path in hint if language(path)])
    changed = frozenset(path for path, seen in now.items() if before.files.get(path) != seen)
    removed = frozenset(path for path in hint if path in before.files and path not in now)
    return Look(before.files | now, before.watched, changed, removed)


def _read(database: Database, root: Path, paths: Sequence[str], processes: int) -> list[Parsed]:
    """Read files; many are kept by content on the way."""
    if len(paths) <= FEW:  # written with the index itself, in one transaction
        with on_disk(root, paths) as folder:
            return list(parse_codebase(folder, paths))
    with database.reading() as connection:
        known = frozenset(key for (key,) in connection.rows("SELECT blob FROM code_blobs"))
    read: list[Parsed] = []
    waiting: list[Parsed] = []
    with on_disk(root, paths) as folder:
        for number, parsed in enumerate(parse_codebase(folder, paths, known=known, processes=processes), 1):
            read.append(parsed._replace(payload=b""))
            waiting.append(parsed)
            if len(waiting) == _KEPT_AT_A_TIME or number == len(paths):
                with database.writing() as connection:
                    publish.keep_payloads(connection, waiting)
                waiting.clear()
                report(Progress("index", f"{number} of {len(paths)} files read", tried=number))
    return read


def _publish(
    connection: Connection, root: Path, by_git: bool, before: _Before | None, seen: Look, read: Sequence[Parsed]
) -> tuple[int, int]:
    """Write the new state; gives how many files have another content and how many are gone."""
    publish.keep_payloads(connection, read)
    repo_id = before.repo_id if before else connection.take_ids("code_repositories", 1)
    if not before:
        publish.add_repository(connection, repo_id, root)
    known_blobs = before.blobs if before else {}
    gone = {parsed.path for parsed in read if not parsed.blob} | seen.removed
    fresh = {parsed.path: parsed.blob for parsed in read if parsed.blob and known_blobs.get(parsed.path) != parsed.blob}
    looked_at = time.time_ns()
    stats = {path: source_tree.trusted(seen.files[path], looked_at) for path in seen.changed}
    ids = before.ids if before else {}
    if touched := [path for path in seen.changed if path in ids and path not in fresh and path not in gone]:
        publish.touch_files(connection, [(ids[path], stats[path]) for path in touched])
    removed = [path for path in gone if path in ids]
    if fresh or removed:
        old_ids = {path: ids[path] for path in (*removed, *fresh) if path in ids}
        publish.replace_files(connection, repo_id, root, old_ids, fresh, stats)
    revision = source_tree.head_of(root) if by_git else before.revision if before else ""
    watched: bytes | None = None
    if by_git and revision and (before is None or revision != before.revision):
        report(Progress("index", "history"))
        if read_history(connection, repo_id, root):
            write_history_words(connection, repo_id)
    if not before or before.watched != seen.watched:
        watched = json.dumps(seen.watched).encode()
    # Files that were only looked at are no new index: another indexer need not begin again for them.
    indexed_at = before.indexed_at if before and not fresh and not removed else time.time()
    publish.update_repository(connection, repo_id, revision, indexed_at, watched)
    return len(fresh), len(removed)


def _report(database: Database, repo_id: int, root: Path, changed: int, removed: int, started: float) -> IndexReport:
    with database.reading() as connection:
        query = "SELECT revision, files, lines, symbols, edges, unresolved FROM code_repositories WHERE id = ?"
        revision, *counts = connection.rows(query, (repo_id,))[0]
        query = "SELECT status, COUNT(*) FROM code_files WHERE repo_id = ? AND status <> '' GROUP BY status"
        left_out: dict[str, int] = {}
        for status, count in connection.rows(query, (repo_id,)):
            reason = "not parsed" if status.startswith("line ") else status
            left_out[reason] = left_out.get(reason, 0) + count
    seconds = time.monotonic() - started
    files, lines, symbols, edges, unresolved = counts
    totals = {"files": files, "lines": lines, "symbols": symbols, "edges": edges, "unresolved": unresolved}
    return IndexReport(
        str(root), revision, **totals, changed=changed, removed=removed, seconds=seconds, left_out=left_out
    )
