"""The reference of what is held against the clocks: agreed verdicts, the source's own clocks, and whose time it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests.analysis.independent.books import Row, by_id, rows_of
from tests.analysis.independent.events import as_record
from tests.analysis.independent.lives import Life, instant
from tests.analysis.independent.reference import Clock, Reference, Rows
from tests.analysis.independent.tables import Holder, breaches, came_back, holder_of
from tests.sla.oracle import RUNS, Answer, Walk

# --- agreed verdicts -------------------------------------------------------------------------------------------------


def flips(of: Reference, database: Path, as_of: datetime) -> Rows:
    """By ticket, level and agreed start, the agreed verdicts that are others today."""
    named: Mapping[str, Life] = by_id(of)
    found: Rows = {}
    clocks: defaultdict[tuple[str, str], list[Clock]] = defaultdict(list)
    agreed: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for one in of.clocks:
        clocks[one.life.row["external_id"], one.answer.sla].append(one)
    for row in rows_of(database, "sla_verdicts"):
        is_known = instant(row["frozen_at"]) <= as_of and instant(row["stopped_at"]) < of.until
        if row["external_id"] in named and is_known:
            agreed[row["external_id"], row["sla"]].append(row)
    for key, verdicts in agreed.items():
        for row, clock in _paired(verdicts, clocks[key], named[key[0]]):
            flip = _flip(row, clock)
            if flip["agreed"] != flip["today"]:
                found[named[key[0]].id, key[1], instant(row["started_at"]), instant(row["stopped_at"])] = flip
    return found


def _paired(verdicts: list[Row], clocks: list[Clock], life: Life) -> Iterator[tuple[Row, Clock | None]]:
    """The same start and end, else the same start, else some time in common; none that went on after a reopening."""
    rest, left = sorted(verdicts, key=lambda row: (row["stopped_at"], row["started_at"])), list(clocks)
    back = [at for (at, _), came in zip(life.moments, came_back(life), strict=True) if came]
    for alike in (_same, _same_start, _in_common):
        for row in list(rest):
            if alike is not _same and _went_on(row, clocks, back):
                rest.remove(row)
                continue
            clock = next((one for one in left if alike(row, one.answer)), None)
            if clock is not None:
                rest.remove(row)
                left.remove(clock)
                yield row, clock
    yield from ((row, None) for row in rest)


def _same(row: Row, one: Answer) -> bool:
    return _same_start(row, one) and one.stopped_at == instant(row["stopped_at"])


def _same_start(row: Row, one: Answer) -> bool:
    return one.started_at == instant(row["started_at"])


def _in_common(row: Row, one: Answer) -> bool:
    ends = one.stopped_at is None or one.stopped_at > instant(row["started_at"])
    return _same_start(row, one) or (ends and one.started_at < instant(row["stopped_at"]))


def _went_on(row: Row, clocks: Sequence[Clock], back: Sequence[datetime]) -> bool:
    ends = [one.answer.stopped_at for one in clocks if _same_start(row, one.answer)]
    return any(instant(row["stopped_at"]) <= at and (end is None or at <= end) for end in ends for at in back)


def _flip(row: Row, clock: Clock | None) -> Row:
    late = bool(row["breached"])
    said = "cancelled" if row["stage"] == "cancelled" else "breached" if late else "met"
    return {
        "vendor": row["vendor"] or "",
        "environment": row["environment"] or "",
        "priority": row["priority"],
        "agreed": said,
        "today": "gone" if clock is None else _today(clock),
        "agreed_elapsed_seconds": row["elapsed_seconds"],
        "elapsed_seconds": None if clock is None else clock.answer.elapsed_seconds,
        "agreed_target_seconds": row["target_seconds"],
        "target_seconds": None if clock is None else clock.target,
        "frozen_at": instant(row["frozen_at"]),
    }


def _today(clock: Clock) -> str:
    if clock.answer.stage == "cancelled":
        return "cancelled"
    return "breached" if clock.answer.breached else "running" if clock.runs else "met"


# --- the source's clocks ---------------------------------------------------------------------------------------------

MINUTE = 60


def natives(of: Reference, database: Path) -> Rows:
    """By ticket, level and name in the source; ours is looked at as of the instant of theirs."""
    named: Mapping[str, Life] = by_id(of)
    found: Rows = {}
    ours = {(one.life.row["external_id"], one.answer.sla, one.answer.started_at): one for one in of.clocks}
    for row in rows_of(database, "native_slas"):
        key = row["external_id"], row["name"].lower(), instant(row["started_at"])
        told_at = instant(row["stopped_at"] or row["measured_at"])
        if row["external_id"] in named and key in ours and told_at <= of.until + timedelta(minutes=1):
            clock = ours[key]
            seen = clock.answer if row["stopped_at"] else _seen_at(of, clock, min(told_at, of.until))
            name = named[row["external_id"]].id
            found[name, clock.answer.sla, instant(row["started_at"])] = _beside(row, clock, seen)
    return found


def _seen_at(of: Reference, clock: Clock, at: datetime) -> Answer:
    levels = of.hours.configuration.slas
    answers = Walk(as_record(clock.life), levels, of.hours.world, at).answers
    return next(one for one in answers if (one.sla, one.started_at) == (clock.answer.sla, clock.answer.started_at))


def _beside(row: Row, clock: Clock, seen: Answer) -> Row:
    theirs = row["elapsed_seconds"]
    return {
        "native": row["name"],
        "ours_elapsed_seconds": seen.elapsed_seconds,
        "native_elapsed_seconds": theirs,
        "difference_seconds": None if theirs is None else theirs - seen.elapsed_seconds,
        "ours_breached": seen.breached,
        "native_breached": None if row["breached"] is None else bool(row["breached"]),
        "ours_due_at": seen.due_at,
        "native_due_at": None if row["due_at"] is None else instant(row["due_at"]),
        "agrees": None if theirs is None else not _differs(row, clock, seen),
    }


def _differs(row: Row, clock: Clock, seen: Answer) -> bool:
    """Used time and due instant by more than a minute, target, or verdict; not what means nothing at that instant."""
    runs = row["stopped_at"] is None
    near = runs and abs(seen.elapsed_seconds - clock.target) <= MINUTE
    due, paused = row["due_at"], seen.stage == "paused"
    apart = due is not None and not paused and abs(instant(due) - (seen.due_at or instant(due))) > timedelta(minutes=1)
    return (
        abs(row["elapsed_seconds"] - seen.elapsed_seconds) > MINUTE
        or row["target_seconds"] != clock.target
        or (bool(row["breached"]) != seen.breached and not near)
        or apart
    )


# --- whose time made clocks late -------------------------------------------------------------------------------------


def breach_shares(of: Reference) -> Rows:
    """By ticket, level, start and holder: the open minutes in which a late clock ran."""
    late = breaches(of)
    found: Rows = {}
    for life in (life for life in of.known if not life.gone):
        walk = Walk(as_record(life), of.hours.configuration.slas, of.hours.world, of.until)
        for (clock, tape), one in zip(walk.attached, walk.answers, strict=True):
            if (life.id, one.sla, one.due_at, one.stopped_at) in late and one.breached and one.stage != "cancelled":
                assert tape.carried == 0
                end = walk.now if tape.ended is None else tape.ended
                ran = (tape.marks[: end - walk.created] == RUNS) & walk.opened(clock, tape, walk.created, end)
                for holder, seconds in _divided(of, life, walk, ran).items():
                    found[(life.id, one.sla, one.started_at, *holder)] = {
                        "business_seconds": seconds,
                        "share": seconds / one.elapsed_seconds,
                        "elapsed_seconds": one.elapsed_seconds,
                    }
    return found


def _divided(of: Reference, life: Life, walk: Walk, ran: np.ndarray[Any, np.dtype[np.bool_]]) -> Mapping[Holder, int]:
    seconds: defaultdict[Holder, int] = defaultdict(int)
    place = of.hours.world.place
    for start, end, values in life.pieces():
        some = 60 * int(ran[place(start) - walk.created : place(end) - walk.created].sum())
        if some:
            seconds[holder_of(of, values)] += some
    return seconds


def breach_holders(of: Reference) -> Rows:
    """The same by level and holder."""
    found: Rows = {}
    whole: defaultdict[str, int] = defaultdict(int)
    for (_, sla, _, holder, kind), row in breach_shares(of).items():
        mine = found.setdefault((sla, holder, kind), {"cycles": 0, "business_seconds": 0})
        mine["cycles"] += 1
        mine["business_seconds"] += row["business_seconds"]
        whole[sla] += row["business_seconds"]
    for (sla, _, _), row in found.items():
        row["share"] = row["business_seconds"] / whole[sla]
    return found
