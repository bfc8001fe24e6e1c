"""Ways to pay less than the list price.

Offers are applied one after the other, in the order of their `turn`; each is told the price that the ones
before it have left and the ticket it is for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from ticketing.money import percentage
from ticketing.schedule import Performance
from ticketing.venue import Seat


@dataclass(frozen=True)
class Ticket:
    """A seat at a performance."""

    performance: Performance
    seat: Seat
    list_price: int
    holder: str = "adult"


@dataclass(frozen=True)
class Booking:
    """The circumstances that offers look at."""

    moment: datetime
    tickets: int


class Offer(Protocol):
    turn: ClassVar[int]

    def reduce(self, price: int, ticket: Ticket, booking: Booking) -> int: ...


@dataclass(frozen=True)
class Concession:
    """Children and students pay part of the list price."""

    turn: ClassVar[int] = 1
    percent_by_holder: tuple[tuple[str, int], ...] = (("child", 50), ("student", 70))

    def reduce(self, price: int, ticket: Ticket, booking: Booking) -> int:
        share = dict(self.percent_by_holder).get(ticket.holder)
        return price if share is None else percentage(price, share)


@dataclass(frozen=True)
class EarlyBird:
    """Cheaper for those who book long before."""

    turn: ClassVar[int] = 2
    days: int = 30
    percent: int = 10

    def reduce(self, price: int, ticket: Ticket, booking: Booking) -> int:
        if ticket.performance.days_ahead(booking.moment) < self.days:
            return price
        return price - percentage(price, self.percent)


@dataclass(frozen=True)
class Group:
    """A fixed amount off every ticket of a large booking."""

    turn: ClassVar[int] = 3
    least: int = 10
    off: int = 300

    def reduce(self, price: int, ticket: Ticket, booking: Booking) -> int:
        return max(price - self.off, 0) if booking.tickets >= self.least else price


@dataclass(frozen=True)
class Voucher:
    """A code that takes a percentage off what is left to pay."""

    turn: ClassVar[int] = 4
    code: str
    percent: int

    def reduce(self, price: int, ticket: Ticket, booking: Booking) -> int:
        return price - percentage(ticket.list_price, self.percent)


def price_after(offers: list[Offer], ticket: Ticket, booking: Booking) -> int:
    """What a ticket costs when every offer has had its turn."""
    price = ticket.list_price
    for offer in sorted(offers, key=lambda offer: offer.turn):
        price = offer.reduce(price, ticket, booking)
    return price
