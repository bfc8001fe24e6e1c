"""Finding code by a name, by what it does, or by what is to be changed.

Names are looked up in the index over the symbols; words in the text index (`grace.memory.ranking`); and what past
commits of a similar subject touched says which files a change is about (`grace.memory.past_changes`). numpy is loaded
only when the words are needed: a name that is known answers sooner.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from grace.memory.database import Connection
from grace.memory.payload import SymbolKind
from grace.memory.query import Query, QueryKind, understand
from grace.path_roles import is_test


class Hit(NamedTuple):
    """A symbol that was found."""

    symbol_id: int
    repo_id: int
    path: str
    line: int
    """Where its name is."""
    end_line: int
    name: str
    qualname: str
    kind: SymbolKind
    signature: str
    doc: str
    score: float
    """0 to 1; compares hits of one search."""


_SPARE = 20
"""Candidates beyond those asked for: the text index still knows symbols that are gone."""
_SAME_NAME = 200
_EXACT, _MENTIONED, _BEGINS = 1.0, 0.9, 0.8
"""Scores of a name, of the end of a dotted one, of a beginning."""
_IN_TESTS = 0.15
"""What is taken off for being in a test, where nobody asked for tests."""
_BELOW_NAMES = 0.7
"""What scores by words are scaled to when a name was asked for."""

_MENTION_GAIN, _MENTION_LEAST = 1.2, 0.5
"""Of a symbol that prose mentions: what its score is multiplied by, and what it has at least, of the best score."""


def deep_search(
    connection: Connection,
    query: str,
    *,
    repo_id: int | None = None,
    k: int = 10,
    kinds: Collection[SymbolKind] | None = None,
) -> tuple[Hit, ...]:
    """The k symbols that fit best, of one repository or of all."""
    asked = understand(query)
    if k < 1 or not (asked.words or asked.in_names or asked.names):
        return ()
    found = _by_name(connection, asked, repo_id, k, kinds)
    if asked.kind is QueryKind.NAME and len(found) >= k:
        return _hydrated(connection, found, k)
    most = 2 * k + _SPARE
    while True:
        scores = _by_words(connection, asked, repo_id, most, kinds)
        if asked.kind is QueryKind.NAME:
            merged = {symbol: _BELOW_NAMES * score for symbol, score in scores.items()} | found
        else:
            merged = _with_mentioned(scores, found)
        hits = _hydrated(connection, merged, k)
        if len(hits) >= k or len(scores) < most:
            return hits
        most *= 4


def write_history_words(connection: Connection, repo_id: int) -> None:
    """Make the subjects of new commits findable."""
    from grace.memory.past_changes import write_subjects

    write_subjects(connection, repo_id)


def _by_words(
    connection: Connection, asked: Query, repo_id: int | None, most: int, kinds: Collection[SymbolKind] | None
) -> dict[int, float]:
    from grace.memory.past_changes import files_changed_for
    from grace.memory.ranking import rank

    favoured = files_changed_for(connection, asked, repo_id) if asked.kind is QueryKind.CHANGE else {}
    candidates = rank(connection, asked, repo_id=repo_id, kinds=kinds, most=most, favoured=favoured)
    return {one.symbol_id: one.score for one in candidates}


_FROM = "FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
_OF_NAME = "s.id, s.name, s.qualname, s.kind, f.path, s.fan_in"
_COLUMNS = "s.id, s.repo_id, f.path, s.line, s.end_line, s.name, s.qualname, s.kind, s.signature, s.doc"


def _by_name(
    connection: Connection, asked: Query, repo_id: int | None, k: int, kinds: Collection[SymbolKind] | None
) -> dict[int, float]:
    """Symbols that the query names, with their scores."""
    found: dict[int, float] = {}
    for name in asked.names:
        rows = _named(connection, name, repo_id)
        if asked.kind is QueryKind.NAME and len(rows) < k and "." not in name:
            rows += _beginning(connection, name, repo_id, k)
        for row in rows:
            if kinds is None or row[3] in kinds:
                score = _name_score(name, row)
                if not asked.about_tests and is_test(row[4]):
                    score -= _IN_TESTS
                found[row[0]] = max(found.get(row[0], 0.0), score)
    return found


def _with_mentioned(scores: dict[int, float], mentioned: Collection[int]) -> dict[int, float]:
    """A symbol that prose mentions is rarely all that is meant."""
    least = _MENTION_LEAST * max(scores.values(), default=1.0)
    gained = {symbol: max(_MENTION_GAIN * scores.get(symbol, 0.0), least) for symbol in mentioned}
    return {symbol: min(score, 1.0) for symbol, score in (scores | gained).items()}


def _named(connection: Connection, name: str, repo_id: int | None) -> list[tuple[Any, ...]]:
    qualifier, _, last = name.rpartition(".")
    only, parameters = ("", ()) if repo_id is None else (" AND s.repo_id = ?", (repo_id,))
    select = f"SELECT {_OF_NAME} {_FROM}"
    names = (last, name) if qualifier else (last,)
    rows = connection.rows(
        f"{select} WHERE s.name IN ({', '.join('?' * len(names))}){only} LIMIT {_SAME_NAME}", (*names, *parameters)
    )
    if qualifier and len(rows) == _SAME_NAME:  # a name like `__init__`: the one meant may be beyond the limit
        rows += connection.rows(
            f"{select} WHERE s.name = ? AND s.qualname = ?{only} LIMIT {_SAME_NAME}", (last, name, *parameters)
        )
    return [row for row in rows if not qualifier or _fits(name, row)] or ([] if qualifier else rows)


def _beginning(connection: Connection, name: str, repo_id: int | None, k: int) -> list[tuple[Any, ...]]:
    only, parameters = ("", ()) if repo_id is None else (" AND s.repo_id = ?", (repo_id,))
    rows = connection.rows(
        f"SELECT {_OF_NAME} {_FROM} WHERE s.name > ? AND s.name < ?{only} ORDER BY s.name LIMIT {4 * k}",
        (name, name + "\U0010ffff", *parameters),
    )
    return [row for row in rows if row[1].startswith(name)]  # a database may order names by its language


def _fits(name: str, row: Sequence[Any]) -> bool:
    """Whether a symbol's place in the source ends with a dotted name."""
    _, own, qualname, _, path, _ = row
    return f".{_place(path, qualname)}".endswith(f".{name}") or own == name


