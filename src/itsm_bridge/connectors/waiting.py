"""How long to wait before asking again: the server's wish is a lower bound, our own backoff the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SHORTEST = 1.0
LONGEST_BACKOFF = 60.0
LONGEST_WISH = 900.0
"""A wish for more than 15 minutes, or for the year 9999, counts as 15 minutes: longer than any run waits."""


def wished_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """How many seconds a busy server asks to be left alone, between 1 and 900; ``None`` where it does not say.

    Reads ``Retry-After`` (seconds, whole or not, or an HTTP date) and ``X-RateLimit-Reset`` (seconds since 1970 in
    ServiceNow, ISO 8601 in Jira) and takes the longer one. ``now`` is the server's own time where it is known.
    A zero, a negative or a garbled wish is none.
    """
    wishes = (_retry_after(headers.get("Retry-After"), now), _reset(headers.get("X-RateLimit-Reset"), now))
    stated = [wish for wish in wishes if wish is not None and wish > 0]
    return min(max(*stated, SHORTEST), LONGEST_WISH) if stated else None


def backoff(attempt: int, wish: float | None, chance: Callable[[], float]) -> float:
    """Seconds before the attempt after ``attempt`` (from 1): 1, 2, 4 … 60, halved by chance, never less than wished."""
    own = min(LONGEST_BACKOFF, 2.0 ** (attempt - 1)) * (0.5 + chance() / 2)
    if wish is None:
        return max(own, SHORTEST)
    return max(own, wish * (1.0 + chance() / 10))


def http_date(text: str | None) -> datetime | None:
    """An HTTP date as an instant in UTC, ``None`` where it cannot be read."""
    try:
        return _in_utc(parsedate_to_datetime(text or ""))
    except (ValueError, TypeError, OverflowError):
        return None


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _retry_after(text: str | None, now: datetime) -> float | None:
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = http_date(text)
    return None if at is None else (at - now).total_seconds()


def _reset(text: str | None, now: datetime) -> float | None:
    if text is None:
        return None
    epoch = _number(text)
    if epoch is not None:
        return epoch - now.timestamp()
    try:
        return (_in_utc(datetime.fromisoformat(text.strip())) - now).total_seconds()
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
