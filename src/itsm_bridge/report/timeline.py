"""The picture of one clock: its bands along a time axis, as an SVG that runs no script and refers to nothing.

Places along the axis are percentages, so that the picture is as wide as its page and its letters stay as they are. The
bands differ in shape and not only in colour: full, striped, thin, dotted, dashed, and hollow once the target is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from itsm_bridge.report.page import text
from itsm_bridge.sla import Kind, Line, Statement, folded
from itsm_bridge.sla.wording import clockwise, moment, note, standing, until, usage

OVER = "over"
"""The band of running time after the target is used."""

MIDDLE, AXIS, LABELS = 52, 76, 92
MOST_TICKS = 5
FAR = 3
NIGHTS_SHOWN = timedelta(days=10)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STEPS = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 10, 15, 30)),
    *(HOUR * hours for hours in (1, 2, 3, 6, 12)),
    *(DAY * days for days in (1, 2, 7, 14, 28, 91, 364)),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """From instants to percentages of the picture's width."""

    begin: datetime
    end: datetime

    def __call__(self, at: datetime) -> float:
        """Where an instant is."""
        return round(100 * ((at - self.begin) / (self.end - self.begin)), 3)


def timeline(clock: Statement, number: int) -> str:
    """The picture; ``number`` tells it from the others of its page. Empty for a clock of no time."""
    if not clock.lines:
        return ""
    scale = _scale(clock)
    name = f"clock-{number}"
    return (
        f'<svg class="clock" role="img" aria-labelledby="{name}-title {name}-desc" width="100%" height="100">'
        f'<title id="{name}-title">{text(f"{clock.cycle.sla}: {standing(clock)}")}</title>'
        f'<desc id="{name}-desc">{text(f"{usage(clock)}. The table below has the same parts.")}</desc>'
        f"{''.join(_parts(clock, scale))}</svg>"
    )


def _scale(clock: Statement) -> Scale:
    """From the beginning to the end or to the target, but not to one that an ended clock was far from."""
    begin, last = clock.lines[0].start, clock.lines[-1].end
    end = max(last, _due(clock) or last)
    far = clock.cycle.stopped_at is not None and end > last + FAR * (last - begin)
    return Scale(begin, last if far else end)


def legend(clock: Statement) -> str:
    """What each kind of band in a clock's picture is, with its sum where it has one."""
    bands = list(dict.fromkeys(band for line in _drawn(clock) for _, _, band in _split(clock, line)))
    return f'<p class="soft legend">{" ".join(_explained(clock, band) for band in bands)}</p>' if bands else ""


# --- bands -------------------------------------------------------------------------------------------------------


def _parts(clock: Statement, scale: Scale) -> Iterator[str]:
    yield from _axis(clock, scale)
    for line in _drawn(clock):
        for begin, end, band in _split(clock, line):
            yield _band(scale(begin), scale(end), band, _tip(line))
    yield from _marks(clock, scale)


def _drawn(clock: Statement) -> Iterable[Line]:
    """The lines, folded where a night would be too narrow to see."""
    long = clock.lines and clock.lines[-1].end - clock.lines[0].start > NIGHTS_SHOWN
    return folded(clock.lines) if long else clock.lines


def _split(clock: Statement, line: Line) -> Iterator[tuple[datetime, datetime, str]]:
    """A line as one band, or as two where the target is used up within it."""
    due = clock.used_up_at
    if line.kind is not Kind.RUNNING or due is None or line.end <= due:
        yield line.start, line.end, line.kind.value
    elif line.start >= due:
        yield line.start, line.end, OVER
    else:
        yield line.start, due, line.kind.value
        yield due, line.end, OVER


def _band(begin: float, end: float, band: str, tip: str) -> str:
    place = f'x1="{begin:g}%" x2="{end:g}%" y1="{MIDDLE}" y2="{MIDDLE}"'
    hollow = f'<line class="hollow" {place}/>' if band == OVER else ""
    return f'<g><title>{text(tip)}</title><line class="{band}" {place}/>{hollow}</g>'


def _tip(line: Line) -> str:
    counts = "" if line.kind.is_idle else f" {clockwise(line.seconds)}"
    said = note(line, line.calendar)
    return f"{moment(line.start, line.zone)} – {until(line)}: {line.kind}{counts}" + (f"; {said}" if said else "")


def _explained(clock: Statement, band: str) -> str:
    cycle = clock.cycle
    own = cycle.elapsed_seconds - clock.carried_seconds
    over = min(max(cycle.elapsed_seconds - cycle.target_seconds, 0), own)
    sums = {
        Kind.RUNNING: own - over,
        Kind.PAUSED: cycle.paused_seconds,
        OVER: over,
    }
    words = "after the target" if band == OVER else band
    sample = _band(0, 100, band, words).replace(f'"{MIDDLE}"', '"7"')
    swatch = f'<svg class="swatch" aria-hidden="true" width="30" height="14">{sample}</svg>'
    return f"<span>{swatch} {words}{f' {clockwise(sums[band])}' if band in sums else ''}</span>"


# --- axis and marks ----------------------------------------------------------------------------------------------


def _due(clock: Statement) -> datetime | None:
    return clock.cycle.due_at or clock.cycle.due_if_resumed_at


def _marks(clock: Statement, scale: Scale) -> Iterator[str]:
    """Where the clock stands, and where its target is used up."""
    cycle, last = clock.cycle, clock.lines[-1].end
    yield _mark("now", scale(last), 12, "now" if cycle.stopped_at is None else f"{cycle.stage}")
    due = _due(clock)
    if due is not None and due >= scale.begin:
        ahead = cycle.due_if_resumed_at is not None and not cycle.breached
        words = "due if resumed now" if ahead else "target"
        said = f"{words} {moment(due, clock.zone)}"
        yield _mark("due", scale(due), 28, said) if due <= scale.end else _words(100, 28, f"{said} →", "due")


def _mark(kind: str, place: float, height: int, words: str) -> str:
    line = f'<line class="mark {kind}" x1="{place:g}%" x2="{place:g}%" y1="{height + 4}" y2="{AXIS}"/>'
    return line + _words(place, height, words, kind)


def _words(place: float, height: int, words: str, kind: str = "") -> str:
    anchor = "start" if place < 25 else "end" if place > 75 else "middle"
    return f'<text class="{kind}" x="{place:g}%" y="{height}" text-anchor="{anchor}">{text(words)}</text>'


def _axis(clock: Statement, scale: Scale) -> Iterator[str]:
    yield f'<line class="axis" x1="0%" x2="100%" y1="{AXIS}" y2="{AXIS}"/>'
    for at, label in _ticks(scale.begin, scale.end, clock.zone):
        place = scale(at)
        yield f'<line class="axis" x1="{place:g}%" x2="{place:g}%" y1="{AXIS}" y2="{AXIS + 4}"/>'
        yield f'<text class="soft" x="{place:g}%" y="{LABELS}" text-anchor="{_at_tick(place)}">{label}</text>'


def _at_tick(place: float) -> str:
    return "start" if place < 5 else "end" if place > 95 else "middle"


def _ticks(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, str]]:
    """Round local times within a span, a few of them; a midnight is labelled with its day."""
    step = next((step for step in STEPS if (end - begin) / step <= MOST_TICKS), STEPS[-1])
    here = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while here <= end:
        if here >= begin:
            yield here, f"{here:%d %b}" if here.hour == here.minute == 0 else f"{here:%H:%M}"
        here += step  # by the clock on the wall: each day at the same time
