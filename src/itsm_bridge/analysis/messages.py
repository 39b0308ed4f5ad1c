"""The figures of a report as sentences that a leader reads first, each with what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

import itsm_bridge.analysis.earlier as earlier
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


MOST = 7
"""Sentences on the first page."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence; ``alarms`` where it tells of something that got worse, or that somebody must see to."""

    text: str
    alarms: bool = False


def messages(frames: Frames) -> tuple[str, ...]:
    """What there is to say, what alarms first and each part in order of weight; one sentence when there is no data."""
    now = figures.values(frames)
    if not now["tickets_known"]:
        return (NO_DATA,)
    before = figures.values(frames.previous) if frames.previous is not None else dict.fromkeys(now)
    unit = str(frames.period.unit)
    vendors = by_vendor(frames)
    sentences = [
        *_worst_breaches(frames),
        *_overloaded(vendors, frames),
        *_busiest(vendors, utilization_week(frames)),
        _attainment(frames, now, before),
        _waiting(now),
        _backlog(now, before, earlier.means(frames), unit),
        *_oldest(frames),
    ]
    return tuple(one.text for one in sorted(sentences, key=lambda one: not one.alarms)[:MOST])


def stale_sources(frames: Frames) -> tuple[str, ...]:
    """The sources that were never read to their end, or too long before the as-of instant."""
    limit = frames.until - STALE_AFTER
    return tuple(name for name, at in frames.freshness.items() if at is None or at < limit)


def counted_noun(number: float | None, one: str, many: str = "") -> str:
    """``1 ticket``, ``2,310 tickets``."""
    count = int(number or 0)
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """``95.4%``; what is not whole is not rounded to 100 %, where a single miss among thousands would be unsaid."""
    said = f"{share:.1%}"
    return "99.9%" if said == "100.0%" and share < 1 else said


def compared(value: float | None, previous: float | None, unit: str) -> str:
    """``3 more than the week before``; empty where there was nothing to compare with."""
    if value is None or previous is None:
        return ""
    change = int(value - previous)
    if change == 0:
        return f"as many as the {unit} before"
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than the {unit} before"


def _backlog(now: Values, before: Values, means: Mapping[str, float], unit: str) -> Said:
    change = compared(now["open_tickets"], before["open_tickets"], unit)
    if change and "open_tickets" in means:
        change += f" and {_beside_mean(now['open_tickets'] or 0, means['open_tickets'], unit)}"
    came, went = (now["created"] or 0) + (now["reopened"] or 0), now["resolved"] or 0
    verb = "is" if now["open_tickets"] == 1 else "are"
    text = _sentence(
        f"{counted_noun(now['open_tickets'], 'ticket')} {verb} open",
        change,
        f"{came:,.0f} came in or back and {went:,.0f} {'was' if went == 1 else 'were'} resolved or closed",
        _handed((now["backlog_growth"] or 0) - came + went),
    )
    return Said(text, alarms=_grew(now["open_tickets"], before["open_tickets"]))


def _handed(net: float) -> str:
    """What makes the sum right: hand-overs in a vendor's copy, else what went out of sight or into an unknown state."""
    if not net:
        return ""
    how = "came from other hands than went there" if net > 0 else "went to other hands or out of sight than came back"
    return f"{abs(net):,.0f} more {how}"


def _beside_mean(value: float, mean: float, unit: str) -> str:
    """``8 more than the mean of the four weeks before``."""
    change = round(value - mean)
    what = f"the mean of the four {unit}s before"
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than {what}" if change else f"about {what}"


def _grew(value: float | None, previous: float | None) -> bool:
    return value is not None and previous is not None and value > previous


def _attainment(frames: Frames, now: Values, before: Values) -> Said:
    """How many service levels were met; on how many that rests, where most tickets have none."""
    unit = str(frames.period.unit)
    rests_on, without = _coverage(frames)
    if now["sla_attainment"] is None:
        return Said(_sentence(f"No service level ended this {unit}", "so there is no attainment to report", without))
    change = ""
    if before["sla_attainment"] is not None:
        points = round(100 * (now["sla_attainment"] - before["sla_attainment"]), 1)
        direction = "more" if points > 0 else "less"
        noun = "point" if abs(points) == 1 else "points"
        change = f"{abs(points):g} {noun} {direction} than the {unit} before" if points else f"as the {unit} before"
    risk = f"{now['sla_breached'] or 0:,.0f} breached, {now['sla_at_risk'] or 0:,.0f} at risk"
    text = _sentence(f"{percent(now['sla_attainment'])} of {rests_on} met", change, risk, without)
    return Said(text, alarms=_grew(before["sla_attainment"], now["sla_attainment"]))


def _coverage(frames: Frames) -> tuple[str, str]:
    """What attainment is a share of, with its verb, and how many tickets it leaves out, only where these are most."""
    cycles = counted(frames)
    covered = frames.cycles.loc[frames.cycles["kind"] == "sla", "ticket"]
    known, without = len(frames.tickets), int((~frames.tickets["ticket"].isin(covered)).sum())
    if 2 * without <= known:
        return "service levels were", ""
    judged = int((cycles["judged"] & (cycles["kind"] == "sla")).sum())
    missing = f"{without:,} of {counted_noun(known, 'ticket')} {'has' if known == 1 else 'have'} none"
    return f"{counted_noun(judged, 'judged service level')} {'was' if judged == 1 else 'were'}", missing


