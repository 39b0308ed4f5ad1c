from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from tests.analysis.lives import VALUES, Population, often, populations, records
from tests.analysis.made import NOW, WEEK_START, Change, ago, frames, ticket
from tests.analysis.walking import Life, midnight, office_is_open, walked

from itsm_bridge.analysis import time_in_hand
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.material import Gone
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.conditions import FieldTest, Matcher, Operator
from itsm_bridge.config.model import Configuration, HolderKind, HoldRule, Owner, Position
from itsm_bridge.model import TicketRecord

HERE = Position("vendors.yaml", 1, 1)
HOUR = timedelta(hours=1)

Row = Mapping[str, Any]


def hands(configured: Configuration, *made: TicketRecord, **known: object) -> dict[tuple[str, str], Row]:
    """The rows by ticket and holder."""
    rows = time_in_hand.TABLE.rows(frames(made, configured, **known))  # type: ignore[arg-type]  # spelled out below
    listed: list[Row] = rows.to_dict("records")  # type: ignore[assignment]  # its keys are the columns' names
    return {(row["ticket"].partition(":")[2], row["holder"]): row for row in listed}


def test_a_ticket_s_time_is_divided_among_those_who_had_it(configured: Configuration) -> None:
    one = ticket(
        "INC1",
        ago(hours=40),
        (ago(hours=36), "approval", "approved"),
        (ago(hours=30), "vendor", "OptIT"),
        (ago(hours=20), "state", "on_hold"),
        (ago(hours=4), "state", "in_progress"),
        vendor=None,
        approval="requested",
    )
    found = hands(configured, one)
    assert {holder: (row["kind"], row["seconds"] / 3600, row["share"]) for (_, holder), row in found.items()} == {
        "approver": ("approver", 4, 0.1),
        "nobody": ("nobody", 6, 0.15),
        "OptIT": ("vendor", 14, 0.35),
        "requester": ("requester", 16, 0.4),
    }
    assert [holder for _, holder in found] == ["requester", "OptIT", "nobody", "approver"]


def test_a_hold_s_reason_and_an_internal_team_are_told_apart(configured: Configuration) -> None:
    when = FieldTest("custom.hold_reason", (Matcher(Operator.ONE_OF, ("awaiting vendor",)),))
    ours = replace(configured.vendors["GWL"], internal=True)
    changed = replace(
        configured,
        vendors={**configured.vendors, "GWL": ours},
        holders=(HoldRule(when, HolderKind.VENDOR, HERE),),
    )
    made = ticket("INC1", ago(hours=9), (ago(hours=5), "state", "on_hold"))
    held = replace(made, ticket=replace(made.ticket, custom={"hold_reason": ("Awaiting vendor",)}))
    assert {(row["holder"], row["kind"], row["seconds"]) for row in hands(changed, held).values()} == {
        ("GWL", "internal", 9 * 3600)
    }
    assert {(row["holder"], row["kind"]) for row in hands(configured, held).values()} == {
        ("GWL", "vendor"),
        ("requester", "requester"),
    }


def test_there_and_back_again_is_counted_for_whom_it_came_back_to(configured: Configuration) -> None:
    one = ticket(
        "INC1",
        ago(hours=60),
        (ago(hours=50), "vendor", "OptIT"),
        (ago(hours=45), "state", "on_hold"),
        (ago(hours=40), "vendor", "GWL"),
        (ago(hours=35), "state", "in_progress"),
        (ago(hours=30), "vendor", ""),
        (ago(hours=25), "vendor", "GWL"),
        (ago(hours=20), "vendor", "MacroSkies"),
        (ago(hours=10), "vendor", "OptIT"),
    )
    found = hands(configured, one)
    counts = {holder: (row["hand_overs"], row["vendor_hops"], row["returned"]) for (_, holder), row in found.items()}
    assert counts == {
        "GWL": (3, 1, 1),
        "OptIT": (2, 2, 1),
        "MacroSkies": (1, 1, 0),
        "requester": (1, 0, 0),
        "nobody": (1, 0, 0),
    }


def test_a_team_of_the_same_vendor_is_no_hop_between_vendors(configured: Configuration) -> None:
    one = ticket(
        "INC1",
        ago(hours=60),
        (ago(hours=50), "group", "GWL L2"),
        (ago(hours=40), "group", ""),
        (ago(hours=30), "group", "GWL L2"),
        (ago(hours=20), "group", "OptIT L1"),
        (ago(hours=20), "vendor", "OptIT"),
        (ago(hours=10), "group", "OptIT L2"),
        group="GWL L1",
    )
    found = hands(configured, one)
    assert {holder: (row["team_hops"], row["vendor_hops"]) for (_, holder), row in found.items()} == {
        "GWL": (1, 0),
        "OptIT": (1, 1),
    }


