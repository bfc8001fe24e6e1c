"""Which functions tests entered, kept beside the symbols they are."""

from pathlib import Path

import pytest

from grace.memory.coverage import Entered, record_coverage
from grace.memory.database import Database
from grace.memory.indexer import index_repository
from tests.unit.memory import code_base

TOTAL, ADD, PRICE = ("shop/cart.py", 17), ("shop/cart.py", 13), ("shop/prices.py", 4)
TEST = "tests/test_cart.py::test_total"


@pytest.fixture
def root(database: Database, tmp_path: Path) -> Path:
    root = code_base.write(tmp_path / "shop")
    index_repository(database, root)
    return root


def covers(database: Database) -> set[tuple[str, str]]:
    query = (
        "SELECT t.name, s.qualname FROM code_test_covers c JOIN code_tests t ON t.id = c.test_id"
        " JOIN code_symbols s ON s.id = c.symbol_id"
    )
    with database.reading() as connection:
        return {(str(test), str(symbol)) for test, symbol in connection.rows(query)}


def record(database: Database, entered: Entered, **options: tuple[str, ...]) -> None:
    with database.writing() as connection:
        record_coverage(connection, 1, entered, **options)


def test_what_a_test_entered_is_known(database: Database, root: Path) -> None:
    record(database, Entered([TOTAL, ADD, PRICE, ("elsewhere.py", 1)], {TEST: [0, 2, 3]}))
    assert covers(database) == {(TEST, "Cart.total"), (TEST, "price_of")}


def test_a_later_run_replaces_what_its_tests_entered_and_no_more(database: Database, root: Path) -> None:
    record(database, Entered([TOTAL, ADD], {TEST: [0], "tests/test_cart.py::test_other": [1]}))
    record(database, Entered([PRICE], {TEST: [0]}))
    assert covers(database) == {(TEST, "price_of"), ("tests/test_cart.py::test_other", "Cart.add")}


def test_functions_of_changed_files_are_left_out(database: Database, root: Path) -> None:
    record(database, Entered([TOTAL, PRICE], {TEST: [0, 1]}), changed=("shop/cart.py",))
    assert covers(database) == {(TEST, "price_of")}


def test_it_follows_a_function_that_moves(database: Database, root: Path) -> None:
    record(database, Entered([TOTAL, PRICE], {TEST: [0, 1]}))
    cart = root / "shop/cart.py"
    cart.write_text("# one line more\n" + cart.read_text())
    index_repository(database, root)
    assert covers(database) == {(TEST, "Cart.total"), (TEST, "price_of")}


def test_what_was_known_of_changed_files_stays(database: Database, root: Path) -> None:
    record(database, Entered([TOTAL, PRICE], {TEST: [0, 1]}))
    record(database, Entered([TOTAL], {TEST: []}), changed=("shop/cart.py",))
    assert covers(database) == {(TEST, "Cart.total")}
