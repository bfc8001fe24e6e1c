"""The text index as it is stored: for each word, the symbols that have it, where they have it and how much.

An inverted index in segments (as Lucene keeps it): whoever indexes appends a small segment, small ones are merged now
and then, none is ever changed. A posting is a document's number within its segment, the fields that hold the word,
and how much the word counts in its text, quantised to a byte (impact quantisation: Anh, de Kretser and Moffat 2001).
What a field is worth is decided when asked, so one index serves every kind of query.
"""

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grace.memory.database import Connection
from grace.memory.payload import SymbolKind
from grace.memory.words import name_words

NAME, PARENT, FILE = 1, 2, 4
"""Bits of a posting's fields: the word is in the name, in the names around it, in the file's name."""
TEST, DUNDER, NESTED = 1, 2, 4
"""Bits of a document's flags: it tests, it is called `__so__`, it is defined within a function."""
NAMED = "="
"""Stands before a word in the key of the postings whose names (NAME or PARENT) have it; the others are under the word
alone. So what counts most can be read without what is merely many."""
BODY_SCALE = 2.5
"""A body frequency f (length-normalised) is stored as 255 f / (f + BODY_SCALE)."""
_BODY_B, _USUAL_LENGTH = 0.6, 30.0
"""BM25's length normalisation: how much, and the words of a usual text; constants, so that segments agree."""
_MOST_POSTINGS = 2**22
"""Of one segment while it is written: bounds the memory that takes (200 MB)."""
_LARGE_SEGMENT = 2**16
"""Documents; such segments are left alone unless a third of them is gone."""
_SMALL_SEGMENTS = 8
_HEADER = 16


class Document(NamedTuple):
    """A symbol as the text index sees it."""

    symbol_id: int
    file_id: int
    kind: SymbolKind
    name: str
    qualname: str
    path: str
    words: Mapping[str, int]
    is_test: bool


class Segment(NamedTuple):
    """What is known of each document of a segment, by its number there."""

    symbols: NDArray[np.uint32]
    files: NDArray[np.uint32]
    name_lengths: NDArray[np.uint8]
    """Distinct words of the name."""
    kinds: NDArray[np.uint8]
    flags: NDArray[np.uint8]


class Postings(NamedTuple):
    """The documents of a segment that have a word, by their ascending numbers."""

    documents: NDArray[np.uint32]
    fields: NDArray[np.uint8]
    bodies: NDArray[np.uint8]


def write_segment(connection: Connection, repo_id: int, documents: Iterable[Document]) -> None:
    """Make documents findable; a large number of them becomes several segments."""
    gathered = _Gathered()
    for document in documents:
        gathered.add(document)
        if len(gathered.words) >= _MOST_POSTINGS:
            _write(connection, repo_id, gathered.columns(), gathered.lists())
            gathered = _Gathered()
    if gathered.symbols:
        _write(connection, repo_id, gathered.columns(), gathered.lists())


def merge_segments(connection: Connection, repo_id: int) -> None:
    """Make few segments of many small ones, and let go of documents whose symbols are gone.

    Every word is looked up in each segment, and a merge writes all that it merges anew: while the small segments
    hold little beside the largest, they are merged with each other only.
    """
    sizes = connection.rows("SELECT segment, symbols FROM code_segments WHERE repo_id = ? ORDER BY segment", (repo_id,))
    small = [(segment, symbols) for segment, symbols in sizes if symbols < _LARGE_SEGMENT]
    beside = sum(symbols for _, symbols in small) - max((symbols for _, symbols in small), default=0)
    if beside * 10 <= sum(symbols for _, symbols in sizes):
        if len(small) > _SMALL_SEGMENTS:  # the largest stays: edits alone should not have it written again
            largest = max(small, key=lambda one: one[1])[0]
            _merge(connection, repo_id, [_Kept.load(connection, repo_id, each) for each, _ in small if each != largest])
        return
    merged: list[_Kept] = []
    for segment, _ in sizes:
        kept = _Kept.load(connection, repo_id, segment)
        if len(kept.columns.symbols) >= _LARGE_SEGMENT and kept.alive.mean() > 2 / 3:
            continue
        if merged and sum(int(each.alive.sum()) for each in (*merged, kept)) > 2 * _LARGE_SEGMENT:
            _merge(connection, repo_id, merged)
            merged = []
        merged.append(kept)
    _merge(connection, repo_id, merged)


def drop_segments(connection: Connection, repo_id: int) -> None:
    """Forget the text of a repository, its history's words included."""
    connection.run("DELETE FROM code_segments WHERE repo_id = ?", (repo_id,))
    connection.run("DELETE FROM code_postings WHERE repo_id = ?", (repo_id,))


def pack_postings(postings: Postings) -> bytes:
    """The postings of a word as the database keeps them."""
    return b"".join(column.tobytes() for column in postings)


