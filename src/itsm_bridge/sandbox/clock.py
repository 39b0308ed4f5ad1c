"""The sandbox's single clock: it starts at a chosen instant and never goes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

INDIA = timezone(timedelta(hours=5, minutes=30), "Asia/Kolkata")
"""Where the made-up people work. India keeps one offset the whole year, so that no zone database is needed."""


class Clock:
    """Time since ``start`` as it really passes; two readings never go backwards, whichever thread asks."""

    def __init__(self, start: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        if start.tzinfo is None:
            raise ValueError("the sandbox's clock needs an instant with a zone; it was given one without")
        self._start = start.astimezone(UTC)
        self._monotonic = monotonic
        self._origin = monotonic()
        self._last = self._start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The instant it is now, in UTC."""
        with self._lock:
            passed = timedelta(seconds=self._monotonic() - self._origin)
            self._last = max(self._last, self._start + passed)
            return self._last
