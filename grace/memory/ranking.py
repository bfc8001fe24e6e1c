"""Which documents of the text index fit a query best.

BM25F (Robertson, Zaragoza and Taylor 2004): a word's frequencies in the name, the names around it, the file's name and
the text are added with weights and then saturate. What it knows nothing of is the share of a name's words that the
query accounts for: for "does X" queries that says most. Long lists are only looked into for the documents that short
ones found (in the manner of MaxScore: Turtle and Flood 1995).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grace.memory.database import Connection
from grace.memory.payload import SymbolKind
from grace.memory.postings import (
    BODY_SCALE,
    DUNDER,
    FILE,
    NAME,
    NESTED,
    PARENT,
    TEST,
    Postings,
    unpack_postings,
)
from grace.memory.query import Query, QueryKind
from grace.memory.text_index import CODE, Loaded, PostingList, fetch, find_lists, joined, load_segments, share_out


class Weights(NamedTuple):
    """What counts how much; one set for each kind of query."""

    name: float = 4.0
    parent: float = 3.0
    file: float = 2.0
    saturation: float = 2.5
    """BM25's k1."""
    coverage: float = 0.6
    """What is added, as a share, for a name of which the query says every word."""
    kind_of_class: float = 0.6
    kind_of_module: float = 0.5
    dunder: float = 0.6
    nested: float = 0.7
    test: float = 0.3
    same_file: float = 0.15
    """What is added, as a share, for the file that has most of the best hits."""


WEIGHTS = {
    QueryKind.NAME: Weights(),
    QueryKind.DESCRIPTION: Weights(),
    QueryKind.CHANGE: Weights(coverage=0.2, kind_of_class=0.4, kind_of_module=0.3, dunder=1.0, nested=0.5, test=0.2),
}


class Candidate(NamedTuple):
    """A document that fits."""

    symbol_id: int
    file_id: int
    score: float
    """0 to 1: of what a document could have."""


_LOOKED_INTO = 500
"""Documents that long lists are looked into for."""
_SEEN_FOR_FILES = 50
"""Best documents that speak for their files."""
_HOPELESS = 0.15
"""Documents with less than this share of the highest sum of words are given up, where there are enough others: hardly
any bonus makes up for that."""
_ENOUGH = 4
"""Documents for each that is asked for."""

_bodies = np.arange(256, dtype=np.float32) / 255.5
_BODY = (BODY_SCALE * _bodies / (1 - _bodies)).astype(np.float32)

_zeros: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
"""Arrays that the last search left clean: new ones of a million documents cost more than the search. Whoever takes
them, takes them away."""


def rank(
    connection: Connection,
    query: Query,
    *,
    repo_id: int | None,
    kinds: Collection[SymbolKind] | None,
    most: int,
    favoured: Mapping[int, float],
) -> list[Candidate]:
    """The `most` best documents, best first. `favoured` files gain the share said."""
    segments = load_segments(connection, repo_id)
    lists = find_lists(connection, query, repo_id, segments)
    if not lists:
        return []
    total = sum(len(segment.columns.symbols) for segment in segments.values())
    frequencies: defaultdict[str, int] = defaultdict(int)
    for one in lists:
        frequencies[one.word] += one.df
    idf = {word: log(1 + (total - df + 0.5) / (df + 0.5)) for word, df in frequencies.items()}
    for one in lists:
        one.weight *= idf[one.word]
    read, looked_into = share_out(lists, total, frequencies)
    fetch(connection, [*read, *looked_into])
    weights = WEIGHTS[query.kind]
    best = _Scored(weights, query, kinds, segments).best(read, looked_into, most, favoured)
    possible = sum(weight * idf.get(word, 0.0) for word, weight in query.words.items()) or 1.0
    possible *= (1 + weights.coverage) * (1 + weights.same_file + max(favoured.values(), default=0.0))
    return [one._replace(score=min(one.score / possible, 1.0)) for one in best]


