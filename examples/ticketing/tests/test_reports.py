from datetime import date, datetime, timedelta

import pytest

from ticketing.offers import EarlyBird, Voucher
from ticketing.reports import occupancy, statement, takings_by_title, takings_by_week
from ticketing.schedule import Performance
from ticketing.venue import Seat


@pytest.fixture
def emma():
    return Performance(datetime(2025, 3, 16, 15, 0), "Emma")


@pytest.fixture
def season(office, hamlet, emma):
    """Three orders in two weeks."""
    office.book(hamlet, [Seat("A", 1)], datetime(2025, 3, 2, 12, 0))
    office.book(emma, [Seat("A", 1), Seat("A", 2)], datetime(2025, 3, 3, 9, 0))
    office.book(emma, [Seat("E", 1)], datetime(2025, 3, 9, 20, 0), holder="student")
    return office


def test_takings_are_grouped_by_week(season):
    assert takings_by_week(season.orders) == {date(2025, 2, 24): 4410, date(2025, 3, 3): 8820 + 2625}


def test_takings_by_title_leave_out_fees(season):
    assert takings_by_title(season.orders) == {"Emma": 10900, "Hamlet": 4200}
    assert list(takings_by_title(season.orders)) == ["Emma", "Hamlet"]


def test_takings_count_what_was_paid(season, hamlet):
    offers = (EarlyBird(), Voucher("FRIEND", 50))
    season.book(hamlet, [Seat("F", 1)], hamlet.starts - timedelta(days=45), offers)
    assert takings_by_title(season.orders)["Hamlet"] == 4200 + 1125


def test_occupancy_is_rounded_down(season, hamlet, emma):
    assert occupancy(season, hamlet) == 2
    assert occupancy(season, emma) == 6


def test_an_empty_house(office, hamlet):
    assert occupancy(office, hamlet) == 0
    assert takings_by_week(office.orders) == {}


def test_the_statement_adds_up(season):
    assert statement(season.orders) == (
        "week of 2025-02-24         44.10\n"
        "week of 2025-03-03        114.45\n"
        "total                     158.55"
    )
