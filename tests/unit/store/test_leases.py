"""One delivering run per repository, however many processes want to deliver."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grace.errors import TransientError
from grace.store.leases import LEASE_SECONDS, SqlLeases
from grace.store.session import open_database

ONE, OTHER = "a" * 12, "b" * 12


@pytest.fixture
def leases(tmp_path: Path) -> SqlLeases:
    return SqlLeases(open_database(f"sqlite:///{tmp_path / 'grace.db'}"), wait_seconds=0.3)


def leave_behind(folder: Path, *, age: float) -> None:
    """A lease whose holder was killed."""
    taken = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    with sqlite3.connect(folder / "grace.db") as database:
        database.execute("INSERT INTO repository_leases VALUES (?, ?, 1, ?)", ("/r", ONE, taken))


def test_runs_deliver_one_after_the_other(tmp_path: Path) -> None:
    leases = SqlLeases(open_database(f"sqlite:///{tmp_path / 'grace.db'}"))
    inside: list[int] = []
    most: list[int] = []

    def deliver(number: int) -> None:
        with leases.held("/r", f"{number:012x}", 1):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(deliver, range(12)))
    assert most == [1] * 12


def test_another_repository_is_free(leases: SqlLeases) -> None:
    inside = False
    with leases.held("/r", ONE, 1), leases.held("/s", OTHER, 1):
        inside = True
    assert inside


def test_whoever_waits_too_long_is_told_to_try_again(leases: SqlLeases) -> None:
    with leases.held("/r", ONE, 1), pytest.raises(TransientError, match="/r"), leases.held("/r", OTHER, 1):
        pass


def test_a_newer_carrier_of_the_same_run_takes_over_at_once_and_an_older_one_never(leases: SqlLeases) -> None:
    held = leases.held
    with held("/r", ONE, 1), held("/r", ONE, 2), pytest.raises(TransientError), held("/r", ONE, 1):
        pass
    with leases.held("/r", OTHER, 1):  # the older one, leaving, gave back nothing that was not its own
        pass


@pytest.mark.parametrize("age", [LEASE_SECONDS + 1, -3600], ids=["out of date", "clock set back"])
def test_a_lease_that_a_crash_left_is_taken_over(leases: SqlLeases, tmp_path: Path, age: float) -> None:
    leave_behind(tmp_path, age=age)
    inside = False
    with leases.held("/r", OTHER, 1):
        inside = True
    assert inside


def test_a_lease_that_a_crash_left_just_now_is_waited_for(leases: SqlLeases, tmp_path: Path) -> None:
    leave_behind(tmp_path, age=1)
    with pytest.raises(TransientError), leases.held("/r", OTHER, 1):
        pass
