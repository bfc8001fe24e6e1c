"""What the resolver asks about a repository, answered from the index, and only as far as it asks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from grace.memory.database import Connection
from grace.memory.payload import Payload, SymbolKind, decode

_NAMED = (SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD)
_MANY = 100
"""From so many questions on, one look at all names is sooner done than one look per name."""


class IndexedWorld:
    """A repository within a transaction; implements `grace.memory.resolve.World`."""

    def __init__(
        self,
        connection: Connection,
        repo_id: int,
        payloads: Mapping[int, Payload],
        first_ids: Mapping[int, int],
    ) -> None:
        """`payloads` and `first_ids` (of its symbols) are those of the files that were just written."""
        self._connection = connection
        self._repo_id = repo_id
        self._payloads = dict(payloads)
        self._first_ids = dict(first_ids)
        self._asked: dict[str, Sequence[tuple[int, int]]] = {}

    @cached_property
    def paths(self) -> Mapping[str, int]:
        """Path -> file id, of the whole repository."""
        rows = self._connection.rows("SELECT path, id FROM code_files WHERE repo_id = ?", (self._repo_id,))
        return dict(rows)

    def payload(self, file_id: int) -> Payload:
        """What a file says."""
        if (found := self._payloads.get(file_id)) is None:
            query = "SELECT b.payload FROM code_files f JOIN code_blobs b ON b.blob = f.blob WHERE f.id = ?"
            rows = self._connection.rows(query, (file_id,))
            found = self._payloads[file_id] = decode(bytes(rows[0][0])) if rows else Payload("", ())
        return found

    def symbol_ids(self, file_id: int) -> Sequence[int]:
        """Ids of its symbols, in the order of its definitions."""
        if (first := self._first_ids.get(file_id)) is None:
            rows = self._connection.rows("SELECT MIN(id) FROM code_symbols WHERE file_id = ?", (file_id,))
            first = self._first_ids[file_id] = int(rows[0][0] or 0)
        return range(first, first + len(self.payload(file_id).definitions))

    def named(self, name: str) -> Sequence[tuple[int, int]]:
        """Classes, functions and methods of a name: (file id, index of the definition)."""
        if len(self._asked) >= _MANY:
            return self._all_named.get(name, ())
        if name not in self._asked:
            query = "SELECT file_id, id FROM code_symbols WHERE name = ? AND repo_id = ? AND kind IN (?, ?, ?)"
            rows = self._connection.rows(query, (name, self._repo_id, *_NAMED))
            self._asked[name] = [(file_id, symbol - self.symbol_ids(file_id)[0]) for file_id, symbol in rows]
        return self._asked[name]

    @cached_property
    def _all_named(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        query = "SELECT name, file_id, id, kind FROM code_symbols WHERE repo_id = ? ORDER BY id"
        first: dict[int, int] = {}
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for name, file_id, symbol, kind in self._connection.rows(query, (self._repo_id,)):
            start = first.setdefault(file_id, symbol)
            if kind in _NAMED:
                found[name].append((file_id, symbol - start))
        return found
