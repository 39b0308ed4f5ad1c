"""The sandbox's single clock: it starts at a chosen instant and never goes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

INDIA = timezone(timedelta(hours=5, minutes=30), "Asia/Kolkata")
"""Where the made-up people work. India keeps one offset the whole year, so that no zone database is needed."""

Pace = Literal["real", "manual"]
"""Whether time passes by itself, or only by ``advance``."""


class Clock:
    """Time since ``start``, as it really passes or as it is told to; two readings never go backwards."""

    def __init__(self, start: datetime, monotonic: Callable[[], float] = time.monotonic, pace: Pace = "real") -> None:
        if start.tzinfo is None:
            raise ValueError("the sandbox's clock needs an instant with a zone; it was given one without")
        if pace not in ("real", "manual"):
            raise ValueError(f"the sandbox's clock is real or manual; it was given {pace!r}")
        self._start = start.astimezone(UTC)
        self._monotonic = monotonic if pace == "real" else lambda: 0.0
        self._origin = self._monotonic()
        self._last = self._start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The instant it is now, in UTC."""
        with self._lock:
            passed = timedelta(seconds=self._monotonic() - self._origin)
            self._last = max(self._last, self._start + passed)
            return self._last

    def advance(self, seconds: float) -> datetime:
        """Let time pass at once, and say what it is then. Raises ``ValueError`` for less than nothing."""
        if seconds < 0:
            raise ValueError("the sandbox's clock does not go back")
        with self._lock:
            self._start += timedelta(seconds=seconds)
        return self()
