"""Reading the text index for a query: the columns of its segments, and the lists of postings that matter.

Segments never change, so their columns stay in memory under a stamp that each has of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grace.memory.database import Connection
from grace.memory.postings import NAMED, unpack_columns
from grace.memory.query import Query

CODE = 8
"""A document's code is its kind x CODE + its flags."""
_READ = 20_000
"""Postings that are read in full; lists beyond that are only looked into."""
_NAMED_FIRST = 8
"""So much longer may a list of names be than one of texts."""
_COMMON = 20
"""A word of more than one document in so many is common."""
_SHORT = 2_000
"""Postings that come along with the first question to the database."""
_NAME_B, _USUAL_NAME = 0.3, 2.3
"""BM25's length normalisation for names: how much, and the words of a usual one."""
_MOST_LOADED = 256
"""Segments."""


class Columns(NamedTuple):
    """What is known of each document, as ranking needs it."""

    symbols: NDArray[np.uint32]
    files: NDArray[np.uint32]
    name_lengths: NDArray[np.float32]
    name_norms: NDArray[np.float32]
    codes: NDArray[np.uint8]
    """Kind x CODE + flags."""


class Loaded(NamedTuple):
    """A segment in memory."""

    stamp: bytes
    columns: Columns


class PostingList:
    """One row of postings, and what it is to the query."""

    def __init__(self, row_id: int, segment: tuple[int, int], key: str, df: int, weight: float) -> None:
        self.row_id = row_id
        self.segment = segment
        self.named = key.startswith(NAMED)
        self.word = key.removeprefix(NAMED)
        self.df = df
        self.weight = weight
        """Of the query's word; then times its inverse document frequency."""
        self.covers = weight
        """How much of a name it stands for, of one word."""
        self.guess = False
        """Whether it is only looked up in names."""
        self.data: bytes | None = None


_loaded: dict[tuple[int, int], Loaded] = {}
_joined_before: dict[tuple[bytes, ...], Columns] = {}


def load_segments(connection: Connection, repo_id: int | None) -> dict[tuple[int, int], Loaded]:
    """The segments of one repository, or of all, by repository and number."""
    where, parameters = ("", ()) if repo_id is None else (" WHERE repo_id = ?", (repo_id,))
    query = f"SELECT repo_id, segment, substr(columns, 1, 16) FROM code_segments{where}"
    segments = {}
    for repo, segment, head in connection.rows(query, parameters):
        key, stamp = (repo, segment), bytes(head)
        known = _loaded.get(key)
        if known is None or known.stamp != stamp:  # numbers of another database may be the same
            known = _load(connection, key, stamp)
            if len(_loaded) >= _MOST_LOADED:
                _loaded.clear()
            _loaded[key] = known
        segments[key] = known
    return segments


def _load(connection: Connection, key: tuple[int, int], stamp: bytes) -> Loaded:
    query = "SELECT columns FROM code_segments WHERE repo_id = ? AND segment = ?"
    segment = unpack_columns(bytes(connection.rows(query, key)[0][0]))
    lengths = np.maximum(segment.name_lengths, 1).astype(np.float32)
    norms = (1 / (1 - _NAME_B + _NAME_B / _USUAL_NAME * lengths)).astype(np.float32)
    codes = segment.kinds * np.uint8(CODE) + segment.flags
    return Loaded(stamp, Columns(segment.symbols, segment.files, lengths, norms, codes))


def joined(segments: Mapping[tuple[int, int], Loaded]) -> Columns:
    """The columns of several segments, one after the other; the same ones are asked for again and again."""
    stamps = tuple(segment.stamp for segment in segments.values())
    if stamps not in _joined_before:
        _joined_before.clear()
        columns = zip(*(segment.columns for segment in segments.values()), strict=True)
        _joined_before[stamps] = Columns(*map(np.concatenate, columns))
    return _joined_before[stamps]


def find_lists(
    connection: Connection, query: Query, repo_id: int | None, segments: Collection[tuple[int, int]]
) -> list[PostingList]:
    """The lists of a query's words in some segments; the long ones without their postings."""
    guesses = {NAMED + word: weight for word, weight in query.in_names.items()}
    weights = {NAMED + word: weight for word, weight in query.words.items()} | dict(query.words) | guesses
    marks = ", ".join("?" * len(weights))
    only = "" if repo_id is None else " AND repo_id = ?"
    sql = (
        f"SELECT id, repo_id, segment, word, df, CASE WHEN df <= {_SHORT} THEN data END"
        f" FROM code_postings WHERE word IN ({marks}){only}"
    )
    lists = []
    for row_id, repo, segment, key, df, data in connection.rows(
        sql, (*weights, *(() if repo_id is None else (repo_id,)))
    ):
        if (repo, segment) in segments:
            one = PostingList(row_id, (repo, segment), key, df, weights[key])
            one.guess = key in guesses
            one.covers = one.weight if one.guess else 1.0
            one.data = None if data is None else bytes(data)
            lists.append(one)
    return lists


def share_out(
    lists: Iterable[PostingList], total: int, frequencies: Mapping[str, int]
) -> tuple[list[PostingList], list[PostingList]]:
    """Which lists are read, and which are only looked into: what says much of few documents goes first.

    Beyond that, texts that have a word which so many have are not worth reading the list.
    """
    read: list[PostingList] = []
    looked_into: list[PostingList] = []
    left = _READ
    for one in sorted(lists, key=lambda one: one.df / (_NAMED_FIRST if one.named else 1)):
        if one.df <= left or not read:
            read.append(one)
            left -= one.df
        elif one.named or frequencies[one.word] * _COMMON < total:
            looked_into.append(one)
    return read, looked_into


def fetch(connection: Connection, lists: Sequence[PostingList]) -> None:
    """Read the postings that are missing yet."""
    missing = {one.row_id: one for one in lists if one.data is None}
    if missing:
        marks = ", ".join("?" * len(missing))
        for row_id, data in connection.rows(f"SELECT id, data FROM code_postings WHERE id IN ({marks})", list(missing)):
            missing[row_id].data = bytes(data)