def test_the_whole_life_counts_and_what_lies_in_the_period_stands_beside_it(configured: Configuration) -> None:
    long_ago = ticket("INC1", ago(days=30), (ago(days=20), "state", "resolved"), (ago(days=1), "state", "new"))
    before = ticket("INC2", ago(days=30), (ago(days=20), "state", "resolved"))
    found = hands(configured, long_ago, before)
    assert [ticket_id for ticket_id, _ in found] == ["INC1"]
    row = found["INC1", "GWL"]
    assert (row["seconds"], row["period_seconds"], row["hand_overs"]) == (11 * 86400, 86400, 2)
    since_before = hands(configured, ticket("INC3", WEEK_START - HOUR))["INC3", "GWL"]
    assert since_before["seconds"] - since_before["period_seconds"] == 3600


def test_a_gone_ticket_is_in_nobody_s_hands_any_more(configured: Configuration) -> None:
    gone = {("snow", "INC1"): Gone(ago(hours=5), "deleted")}
    row = hands(configured, ticket("INC1", ago(hours=9)), gone=gone)["INC1", "GWL"]
    assert row["seconds"] == 4 * 3600


def test_a_ticket_that_was_open_for_no_time_has_no_share(configured: Configuration) -> None:
    one = ticket("INC1", ago(hours=9), (ago(hours=9) + timedelta(microseconds=9), "state", "resolved"))
    row = hands(configured, one)["INC1", "GWL"]
    assert (row["seconds"], row["hand_overs"]) == (0, 1)
    assert math.isnan(row["share"])


def test_tickets_without_vendors_are_held_all_the_same(configured: Configuration) -> None:
    found = hands(configured, ticket("INC1", ago(hours=9), vendor=None, environment=None))
    assert {holder: (row["seconds"], row["business_seconds"]) for (_, holder), row in found.items()} == {
        "nobody": (9 * 3600, 0)
    }


# --- business time -------------------------------------------------------------------------------------------------

HAND_OVER = date(2026, 11, 18)


@pytest.fixture(scope="module")
def handed_over(configured: Configuration) -> Configuration:
    """Punjab has an owner who is always there, and from Wednesday on one with office hours; ap has one until then."""
    always = replace(configured.vendors["MacroSkies"], calendar="always")
    owners = (Owner("MacroSkies", (), None, HAND_OVER, HERE), Owner("GWL", (), HAND_OVER, None, HERE))
    places = configured.environments
    return replace(
        configured,
        vendors={**configured.vendors, "MacroSkies": always},
        environments={
            "punjab": replace(places["punjab"], owners=owners),
            "ap": replace(places["ap"], owners=owners[:1]),
        },
    )


def is_open(environment: str, at: datetime) -> bool:
    """The same in a few words."""
    if at < midnight(HAND_OVER):
        return environment in {"punjab", "ap"}
    return environment == "punjab" and office_is_open(at)


def test_days_count_by_the_calendar_of_whoever_owns_the_environment_on_them(handed_over: Configuration) -> None:
    start = midnight(HAND_OVER) - 2 * HOUR
    one, other = ticket("INC1", start), ticket("INC2", start, environment="ap")
    found = hands(handed_over, one, other)
    assert found["INC1", "GWL"]["business_seconds"] == (2 + 8 + 8) * 3600  # two full office days by Thursday, 18:00
    assert found["INC2", "GWL"]["business_seconds"] == 2 * 3600


def test_time_that_no_calendar_counts_is_listed(handed_over: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=4), environment="ap"),
        ticket("INC2", ago(days=4), (ago(days=3), "vendor", "OptIT"), environment=None),
        ticket("INC3", ago(days=4), environment="goa"),
        ticket("INC4", ago(days=4)),
        ticket("INC5", ago(days=4), (ago(days=3), "state", "resolved"), environment="ap"),
    ]
    rows = TABLES["data_quality"].rows(frames(made, handed_over)).set_index("check")
    assert tuple(rows.loc["no_business_time", ["count", "detail"]]) == (
        3,
        (
            "snow:INC1: ap had no owner on some of its days; snow:INC2: it has no environment; "
            "snow:INC3: there is no environment 'goa'"
        ),
    )


def random_life(rng: random.Random, start: datetime, span: int, step: timedelta) -> Life:
    """A ticket that changes up to ten times within ``span`` steps."""
    changes: list[Change] = []
    current = {"state": "new", "vendor": "GWL", "environment": "punjab", "priority": "3", "approval": ""}
    created = start + rng.randrange(span) * step
    for offset in sorted(rng.sample(range(span), rng.randrange(10))):
        field = rng.choice(list(VALUES))
        new = rng.choice([value for value in VALUES[field] if value != current[field]])
        current[field] = new
        changes.append((created + offset * step, field, new))
    return created, changes


