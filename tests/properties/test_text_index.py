"""However documents come into the text index, it holds the same, and a search finds what has the words."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from grace.memory.database import Connection, open_memory
from grace.memory.payload import SymbolKind
from grace.memory.postings import Document, merge_segments, unpack_columns, unpack_postings, write_segment
from grace.memory.search import deep_search

WORDS = ("config", "token", "socket", "cache", "graph", "tree")
name = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("_".join)
body = st.dictionaries(st.sampled_from(WORDS), st.integers(1, 50), max_size=4)
documents = st.lists(st.tuples(name, body), min_size=1, max_size=30)


@contextmanager
def empty() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_memory(f"sqlite:///{folder}/memory.db")
        with database.writing() as connection:
            yield connection
        database.close()


def add(connection: Connection, listed: list[tuple[str, dict[str, int]]], cuts: list[int]) -> None:
    """Symbols 1, 2, ...; a new segment after each of the cuts."""
    connection.insert(
        "code_files",
        ("id", "repo_id", "path", "mtime_ns", "size", "inode", "language", "lines", "unresolved"),
        [(1, 1, "app/main.py", 0, 0, 0, "python", 1, 0)],
    )
    columns = ("id", "repo_id", "file_id", "parent_id", "name", "qualname", "kind", "line", "first_line", "end_line")
    rows = [(i, 1, 1, 0, called, called, 3, 1, 1, 1, 1, 0) for i, (called, _) in enumerate(listed, 1)]
    connection.insert("code_symbols", (*columns, "complexity", "fan_in"), rows)
    made = [
        Document(i, 1, SymbolKind.FUNCTION, called, called, "app/main.py", words, False)
        for i, (called, words) in enumerate(listed, 1)
    ]
    bounds = sorted({0, len(made), *(cut for cut in cuts if cut < len(made))})
    for start, end in pairwise(bounds):
        write_segment(connection, 1, made[start:end])


def held(connection: Connection) -> set[tuple[str, int, int, int]]:
    """(key, symbol, fields, impact) of every posting."""
    symbols = {
        segment: unpack_columns(columns).symbols
        for segment, columns in connection.rows("SELECT segment, columns FROM code_segments")
    }
    return {
        (key, int(symbols[segment][document]), int(fields), int(impact))
        for segment, key, data in connection.rows("SELECT segment, word, data FROM code_postings")
        for document, fields, impact in zip(*unpack_postings(data), strict=True)
    }


@settings(max_examples=30, deadline=None)
@given(documents, st.lists(st.integers(1, 29), max_size=12), st.sets(st.integers(1, 30)))
def test_segments_do_not_matter_and_merging_drops_what_is_gone(
    listed: list[tuple[str, dict[str, int]]], cuts: list[int], gone: set[int]
) -> None:
    with empty() as connection:
        add(connection, listed, [])
        at_once = held(connection)
    with empty() as connection:
        add(connection, listed, cuts)
        assert held(connection) == at_once
        connection.run_many("DELETE FROM code_symbols WHERE id = ?", [(one,) for one in gone])
        before = len(connection.rows("SELECT segment FROM code_segments"))
        merge_segments(connection, 1)
        after = len(connection.rows("SELECT segment FROM code_segments"))
        left = {posting for posting in at_once if posting[1] not in gone}
        assert held(connection) == (left if after < before else at_once)


@settings(max_examples=30, deadline=None)
@given(documents, st.lists(st.integers(1, 29), max_size=3), st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_what_is_found_has_a_word_of_the_query_and_nothing_is_left_out(
    listed: list[tuple[str, dict[str, int]]], cuts: list[int], one: str, other: str
) -> None:
    with empty() as connection:
        add(connection, listed, cuts)
        hits = deep_search(connection, f"what has {one} and {other}", k=len(listed))
    having = {i for i, (called, words) in enumerate(listed, 1) if {one, other} & {*called.split("_"), *words}}
    named = {i for i, (called, _) in enumerate(listed, 1) if {one, other} & set(called.split("_"))}
    found = [hit.symbol_id for hit in hits]
    assert len(set(found)) == len(found)
    assert set(found) <= having
    assert named <= set(found)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
