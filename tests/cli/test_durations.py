"""Durations that are given with a command: read, refused, and shown."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from itsm_bridge.cli.durations import WallTime, text_of


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86_400)])
def test_a_duration_is_read_in_the_words_of_the_configuration(text: str, seconds: int) -> None:
    assert WallTime().convert(text, None, None) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0s", "25h", "3 working_days", "1d", "soon", "-5m"])
def test_nothing_days_and_what_is_too_long_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        WallTime().convert(text, None, None)


def test_seconds_are_shown_in_the_largest_unit_that_divides_them() -> None:
    assert [text_of(seconds) for seconds in (7200, 5400, 61, 0)] == ["2h", "90m", "61s", "0s"]
