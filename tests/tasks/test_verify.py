"""Which tests verification runs before the others."""

import pytest

from tasks.verify import _worth_running_first

TESTS = [f"tests/test_a.py::test_{number}" for number in range(40)]


@pytest.mark.parametrize(
    ("collected", "first"),
    [
        (99, ()),  # as soon done as two runs
        (100, ()),  # more than a third of all
        (120, tuple(TESTS)),
    ],
)
def test_the_likeliest_come_first_where_that_saves_time(collected: int, first: tuple[str, ...]) -> None:
    assert _worth_running_first([*TESTS, "tests/test_b.py"], collected) == first
