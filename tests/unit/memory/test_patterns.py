"""Recalling code, and what came of it."""

from pathlib import Path

import pytest

from grace.git import run_git
from grace.memory.database import Database
from grace.memory.indexer import index_repository
from grace.memory.patterns import Pattern, recall_patterns, record_outcome, record_recall
from tests.unit.memory import code_base


@pytest.fixture
def root(database: Database, tmp_path: Path) -> Path:
    root = code_base.write(tmp_path / "shop")
    index_repository(database, root)
    return root


def recalled(database: Database, query: str = "the sum of all prices") -> Pattern:
    with database.reading() as connection:
        found = recall_patterns(connection, query)
    return next(one for one in found if one.name == "Cart.total")


def record(database: Database, pattern: Pattern, run_id: str = "") -> None:
    with database.writing() as connection:
        record_recall(connection, [pattern], run_id)


def test_a_pattern_has_its_code_and_where_it_is(database: Database, root: Path) -> None:
    one = recalled(database)
    assert (one.pattern_type, one.language, one.file_path, one.project) == (
        "method",
        "python",
        "shop/cart.py",
        str(root),
    )
    assert one.code_snippet.lstrip().startswith("def total(self):")
    assert one.dependencies
    assert one.score == pytest.approx(one.similarity * one.success_rate * one.confidence)


def test_tests_are_no_patterns(database: Database, root: Path) -> None:
    with database.reading() as connection:
        assert not [
            one for one in recall_patterns(connection, "test total", k=50) if one.file_path.startswith("tests/")
        ]


def test_a_recall_that_led_to_a_delivery_raises_the_rank(database: Database, root: Path) -> None:
    before = recalled(database)
    record(database, before, "run-1")
    with database.writing() as connection:
        record_outcome(connection, "run-1", delivered=True)
    after = recalled(database)
    assert (after.times_recalled, after.success_rate) == (1, pytest.approx(2 / 3))
    assert after.score > before.score


def test_one_that_led_to_nothing_lowers_it(database: Database, root: Path) -> None:
    record(database, recalled(database), "run-1")
    with database.writing() as connection:
        record_outcome(connection, "run-1", delivered=False)
    assert recalled(database).success_rate == pytest.approx(1 / 3)


def test_a_run_recalls_and_ends_once(database: Database, root: Path) -> None:
    for _ in range(2):
        record(database, recalled(database), "run-1")
        with database.writing() as connection:
            record_outcome(connection, "run-1", delivered=True)
    assert (recalled(database).times_recalled, recalled(database).success_rate) == (1, pytest.approx(2 / 3))


def test_what_was_learnt_outlives_an_edit(database: Database, root: Path) -> None:
    record(database, recalled(database), "run-1")
    with database.writing() as connection:
        record_outcome(connection, "run-1", delivered=True)
    cart = root / "shop/cart.py"
    cart.write_text(cart.read_text() + "\n\ndef other():\n    return 1\n")
    index_repository(database, root)
    assert (recalled(database).times_recalled, recalled(database).success_rate) == (1, pytest.approx(2 / 3))


def test_work_that_was_taken_back_makes_its_files_doubtful(database: Database, tmp_path: Path) -> None:
    root = code_base.write(tmp_path / "shop")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Start")):
        run_git(command, cwd=root)
    index_repository(database, root)
    before = recalled(database)
    cart = root / "shop/cart.py"
    cart.write_text(cart.read_text() + "# more\n")
    run_git(("commit", "-q", "-a", "-m", "More"), cwd=root)
    run_git(("revert", "--no-edit", "HEAD"), cwd=root)
    index_repository(database, root)
    assert recalled(database).confidence == pytest.approx(before.confidence * 0.8)
