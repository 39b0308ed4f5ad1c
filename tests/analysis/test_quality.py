from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.analysis.made import NOW, WEEK_START, Change, ago, frames, ticket
from tests.analysis.test_survival import plain_median
from tests.analysis.walking import OPEN, Life, office_is_open, values_at

from itsm_bridge.analysis import quality
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.material import Gone
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord

HOUR = timedelta(hours=1)
DONE = ("resolved", "closed")
Row = Mapping[str, Any]
Place = tuple[str, str]


def rows(configured: Configuration, *made: TicketRecord, **known: object) -> dict[Place, Row]:
    """The rows by vendor and environment."""
    table = quality.TABLE.rows(frames(made, configured, **known))  # type: ignore[arg-type]  # spelled out below
    listed: list[Row] = table.to_dict("records")  # type: ignore[assignment]  # its keys are the columns' names
    return {(row["vendor"], row["environment"]): row for row in listed}


def test_a_ticket_counts_where_it_was_until_it_was_resolved_for_the_last_time(configured: Configuration) -> None:
    made = ticket(
        "INC1",
        ago(hours=70),
        (ago(hours=60), "state", "in_progress"),
        (ago(hours=50), "state", "resolved"),
        (ago(hours=40), "state", "in_progress"),
        (ago(hours=30), "vendor", "OptIT"),
        (ago(hours=20), "vendor", "MacroSkies"),
        (ago(hours=20), "state", "resolved"),
        (ago(hours=10), "state", "closed"),
        (ago(hours=5), "vendor", "GWL"),
    )
    (where, row), *others = rows(configured, made).items()
    assert (where, others) == (("OptIT", "punjab"), [])
    assert (row["resolved"], row["reopened_tickets"], row["first_contact"]) == (1, 1, 0)
    assert (row["mtta_hours"], row["mttr_hours"], row["mttr_median_hours"]) == (10, 50, 50)
    assert (row["reassignments"], row["reopen_share"], row["first_contact_share"]) == (3, 1, 0)


def test_the_first_to_have_a_ticket_is_its_first_contact_still(configured: Configuration) -> None:
    first = ticket(
        "INC1", ago(hours=9), (ago(hours=8), "vendor", "GWL"), (ago(hours=1), "state", "closed"), vendor=None
    )
    team = ticket(
        "INC2", ago(hours=9), (ago(hours=8), "group", "GWL L2"), (ago(hours=1), "state", "resolved"), group="GWL L1"
    )
    row = rows(configured, first, team)["GWL", "punjab"]
    assert (row["resolved"], row["first_contact"], row["first_contact_share"], row["reassignments"]) == (2, 1, 0.5, 1)


def test_there_and_back_again_is_ping_pong_and_going_round_is_not(configured: Configuration) -> None:
    back = ["OptIT", "", "GWL", "OptIT", "MacroSkies", "GWL"]
    changes = [(ago(hours=50 - place), "vendor", name) for place, name in enumerate(back)]
    made = ticket("INC1", ago(hours=60), *changes, (ago(hours=1), "state", "resolved"))
    assert rows(configured, made)["GWL", "punjab"]["ping_pong"] == 2  # GWL, OptIT, GWL and OptIT, GWL, OptIT


def test_a_canceled_ticket_was_not_resolved(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(hours=9), (ago(hours=1), "state", "canceled")),
        ticket("INC2", ago(hours=9), (ago(hours=5), "state", "canceled"), (ago(hours=1), "state", "closed")),
    ]
    assert rows(configured, *made) == {}


def test_a_state_that_nobody_mapped_leaves_a_ticket_as_it_was(configured: Configuration) -> None:
    between = ticket("INC1", ago(hours=9), (ago(hours=5), "state", "unknown"), (ago(hours=1), "state", "resolved"))
    after = ticket("INC2", ago(hours=9), (ago(hours=5), "state", "resolved"), (ago(hours=1), "state", "unknown"))
    row = rows(configured, between, after)["GWL", "punjab"]
    assert (row["resolved"], row["mttr_hours"], row["reopened_tickets"]) == (2, 6, 0)


