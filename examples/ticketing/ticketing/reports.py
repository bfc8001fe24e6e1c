"""What the bookkeeper asks for."""

from collections import Counter
from datetime import date

from ticketing.money import show
from ticketing.orders import BoxOffice, Order
from ticketing.schedule import Performance, week_of


def takings_by_week(orders: list[Order]) -> dict[date, int]:
    """Totals by the week of the sale, oldest first."""
    takings: Counter[date] = Counter()
    for order in orders:
        takings[week_of(order.moment.date())] += order.total
    return dict(sorted(takings.items()))


def takings_by_title(orders: list[Order]) -> dict[str, int]:
    """Ticket prices without fees by play, the best first."""
    takings: Counter[str] = Counter()
    for order in orders:
        for ticket, price in zip(order.tickets, order.prices(), strict=True):
            takings[ticket.performance.title] += price
    return dict(takings.most_common())


def occupancy(office: BoxOffice, performance: Performance) -> int:
    """Seats sold in per cent of the house, rounded down: a full house has no empty seat."""
    return len(office.taken(performance)) * 100 // office.house.capacity


def statement(orders: list[Order]) -> str:
    """The weekly takings as text, with a total."""
    weeks = takings_by_week(orders)
    lines = [f"week of {week}  {show(amount):>12}" for week, amount in weeks.items()]
    lines.append(f"{'total':<18}  {show(sum(weeks.values())):>12}")
    return "\n".join(lines)
