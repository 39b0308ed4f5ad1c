"""A statement's lines for people: the nights and weekends between a clock's hours are folded into one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from itsm_bridge.calendars.stretches import OTHER_HOURS, OUTSIDE_HOURS
from itsm_bridge.sla.statement import Kind, Line

SECOND = timedelta(seconds=1)


def folded(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines with each run of business time over several days, in which nothing happened, as one.

    A night with the holidays around it is one line. Holidays, and days with other hours, stay in sight where the clock
    ran; in a pause, where they change nothing, the holidays are only counted. What lies before the first opening and
    after the last closing of a run stays a line of its own. The sums stay as they are.
    """
    run: list[Line] = []
    for line in _nights(lines):
        if run and not _goes_on(run[0], line):
            yield from _as_one(run)
            run = []
        if run or not line.kind.is_idle:
            run.append(line)
        else:
            yield line
    yield from _as_one(run)


def _nights(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines with those of closed time that follow each other as one."""
    night: list[Line] = []
    for line in lines:
        closed = line.kind in {Kind.CLOSED, Kind.HOLIDAY}
        if night and not (closed and _follows(night[0], line)):
            yield _night(night)
            night = []
        if closed:
            night.append(line)
        else:
            yield line
    if night:
        yield _night(night)


def _follows(first: Line, line: Line) -> bool:
    """Whether nothing has happened since an earlier line."""
    return (line.paused, line.calendar, line.change) == (first.paused, first.calendar, "")


def _night(lines: list[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    holidays = [line for line in lines if line.kind is Kind.HOLIDAY]
    reasons = [reason for reason, _ in groupby(_dated(line) for line in lines) if reason != OUTSIDE_HOURS]
    return replace(
        lines[0],
        end=lines[-1].end,
        kind=Kind.HOLIDAY if holidays else Kind.CLOSED,
        why="; ".join(reasons),
        holidays=len(holidays),
    )


def _dated(line: Line) -> str:
    """The reason of a closed time, with its days of the week where they are no longer plain from the line."""
    if line.why != OTHER_HOURS:
        return line.why
    first, last = (f"{at.astimezone(line.zone):%A}" for at in (line.start, line.end - SECOND))
    return f"other hours on {first}" if first == last else f"other hours from {first} to {last}"


def _goes_on(first: Line, line: Line) -> bool:
    """Whether a line is the night after a run that begins with ``first``, or its next day."""
    if line.kind is first.kind:
        return _follows(first, line) and line.why == first.why
    return _follows(first, line) and line.kind.is_idle and (line.paused or line.why == OUTSIDE_HOURS)


def _as_one(run: list[Line]) -> Iterator[Line]:
    """The run as one line up to its last business time, and what comes after that."""
    counted = [place for place, line in enumerate(run) if not line.kind.is_idle]
    if not counted:
        return
    whole, rest = run[: counted[-1] + 1], run[counted[-1] + 1 :]
    yield _joined(whole) if len(counted) > 1 else whole[0]
    yield from rest


def _joined(lines: list[Line]) -> Line:
    return replace(
        lines[0],
        end=lines[-1].end,
        seconds=sum(line.seconds for line in lines),
        total=lines[-1].total,
        days=len({line.start.astimezone(line.zone).date() for line in lines if not line.kind.is_idle}),
        holidays=sum(line.holidays for line in lines),
    )
