"""The data contract of an index, judged by Great Expectations."""

from pathlib import Path

import pytest

from grace.contracts import Expectation
from grace.memory.data_contract import Counts, IndexRefused, check_index
from grace.memory.database import Connection, Database
from grace.memory.indexer import index_repository
from tests.unit.memory import code_base

COLLAPSED = Counts(files=500, symbols=5_000, edges=9_000)


@pytest.fixture
def indexed(database: Database, tmp_path: Path) -> Database:
    index_repository(database, code_base.write(tmp_path / "shop"))
    return database


def judge(connection: Connection, before: Counts | None = None) -> dict[str, bool]:
    results: tuple[Expectation, ...]
    try:
        results = check_index(connection, 1, before)
    except IndexRefused as refused:
        results = refused.expectations
    return {one.name: one.met for one in results}


def test_a_new_index_keeps_every_clause(indexed: Database) -> None:
    with indexed.reading() as connection:
        judged = judge(connection)
    assert len(judged) == 12
    assert all(judged.values()), judged


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("INSERT INTO code_edges VALUES (2, 999999, 1, 100)", "no edge leads nowhere"),
        ("UPDATE code_edges SET confidence = 101 WHERE kind = 3", "no edge is more than certain"),
        ("UPDATE code_edges SET confidence = -1 WHERE kind = 3", "no edge is less than impossible"),
        ("UPDATE code_symbols SET file_id = 999 WHERE id = 3", "every symbol is in a file"),
        ("DELETE FROM code_symbols WHERE parent_id = 0", "every file has its module"),
        (
            "UPDATE code_symbols SET qualname = 'a', kind = 3, line = 1, first_line = 1",
            "names are unique where they stand",
        ),
        ("UPDATE code_patterns SET confidence = 2", "the confidence of patterns is a share"),
        ("UPDATE code_patterns SET success_rate = -0.1", "the success rate of patterns is a share"),
        ("UPDATE code_patterns SET times_recalled = -1", "recalls are counted"),
        ("UPDATE code_patterns SET code_snippet = 'def (:'", "snippets parse"),
    ],
)
def test_damage_is_seen_and_said(indexed: Database, damage: str, broken: str) -> None:
    with indexed.writing() as connection:
        connection.run(damage)
        assert judge(connection)[broken] is False


def test_an_index_that_collapsed_is_refused_with_the_reason(indexed: Database) -> None:
    with indexed.reading() as connection, pytest.raises(IndexRefused, match="did not collapse"):
        check_index(connection, 1, COLLAPSED)


def test_a_small_code_base_may_shrink(indexed: Database) -> None:
    with indexed.reading() as connection:
        assert all(judge(connection, Counts(files=9, symbols=150, edges=99)).values())
