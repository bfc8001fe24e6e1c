"""What plays when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

DOORS_OPEN_BEFORE = timedelta(minutes=45)
SALES_OPEN_BEFORE = timedelta(days=120)


@dataclass(frozen=True, order=True)
class Performance:
    """One evening of a play."""

    starts: datetime
    title: str
    minutes: int = 120

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(minutes=self.minutes)

    @property
    def doors(self) -> datetime:
        return self.starts - DOORS_OPEN_BEFORE

    def on_sale(self, moment: datetime) -> bool:
        """Tickets are sold from 120 days before until the curtain rises."""
        return self.starts - SALES_OPEN_BEFORE <= moment < self.starts

    def days_ahead(self, moment: datetime) -> int:
        """Calendar days from a moment to the performance."""
        return (self.starts.date() - moment.date()).days

    def clashes_with(self, other: "Performance") -> bool:
        """Whether both need the stage at the same time."""
        return self.starts < other.ends and other.starts < self.ends


def week_of(day: date) -> date:
    """The Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def clashes(performances: list[Performance]) -> list[tuple[Performance, Performance]]:
    """Every pair of performances that cannot both happen, in order."""
    ordered = sorted(performances)
    return [
        (first, second)
        for position, first in enumerate(ordered)
        for second in ordered[position + 1 :]
        if first.clashes_with(second)
    ]


def coming_up(performances: list[Performance], moment: datetime, days: int = 7) -> list[Performance]:
    """Performances that begin within the next days, soonest first."""
    until = moment + timedelta(days=days)
    return sorted(p for p in performances if moment <= p.starts < until)
