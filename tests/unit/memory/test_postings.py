from collections.abc import Iterator
from pathlib import Path

import pytest

from grace.memory import postings
from grace.memory.database import Connection, open_memory
from grace.memory.payload import SymbolKind
from grace.memory.postings import (
    FILE,
    NAME,
    PARENT,
    TEST,
    Document,
    drop_segments,
    merge_segments,
    unpack_columns,
    unpack_postings,
    write_segment,
)

Found = dict[str, list[tuple[int, int, int]]]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = open_memory(f"sqlite:///{tmp_path}/memory.db")
    with database.writing() as connection:
        yield connection
    database.close()


def document(symbol_id: int, name: str, *, parent: str = "", path: str = "app/loader.py", **words: int) -> Document:
    qualname = f"{parent}.{name}" if parent else name
    return Document(symbol_id, 7, SymbolKind.FUNCTION, name, qualname, path, words, "test" in path)


def stored(connection: Connection, repo_id: int = 1) -> Found:
    """Key -> (symbol, fields, impact in the body) of every posting."""
    symbols = {
        segment: unpack_columns(columns).symbols
        for segment, columns in connection.rows(
            "SELECT segment, columns FROM code_segments WHERE repo_id = ?", (repo_id,)
        )
    }
    found: Found = {}
    rows = connection.rows("SELECT segment, word, df, data FROM code_postings WHERE repo_id = ?", (repo_id,))
    for segment, key, df, data in rows:
        documents, fields, bodies = unpack_postings(data)
        assert len(documents) == df
        ids = symbols[segment][documents].tolist()
        found.setdefault(key, []).extend(zip(ids, fields.tolist(), bodies.tolist(), strict=True))
    return {key: sorted(listed) for key, listed in found.items()}


def make_symbols(connection: Connection, *ids: int) -> None:
    columns = (
        "id",
        "repo_id",
        "file_id",
        "parent_id",
        "kind",
        "line",
        "first_line",
        "end_line",
        "complexity",
        "fan_in",
    )
    connection.insert("code_symbols", columns, [(one, 1, 7, 0, 3, 1, 1, 1, 1, 0) for one in ids])


def test_a_posting_says_where_the_word_is(connection: Connection) -> None:
    write_segment(connection, 1, [document(11, "read_config", parent="Loader", config=3, yaml=1)])
    found = stored(connection)
    assert [fields for _, fields, _ in found["=config"]] == [NAME]
    assert [fields for _, fields, _ in found["=loader"]] == [PARENT | FILE]
    assert [fields for _, fields, _ in found["yaml"]] == [0]
    assert "config" not in found


def test_what_is_said_more_often_counts_more(connection: Connection) -> None:
    write_segment(connection, 1, [document(11, "a_one", yaml=1, other=9), document(12, "b_two", yaml=9, other=1)])
    (_, _, once), (_, _, often) = stored(connection)["yaml"]
    assert 0 < once < often <= 255


def test_columns_describe_the_documents(connection: Connection) -> None:
    write_segment(connection, 1, [document(11, "read_the_config"), document(12, "check", path="tests/test_app.py")])
    columns = unpack_columns(connection.rows("SELECT columns FROM code_segments")[0][0])
    assert columns.symbols.tolist() == [11, 12]
    assert columns.files.tolist() == [7, 7]
    assert columns.name_lengths.tolist() == [3, 1]
    assert (columns.flags & TEST).tolist() == [0, TEST]


def test_nothing_to_write_makes_no_segment(connection: Connection) -> None:
    write_segment(connection, 1, [])
    assert connection.rows("SELECT * FROM code_segments") == []


def test_a_large_number_of_documents_becomes_several_segments(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "_MOST_POSTINGS", 4)
    write_segment(connection, 1, [document(number, "read", yaml=1, config=1) for number in range(1, 8)])
    assert [count for (count,) in connection.rows("SELECT symbols FROM code_segments ORDER BY segment")] == [2, 2, 2, 1]


def test_merging_keeps_what_is_there_and_drops_what_is_gone(connection: Connection) -> None:
    for number in range(1, 11):
        write_segment(connection, 1, [document(number, f"read_{'config' if number % 2 else 'text'}", yaml=number)])
    write_segment(connection, 2, [document(50, "other", yaml=1)])
    before = stored(connection)
    make_symbols(connection, 1, 2, 3, 4, 5, 6, 7, 9, 10)
    merge_segments(connection, 1)
    assert connection.rows("SELECT symbols FROM code_segments WHERE repo_id = 1") == [(9,)]
    assert stored(connection) == {
        key: kept for key, listed in before.items() if (kept := [one for one in listed if one[0] != 8])
    }
    assert stored(connection, 2)["yaml"] == [(50, 0, before["yaml"][0][2])]


def test_a_small_addition_is_left_as_it_is(connection: Connection) -> None:
    make_symbols(connection, *range(1, 40))
    write_segment(connection, 1, [document(number, "read", yaml=1) for number in range(1, 38)])
    write_segment(connection, 1, [document(38, "read", yaml=1)])
    merge_segments(connection, 1)
    assert len(connection.rows("SELECT segment FROM code_segments")) == 2


def test_merging_what_is_all_gone_leaves_nothing(connection: Connection) -> None:
    for number in range(1, 4):
        write_segment(connection, 1, [document(number, "read", yaml=1)])
    merge_segments(connection, 1)
    assert connection.rows("SELECT * FROM code_postings") == connection.rows("SELECT * FROM code_segments") == []


def test_dropping_forgets_one_repository(connection: Connection) -> None:
    write_segment(connection, 1, [document(1, "read", yaml=1)])
    write_segment(connection, 2, [document(2, "read", yaml=1)])
    drop_segments(connection, 1)
    assert stored(connection) == {}
    assert stored(connection, 2) != {}
