from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from itsm_bridge.sandbox.clock import INDIA, Clock

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_the_clock_begins_at_the_given_instant_and_goes_on_as_time_passes() -> None:
    ticks = iter([100.0, 100.0, 102.5])
    clock = Clock(START, lambda: next(ticks))
    assert clock() == START
    assert clock() == START + timedelta(seconds=2.5)


def test_the_clock_never_goes_back() -> None:
    ticks = iter([0.0, 5.0, 3.0, 6.0])
    clock = Clock(START, lambda: next(ticks))
    assert [clock() - START for _ in range(3)] == [timedelta(seconds=5), timedelta(seconds=5), timedelta(seconds=6)]


def test_the_clock_speaks_utc_wherever_its_beginning_was_given() -> None:
    clock = Clock(START.astimezone(INDIA), lambda: 0.0)
    assert clock() == START
    assert clock().utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        Clock(datetime(2026, 11, 25, 12, 0))  # noqa: DTZ001 - that is what is tried
