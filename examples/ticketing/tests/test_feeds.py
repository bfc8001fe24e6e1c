from datetime import datetime

import pytest

from ticketing.feeds import FeedError, read_schedule, write_schedule
from ticketing.schedule import Performance

FEED = """\
date,time,title,minutes
2025-03-16,15:00,Emma,
2025-03-14,19:30, Hamlet ,180
"""


def test_feeds_are_read_in_order_of_time():
    assert read_schedule(FEED) == [
        Performance(datetime(2025, 3, 14, 19, 30), "Hamlet", 180),
        Performance(datetime(2025, 3, 16, 15, 0), "Emma", 120),
    ]


def test_a_byte_order_mark_is_ignored():
    assert read_schedule("\ufeff" + FEED) == read_schedule(FEED)


def test_other_columns_do_not_matter():
    assert read_schedule("title,note,minutes,time,date\nEmma,new,90,15:00,2025-03-16\n")[0].minutes == 90


@pytest.mark.parametrize(("old", "new"), [("15:00", "15h"), ("2025-03-16", "16.3."), ("180", "long")])
def test_a_bad_value_names_its_line(old, new):
    with pytest.raises(FeedError, match=r"line [23]: "):
        read_schedule(FEED.replace(old, new))


def test_a_missing_column_is_named():
    with pytest.raises(FeedError, match="no column time"):
        read_schedule("date,title,minutes\n")


def test_what_is_written_can_be_read():
    performances = read_schedule(FEED)
    assert read_schedule(write_schedule(performances)) == performances