class _Scored:
    """The documents of all segments, one after the other, with what they have so far."""

    def __init__(
        self,
        weights: Weights,
        query: Query,
        kinds: Collection[SymbolKind] | None,
        segments: Mapping[tuple[int, int], Loaded],
    ) -> None:
        self._weights = weights
        fields = np.arange(256)
        self._fields = (
            ((fields & NAME) > 0) * weights.name
            + ((fields & PARENT) > 0) * weights.parent
            + ((fields & FILE) > 0) * weights.file
        ).astype(np.float32)
        self._columns = joined(segments)
        self._factors = _factors(weights, kinds, about_tests=query.about_tests)
        self._starts: dict[tuple[int, int], int] = {}
        count = 0
        for key, segment in segments.items():
            self._starts[key] = count
            count += len(segment.columns.symbols)
        self._zeros = _clean(count)
        self._sums, self._covered = self._zeros
        self._touched: list[NDArray[np.int64]] = []

    def best(
        self, read: Sequence[PostingList], looked_into: Sequence[PostingList], most: int, favoured: Mapping[int, float]
    ) -> list[Candidate]:
        """The best documents, once their files are taken into account."""
        self._count(read, [unpack_postings(one.data or b"") for one in read])
        found = self._with_more_than(_HOPELESS * float(self._sums.max(initial=0)))
        if len(found) < _ENOUGH * most:
            found = self._with_more_than(0.0)
        if looked_into:
            if len(found) > _LOOKED_INTO:
                found = np.sort(found[np.argpartition(-self._total(found), _LOOKED_INTO)[:_LOOKED_INTO]])
            self._count(looked_into, [self._looked_up(one, found) for one in looked_into])
        scores = self._total(found)
        self._clean_up()
        widened = 2 * most + _SEEN_FOR_FILES
        if len(scores) > widened:
            chosen = np.argpartition(-scores, widened)[:widened]
            found, scores = found[chosen], scores[chosen]
        order = np.lexsort((self._columns.symbols[found], -scores))
        found, scores = found[order], scores[order]
        files, places = np.unique(self._columns.files[found], return_inverse=True)
        of_files = np.bincount(places[:_SEEN_FOR_FILES], scores[:_SEEN_FOR_FILES], len(files))
        gains = self._weights.same_file * of_files / max(float(of_files.max(initial=0)), 1e-9)
        if favoured:
            gains += [favoured.get(file, 0.0) for file in files.tolist()]
        gained = scores * (1 + gains[places])
        order = np.argsort(-gained, kind="stable")[:most]
        found = found[order]
        columns = (self._columns.symbols[found], self._columns.files[found], gained[order])
        return list(map(Candidate, *(column.tolist() for column in columns)))

    def _with_more_than(self, least: float) -> NDArray[np.int64]:
        found = np.flatnonzero(self._sums > least)
        return found[self._factors[self._columns.codes[found]] > 0]

    def _looked_up(self, one: PostingList, found: NDArray[np.int64]) -> Postings:
        """The postings of a list that are of documents found."""
        postings = unpack_postings(one.data or b"")
        start = self._starts[one.segment]
        low, high = np.searchsorted(found, (start, start + int(postings.documents[-1]) + 1))
        wanted = found[low:high] - start
        places = np.searchsorted(postings.documents, wanted)
        places = places[postings.documents[places] == wanted]
        return Postings(*(column[places] for column in postings))

    def _count(self, lists: Sequence[PostingList], found: Sequence[Postings]) -> None:
        """Add what postings are worth."""
        lengths = [len(postings.documents) for postings in found]
        starts = np.repeat(np.array([self._starts[one.segment] for one in lists]), lengths)
        documents = np.concatenate([postings.documents for postings in found]) + starts
        seen = np.repeat(np.array([NAME | PARENT if one.guess else 255 for one in lists], np.uint8), lengths)
        fields = np.concatenate([postings.fields for postings in found]) & seen
        bodies = np.concatenate([postings.bodies for postings in found]) * (seen == 255)
        weights = np.repeat(np.array([one.weight for one in lists], np.float32), lengths)
        covers = np.repeat(np.array([one.covers for one in lists], np.float32), lengths)
        frequencies = self._fields[fields] * self._columns.name_norms[documents] + _BODY[bodies]
        np.add.at(self._sums, documents, weights * frequencies / (frequencies + self._weights.saturation))
        self._touched.append(documents)
        in_name = (fields & NAME) > 0
        np.add.at(self._covered, documents[in_name], covers[in_name])

    def _clean_up(self) -> None:
        for documents in self._touched:
            self._sums[documents] = 0
            self._covered[documents] = 0
        _zeros.clear()
        _zeros[len(self._sums)] = self._zeros

    def _total(self, found: NDArray[np.int64]) -> NDArray[np.float32]:
        shares = np.minimum(self._covered[found] / self._columns.name_lengths[found], 1)
        factors = self._factors[self._columns.codes[found]]
        total: NDArray[np.float32] = self._sums[found] * (1 + self._weights.coverage * shares) * factors
        return total


def _clean(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        return _zeros.pop(count)
    except KeyError:
        return np.zeros(count, np.float32), np.zeros(count, np.float32)


def _factors(weights: Weights, kinds: Collection[SymbolKind] | None, *, about_tests: bool) -> NDArray[np.float32]:
    """What a document's score is multiplied by, by its code."""
    of_flags = np.ones(CODE, np.float32)
    flags = np.arange(CODE)
    for flag, factor in (
        (TEST, 1.0 if about_tests else weights.test),
        (DUNDER, weights.dunder),
        (NESTED, weights.nested),
    ):
        of_flags[(flags & flag) > 0] *= factor
    of_kinds = np.ones(256 // CODE, np.float32)
    of_kinds[SymbolKind.CLASS] = weights.kind_of_class
    of_kinds[SymbolKind.MODULE] = weights.kind_of_module
    if kinds is not None:
        of_kinds[:] = [kind in kinds for kind in range(len(of_kinds))]
    return np.outer(of_kinds, of_flags).ravel()
