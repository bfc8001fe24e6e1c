import pytest

from ticketing.money import parse_amount, percentage, show, split


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [(1000, 10, 100), (999, 10, 100), (994, 10, 99), (5, 10, 1), (4, 10, 0), (4200, 0, 0)],
)
def test_percentage_rounds_half_cents_up(amount, percent, expected):
    assert percentage(amount, percent) == expected


def test_split_gives_the_rest_to_the_first():
    assert split(100, 3) == [34, 33, 33]


def test_split_loses_nothing():
    assert all(sum(split(1001, parts)) == 1001 for parts in range(1, 30))


def test_split_into_no_parts_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        split(100, 0)


@pytest.mark.parametrize(
    ("text", "cents"), [("12", 1200), ("12.50", 1250), ("1,234.05", 123405), (" -3.00 ", -300)]
)
def test_amounts_are_read(text, cents):
    assert parse_amount(text) == cents


@pytest.mark.parametrize("text", ["", "12.5", "1,23", "ten", "--1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse_amount(text)


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1,234.56"), (-250, "-2.50")])
def test_amounts_are_shown(cents, text):
    assert show(cents) == text
