"""In what a clock of a source may differ from ours, one thing at a time: each a cause with the change that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import Calendar, epoch, instant
from itsm_bridge.config.model import CalendarDefinition, Holidays, Position
from itsm_bridge.model import NativeSla
from itsm_bridge.sla.counterfactual import TOLERANCE, Clock, Variants


class Cause(StrEnum):
    """What makes a source's clock differ from ours, in the order in which it is looked for."""

    TARGET = "target"
    START = "start"
    STOP = "stop"
    CARRIED = "carried"
    ZONE = "zone"
    PAUSE = "pause"
    SCHEDULE = "schedule"
    ROUNDING = "rounding"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the source does otherwise; ``note`` says it in words. ``make`` has no clock for what cannot be.

    ``stated`` is what the source says of its clock itself; the rest are guesses.
    """

    cause: Cause
    note: str
    make: Callable[[Clock], Clock | None]
    stated: bool = False


class Changes:
    """All that is tried, on the calendars of one configuration."""

    def __init__(self, calendars: Mapping[str, Calendar], zone: ZoneInfo) -> None:
        self._calendars, self._zone = calendars, zone
        self._variants = Variants()

    def of(self, clock: Clock, native: NativeSla, looked_at: int | None) -> list[Change]:
        """Everything but the target, in the order of ``Cause``. ``looked_at`` is when a running one was measured."""
        return [
            *_starts(clock, native),
            *_stops(clock, native, looked_at),
            *_carried(clock),
            *self._zones(clock, native),
            *_pauses(clock, native),
            *self._schedules(clock, native),
            *_rounding(native),
        ]

    def _zones(self, clock: Clock, native: NativeSla) -> Iterator[Change]:
        """The zone that the source states; where it states none, that of the configuration, and UTC."""
        guessed = {"UTC": ZoneInfo("UTC"), self._zone.key: self._zone}
        stated = guessed if native.zone is None else _zone(native.zone)
        for key, zone in stated.items():
            if any(one.calendar.definition.zone.key != key for one in clock.stretches):
                elsewhere = partial(self._variants.elsewhere, zone=zone)
                make = partial(Clock.on, other=elsewhere)
                yield Change(Cause.ZONE, f"with the hours in zone {key}", make, stated=native.zone is not None)

    def _schedules(self, clock: Clock, native: NativeSla) -> Iterator[Change]:
        """The schedule of that name, if we have one; none at all; ours without holidays; each other one of ours."""
        bare = self._variants.without_holidays
        named = [name for name in self._calendars if name.casefold() == (native.schedule or "").casefold()]
        for name in named:
            yield replace(_on(self._calendars[name], f"on the calendar {name}"), stated=True)
        yield _on(AROUND_THE_CLOCK, "around the clock")
        yield Change(Cause.SCHEDULE, "without holidays and other special days", lambda old: old.on(bare))
        for name, calendar in self._calendars.items():
            if any(one.calendar is not calendar for one in clock.stretches):
                yield _on(calendar, f"on the calendar {name}")
                yield _on(bare(calendar), f"on the calendar {name} without holidays and other special days")


def _starts(clock: Clock, native: NativeSla) -> Iterator[Change]:
    if native.started_at is None or (at := epoch(native.started_at)) == clock.stretches[0].start:
        return
    yield Change(Cause.START, f"started at {_moment(at)}", lambda old: old.running_from(at), stated=True)


def _stops(clock: Clock, native: NativeSla, looked_at: int | None) -> Iterator[Change]:
    """Their end; where theirs still ran when it was looked at, and ours had ended, that instant."""
    end = looked_at if native.stopped_at is None else epoch(native.stopped_at)
    if end is None or end == clock.stretches[-1].end or (native.stopped_at is None and not clock.ended):
        return
    note = "still running" if native.stopped_at is None else "stopped"
    yield Change(Cause.STOP, f"{note} at {_moment(end)}", lambda old: old.running_to(end), stated=True)


def _carried(clock: Clock) -> Iterator[Change]:
    if clock.carried:
        note = "without the time carried over from another service level"
        yield Change(Cause.CARRIED, note, lambda old: replace(old, carried=0))


def _pauses(clock: Clock, native: NativeSla) -> Iterator[Change]:
    """As many seconds of pauses as the source states, and its present one; no pause; its present one beside ours."""
    present = None if not native.paused or native.paused_at is None else epoch(native.paused_at)
    paused = any(one.paused for one in clock.stretches)
    total = native.paused_seconds
    if total is not None and (abs(total - clock.paused) > TOLERANCE or present is not None):
        note = f"with {total} seconds of pauses"
        yield Change(Cause.PAUSE, note, lambda old: _since(old.never_paused(total), present), stated=True)
    if paused:
        yield Change(Cause.PAUSE, "without pauses", Clock.never_paused)
    if present is not None:
        note = f"paused since {_moment(present)}"
        yield Change(Cause.PAUSE, note, lambda old: _since(old, present), stated=True)


def _moment(at: int) -> str:
    return f"{instant(at):%Y-%m-%d %H:%M:%S} UTC"


def _since(clock: Clock, at: int | None) -> Clock:
    return clock if at is None else clock.paused_since(at)


def _rounding(native: NativeSla) -> Iterator[Change]:
    if native.breached:
        note = "counted as breached from 99.995 % on"
        yield Change(Cause.ROUNDING, note, lambda old: replace(old, rounded=True))


def _on(calendar: Calendar, note: str) -> Change:
    return Change(Cause.SCHEDULE, note, lambda old: old.on(lambda _: calendar))


def _zone(name: str) -> dict[str, ZoneInfo]:
    """The zone of that name; none where nobody knows it."""
    try:
        return {name: ZoneInfo(name)}
    except (ValueError, OSError, LookupError):  # no name of a zone, or one that nobody knows
        return {}


AROUND_THE_CLOCK = Calendar(
    CalendarDefinition(
        name="24x7",
        zone=ZoneInfo("UTC"),
        always=True,
        week=(((0, 86_400),),) * 7,
        holidays=Holidays(None, None, MappingProxyType({}), frozenset()),
        overrides=MappingProxyType({}),
        position=Position("", 0, 0),
    )
)
"""What a clock without a schedule runs on."""
