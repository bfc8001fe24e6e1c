import pytest

from ticketing.venue import Seat, parse_seat


def test_seats_have_labels():
    assert Seat("C", 12).label == "C12"


@pytest.mark.parametrize("label", ["C12", " c12 "])
def test_labels_are_read(label):
    assert parse_seat(label) == Seat("C", 12)


@pytest.mark.parametrize("label", ["", "12", "C", "C123", "CC1"])
def test_what_is_no_seat_is_refused(label):
    with pytest.raises(ValueError, match="not a seat"):
        parse_seat(label)


def test_capacity_counts_every_section(house):
    assert house.capacity == 50


def test_a_seat_belongs_to_its_section(house):
    assert house.section_of(Seat("D", 10)).name == "stalls"
    assert house.section_of(Seat("E", 5)).name == "balcony"


@pytest.mark.parametrize("seat", [Seat("A", 0), Seat("E", 6), Seat("Z", 1)])
def test_seats_that_are_not_there(house, seat):
    with pytest.raises(LookupError, match="there is no seat"):
        house.section_of(seat)


def test_seats_together_are_found_in_the_front(house):
    assert house.sections[0].free_together(set(), 3) == [Seat("A", 1), Seat("A", 2), Seat("A", 3)]


def test_a_gap_must_be_wide_enough(house):
    taken = {Seat("E", 3)}
    assert house.sections[1].free_together(taken, 3) == [Seat("F", 1), Seat("F", 2), Seat("F", 3)]


def test_a_full_section_has_no_seats_together(house):
    assert house.sections[1].free_together(set(), 6) == []
