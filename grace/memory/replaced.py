"""Files that change or go: what the index knew of them, who is touched, and what still holds.

Symbols of a changed file get new ids. What other files say of a symbol that is still there follows it; what may mean
something else now is resolved again, and nothing else: never everything that imports it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grace.memory.database import Connection, chunks
from grace.memory.graph import EdgeKind
from grace.memory.payload import Payload, checksum, decode
from grace.memory.resolve import interface
from grace.memory.rows import module_name, qualified_names

Edge = tuple[int, int, int, int]
"""From, to, `EdgeKind`, confidence."""


@dataclass
class Replaced:
    """What was known of files that change or go, taken out of the index."""

    paths: dict[int, str] = field(default_factory=dict)
    payloads: dict[int, Payload] = field(default_factory=dict)
    unresolved: dict[int, int] = field(default_factory=dict)
    symbols: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    """Old symbol -> (file id, qualified name, kind)."""
    edges: list[Edge] = field(default_factory=list)
    """At an old symbol, at one end or at both."""
    covers: list[tuple[int, int]] = field(default_factory=list)

    def file_of(self, symbol: int) -> int | None:
        """The file of an old symbol, None for any other."""
        found = self.symbols.get(symbol)
        return found[0] if found else None


def owner(edge: Edge) -> int:
    """The symbol whose file says so: an override is the derived class's doing."""
    return edge[1] if edge[2] == EdgeKind.OVERRIDDEN else edge[0]


def take_out(connection: Connection, files: Sequence[int]) -> Replaced:
    """Take files out of the index."""
    left = Replaced()
    for some, marks in chunks(files):
        query = (
            "SELECT f.id, f.path, f.unresolved, b.payload FROM code_files f JOIN code_blobs b ON b.blob = f.blob"
            f" WHERE f.id IN ({marks})"
        )
        for file_id, path, unresolved, payload in connection.rows(query, some):
            left.paths[file_id], left.unresolved[file_id] = path, unresolved
            left.payloads[file_id] = decode(bytes(payload))
        query = f"SELECT id, file_id, qualname, kind FROM code_symbols WHERE file_id IN ({marks}) ORDER BY id"
        left.symbols |= {symbol: (file, name, kind) for symbol, file, name, kind in connection.rows(query, some)}
    edges: set[Edge] = set()
    for some, marks in chunks(list(left.symbols)):
        for end in ("src", "dst"):
            query = f"SELECT src, dst, kind, confidence FROM code_edges WHERE {end} IN ({marks})"
            edges.update((src, dst, kind, sure) for src, dst, kind, sure in connection.rows(query, some))
            connection.run(f"DELETE FROM code_edges WHERE {end} IN ({marks})", some)
        query = f"SELECT test_id, symbol_id FROM code_test_covers WHERE symbol_id IN ({marks})"
        left.covers.extend((test, symbol) for test, symbol in connection.rows(query, some))
        connection.run(f"DELETE FROM code_test_covers WHERE symbol_id IN ({marks})", some)
        connection.run(f"DELETE FROM code_patterns WHERE id IN ({marks})", some)
    left.edges = sorted(edges)
    for some, marks in chunks(files):
        connection.run(f"DELETE FROM code_symbols WHERE file_id IN ({marks})", some)
        connection.run(f"DELETE FROM code_mentions WHERE file_id IN ({marks})", some)
        connection.run(f"DELETE FROM code_files WHERE id IN ({marks})", some)
    return left


def same_uses(before: Payload, after: Payload) -> bool:
    """Whether a file says the same of others, and offers them the same, so that its edges still hold."""
    uses = [[(one.calls, one.references) for one in payload.definitions] for payload in (before, after)]
    return uses[0] == uses[1] and before.imports == after.imports and interface(before) == interface(after)


