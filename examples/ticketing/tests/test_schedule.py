from datetime import date, datetime, timedelta

from ticketing.schedule import Performance, clashes, coming_up, week_of


def test_doors_open_and_the_play_ends(hamlet):
    assert hamlet.doors == datetime(2025, 3, 14, 18, 45)
    assert hamlet.ends == datetime(2025, 3, 14, 22, 30)


def test_sales_open_120_days_before(hamlet):
    opening = hamlet.starts - timedelta(days=120)
    assert hamlet.on_sale(opening)
    assert not hamlet.on_sale(opening - timedelta(seconds=1))


def test_sales_end_when_the_curtain_rises(hamlet):
    assert hamlet.on_sale(hamlet.starts - timedelta(seconds=1))
    assert not hamlet.on_sale(hamlet.starts)


def test_days_ahead_counts_calendar_days(hamlet):
    assert hamlet.days_ahead(datetime(2025, 3, 13, 23, 59)) == 1
    assert hamlet.days_ahead(datetime(2025, 3, 14, 0, 0)) == 0


def test_weeks_begin_on_monday():
    assert week_of(date(2025, 3, 10)) == date(2025, 3, 10)
    assert week_of(date(2025, 3, 16)) == date(2025, 3, 10)


def test_performances_one_after_the_other_do_not_clash(hamlet):
    late = Performance(hamlet.ends, "Late show", 60)
    assert clashes([late, hamlet]) == []


def test_performances_at_the_same_time_clash(hamlet):
    matinee = Performance(datetime(2025, 3, 14, 17, 0), "Matinee", 151)
    assert clashes([hamlet, matinee]) == [(matinee, hamlet)]


def test_coming_up_is_sorted_and_limited(hamlet):
    sunday = Performance(datetime(2025, 3, 16, 15, 0), "Emma")
    april = Performance(datetime(2025, 4, 1, 19, 30), "Emma")
    assert coming_up([april, sunday, hamlet], datetime(2025, 3, 12)) == [hamlet, sunday]