def test_what_came_back_from_an_earlier_period_is_counted_apart(configured: Configuration) -> None:
    made = ticket(
        "INC1", ago(days=20), (WEEK_START - HOUR, "state", "resolved"), (WEEK_START + HOUR, "state", "in_progress")
    )
    row = rows(configured, made)["GWL", "punjab"]
    assert (row["resolved"], row["reopened_tickets"], row["came_back"], row["open_tickets"]) == (0, 0, 1, 1)
    empty = ["first_contact_share", "reopen_share", "mtta_hours", "mttr_hours", "mttr_p90_hours", "mttr_business_hours"]
    assert all(math.isnan(row[name]) for name in empty)


def test_a_resolution_as_the_period_begins_lies_in_it(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=20), (WEEK_START, "state", "resolved")),
        ticket("INC2", ago(days=20), (WEEK_START - timedelta(microseconds=1), "state", "resolved")),
    ]
    assert rows(configured, *made)["GWL", "punjab"]["resolved"] == 1


def test_open_tickets_are_not_left_out_of_the_median(configured: Configuration) -> None:
    resolved = [ticket(f"INC{hours}", ago(hours=hours + 1), (ago(hours=1), "state", "resolved")) for hours in (2, 4, 6)]
    waiting = [ticket(f"INC9{hours}", ago(hours=hours)) for hours in (5, 30)]
    row = rows(configured, *resolved, *waiting)["GWL", "punjab"]
    assert (row["mttr_median_hours"], row["resolved"], row["open_tickets"]) == (4, 3, 2)
    assert (row["mttr_median_with_open_hours"], row["median_with_open_tickets"]) == (6, 5)  # left: 4/5, 3/5, 3/10


def test_one_that_is_open_again_is_open_for_the_median(configured: Configuration) -> None:
    made = ticket("INC1", ago(hours=9), (ago(hours=5), "state", "resolved"), (ago(hours=1), "state", "new"))
    row = rows(configured, made)["GWL", "punjab"]
    assert (row["resolved"], row["reopened_tickets"], row["median_with_open_tickets"]) == (1, 1, 1)
    assert math.isnan(row["mttr_median_with_open_hours"])


def test_business_hours_are_those_of_the_environment_s_owner(configured: Configuration) -> None:
    """From Monday 12:30 in Kolkata on, with a holiday on Tuesday."""
    monday = datetime.fromisoformat("2026-11-16T12:30+05:30")
    seen = (monday + 2 * HOUR, "state", "in_progress")
    one = ticket("INC1", monday, seen, (monday + 48 * HOUR, "state", "resolved"))
    nowhere = ticket("INC2", monday, seen, (monday + 48 * HOUR, "state", "resolved"), environment="goa")
    found = rows(configured, one, nowhere)
    row = found["GWL", "punjab"]
    assert (row["mtta_business_hours"], row["mttr_business_hours"], row["business_resolved"]) == (2, 8, 1)
    assert found["GWL", "goa"]["business_resolved"] == 0
    assert math.isnan(found["GWL", "goa"]["mttr_business_hours"])


def test_few_are_marked_as_few_by_the_configuration_s_number(configured: Configuration) -> None:
    made = [ticket(f"INC{number}", ago(hours=9), (ago(hours=1), "state", "resolved")) for number in range(3)]
    for small, is_small in ((3, False), (4, True)):
        changed = replace(configured, reports=replace(configured.reports, small=small))
        assert rows(changed, *made)["GWL", "punjab"]["small"] == is_small


def test_a_gone_ticket_is_neither_resolved_nor_open(configured: Configuration) -> None:
    gone = {("snow", "INC1"): Gone(ago(hours=5), "deleted")}
    assert rows(configured, ticket("INC1", ago(hours=9)), gone=gone) == {}


