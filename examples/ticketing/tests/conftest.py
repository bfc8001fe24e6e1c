from datetime import datetime

import pytest

from ticketing.orders import BoxOffice
from ticketing.schedule import Performance
from ticketing.venue import House, Section


@pytest.fixture
def hamlet() -> Performance:
    return Performance(datetime(2025, 3, 14, 19, 30), "Hamlet", 180)


@pytest.fixture
def house() -> House:
    stalls = Section("stalls", "ABCD", 10, 4200)
    balcony = Section("balcony", "EF", 5, 2500)
    return House((stalls, balcony))


@pytest.fixture
def office(house: House) -> BoxOffice:
    return BoxOffice(house)
