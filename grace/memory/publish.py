"""Putting files, symbols, edges and text of a repository into service, within one transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grace.memory import patterns
from grace.memory.database import Connection, chunks
from grace.memory.graph import FIRST_GUESS
from grace.memory.parse import Parsed
from grace.memory.payload import Payload, decode, decode_mentions
from grace.memory.postings import drop_segments, merge_segments, write_segment
from grace.memory.replaced import Edge, same_uses, still_holding, take_out, take_out_edges_of, touched_files
from grace.memory.resolve import resolve
from grace.memory.rows import FILE_COLUMNS, SYMBOL_COLUMNS, documents, file_row, symbol_rows
from grace.memory.source_tree import Stat
from grace.memory.world import IndexedWorld


def keep_payloads(connection: Connection, read: Iterable[Parsed]) -> None:
    """Keep what was read by its content; what is there already stays."""
    rows = {parsed.blob: parsed.payload for parsed in read if parsed.payload}
    connection.run_many(
        "INSERT INTO code_blobs (blob, payload) VALUES (?, ?) ON CONFLICT (blob) DO NOTHING", rows.items()
    )


def add_repository(connection: Connection, repo_id: int, root: Path) -> None:
    """A repository that nobody indexed before."""
    columns = ("id", "location", "name", "indexed_at", "watched", "revision", "history_revision")
    connection.insert("code_repositories", columns, [(repo_id, str(root), root.name, 0.0, b"{}", "", "")])


def update_repository(connection: Connection, repo_id: int, revision: str, now: float, watched: bytes | None) -> None:
    """Say what was seen when; `watched` None: as before."""
    connection.run("UPDATE code_repositories SET revision = ?, indexed_at = ? WHERE id = ?", (revision, now, repo_id))
    if watched is not None:
        connection.run("UPDATE code_repositories SET watched = ? WHERE id = ?", (watched, repo_id))


def touch_files(connection: Connection, seen: Sequence[tuple[int, Stat]]) -> None:
    """Files with another date and the same content."""
    connection.run_many(
        "UPDATE code_files SET mtime_ns = ?, size = ?, inode = ? WHERE id = ?",
        [(*stat, file_id) for file_id, stat in seen],
    )


def drop_repository(connection: Connection, repo_id: int) -> None:
    """Everything of a repository, but for what its recalls taught."""
    drop_segments(connection, repo_id)
    of_symbols = "SELECT id FROM code_symbols WHERE repo_id = ?"
    for statement in (
        f"DELETE FROM code_edges WHERE src IN ({of_symbols})",
        f"DELETE FROM code_test_covers WHERE symbol_id IN ({of_symbols})",
        f"DELETE FROM code_patterns WHERE id IN ({of_symbols})",
        "DELETE FROM code_commit_paths WHERE path_id IN (SELECT id FROM code_paths WHERE repo_id = ?)",
        *(
            f"DELETE FROM {table} WHERE repo_id = ?"
            for table in ("code_symbols", "code_mentions", "code_files", "code_tests", "code_commits", "code_paths")
        ),
        "DELETE FROM code_repositories WHERE id = ?",
    ):
        connection.run(statement, (repo_id,))


def replace_files(
    connection: Connection,
    repo_id: int,
    root: Path,
    old_ids: Mapping[str, int],
    fresh: Mapping[str, str],
    stats: Mapping[str, Stat],
) -> None:
    """Take files out of the index (path -> id) and put others in (path -> key of the payload)."""
    first = connection.take_ids("code_files", len(fresh)) if fresh else 0
    new_ids = {path: first + number for number, path in enumerate(fresh)}
    left = take_out(connection, list(old_ids.values()))
    is_first = not connection.rows("SELECT 1 FROM code_files WHERE repo_id = ? LIMIT 1", (repo_id,)) and not old_ids
    payloads, first_ids = _write_files(connection, repo_id, root, fresh, new_ids, stats)
    unchanged = {
        new_ids[path]: old
        for path, old in old_ids.items()
        if path in new_ids and same_uses(left.payloads[old], payloads[new_ids[path]])
    }
    again = set() if is_first else touched_files(connection, repo_id, left, payloads, new_ids)
    to_resolve = sorted((set(new_ids.values()) - unchanged.keys()) | again)
    held = still_holding(connection, left, payloads, first_ids, new_ids, to_resolve)
    dropped = [*left.edges, *take_out_edges_of(connection, again)]
    resolution = resolve(to_resolve, IndexedWorld(connection, repo_id, payloads, first_ids))
    edges = _strongest([*resolution.edges, *held])
    connection.insert("code_edges", ("src", "dst", "kind", "confidence"), edges)
    unresolved = dict.fromkeys(to_resolve, 0) | resolution.unresolved
    unresolved |= {new: left.unresolved[old] for new, old in unchanged.items()}
    was_unresolved = sum(left.unresolved.values()) + _unresolved_of(connection, again)
    connection.run_many(
        "UPDATE code_files SET unresolved = ? WHERE id = ?", [(count, file) for file, count in unresolved.items()]
    )
    _count_users(connection, edges, dropped, everything=is_first)
    gained = {
        "files": len(fresh) - len(old_ids),
        "lines": _lines(payloads) - _lines(left.payloads),
        "symbols": sum(len(payload.definitions) for payload in payloads.values()) - len(left.symbols),
        "edges": len(edges) - len(dropped),
        "unresolved": sum(unresolved.values()) - was_unresolved,
    }
    counts = ", ".join(f"{name} = {name} + ?" for name in gained)
    connection.run(f"UPDATE code_repositories SET {counts} WHERE id = ?", (*gained.values(), repo_id))
    merge_segments(connection, repo_id)


def _write_files(
    connection: Connection,
    repo_id: int,
    root: Path,
    fresh: Mapping[str, str],
    ids: Mapping[str, int],
    stats: Mapping[str, Stat],
) -> tuple[dict[int, Payload], dict[int, int]]:
    payloads: dict[int, Payload] = {}
    first_ids: dict[int, int] = {}
    for batch, marks in chunks(list(fresh)):
        keys = [fresh[path] for path in batch]
        rows = connection.rows(f"SELECT blob, payload FROM code_blobs WHERE blob IN ({marks})", keys)
        encoded = {key: bytes(payload) for key, payload in rows}
        for path, key in zip(batch, keys, strict=True):
            payloads[ids[path]] = decode(encoded[key])
        symbol = connection.take_ids("code_symbols", sum(len(payloads[ids[path]].definitions) for path in batch))
        for path in batch:
            first_ids[ids[path]] = symbol
            symbol += len(payloads[ids[path]].definitions)
        files = [file_row(repo_id, ids[path], path, fresh[path], stats[path], payloads[ids[path]]) for path in batch]
        connection.insert("code_files", FILE_COLUMNS, files)
        mentions = [(ids[path], repo_id, decode_mentions(encoded[fresh[path]])) for path in batch]
        connection.insert("code_mentions", ("file_id", "repo_id", "names"), mentions)
        connection.insert("code_symbols", SYMBOL_COLUMNS, symbol_rows(repo_id, batch, ids, payloads, first_ids))
        write_segment(connection, repo_id, documents(batch, fresh, ids, payloads, first_ids, encoded))
        patterns.write(
            connection, root, [(path, fresh[path], payloads[ids[path]], first_ids[ids[path]]) for path in batch]
        )
    return payloads, first_ids


def _lines(payloads: Mapping[int, Payload]) -> int:
    return sum(payload.lines for payload in payloads.values())


def _unresolved_of(connection: Connection, files: Iterable[int]) -> int:
    total = 0
    for some, marks in chunks(sorted(files)):
        total += connection.rows(f"SELECT COALESCE(SUM(unresolved), 0) FROM code_files WHERE id IN ({marks})", some)[0][
            0
        ]
    return total


def _strongest(edges: Iterable[Edge]) -> list[Edge]:
    best: dict[tuple[int, int, int], int] = {}
    for src, dst, kind, sure in edges:
        key = (src, dst, kind)
        if best.get(key, -1) < sure:
            best[key] = sure
    return sorted((*key, sure) for key, sure in best.items())


def _count_users(connection: Connection, edges: Sequence[Edge], dropped: Sequence[Edge], *, everything: bool) -> None:
    """Fan-in of the symbols whose users may have changed."""
    if everything:
        fan_in = Counter(dst for _, dst, kind, _ in edges if kind < FIRST_GUESS)
        connection.run_many("UPDATE code_symbols SET fan_in = ? WHERE id = ?", [(n, dst) for dst, n in fan_in.items()])
        return
    connection.run_many(
        "UPDATE code_symbols SET fan_in = (SELECT COUNT(*) FROM code_edges WHERE dst = ? AND kind < ?) WHERE id = ?",
        [(symbol, int(FIRST_GUESS), symbol) for symbol in {edge[1] for edge in (*edges, *dropped)}],
    )