# --- against a walk through lives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resolved:
    """One ticket, reckoned by hand."""

    place: Place
    at: datetime
    mtta: float
    mttr: float
    business: tuple[float, float] | None
    hops: int
    back: int
    reopened: bool
    is_open: bool


def office_hours(start: datetime, end: datetime) -> float:
    """Everything here happens at half past, as opening and closing do."""
    hours = 0
    while start < end:
        hours += office_is_open(start)
        start += HOUR
    return float(hours)


def walked(life: Life, since: datetime, until: datetime) -> Resolved | None:
    """The last resolution of a ticket that was open in the period."""
    created = life[0]
    instants = sorted({created, *(at for at, _, _ in life[1] if at < until)})
    moments = [(at, values_at(life, at)) for at in instants]
    ends = [*instants[1:], until]
    told = [(at, now) for at, now in moments if now["state"] != "unknown"]
    if not any(now["state"] in OPEN and end >= since for (_, now), end in zip(moments, ends, strict=True)):
        return None
    last, reopened = None, False
    for (_, before), (at, now) in pairwise(told):
        if before["state"] in OPEN and now["state"] in DONE:
            last = at, before
        reopened |= before["state"] in DONE and now["state"] in OPEN and at >= since
    if last is None:
        return None
    at, before = last
    seen = next(at for at, now in told if now["state"] != "new")
    held = [now["vendor"] for _, now in moments if now["vendor"]]
    turns = [name for place, name in enumerate(held) if place == 0 or held[place - 1] != name]
    known = before["environment"] in {"punjab", "ap"}
    business = [office_hours(created, end) for end in (seen, at)]
    return Resolved(
        (before["vendor"], before["environment"]),
        at,
        (seen - created) / HOUR,
        (at - created) / HOUR,
        (business[0], business[1]) if known else None,
        len(turns) - 1,
        sum(one == other for one, other in zip(turns, turns[2:], strict=False)),
        reopened,
        moments[-1][1]["state"] in OPEN,
    )


def part_of(times: Sequence[float], part: float) -> float:
    """A percentile on the straight line between two values."""
    ordered, place = sorted(times), part * (len(times) - 1)
    low = ordered[math.floor(place)]
    return low + (ordered[math.ceil(place)] - low) * (place - math.floor(place))


def expected(lives: Sequence[Life], since: datetime, until: datetime) -> dict[Place, dict[str, float | None]]:
    """The table, from plain lists."""
    done: defaultdict[Place, list[Resolved]] = defaultdict(list)
    back: defaultdict[Place, int] = defaultdict(int)
    ages: defaultdict[Place, list[float]] = defaultdict(list)
    for life in lives:
        found, now = walked(life, since, until), values_at(life, until - timedelta(microseconds=1))
        if life[0] < until and now["state"] in OPEN:
            ages[now["vendor"], now["environment"]].append((until - life[0]) / HOUR)
        if found is not None and found.at >= since:
            done[found.place].append(found)
        elif found is not None and found.reopened:
            back[found.place] += 1
    return {place: _row(done[place], back[place], ages[place]) for place in {*done, *back, *ages}}


