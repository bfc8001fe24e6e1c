"""Schedules as other systems send them: CSV with a header line."""

import csv
import io
from datetime import datetime

from ticketing.schedule import Performance

COLUMNS = ("date", "time", "title", "minutes")


class FeedError(Exception):
    """A schedule that cannot be read; the message names the line."""


def read_schedule(text: str) -> list[Performance]:
    """Performances of a CSV feed in order of time; a missing length means two hours."""
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise FeedError(f"line 1: no column {missing[0]}")
    performances = []
    for row in rows:
        try:
            starts = datetime.strptime(f"{row['date']} {row['time']}", "%Y-%m-%d %H:%M")
            minutes = int(row["minutes"] or 120)
        except ValueError as error:
            raise FeedError(f"line {rows.line_num}: {error}") from error
        performances.append(Performance(starts, row["title"].strip(), minutes))
    return sorted(performances)


def write_schedule(performances: list[Performance]) -> str:
    """The same as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(performances):
        writer.writerow((f"{each.starts:%Y-%m-%d}", f"{each.starts:%H:%M}", each.title, each.minutes))
    return out.getvalue()
