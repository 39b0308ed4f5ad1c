"""Instants as Jira writes them: ISO 8601 with an offset, or a number of seconds or milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

_MILLISECONDS_FROM = 100_000_000_000


def instant(value: object) -> datetime | None:
    """An instant in UTC, ``None`` for null. Raises ``ValueError`` for anything else, a time without an offset too."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError("not an instant with an offset")


def day(value: object) -> datetime | None:
    """The end of a due day (it has no zone of its own: UTC), ``None`` for null. Raises ``ValueError``."""
    if value is None or value == "":
        return None
    return datetime.combine(date.fromisoformat(str(value)), time(23, 59, 59), UTC)
