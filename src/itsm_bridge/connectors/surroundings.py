"""What a connector takes from the world around it: clocks, sleep and chance, so that tests can stand in for them."""

from __future__ import annotations

import functools
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

LOOK = 0.25
"""Seconds of a wait after which it is looked whether the run has ended meanwhile."""


def _now() -> datetime:
    return datetime.now(UTC)


def _no_end() -> float:
    return math.inf


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The real world by default. ``monotonic`` and ``sleep`` count seconds, ``chance`` gives a number in [0, 1).

    ``left`` is how many seconds the run still has: less than none once it should be over, by its time or by a signal.
    """

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    left: Callable[[], float] = _no_end

    @classmethod
    def of_run(cls, left: Callable[[], float]) -> Surroundings:
        """The real world for the length of a run; a wait ends with the run."""
        return cls(sleep=functools.partial(_sleep, left), left=left)


def _sleep(left: Callable[[], float], seconds: float) -> None:
    end = time.monotonic() + seconds
    while (rest := end - time.monotonic()) > 0 and left() > 0:
        time.sleep(min(rest, LOOK))
