"""A duration on the command line, on the clock on the wall: ``90s``, ``15m``, ``4h``."""

from __future__ import annotations

from datetime import timedelta

import click

from itsm_bridge.config.literals import LiteralError, parse_duration

LONGEST = timedelta(days=1)


class WallTime(click.ParamType[timedelta]):
    """A duration of a second to a day, in the words of the configuration."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read one; working days are refused, since they belong to a calendar."""
        if isinstance(value, timedelta):
            return value
        try:
            seconds = parse_duration(str(value)).seconds
        except LiteralError as problem:
            self.fail(str(problem), param, ctx)
        if seconds is None:
            self.fail(
                f"{value!r} are days of a calendar, and here the clock on the wall counts: write hours", param, ctx
            )
        if not 0 < seconds <= LONGEST.total_seconds():
            self.fail(f"{value!r} lies outside 1s to 24h", param, ctx)
        return timedelta(seconds=seconds)


def text_of(seconds: int) -> str:
    """Seconds in the largest unit that divides them, as the configuration writes them."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