def _worst_breaches(frames: Frames) -> Iterator[Said]:
    """Who breached which priority most, against the period before."""
    unit = str(frames.period.unit)
    now = _breaches(frames)
    if not now:
        return
    (vendor, priority), count = min(now.items(), key=lambda one: (-one[1], one[0][1] or 9, one[0][0] == "", one[0]))
    known = frames.previous is not None and any(frames.previous.known.values())
    before = _breaches(frames.previous).get((vendor, priority), 0) if frames.previous is not None and known else None
    what = "service levels without a priority" if priority is None else f"P{priority}"
    who = (
        f"{vendor} breached {what}" if vendor else f"{what} {'was' if priority else 'were'} breached in nobody's hands"
    )
    runs = _breaches(frames, still=True).get((vendor, priority), 0)
    still = "" if not runs else ", still running" if runs == count else f", {runs:,} still running"
    yield Said(f"{who} {how_often(count, before, unit)}{still}.", alarms=before is None or count > before)


def _breaches(frames: Frames, *, still: bool = False) -> dict[tuple[str, int | None], int]:
    """Breached clocks of kind sla by vendor and priority; with ``still`` those that have not ended.

    A clock that runs past its target counts in each period until it ends, however long ago it was due.
    """
    cycles = counted(frames)
    late = cycles[(cycles["kind"] == "sla") & cycles["failed"] & ~(cycles["completed"] & still)]
    found = Counter(zip(late["vendor"], late["priority"].astype("object"), strict=True))
    merged: Counter[tuple[str, int | None]] = Counter()
    for (vendor, priority), count in found.items():
        merged[str(vendor), None if pd.isna(priority) else int(priority)] += count
    return dict(merged)


TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}


def how_often(count: int, before: int | None, unit: str) -> str:
    """``twice as often as the week before: 6 against 3``."""
    if before is None:
        return f"{_times(count)} this {unit}"
    if not before:
        return f"{_times(count)} this {unit}, and not once the {unit} before"
    numbers = f"the {unit} before: {count:,} against {before:,}"
    if count == before:
        return f"as often as the {unit} before: {_times(count)}"
    if count % before == 0:
        return f"{TIMES.get(count // before, f'{count // before} times')} as often as {numbers}"
    if before == 2 * count:
        return f"half as often as {numbers}"
    return f"{'more' if count > before else 'less'} often than {numbers}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _busiest(vendors: Sequence[VendorLine], week: str) -> Iterator[Said]:
    """Who got more work than it has hours for, or else came nearest to it."""
    known = sorted(
        ((line.utilization, line.vendor) for line in vendors if line.utilization is not None), key=lambda one: -one[0]
    )
    over = [f"{line.vendor} (it has none)" for line in vendors if line.is_without_capacity]
    over += [f"{vendor} ({utilization:.0%})" for utilization, vendor in known if utilization > 1]
    if over:
        yield Said(f"More work arrived in {week} than there was capacity for: {', '.join(over)}.", alarms=True)
    elif known:
        busiest = f"{known[0][1]} at {known[0][0]:.0%}"
        yield Said(f"No vendor got more work in {week} than it has capacity for; the busiest is {busiest}.")


_HELD = "a decision that is held, rejected or not written"


def _waiting(now: Values) -> Said:
    parts = [
        (now["waiting_approval"], "wait for approval", "waits for approval"),
        (now["unrouted"], "are in nobody's hands", "is in nobody's hands"),
        (now["held"], f"have {_HELD}", f"has {_HELD}"),
    ]
    said = [f"{counted_noun(count, 'ticket')} {one if count == 1 else many}" for count, many, one in parts if count]
    return Said("; ".join(said) + ".", alarms=True) if said else Said("Nothing waits for a decision.")


def _overloaded(vendors: Sequence[VendorLine], frames: Frames) -> Iterator[Said]:
    """Whose running week is nearly used up already, or fuller than the last whole one and filling."""
    near = [(line.vendor, line.running) for line in vendors if line.running is not None and _is_near(line)]
    if near:
        (first, share), *rest = near
        also = "".join(f", {vendor} at {other:.0%}" for vendor, other in rest)
        week = frames.weeks[-1]
        days = (week.end - week.start) // timedelta(days=1)
        when = f"after {counted_noun(days, 'day')}" if days else "on the first day"
        whose = "its" if len(near) == 1 else "their"
        yield Said(f"{first} is at {share:.0%}{also} of {whose} capacity {when} of {week.name}.", alarms=True)


def _is_near(line: VendorLine) -> bool:
    running = line.running or 0.0
    return running > NEARLY_FULL or (running >= FILLING and running > (line.utilization or 0.0))


def _oldest(frames: Frames) -> Iterator[Said]:
    tickets = frames.tickets[frames.tickets["open"]]
    for ticket in tickets.sort_values(["created_at", "ticket"]).head(1).to_dict("records"):
        days = (frames.until - ticket["created_at"]) / timedelta(days=1)  # as its tile says them
        whose = ticket["vendor"] or "nobody"
        yield Said(f"The oldest open ticket, {ticket['ticket']}, is {days:,.1f} days old and with {whose}.")


def _sentence(subject: str, *rest: str) -> str:
    first, *more = [part for part in (subject, *rest) if part]
    return ", ".join([first, *more[:1]]) + "".join(f"; {part}" for part in more[1:]) + "."
