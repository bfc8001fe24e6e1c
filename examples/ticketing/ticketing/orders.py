"""Orders: tickets, what they cost together, and what comes back when they are returned."""

from dataclasses import dataclass
from datetime import datetime

from ticketing.money import percentage
from ticketing.offers import Booking, Offer, Ticket, price_after
from ticketing.schedule import Performance
from ticketing.venue import House, Seat

FEE_PERCENT = 5
HIGHEST_FEE = 600
REFUNDS = ((14, 100), (3, 50))
"""So many days before the performance, so many per cent of the price come back. Fees do not."""


@dataclass(frozen=True)
class Order:
    """Tickets that were bought together."""

    number: int
    moment: datetime
    tickets: tuple[Ticket, ...]
    offers: tuple[Offer, ...] = ()

    def prices(self) -> list[int]:
        """What each ticket costs."""
        booking = Booking(self.moment, len(self.tickets))
        return [price_after(list(self.offers), ticket, booking) for ticket in self.tickets]

    @property
    def net(self) -> int:
        return sum(self.prices())

    @property
    def fee(self) -> int:
        """The booking fee, with its cap."""
        return min(percentage(self.net, FEE_PERCENT), HIGHEST_FEE)

    @property
    def total(self) -> int:
        return self.net + self.fee

    def refund(self, moment: datetime) -> int:
        """What comes back for returning every ticket at a moment."""
        amount = 0
        for ticket, price in zip(self.tickets, self.prices(), strict=True):
            amount += percentage(price, refund_percent(ticket.performance, moment))
        return amount


def refund_percent(performance: Performance, moment: datetime) -> int:
    """How much of a price comes back; the longer before the performance, the more."""
    ahead = performance.days_ahead(moment)
    for days, percent in REFUNDS:
        if ahead >= days:
            return percent
    return 0


class BoxOffice:
    """Sells the seats of a house, each only once a performance."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.orders: list[Order] = []

    def taken(self, performance: Performance) -> set[Seat]:
        """Seats that are sold."""
        tickets = (ticket for order in self.orders for ticket in order.tickets)
        return {ticket.seat for ticket in tickets if ticket.performance == performance}

    def book(
        self,
        performance: Performance,
        seats: list[Seat],
        moment: datetime,
        offers: tuple[Offer, ...] = (),
        holder: str = "adult",
    ) -> Order:
        """Sell seats. Raises ValueError when they are not for sale."""
        if not performance.on_sale(moment):
            raise ValueError(f"{performance.title} is not on sale")
        if already := sorted(self.taken(performance).intersection(seats)):
            raise ValueError(f"already taken: {', '.join(seat.label for seat in already)}")
        tickets = tuple(
            Ticket(performance, seat, self.house.section_of(seat).list_price, holder) for seat in seats
        )
        order = Order(len(self.orders) + 1, moment, tickets, offers)
        self.orders.append(order)
        return order
