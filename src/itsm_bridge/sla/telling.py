"""From a ticket to the statements of its clocks: how each came to what it shows, and why the other levels have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import Calendars, epoch, instant
from itsm_bridge.calendars.stretches import Stretch, stretches
from itsm_bridge.config.model import Configuration, Target
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla.course import Course
from itsm_bridge.sla.cycles import Clockwork
from itsm_bridge.sla.model import Interval, Reckoning
from itsm_bridge.sla.reasons import AFTERWARDS, Reasons
from itsm_bridge.sla.statement import Kind, Line, Statement, Statements
from itsm_bridge.sla.unattached import unattached


def statements(record: TicketRecord, configuration: Configuration, now: datetime) -> Statements:
    """How each clock of a ticket came to what it shows at ``now``, and why the other levels have none.

    Raises as ``cycles`` does.
    """
    clockwork = Clockwork(configuration)
    (found,) = clockwork.reckonings([record], now)
    unclocked = clockwork.cycles([record], now).unclocked
    course = Course(record, configuration.slas, configuration.zone, now)
    writer = _Writer(course, configuration, found)
    known = {*(one.cycle.sla for one in found), *(one.sla for one in unclocked)}
    return Statements(
        ticket=record.ticket.id,
        summary=record.ticket.summary,
        now=now,
        clocks=tuple(writer.statement(reckoning) for reckoning in found),
        unclocked=tuple(unclocked),
        unattached=tuple(unattached([one for one in configuration.slas if one.name not in known], course)),
    )


class _Writer:
    """Writes the statements of one ticket."""

    def __init__(self, course: Course, configuration: Configuration, found: Sequence[Reckoning]) -> None:
        self._course = course
        self._calendars = Calendars(configuration)
        self._found = found

    def statement(self, reckoning: Reckoning) -> Statement:
        cycle, last = reckoning.cycle, reckoning.intervals[-1]
        definition = cycle.definition
        reasons = Reasons(definition, self._course)
        return Statement(
            cycle=cycle,
            calendar=last.calendar,
            zone=self._zone(last.calendar),
            target=_target(definition.target),
            carried_seconds=reckoning.carried_seconds,
            carried_from=self._carried_from(reckoning),
            ended="" if cycle.stopped_at is None else reasons.ended(epoch(cycle.stopped_at)),
            lines=tuple(_summed(self._lines(reasons, reckoning), reckoning.carried_seconds)),
        )

    def _lines(self, reasons: Reasons, reckoning: Reckoning) -> Iterator[Line]:
        before: Interval | None = None
        for interval in reckoning.intervals:
            if before is None:
                change = reasons.begun(epoch(interval.start), self._zone(interval.calendar))
            else:
                change = reasons.turned(before, interval)
                if interval.start > before.end:
                    yield self._halted(reasons, before, interval)
            yield from self._parts(reasons, interval, change)
            before = interval

    def _parts(self, reasons: Reasons, interval: Interval, change: str) -> Iterator[Line]:
        """An interval by what the calendar says, and a pause by its reasons too."""
        calendar, zone = self._calendars[interval.calendar], self._zone(interval.calendar)
        begin, end = epoch(interval.start), epoch(interval.end)
        for start, until, why in reasons.paused(begin, end) if interval.paused else [(begin, end, "")]:
            for stretch in stretches(calendar, instant(start), instant(until)):
                yield _line(stretch, interval, why, change, zone)
                change = ""

    def _halted(self, reasons: Reasons, before: Interval, after: Interval) -> Line:
        return Line(
            start=before.end,
            end=after.start,
            kind=Kind.HALTED,
            change=reasons.halted(epoch(before.end)),
            why=AFTERWARDS,
            calendar=after.calendar,
            zone=self._zone(after.calendar),
            paused=False,
            seconds=0,
            total=0,
        )

    def _carried_from(self, reckoning: Reckoning) -> str:
        """The level of the same kind that ended where this one began, with the time that it took over."""
        cycle = reckoning.cycle
        givers = (
            one.cycle.sla
            for one in self._found
            if one.cycle.stopped_at == cycle.started_at
            and (one.cycle.measures, one.cycle.kind) == (cycle.measures, cycle.kind)
            and one.cycle.elapsed_seconds == reckoning.carried_seconds
        )
        return next(givers, "") if reckoning.carried_seconds else ""

    def _zone(self, calendar: str) -> ZoneInfo:
        return self._calendars[calendar].definition.zone


def _target(target: Target) -> str:
    """What is promised where it is more than an amount of time: ``3 working days by 16:00``, ``the due date``."""
    if target.field is not None:
        return "the due date"
    if target.working_days is None:
        return ""
    days = f"{target.working_days} working day{'' if target.working_days == 1 else 's'}"
    by = "" if target.by is None else f" by {target.by // 3600:02}:{target.by // 60 % 60:02}"
    return days + (" by close" if target.by_close else by)


def _line(stretch: Stretch, interval: Interval, why: str, change: str, zone: ZoneInfo) -> Line:
    if stretch.open:
        kind = Kind.PAUSED if interval.paused else Kind.RUNNING
    else:
        kind, why = (Kind.HOLIDAY if stretch.is_holiday else Kind.CLOSED), stretch.reason
    return Line(
        start=stretch.start,
        end=stretch.end,
        kind=kind,
        change=change,
        why=why,
        calendar=interval.calendar,
        zone=zone,
        paused=interval.paused,
        seconds=stretch.seconds if stretch.open else 0,
        total=0,
        holidays=int(stretch.is_holiday),
    )


def _summed(lines: Iterable[Line], carried: int) -> Iterator[Line]:
    total = carried
    for line in lines:
        total += line.seconds if line.kind is Kind.RUNNING else 0
        yield replace(line, total=total)
