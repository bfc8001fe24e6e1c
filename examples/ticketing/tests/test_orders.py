from datetime import timedelta

import pytest

from ticketing.offers import EarlyBird, Group, Voucher
from ticketing.orders import refund_percent
from ticketing.venue import Seat


def row(letter, count):
    return [Seat(letter, number) for number in range(1, count + 1)]


def test_an_order_costs_its_tickets_and_a_fee(office, hamlet):
    order = office.book(hamlet, row("A", 2), hamlet.starts - timedelta(days=5))
    assert (order.net, order.fee, order.total) == (8400, 420, 8820)


def test_the_fee_has_a_cap(office, hamlet):
    order = office.book(hamlet, row("A", 3), hamlet.starts - timedelta(days=5))
    assert (order.net, order.fee) == (12600, 600)


def test_sections_have_their_own_prices(office, hamlet):
    order = office.book(hamlet, [Seat("A", 1), Seat("E", 1)], hamlet.starts - timedelta(days=5))
    assert order.prices() == [4200, 2500]


def test_a_voucher_alone(office, hamlet):
    order = office.book(hamlet, row("A", 1), hamlet.starts - timedelta(days=5), (Voucher("SPRING", 20),))
    assert order.total == 3360 + 168


def test_an_early_bird_with_a_voucher(office, hamlet):
    offers = (Voucher("SPRING", 20), EarlyBird())
    order = office.book(hamlet, row("A", 2), hamlet.starts - timedelta(days=40), offers)
    assert order.prices() == [3024, 3024]
    assert order.total == 6048 + 302


def test_a_group_with_a_voucher(office, hamlet):
    offers = (Group(), Voucher("SCHOOL", 50))
    order = office.book(hamlet, row("B", 10), hamlet.starts - timedelta(days=5), offers)
    assert order.net == 19500


@pytest.mark.parametrize(("days", "percent"), [(15, 100), (14, 100), (13, 50), (3, 50), (2, 0), (-1, 0)])
def test_refunds_shrink_towards_the_performance(hamlet, days, percent):
    assert refund_percent(hamlet, hamlet.starts - timedelta(days=days)) == percent


def test_fees_do_not_come_back(office, hamlet):
    order = office.book(hamlet, row("A", 2), hamlet.starts - timedelta(days=60))
    assert order.refund(hamlet.starts - timedelta(days=20)) == 8400
    assert order.refund(hamlet.starts - timedelta(days=10)) == 4200


def test_a_seat_is_sold_once(office, hamlet):
    office.book(hamlet, row("A", 2), hamlet.starts - timedelta(days=5))
    with pytest.raises(ValueError, match="already taken: A2"):
        office.book(hamlet, [Seat("A", 2), Seat("A", 3)], hamlet.starts - timedelta(days=4))


def test_nothing_is_sold_after_the_beginning(office, hamlet):
    with pytest.raises(ValueError, match="not on sale"):
        office.book(hamlet, row("A", 1), hamlet.starts)