def touched_files(
    connection: Connection, repo_id: int, left: Replaced, payloads: Mapping[int, Payload], new_ids: Mapping[str, int]
) -> set[int]:
    """Other files that may mean something else now: what they use has another interface, or names came or went."""
    names: set[str] = set()
    moved: set[int] = set()
    old_ids = {path: file_id for file_id, path in left.paths.items()}
    for path in sorted(old_ids.keys() | new_ids.keys()):
        before = left.payloads[old_ids[path]] if path in old_ids else None
        after = payloads[new_ids[path]] if path in new_ids else None
        if before and after and interface(before) == interface(after):
            continue
        if path in old_ids:
            moved.add(old_ids[path])
        names |= _names(before, path) ^ _names(after, path)
    users = {owner(edge) for edge in left.edges if moved & {left.file_of(edge[0]), left.file_of(edge[1])}}
    touched = set(files_of(connection, users - left.symbols.keys()).values())
    if names:
        sums = list(map(checksum, names))
        for file_id, mentions in connection.rows(
            "SELECT file_id, names FROM code_mentions WHERE repo_id = ?", (repo_id,)
        ):
            mentioned = bytes(mentions)
            if any(each in mentioned for each in sums):
                touched.add(file_id)
    return touched - set(new_ids.values())


def still_holding(
    connection: Connection,
    left: Replaced,
    payloads: Mapping[int, Payload],
    first_ids: Mapping[int, int],
    new_ids: Mapping[str, int],
    resolved_again: Iterable[int],
) -> list[Edge]:
    """The old edges whose ends are still there, led to their new ids; which functions tests enter follows the same.

    Left out are those whose file is `resolved_again`, under its new id where it has one.
    """
    now = _new_ids(left, payloads, first_ids, new_ids)
    covers = [(test, now[symbol]) for test, symbol in left.covers if symbol in now]
    connection.insert("code_test_covers", ("test_id", "symbol_id"), covers)
    gone = left.symbols.keys() - now.keys()
    again = set(resolved_again)
    said_by = files_of(connection, {owner(edge) for edge in left.edges} - left.symbols.keys()) if again else {}
    said_by |= {symbol: new_ids.get(left.paths[file], 0) for symbol, (file, _, _) in left.symbols.items()}
    return [
        (now.get(src, src), now.get(dst, dst), kind, sure)
        for src, dst, kind, sure in left.edges
        if src not in gone and dst not in gone and said_by.get(owner((src, dst, kind, sure))) not in again
    ]


def files_of(connection: Connection, symbols: Iterable[int]) -> dict[int, int]:
    """Symbol -> its file."""
    found: dict[int, int] = {}
    for some, marks in chunks(sorted(symbols)):
        rows = connection.rows(f"SELECT id, file_id FROM code_symbols WHERE id IN ({marks})", some)
        found.update((symbol, file_id) for symbol, file_id in rows)
    return found


def take_out_edges_of(connection: Connection, files: Iterable[int]) -> Iterator[Edge]:
    """Take out what files say themselves, before they are resolved again; gives what that was."""
    for some, marks in chunks(sorted(files)):
        of_files = f"SELECT id FROM code_symbols WHERE file_id IN ({marks})"
        for end, same in (("src", "<>"), ("dst", "=")):
            theirs = f"code_edges WHERE {end} IN ({of_files}) AND kind {same} {EdgeKind.OVERRIDDEN:d}"
            rows = connection.rows(f"SELECT src, dst, kind, confidence FROM {theirs}", some)
            yield from ((src, dst, kind, sure) for src, dst, kind, sure in rows)
            connection.run(f"DELETE FROM {theirs}", some)


def _names(payload: Payload | None, path: str) -> set[str]:
    if payload is None:
        return set()
    return {one.name for one in payload.definitions if one.name} | set(module_name(path).split("."))


def _new_ids(
    left: Replaced, payloads: Mapping[int, Payload], first_ids: Mapping[int, int], new_ids: Mapping[str, int]
) -> dict[int, int]:
    """Old symbol -> the one of the same name and kind in the same file; of several, in their order."""
    place: dict[tuple[str, str, int, int], int] = {}
    for path, file_id in new_ids.items():
        seen: Counter[tuple[str, int]] = Counter()
        payload = payloads[file_id]
        for number, (name, one) in enumerate(zip(qualified_names(payload), payload.definitions, strict=True)):
            place[path, name, int(one.kind), seen[name, one.kind]] = first_ids[file_id] + number
            seen[name, one.kind] += 1
    now: dict[int, int] = {}
    counted: Counter[tuple[int, str, int]] = Counter()
    for symbol, key in left.symbols.items():
        file_id, name, kind = key
        if found := place.get((left.paths[file_id], name, kind, counted[key])):
            now[symbol] = found
        counted[key] += 1
    return now
