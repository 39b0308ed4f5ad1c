from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from tests.analysis.made import ago, frames, ticket
from tests.analysis.test_bandwidth import worked

from itsm_bridge.analysis import bandwidth, bandwidth_environments, bandwidth_skills, outlook, relief
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.config.model import Configuration, Vendor, VendorStatus
from itsm_bridge.model import TicketRecord

LAST = "2026-W46"


def busy(service: str, number: int = 100) -> list[TicketRecord]:
    """Four whole weeks in each of which GWL gets as many tickets of a whole day, of one service."""
    made = [
        ticket(f"{service}{week}-{place}", ago(days=7 * week + 4 + place % 4, hours=2), service=(service,))
        for week in range(4)
        for place in range(number)
    ]
    return [*made, *(worked(f"DONE{place}", 50 + place % 4, 2) for place in range(12))]


def with_vendors(configured: Configuration, **vendors: dict[str, Any]) -> Configuration:
    """The configuration with some vendors changed, or made like OptIT."""
    known = dict(configured.vendors)
    for name, changes in vendors.items():
        one: Vendor = known.get(name, known["OptIT"])
        known[name] = replace(one, **{"name": name, **changes})
    return replace(configured, vendors=known)


def found(made: list[TicketRecord], configured: Configuration) -> list[dict[Any, Any]]:
    return list(relief.TABLE.rows(frames(made, configured)).to_dict("records"))


def bandwidth_of(vendor: str, seen: Frames) -> dict[Any, Any]:
    """The row of a vendor in the last whole week."""
    rows = bandwidth.TABLE.rows(seen)
    (row,) = rows[(rows["vendor"] == vendor) & (rows["week"] == LAST)].to_dict("records")
    return row


def test_who_has_hours_to_spare_could_take_what_is_too_much(configured: Configuration) -> None:
    (row,) = found(busy("portal"), configured)
    seen = frames(busy("portal"), configured)
    week = bandwidth_of("GWL", seen)
    load, capacity = week["load_hours"], week["capacity_hours"]
    assert load > capacity
    assert row["hours_over"] == pytest.approx(load - capacity)
    assert (row["vendor"], row["week"], row["candidate"]) == ("GWL", LAST, "OptIT")
    assert (row["environment"], row["service"], row["skill"]) == ("punjab", "portal", "")
    assert row["hours"] == pytest.approx(load)
    assert row["spare_hours"] == 80
    taken = min(load - capacity, 80)
    assert row["could_take_hours"] == pytest.approx(taken)
    assert row["utilization_after"] == pytest.approx((load - taken) / capacity, abs=1e-4)
    assert row["candidate_utilization_after"] == pytest.approx(taken / 80, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"nda_signed": None}, "OptIT has no NDA on file"),
        ({"nda_signed": date(2026, 12, 1)}, "OptIT's NDA is signed only on 2026-12-01"),
        ({"status": VendorStatus.ENDED}, "OptIT is ended, not active"),
        ({"skills": ()}, "OptIT lacks kubernetes"),
        ({"leave": (), "capacity": None}, "OptIT has no hours to spare"),
    ],
)
def test_nobody_is_asked_whom_the_rules_would_not_let(
    configured: Configuration, changes: dict[str, Any], because: str
) -> None:
    if "capacity" in changes:
        changes = {**changes, "capacity": replace(configured.vendors["OptIT"].capacity, people=0)}
    (row,) = found(busy("kubernetes"), with_vendors(configured, OptIT=changes))
    assert (row["candidate"], row["skill"]) == ("", "kubernetes")
    assert because in row["nobody_because"]
    assert "MacroSkies is onboarding, not active" in row["nobody_because"]
    (sentence,) = outlook.offers(pd.DataFrame([row]))
    assert sentence.endswith("; nobody could take any of it.")


def test_an_own_team_needs_no_nda(configured: Configuration) -> None:
    own = with_vendors(configured, OptIT={"internal": True, "nda_signed": None})
    (row,) = found(busy("portal"), own)
    assert row["candidate"] == "OptIT"


def test_one_week_alone_is_no_overload(configured: Configuration) -> None:
    earlier = ("portal1-", "portal2-", "portal3-")
    one_week = [record for record in busy("portal") if not record.ticket.number.startswith(earlier)]
    seen = frames(one_week, configured)
    assert bandwidth_of("GWL", seen)["overload_hours"] > 0
    assert relief.TABLE.rows(seen).empty


def test_environments_and_skills_add_up_to_the_vendor(configured: Configuration) -> None:
    made = [*busy("kubernetes", 7), *busy("portal", 5)[:20], ticket("X", ago(days=8), environment=None)]
    seen = frames(made, configured)
    whole = bandwidth.TABLE.rows(seen).set_index(["vendor", "week"]).sort_index()
    assert whole["arrivals"].sum() > 40
    for table in (bandwidth_environments.TABLE, bandwidth_skills.TABLE):
        parts = table.rows(seen).groupby(["vendor", "week"])[["arrivals", "load_hours"]].sum()
        parts = parts.reindex(whole.index, fill_value=0)
        assert list(parts["arrivals"]) == list(whole["arrivals"])
        assert list(parts["load_hours"]) == pytest.approx(list(whole["load_hours"]), abs=0.05)


def test_what_needs_no_known_skill_is_told_apart(configured: Configuration) -> None:
    rows = bandwidth_skills.TABLE.rows(frames([*busy("kubernetes", 7), *busy("portal", 5)[:20]], configured))
    week = rows[(rows["vendor"] == "GWL") & (rows["week"] == LAST)].set_index("skill")
    assert week.loc["kubernetes", "arrivals"] == 7
    assert week.loc["kubernetes", "has_skill"]
    assert week.loc["", "arrivals"] == 5
    assert week["has_skill"].isna().to_dict() == {"": True, "kubernetes": False}


def test_one_engineer_more_has_the_hours_of_one_engineer(configured: Configuration) -> None:
    seen = frames(busy("portal"), configured)
    week = bandwidth_of("GWL", seen)
    assert week["one_more_capacity_hours"] - week["capacity_hours"] == 40 * 0.5
    assert week["one_more_utilization"] == pytest.approx(week["load_hours"] / week["one_more_capacity_hours"], abs=1e-4)
    assert bandwidth_of("MacroSkies", seen)["one_more_capacity_hours"] == 0  # nobody there can be given work