def _row(some: list[Resolved], back: int, ages: list[float]) -> dict[str, float | None]:
    mttr, business = [one.mttr for one in some], [one.business for one in some if one.business is not None]
    working = [times[1] for times in business]
    n, first, reopened = len(some), sum(not one.hops for one in some), sum(one.reopened for one in some)
    lasting = [(one.mttr, True) for one in some if not one.is_open] + [(age, False) for age in ages]
    return {
        "resolved": n,
        "first_contact": first,
        "first_contact_share": first / n if n else None,
        "reopened_tickets": reopened,
        "reopen_share": reopened / n if n else None,
        "reassignments": sum(one.hops for one in some),
        "ping_pong": sum(one.back for one in some),
        "mtta_hours": sum(one.mtta for one in some) / n if n else None,
        "mttr_hours": sum(mttr) / n if n else None,
        "mttr_median_hours": part_of(mttr, 0.5) if n else None,
        "mttr_p80_hours": part_of(mttr, 0.8) if n else None,
        "mttr_p90_hours": part_of(mttr, 0.9) if n else None,
        "mtta_business_hours": sum(times[0] for times in business) / len(business) if business else None,
        "mttr_business_hours": sum(working) / len(working) if working else None,
        "mttr_business_median_hours": part_of(working, 0.5) if working else None,
        "mttr_business_p80_hours": part_of(working, 0.8) if working else None,
        "mttr_business_p90_hours": part_of(working, 0.9) if working else None,
        "business_resolved": len(working),
        "came_back": back,
        "open_tickets": len(ages),
        "mttr_median_with_open_hours": plain_median(lasting),
        "median_with_open_tickets": len(lasting),
        "small": n < 10,
    }


CHOICES = {
    "state": ["new", "in_progress", "on_hold", "resolved", "resolved", "closed", "canceled", "unknown"],
    "vendor": ["GWL", "OptIT", ""],
    "environment": ["punjab", "ap", ""],
}


def lives(seed: int, count: int = 60) -> list[Life]:
    """Tickets of the last five weeks, with up to ten changes each."""
    rng = random.Random(seed)
    made: list[Life] = []
    for _ in range(count):
        created = NOW - rng.randrange(24 * 35) * HOUR
        current = {"state": "new", "vendor": "GWL", "environment": "punjab"}
        changes: list[Change] = []
        for hours in sorted(rng.randrange(24 * 9) for _ in range(rng.randrange(10))):
            field = rng.choice(["state", "state", "vendor", "environment"])
            new = rng.choice([value for value in CHOICES[field] if value != current[field]])
            current[field] = new
            changes.append((created + hours * HOUR, field, new))
        made.append((created, [change for change in changes if change[0] < NOW]))
    return made


@pytest.mark.parametrize("seed", [0, 2, 3])
@pytest.mark.parametrize("as_of", [NOW, ago(days=6, hours=3)])
def test_every_figure_is_what_a_walk_through_the_lives_finds(
    configured: Configuration, seed: int, as_of: datetime
) -> None:
    population = lives(seed)
    made = [ticket(f"INC{place}", created, *changes) for place, (created, changes) in enumerate(population)]
    seen = frames(made, configured, as_of=as_of, unit="month")
    wanted = expected(population, seen.start, as_of)
    found = rows(configured, *made, as_of=as_of, unit="month")
    assert found.keys() == wanted.keys()
    for place, row in wanted.items():
        for name, value in row.items():
            if value is None:
                assert math.isnan(found[place][name]), (place, name)
            else:
                assert found[place][name] == pytest.approx(value, abs=1e-4), (place, name)
    every = [one for life in population if (one := walked(life, seen.start, as_of)) and one.at >= seen.start]
    figures = values(seen)
    assert figures["mttr"] == pytest.approx(sum(one.mttr for one in every) / len(every), abs=1e-4)
    assert figures["mtta"] == pytest.approx(sum(one.mtta for one in every) / len(every), abs=1e-4)
    assert figures["first_contact_share"] == pytest.approx(sum(not one.hops for one in every) / len(every), abs=1e-6)
    assert figures["reopen_share"] == pytest.approx(sum(one.reopened for one in every) / len(every), abs=1e-6)
    counted = [sum(row[name] or 0 for row in wanted.values()) for name in ("resolved", "reopened_tickets", "ping_pong")]
    assert min(counted) > 0
    assert sum(row["mttr_median_with_open_hours"] is not None for row in wanted.values()) > 1


def test_where_nothing_was_resolved_there_is_no_figure(configured: Configuration) -> None:
    figures = values(frames([ticket("INC1", ago(days=2))], configured))
    assert [figures[key] for key in ("mtta", "mttr", "first_contact_share", "reopen_share")] == [None] * 4
