"""The figures of a report as sentences that a leader reads first, each with what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import itsm_bridge.analysis.figures as figures
from itsm_bridge.analysis.by_vendor import VendorLine, by_vendor, utilization_week
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_cycles import counted

NO_DATA = "There is no data: the store holds no ticket that was created before this instant."

STALE_AFTER = timedelta(hours=24)
"""A source that was last read longer before the as-of instant makes the report out of date."""

NEARLY_FULL, FILLING = 0.9, 0.8
"""Shares of a week's capacity that are worth a word before the week is over; the second if the last week had less."""

Values = Mapping[str, float | None]


def messages(frames: Frames) -> tuple[str, ...]:
    """What there is to say, the most important first; one sentence when there is no data."""
    now = figures.values(frames)
    if not now["tickets_known"]:
        return (NO_DATA,)
    before = figures.values(frames.previous) if frames.previous is not None else dict.fromkeys(now)
    unit = str(frames.period.unit)
    vendors = by_vendor(frames)
    sentences = [
        _backlog(now, before, unit),
        _attainment(frames, now, before),
        *_worst_vendor(vendors, unit),
        *_busiest(vendors, utilization_week(frames)),
        *_overloaded(vendors, frames),
        _waiting(now),
        *_oldest(frames),
    ]
    return tuple(sentence for sentence in sentences if sentence)


def stale_sources(frames: Frames) -> tuple[str, ...]:
    """The sources that were never read to their end, or too long before the as-of instant."""
    limit = frames.until - STALE_AFTER
    return tuple(name for name, at in frames.freshness.items() if at is None or at < limit)


def counted_noun(number: float | None, one: str, many: str = "") -> str:
    """``1 ticket``, ``2,310 tickets``."""
    count = int(number or 0)
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def compared(value: float | None, previous: float | None, unit: str) -> str:
    """``3 more than the week before``; empty where there was nothing to compare with."""
    if value is None or previous is None:
        return ""
    change = int(value - previous)
    if change == 0:
        return f"as many as the {unit} before"
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than the {unit} before"


def _backlog(now: Values, before: Values, unit: str) -> str:
    change = compared(now["open_tickets"], before["open_tickets"], unit)
    came = (now["created"] or 0) + (now["reopened"] or 0)
    verb = "is" if now["open_tickets"] == 1 else "are"
    return _sentence(
        f"{counted_noun(now['open_tickets'], 'ticket')} {verb} open",
        change,
        f"{came:,.0f} came in or back and {now['resolved'] or 0:,.0f} were resolved or closed",
    )


def _attainment(frames: Frames, now: Values, before: Values) -> str:
    """How many service levels were met; on how many that rests, where most tickets have none."""
    unit = str(frames.period.unit)
    rests_on, without = _coverage(frames)
    if now["sla_attainment"] is None:
        return _sentence(f"No service level ended this {unit}", "so there is no attainment to report", without)
    change = ""
    if before["sla_attainment"] is not None:
        points = round(100 * (now["sla_attainment"] - before["sla_attainment"]), 1)
        direction = "more" if points > 0 else "less"
        change = f"{abs(points):g} points {direction} than the {unit} before" if points else f"as the {unit} before"
    risk = f"{now['sla_breached'] or 0:,.0f} breached, {now['sla_at_risk'] or 0:,.0f} at risk"
    return _sentence(f"{now['sla_attainment']:.1%} of {rests_on} were met", change, risk, without)


def _coverage(frames: Frames) -> tuple[str, str]:
    """What attainment is a share of, and how many tickets it leaves out; the latter only where these are most."""
    cycles = counted(frames)
    covered = frames.cycles.loc[frames.cycles["kind"] == "sla", "ticket"]
    known, without = len(frames.tickets), int((~frames.tickets["ticket"].isin(covered)).sum())
    if 2 * without <= known:
        return "service levels", ""
    judged = int((cycles["judged"] & (cycles["kind"] == "sla")).sum())
    missing = f"{without:,} of {counted_noun(known, 'ticket')} {'has' if known == 1 else 'have'} none"
    return counted_noun(judged, "judged service level"), missing


def _worst_vendor(vendors: Sequence[VendorLine], unit: str) -> Iterator[str]:
    """Who breached most."""
    worst = max(vendors, key=lambda line: line.breached, default=None)
    if worst is None or not worst.breached:
        return
    before = None if worst.breached_change is None else worst.breached - worst.breached_change
    what = counted_noun(worst.breached, "service level")
    late = f"{what} {'was' if worst.breached == 1 else 'were'} breached this {unit} in nobody's hands"
    said = f"{worst.vendor} breached {what} this {unit}" if worst.vendor else late
    yield _sentence(said, compared(worst.breached, before, unit))


def _busiest(vendors: Sequence[VendorLine], week: str) -> Iterator[str]:
    """Who got more work than it has hours for, or else came nearest to it."""
    known = sorted(
        ((line.utilization, line.vendor) for line in vendors if line.utilization is not None), key=lambda one: -one[0]
    )
    over = [f"{vendor} ({utilization:.0%})" for utilization, vendor in known if utilization > 1]
    if over:
        yield f"More work arrived in {week} than there was capacity for: {', '.join(over)}."
    elif known:
        busiest = f"{known[0][1]} at {known[0][0]:.0%}"
        yield f"No vendor got more work in {week} than it has capacity for; the busiest is {busiest}."


_HELD = "a decision that is held, rejected or not written"


def _waiting(now: Values) -> str:
    parts = [
        (now["waiting_approval"], "wait for approval", "waits for approval"),
        (now["unrouted"], "are in nobody's hands", "is in nobody's hands"),
        (now["held"], f"have {_HELD}", f"has {_HELD}"),
    ]
    said = [f"{counted_noun(count, 'ticket')} {one if count == 1 else many}" for count, many, one in parts if count]
    return "; ".join(said) + "." if said else "Nothing waits for a decision."


def _overloaded(vendors: Sequence[VendorLine], frames: Frames) -> Iterator[str]:
    """Whose running week is nearly used up already, or fuller than the last whole one and filling."""
    near = [(line.vendor, line.running) for line in vendors if line.running is not None and _is_near(line)]
    if near:
        (first, share), *rest = near
        also = "".join(f", {vendor} at {other:.0%}" for vendor, other in rest)
        week = frames.weeks[-1]
        days = (week.end - week.start) // timedelta(days=1)
        when = f"after {counted_noun(days, 'day')}" if days else "on the first day"
        whose = "its" if len(near) == 1 else "their"
        yield f"{first} is at {share:.0%}{also} of {whose} capacity {when} of {week.name}."


def _is_near(line: VendorLine) -> bool:
    running = line.running or 0.0
    return running > NEARLY_FULL or (running >= FILLING and running > (line.utilization or 0.0))


def _oldest(frames: Frames) -> Iterator[str]:
    tickets = frames.tickets[frames.tickets["open"]]
    for ticket in tickets.sort_values(["created_at", "ticket"]).head(1).to_dict("records"):
        days = counted_noun((frames.until - ticket["created_at"]) / timedelta(days=1), "day")
        yield f"The oldest open ticket, {ticket['ticket']}, is {days} old and with {ticket['vendor'] or 'nobody'}."


def _sentence(subject: str, *rest: str) -> str:
    first, *more = [part for part in (subject, *rest) if part]
    return ", ".join([first, *more[:1]]) + "".join(f"; {part}" for part in more[1:]) + "."