def by_holder(configured: Configuration, lives: Sequence[Life], until: datetime) -> list[dict[object, object]]:
    """What the table says of each ticket, in the form of ``walked``."""
    made = [
        ticket(f"INC{place}", created, *[change for change in changes if change[0] < until])
        for place, (created, changes) in enumerate(lives)
    ]
    found: list[dict[object, object]] = [{} for _ in lives]
    for (name, holder), row in hands(configured, *made, as_of=until).items():
        if row["seconds"]:
            found[int(name[3:])][holder, row["kind"]] = row["seconds"], row["business_seconds"]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_walk_second_by_second_finds(handed_over: Configuration, seed: int) -> None:
    rng, second = random.Random(seed), timedelta(seconds=1)
    middle = midnight(HAND_OVER) + (9 * HOUR if seed % 2 else 0 * HOUR)  # the hand-over, and an opening
    lives = [random_life(rng, middle - 600 * second, 900, second) for _ in range(25)]
    until = middle + 1200 * second
    wanted = [walked(life, until, second, is_open) for life in lives]
    assert by_holder(handed_over, lives, until) == wanted
    totals = [of_holder for one in wanted for of_holder in one.values()]
    assert len(totals) > 40
    assert any(0 < business < seconds for seconds, business in totals)


@pytest.mark.parametrize("seed", range(2))
def test_it_is_what_a_walk_through_whole_weeks_finds(handed_over: Configuration, seed: int) -> None:
    rng, step = random.Random(seed), timedelta(minutes=30)
    lives = [random_life(rng, ago(days=6), 48 * 5, step) for _ in range(25)]
    wanted = [walked(life, NOW, step, is_open) for life in lives]
    found = by_holder(handed_over, lives, NOW)  # empty for a ticket that was done before the period began
    assert [one for one in found if one] == [one for one, seen in zip(wanted, found, strict=True) if seen]
    assert sum(map(bool, found)) > 15


@settings(deadline=None, max_examples=often(15))
@given(populations)
def test_a_ticket_s_rows_add_up_to_the_time_it_was_open(configured: Configuration, population: Population) -> None:
    seen = frames(records(population), configured)
    rows = time_in_hand.TABLE.rows(seen)
    assert set(rows["ticket"]) == set(seen.tickets["ticket"])
    assert not rows.duplicated(["ticket", "holder", "kind"]).any()
    lengths = (
        (seen.spans["end"].fillna(NOW) - seen.spans["start"]).dt.total_seconds().groupby(seen.spans["ticket"]).sum()
    )
    for name, of_ticket in rows.groupby("ticket"):
        assert of_ticket["seconds"].sum() == lengths[name]
        assert of_ticket["share"].sum() == pytest.approx(1, abs=1e-5) or lengths[name] == 0
    assert (rows["business_seconds"] <= rows["seconds"]).all()
    assert (rows["period_seconds"] <= rows["seconds"]).all()
    assert (rows["returned"] <= rows["vendor_hops"]).all()


# --- figures -------------------------------------------------------------------------------------------------------


def test_the_summary_says_with_whom_time_went_by_in_the_period(configured: Configuration) -> None:
    day = timedelta(days=1)
    made = [
        ticket("INC1", WEEK_START - 9 * day, (WEEK_START + day, "state", "on_hold")),
        ticket("INC2", NOW - day, vendor=None),
        ticket("INC3", WEEK_START, (WEEK_START + day, "state", "resolved"), approval="requested"),
    ]
    figures = values(frames(made, configured))
    open_time = (NOW - WEEK_START) / day + 2
    assert figures["time_with_vendors"] == pytest.approx(1 / open_time, abs=1e-6)
    assert figures["time_with_requesters"] == pytest.approx((open_time - 3) / open_time, abs=1e-6)
    assert figures["time_with_nobody"] == pytest.approx(1 / open_time, abs=1e-6)


def test_without_open_time_there_is_no_share_of_it(configured: Configuration) -> None:
    figures = values(frames([ticket("INC1", ago(days=90), (ago(days=80), "state", "closed"))], configured))
    assert (figures["time_with_vendors"], figures["time_with_requesters"], figures["back_and_forth"]) == (None, None, 0)


@pytest.mark.parametrize(("hours", "counts"), [(1, 1), (24 * 7, 0)])
def test_a_ticket_counts_as_handed_back_and_forth_when_it_comes_back(
    configured: Configuration, hours: int, counts: int
) -> None:
    back = ticket("INC1", ago(days=20), (ago(hours=hours + 9), "vendor", "OptIT"), (ago(hours=hours), "vendor", "GWL"))
    onward = ticket("INC2", ago(days=20), (ago(hours=9), "vendor", "OptIT"), (ago(hours=5), "vendor", "MacroSkies"))
    assert values(frames([back, onward], configured))["back_and_forth"] == counts