def unpack_columns(data: bytes) -> Segment:
    """The columns of a segment as the database keeps them."""
    count = (len(data) - _HEADER) // 11
    symbols, files = np.frombuffer(data, np.uint32, 2 * count, _HEADER).reshape(2, count)
    lengths, kinds, flags = np.frombuffer(data, np.uint8, 3 * count, _HEADER + 8 * count).reshape(3, count)
    return Segment(symbols, files, lengths, kinds, flags)


def unpack_postings(data: bytes) -> Postings:
    """The postings of a word as the database keeps them."""
    count = len(data) // 6
    fields, bodies = np.frombuffer(data, np.uint8, 2 * count, 4 * count).reshape(2, count)
    return Postings(np.frombuffer(data, np.uint32, count), fields, bodies)


class _Numbers(dict[str, int]):
    """Numbers words as they come."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class _Gathered:
    """Documents in flat columns: an object for each posting would cost more than all the rest."""

    def __init__(self) -> None:
        self.numbers = _Numbers()
        self.symbols, self.files = array("I"), array("I")
        self.name_lengths, self.kinds, self.flags = array("B"), array("B"), array("B")
        self.words, self.counts, self.distinct = array("I"), array("I"), array("I")
        self.field_words, self.field_documents, self.field_bits = array("I"), array("I"), array("B")
        self._split: dict[str, tuple[int, ...]] = {}
        self._of_files: dict[str, tuple[int, ...]] = {}

    def add(self, document: Document) -> None:
        number = len(self.symbols)
        words = document.words
        self.symbols.append(document.symbol_id)
        self.files.append(document.file_id)
        self.kinds.append(document.kind)
        self.flags.append(_flags(document))
        self.words.extend(map(self.numbers.__getitem__, words))
        self.counts.extend(words.values())
        self.distinct.append(len(words))
        in_name = self._words_of(document.name.rpartition(".")[2])
        self.name_lengths.append(min(len(in_name), 255))
        self._mark(number, in_name, NAME)
        parents = document.qualname.rpartition(".")[0]
        if parents:
            self._mark(number, self._words_of(parents), PARENT)
        self._mark(number, self._words_of_file(document.path), FILE)

    def columns(self) -> Segment:
        return Segment(
            _view(self.symbols, np.uint32),
            _view(self.files, np.uint32),
            _view(self.name_lengths, np.uint8),
            _view(self.kinds, np.uint8),
            _view(self.flags, np.uint8),
        )

    def lists(self) -> Iterator[tuple[str, int, bytes]]:
        """Rows of the postings: key, document frequency, data."""
        count = len(self.symbols)
        vocabulary = sorted(self.numbers)
        rank = np.empty(len(vocabulary), np.int64)
        rank[np.fromiter(map(self.numbers.__getitem__, vocabulary), np.int64, len(vocabulary))] = np.arange(len(rank))
        documents = np.repeat(np.arange(count, dtype=np.int64), _view(self.distinct, np.uint32))
        counts = _view(self.counts, np.uint32).astype(np.float32)
        lengths = np.bincount(documents, counts, count).astype(np.float32)
        frequencies = counts / (1 - _BODY_B + _BODY_B / _USUAL_LENGTH * lengths)[documents]
        impacts = np.maximum(np.rint(255 * frequencies / (frequencies + BODY_SCALE)), 1).astype(np.uint8)
        in_bodies = rank[_view(self.words, np.uint32)] * count + documents
        in_fields = rank[_view(self.field_words, np.uint32)] * count + _view(self.field_documents, np.uint32)
        bits = _view(self.field_bits, np.uint8)
        # A word of a document may come from its body and from several fields: one posting of them all.
        keys = np.concatenate((in_bodies, in_fields))
        order = np.argsort(keys)
        keys = keys[order]
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        fields = np.bitwise_or.reduceat(np.concatenate((np.zeros(len(documents), np.uint8), bits))[order], first)
        bodies = np.maximum.reduceat(np.concatenate((impacts, np.zeros(len(bits), np.uint8)))[order], first)
        words, numbers = np.divmod(keys[first], count)
        postings = Postings(numbers.astype(np.uint32), fields, bodies)
        named = (fields & (NAME | PARENT)) != 0
        marked = [NAMED + word for word in vocabulary]
        for names, chosen in ((marked, named), (vocabulary, ~named)):
            yield from _cut(names, words[chosen], Postings(*(column[chosen] for column in postings)))

    def _mark(self, number: int, words: tuple[int, ...], field: int) -> None:
        for word in words:
            self.field_words.append(word)
            self.field_documents.append(number)
            self.field_bits.append(field)

    def _words_of(self, name: str) -> tuple[int, ...]:
        words = self._split.get(name)
        if words is None:
            words = self._split[name] = tuple({self.numbers[word] for word in name_words(name)})
        return words

    def _words_of_file(self, path: str) -> tuple[int, ...]:
        words = self._of_files.get(path)
        if words is None:
            folder, _, file = path.rpartition("/")
            stem = file.rpartition(".")[0] or file
            words = self._of_files[path] = self._words_of(folder.rpartition("/")[2] if stem == "__init__" else stem)
        return words


def _flags(document: Document) -> int:
    nested = document.kind is SymbolKind.FUNCTION and "." in document.qualname
    dunder = document.name.startswith("__") and document.name.endswith("__")
    return TEST * document.is_test | DUNDER * dunder | NESTED * nested


class _Kept(NamedTuple):
    """A segment that is to be merged."""

    segment: int
    columns: Segment
    alive: NDArray[np.bool_]

    @staticmethod
    def load(connection: Connection, repo_id: int, segment: int) -> "_Kept":
        query = "SELECT columns FROM code_segments WHERE repo_id = ? AND segment = ?"
        columns = unpack_columns(bytes(connection.rows(query, (repo_id, segment))[0][0]))
        bounds = (int(columns.symbols.min()), int(columns.symbols.max()))
        there = connection.rows("SELECT id FROM code_symbols WHERE id BETWEEN ? AND ?", bounds)
        return _Kept(segment, columns, np.isin(columns.symbols, np.array([row[0] for row in there], np.uint32)))


def _merge(connection: Connection, repo_id: int, merged: Sequence[_Kept]) -> None:
    """Write one segment in the place of several."""
    marks = ", ".join("?" * len(merged))
    of_them = f"FROM code_postings WHERE repo_id = ? AND segment IN ({marks})"
    parameters = (repo_id, *(kept.segment for kept in merged))
    rows: dict[int, list[tuple[str, int, bytes]]] = {kept.segment: [] for kept in merged}
    for segment, key, df, data in connection.rows(f"SELECT segment, word, df, data {of_them}", parameters):
        rows[segment].append((key, df, data))
    connection.run(f"DELETE {of_them}", parameters)
    connection.run(f"DELETE FROM code_segments WHERE repo_id = ? AND segment IN ({marks})", parameters)
    numbers = _Numbers()
    words: list[NDArray[np.int64]] = []
    parts: list[Postings] = []
    count = 0
    for segment, _, alive in merged:
        mine = rows.pop(segment)
        part = Postings(
            np.frombuffer(b"".join([data[: 4 * df] for _, df, data in mine]), np.uint32),
            np.frombuffer(b"".join([data[4 * df : 5 * df] for _, df, data in mine]), np.uint8),
            np.frombuffer(b"".join([data[5 * df :] for _, df, data in mine]), np.uint8),
        )
        kept = alive[part.documents]
        renumbered = (np.cumsum(alive) - 1 + count).astype(np.uint32)
        parts.append(Postings(renumbered[part.documents[kept]], part.fields[kept], part.bodies[kept]))
        keys = np.fromiter((numbers[key] for key, _, _ in mine), np.int64, len(mine))
        words.append(np.repeat(keys, [df for _, df, _ in mine])[kept])
        count += int(alive.sum())
    if not count:
        return
    vocabulary = sorted(numbers)
    rank = np.empty(len(vocabulary), np.int64)
    rank[np.fromiter(map(numbers.__getitem__, vocabulary), np.int64, len(vocabulary))] = np.arange(len(rank))
    ranks = rank[np.concatenate(words)]
    order = np.argsort(ranks, kind="stable")  # documents ascend within a word, since later segments have later numbers
    postings = Postings(*(np.concatenate(columns)[order] for columns in zip(*parts, strict=True)))
    columns = Segment(
        *(
            np.concatenate([column[kept.alive] for column, kept in zip(of_kind, merged, strict=True)])
            for of_kind in zip(*(kept.columns for kept in merged), strict=True)
        )
    )
    _write(connection, repo_id, columns, _cut(vocabulary, ranks[order], postings))


def _cut(keys: Sequence[str], numbers: NDArray[np.int64], postings: Postings) -> Iterator[tuple[str, int, bytes]]:
    """Rows of all postings by the key each belongs to; `numbers` ascend."""
    documents, fields, bodies = (column.tobytes() for column in postings)
    bounds = np.searchsorted(numbers, np.arange(len(keys) + 1)).tolist()
    for key, start, end in zip(keys, bounds, bounds[1:], strict=False):
        if end > start:
            yield key, end - start, documents[4 * start : 4 * end] + fields[start:end] + bodies[start:end]


def _write(connection: Connection, repo_id: int, columns: Segment, rows: Iterable[tuple[str, int, bytes]]) -> None:
    segment = connection.take_ids("code_segments", 1)
    packed = os.urandom(_HEADER) + b"".join(column.tobytes() for column in columns)
    connection.insert(
        "code_segments",
        ("repo_id", "segment", "symbols", "columns"),
        [(repo_id, segment, len(columns.symbols), packed)],
    )
    connection.insert(
        "code_postings",
        ("repo_id", "segment", "word", "df", "data"),
        ((repo_id, segment, key, df, data) for key, df, data in rows),
    )


def _view(column: "array[int]", kind: type[Any]) -> NDArray[Any]:
    return np.frombuffer(column, kind) if column else np.empty(0, kind)