def _place(path: str, qualname: str) -> str:
    module = path[: path.rfind(".")].removesuffix("/__init__").replace("/", ".")
    return f"{module}.{qualname}" if qualname else module


def _name_score(name: str, row: Sequence[Any]) -> float:
    """Exact names before beginnings, well-used symbols before others."""
    _, own, qualname, kind, _, fan_in = row
    score = _BEGINS
    if own in (name, name.rpartition(".")[2]):
        score = _EXACT if name in (qualname, own) else _MENTIONED
    return score - 0.02 * int(kind == SymbolKind.VARIABLE) - 0.01 / (1 + int(fan_in))


def _hydrated(connection: Connection, scores: Mapping[int, float], k: int) -> tuple[Hit, ...]:
    ordered = sorted(scores, key=lambda symbol: (-scores[symbol], symbol))
    hits: list[Hit] = []
    while ordered and len(hits) < k:
        some, ordered = ordered[: k + _SPARE], ordered[k + _SPARE :]
        marks = ", ".join("?" * len(some))
        rows = connection.rows(f"SELECT {_COLUMNS} {_FROM} WHERE s.id IN ({marks})", some)
        there = {row[0]: row for row in rows}
        hits += [
            Hit._make((*there[symbol], scores[symbol]))._replace(kind=SymbolKind(there[symbol][7]))
            for symbol in some
            if symbol in there
        ]
    return tuple(hits[:k])
