"""An outline of a code base for a budget of tokens: the symbols that most others rest on, in their files.

Importance is personalised PageRank (Page et al. 1999) over the symbol graph: what is used by what is used counts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from grace.memory.database import Connection
from grace.memory.graph import FIRST_GUESS
from grace.memory.payload import SymbolKind
from grace.path_roles import is_test

_DAMPING, _ROUNDS = 0.85, 20
_CHARACTERS_PER_TOKEN = 4
_SHOWN = (SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD)
_MOST_SYMBOLS = 2_000
"""No budget has room for more."""


class Entry(NamedTuple):
    """One line of the outline."""

    path: str
    line: int
    qualname: str
    kind: int
    signature: str
    rank: float


def draw_map(
    connection: Connection, repo_id: int, *, tokens: int = 1024, wanted: Collection[int] = ()
) -> tuple[Entry, ...]:
    """The entries that fit about so many tokens, by path and line; `wanted` symbols are where the walk restarts."""
    query = (
        "SELECT s.id, f.path, s.line, s.qualname, s.kind, s.signature FROM code_symbols s"
        " JOIN code_files f ON f.id = s.file_id WHERE s.repo_id = ?"
    )
    symbols = {row[0]: row[1:] for row in connection.rows(query, (repo_id,))}
    query = (
        "SELECT e.src, e.dst FROM code_edges e JOIN code_symbols s ON s.id = e.src WHERE s.repo_id = ? AND e.kind < ?"
    )
    rank = _page_rank(list(symbols), connection.rows(query, (repo_id, int(FIRST_GUESS))), wanted)
    best = sorted(symbols, key=lambda symbol: (-rank.get(symbol, 0.0), symbol))[:_MOST_SYMBOLS]
    entries = (Entry._make((*symbols[symbol], rank.get(symbol, 0.0))) for symbol in best)
    chosen = _fitting((one for one in entries if one.kind in _SHOWN and not is_test(one.path)), tokens)
    return tuple(sorted(chosen, key=lambda entry: (entry.path, entry.line)))


def outline(entries: Collection[Entry]) -> str:
    """The entries as text: a line per file, and below it one per symbol."""
    by_file: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_file[entry.path].append(entry)
    lines = []
    for path, inside in by_file.items():
        lines.append(f"{path}:")
        lines.extend(_line(entry) for entry in inside)
    return "\n".join(lines)


def _line(entry: Entry) -> str:
    depth = entry.qualname.count(".")
    name = entry.qualname if depth else entry.qualname.rpartition(".")[2]
    word = "class " if entry.kind == SymbolKind.CLASS else ""
    return f"  {word}{name}{entry.signature}"


def _fitting(entries: Iterator[Entry], tokens: int) -> Iterator[Entry]:
    left = tokens * _CHARACTERS_PER_TOKEN
    files: set[str] = set()
    for entry in entries:
        cost = len(_line(entry)) + 1 + (0 if entry.path in files else len(entry.path) + 2)
        if cost > left:
            return
        left -= cost
        files.add(entry.path)
        yield entry


def _page_rank(symbols: list[int], edges: Collection[tuple[int, ...]], wanted: Collection[int]) -> Mapping[int, float]:
    if not symbols or not edges:
        return {}
    import numpy as np

    ids = np.array(symbols, dtype=np.int64)
    ids.sort()
    pairs = np.searchsorted(ids, np.array(list(edges), dtype=np.int64))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    src, dst = np.minimum(pairs[:, 0], len(ids) - 1), np.minimum(pairs[:, 1], len(ids) - 1)
    out = np.bincount(src, minlength=len(ids)).astype(float)
    start = np.full(len(ids), 1.0 / len(ids))
    if places := [place for place in np.searchsorted(ids, sorted(wanted)) if place < len(ids)]:
        start = np.zeros(len(ids))
        start[places] = 1.0 / len(places)
    rank = start.copy()
    share = 1.0 / np.maximum(out, 1.0)
    for _ in range(_ROUNDS):
        flow = np.bincount(dst, weights=(rank * share)[src], minlength=len(ids))
        rank = (1 - _DAMPING) * start + _DAMPING * (flow + rank[out == 0].sum() * start)
    return dict(zip(ids.tolist(), rank.tolist(), strict=True))
