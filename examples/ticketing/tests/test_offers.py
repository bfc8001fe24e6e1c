from datetime import timedelta

import pytest

from ticketing.offers import Booking, Concession, EarlyBird, Group, Ticket, Voucher, price_after
from ticketing.venue import Seat


@pytest.fixture
def ticket(hamlet):
    return Ticket(hamlet, Seat("A", 1), 4200)


@pytest.fixture
def booking(hamlet):
    return Booking(hamlet.starts - timedelta(days=5), 1)


def test_without_offers_the_list_price_is_paid(ticket, booking):
    assert price_after([], ticket, booking) == 4200


@pytest.mark.parametrize(("holder", "price"), [("adult", 4200), ("child", 2100), ("student", 2940)])
def test_concessions_depend_on_the_holder(hamlet, booking, holder, price):
    ticket = Ticket(hamlet, Seat("A", 1), 4200, holder)
    assert price_after([Concession()], ticket, booking) == price


@pytest.mark.parametrize(("days", "price"), [(31, 3780), (30, 3780), (29, 4200)])
def test_early_birds_book_thirty_days_before(hamlet, ticket, days, price):
    booking = Booking(hamlet.starts - timedelta(days=days), 1)
    assert price_after([EarlyBird()], ticket, booking) == price


@pytest.mark.parametrize(("tickets", "price"), [(9, 4200), (10, 3900)])
def test_groups_have_ten_tickets(ticket, booking, tickets, price):
    assert price_after([Group()], ticket, Booking(booking.moment, tickets)) == price


def test_a_group_never_pays_less_than_nothing(hamlet, booking):
    cheap = Ticket(hamlet, Seat("A", 1), 200)
    assert price_after([Group()], cheap, Booking(booking.moment, 12)) == 0


@pytest.mark.parametrize(("percent", "price"), [(0, 4200), (25, 3150), (100, 0)])
def test_vouchers_take_a_percentage(ticket, booking, percent, price):
    assert price_after([Voucher("SPRING", percent)], ticket, booking) == price


def test_concession_comes_before_early_bird(hamlet):
    child = Ticket(hamlet, Seat("A", 1), 4205, "child")
    booking = Booking(hamlet.starts - timedelta(days=60), 1)
    assert price_after([EarlyBird(), Concession()], child, booking) == 1893
