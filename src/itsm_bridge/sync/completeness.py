"""The proof that nothing is missing: tickets by the day of their creation, as the source counts them and as we do."""

from __future__ import annotations

from datetime import date, timedelta

from itsm_bridge.store import StreamCount
from itsm_bridge.sync.course import Course

DAYS = 30
"""How far back counts are compared."""

SETTLING = timedelta(hours=1)
"""How long after its end a day may still differ, for clocks and indexes that lag."""

Difference = tuple[str, date, int, int]


def compare(course: Course) -> None:
    """Compare every stream with its source, and keep what came of it."""
    since = (course.now - timedelta(days=DAYS)).date()
    for stream in course.connector.streams():
        course.keep_time()
        source_counts = {count.day: count.tickets for count in course.connector.count_by_day(stream, since)}
        here = course.store.created_by_day(course.source, stream, since)
        counted = bool(source_counts) or not here  # an empty answer about tickets that we have is no count
        comparison = StreamCount(course.source, stream, since, counted, course.now)
        course.store.save_counts(comparison, source_counts, (course.now - SETTLING).date())


def differences(course: Course) -> list[Difference]:
    """The days of this source that differed when last compared."""
    rows = [row for row in course.store.day_counts() if row.source == course.source and row.differs]
    return [(row.stream, row.day, row.source_count, row.store_count) for row in rows]
