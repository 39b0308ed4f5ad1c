"""The clocks of a ticket for a terminal of 80 columns, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from itsm_bridge.conditions import shown
from itsm_bridge.sla import Line, Statement, Statements, folded
from itsm_bridge.sla.wording import calendar_text, carrying, clockwise, ending, moment, note, standing, until, usage

WIDTH = 80
LONGEST = 400
ROW = "  {:<20}  {:<20}  {:<7}  {:>9}  {:>9}"
"""From, to, what it is, what counts, and what is used by then."""


# --- as text -----------------------------------------------------------------------------------------------------


def clocks_text(found: Statements, *, whole: bool) -> str:
    """Every clock with its lines, those without one with the reason; nights and weekends folded, or ``whole``."""
    lines = [f"{found.ticket}  {found.summary}", f"clocks as of {found.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"]
    for clock in found.clocks:
        lines += ["", *_clock(clock, clock.lines if whole else folded(clock.lines))]
    lines += _listed("cannot be measured", [(one.sla, one.reason) for one in found.unclocked])
    lines += _listed("no clock", [(one.sla, one.why) for one in found.unattached])
    if not (found.clocks or found.unclocked or found.unattached):
        lines += ["", "there are no service levels in sla.yaml"]
    return "\n".join(line for text in lines for line in _wrapped(text))


def _clock(clock: Statement, lines: Iterable[Line]) -> Iterator[str]:
    yield f"{clock.cycle.sla}: {standing(clock)}"
    yield f"  {calendar_text(clock)}"
    yield f"  {usage(clock)}"
    if ended := ending(clock):
        yield f"  {ended}"
    yield ""
    yield ROW.format("from", "to", "", "counts", "used")
    if clock.carried_seconds:
        yield f"  {carrying(clock):<53.53}{'':>11}{clockwise(clock.carried_seconds):>9}"
    calendar = clock.lines[0].calendar if clock.lines else ""
    for line in lines:
        counts = "" if line.kind.is_idle else clockwise(line.seconds)
        yield ROW.format(
            moment(line.start, line.zone),
            until(line),
            line.kind,
            counts,
            "" if line.kind.is_idle else clockwise(line.total),
        )
        if said := note(line, calendar):
            yield f"      {said}"
        calendar = line.calendar
    yield ROW.format("sum", "", "running", "", clockwise(clock.cycle.elapsed_seconds))
    if clock.cycle.paused_seconds:
        yield ROW.format("", "", "paused", clockwise(clock.cycle.paused_seconds), "")


def _listed(title: str, found: list[tuple[str, str]]) -> list[str]:
    return ["", title, *(f"  {name}: {why}" for name, why in found)] if found else []


def _wrapped(text: str) -> list[str]:
    """Lines of one text, those after the first indented by as much and two more."""
    safe = shown(text, LONGEST)
    if len(safe) <= WIDTH:
        return [safe.rstrip()]
    indent = " " * (len(safe) - len(safe.lstrip(" ")))
    return textwrap.wrap(safe, WIDTH, subsequent_indent=indent + "  ", break_on_hyphens=False)


# --- as JSON -----------------------------------------------------------------------------------------------------


def clocks_document(found: Statements) -> dict[str, object]:
    """All clocks with every line, nothing folded; instants in UTC, lengths in seconds."""
    return {
        "ticket": found.ticket,
        "now": found.now.isoformat(),
        "clocks": [_clock_document(clock) for clock in found.clocks],
        "unmeasured": [{"sla": one.sla, "why": one.reason} for one in found.unclocked],
        "unattached": [{"sla": one.sla, "why": one.why} for one in found.unattached],
    }


def _clock_document(clock: Statement) -> dict[str, object]:
    cycle = clock.cycle
    return {
        "sla": cycle.sla,
        "measures": cycle.measures,
        "kind": cycle.kind,
        "calendar": clock.calendar,
        "zone": clock.zone.key,
        "vendor": cycle.vendor,
        "environment": cycle.environment,
        "priority": cycle.priority,
        "stage": cycle.stage,
        "breached": cycle.breached,
        "started_at": cycle.started_at.isoformat(),
        "stopped_at": _instant(cycle.stopped_at),
        "ended": clock.ended or None,
        "due_at": _instant(cycle.due_at),
        "due_if_resumed_at": _instant(cycle.due_if_resumed_at),
        "target": clock.target or None,
        "target_seconds": cycle.target_seconds,
        "carried_seconds": clock.carried_seconds,
        "carried_from": clock.carried_from or None,
        "elapsed_seconds": cycle.elapsed_seconds,
        "paused_seconds": cycle.paused_seconds,
        "intervals": [_line_document(line) for line in clock.lines],
    }


def _line_document(line: Line) -> dict[str, object]:
    return {
        "start": line.start.isoformat(),
        "end": line.end.isoformat(),
        "kind": line.kind,
        "paused": line.paused,
        "change": line.change or None,
        "why": line.why or None,
        "calendar": line.calendar,
        "seconds": line.seconds,
        "elapsed_seconds": line.total,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
