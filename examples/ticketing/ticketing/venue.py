"""The house: sections, rows and seats."""

import re
from collections.abc import Set
from dataclasses import dataclass

LABEL = re.compile(r"([A-Z])(\d{1,2})")


@dataclass(frozen=True, order=True)
class Seat:
    """A chair: row A is at the stage, seat 1 at the left."""

    row: str
    number: int

    @property
    def label(self) -> str:
        return f"{self.row}{self.number}"


def parse_seat(label: str) -> Seat:
    """Read "C12"."""
    match = LABEL.fullmatch(label.strip().upper())
    if match is None:
        raise ValueError(f"not a seat: {label!r}")
    return Seat(match.group(1), int(match.group(2)))


@dataclass(frozen=True)
class Section:
    """Rows that cost the same."""

    name: str
    rows: str
    seats_per_row: int
    list_price: int

    @property
    def capacity(self) -> int:
        return len(self.rows) * self.seats_per_row

    def __contains__(self, seat: Seat) -> bool:
        return seat.row in self.rows and 1 <= seat.number <= self.seats_per_row

    def free_together(self, taken: Set[Seat], count: int) -> list[Seat]:
        """The seats of the first gap that is wide enough, front rows first; none when there is none."""
        for row in self.rows:
            run: list[Seat] = []
            for number in range(1, self.seats_per_row + 1):
                seat = Seat(row, number)
                run = [] if seat in taken else [*run, seat]
                if len(run) == count:
                    return run
        return []


@dataclass(frozen=True)
class House:
    """All sections of a theatre."""

    sections: tuple[Section, ...]

    @property
    def capacity(self) -> int:
        return sum(section.capacity for section in self.sections)

    def section_of(self, seat: Seat) -> Section:
        for section in self.sections:
            if seat in section:
                return section
        raise LookupError(f"there is no seat {seat.label}")
