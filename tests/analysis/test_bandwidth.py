from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.analysis.made import ago, frames, ticket

from itsm_bridge.analysis import bandwidth
from itsm_bridge.analysis.effort import Hands, shared
from itsm_bridge.calendars import Calendars, hours_in_week, normal_week_seconds
from itsm_bridge.config.model import Configuration, VendorStatus
from itsm_bridge.model import TicketRecord

PLAIN, HOLIDAY, LEAVE = date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 9)


@pytest.mark.parametrize(
    ("vendor", "monday", "hours"),
    [
        ("GWL", PLAIN, 80.0),
        ("GWL", HOLIDAY, 64.0),  # one of five days is a holiday
        ("GWL", LEAVE, 64.0),  # two of four people are away on two of five days
        ("OptIT", PLAIN, 80.0),
        ("OptIT", LEAVE, 80.0),
        ("MacroSkies", PLAIN, 0.0),  # not on board yet
    ],
)
def test_capacity_follows_calendar_leave_and_status(
    configured: Configuration, vendor: str, monday: date, hours: float
) -> None:
    calendars = Calendars(configured)
    partner = configured.vendors[vendor]
    assert hours_in_week(partner, calendars[partner.calendar], monday) == hours


def test_a_leaving_vendor_still_works_and_more_people_cannot_be_away_than_there_are(configured: Configuration) -> None:
    calendar = Calendars(configured)["office"]
    gwl = configured.vendors["GWL"]
    assert hours_in_week(replace(gwl, status=VendorStatus.OFFBOARDING), calendar, PLAIN) == 80
    away = replace(gwl.leave[0], people=99.0, first=PLAIN, last=date(2026, 11, 8))
    assert hours_in_week(replace(gwl, leave=(away,)), calendar, PLAIN) == 0


def test_a_calendar_that_is_always_open_has_a_normal_week_too(configured: Configuration) -> None:
    calendars = Calendars(configured)
    assert normal_week_seconds(calendars["always"].definition, PLAIN) == 7 * 86400
    assert hours_in_week(configured.vendors["OptIT"], calendars["always"], PLAIN) == 80


def worked(number: str, days: float, hours: float) -> TicketRecord:
    """A ticket of GWL that was created so many days ago at noon, and in progress for some hours of the same day."""
    created = ago(days=days, hours=6)  # 12:00 in Kolkata
    start = created
    return ticket(
        number,
        created,
        (start, "state", "in_progress"),
        (ago(days=days, hours=6 - hours), "state", "resolved"),
    )


def lines(made: list[TicketRecord], configured: Configuration) -> dict[tuple[str, str], dict[Any, Any]]:
    """The rows by vendor and week."""
    rows = bandwidth.TABLE.rows(frames(made, configured))
    return {(row["vendor"], row["week"]): row for row in rows.to_dict("records")}


def test_load_is_what_arrived_times_what_a_ticket_takes(configured: Configuration) -> None:
    made = [worked(f"INC{place}", 7 + place % 4, 2) for place in range(12)]  # W46, Monday to Thursday
    rows = lines(made, configured)
    week = rows["GWL", "2026-W46"]
    assert week["arrivals"] == 12
    assert week["effort_hours"] == pytest.approx(4 / 3, abs=1e-4)  # three at a time, and hands for two
    assert week["load_hours"] == pytest.approx(16)
    assert week["capacity_hours"] == 64
    assert week["utilization"] == pytest.approx(0.25)
    assert rows["GWL", "2026-W47"]["load_hours"] == 0
    assert not rows["GWL", "2026-W47"]["complete"]


def test_a_vendor_with_few_tickets_is_measured_by_the_programme(configured: Configuration) -> None:
    made = [worked(f"INC{place}", 7 + place % 4, 2) for place in range(12)]
    lone = ticket("INC99", ago(days=8), vendor="OptIT")
    rows = lines([*made, lone], configured)
    assert rows["OptIT", "2026-W46"]["load_hours"] == pytest.approx(4 / 3, abs=0.01)


def test_one_ticket_left_lying_in_progress_counts_a_day_at_most(configured: Configuration) -> None:
    made = ticket("INC1", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=1), "state", "resolved"))
    assert bandwidth.effort_hours(frames([made], configured))[""] == bandwidth.MOST_HOURS


def test_where_nothing_was_in_progress_no_load_is_known(configured: Configuration) -> None:
    made = ticket("INC1", ago(days=8), (ago(days=7), "state", "resolved"))
    rows = bandwidth.TABLE.rows(frames([made], configured))
    assert rows["load_hours"].isna().all()
    assert rows["utilization"].isna().all()
    assert rows["arrivals"].sum() == 1


def test_without_capacity_there_is_no_utilization(configured: Configuration) -> None:
    made = [worked(f"INC{place}", 7, 2) for place in range(3)]
    rows = bandwidth.TABLE.rows(frames(made, configured)).set_index("vendor").loc["MacroSkies"]
    assert (rows["capacity_hours"] == 0).all()
    assert rows["utilization"].isna().all()


def test_a_vendor_that_the_configuration_does_not_know_has_no_capacity_to_speak_of(configured: Configuration) -> None:
    rows = bandwidth.TABLE.rows(frames([ticket("INC1", ago(days=1), vendor="Gone")], configured))
    gone = rows[rows["vendor"] == "Gone"]
    assert list(gone["open_tickets"]) == [1]
    assert gone["capacity_hours"].isna().all()


def test_time_is_shared_where_more_is_in_progress_than_there_are_hands(configured: Configuration) -> None:
    always = Calendars(configured)["always"]
    starts, ends = np.array([0, 0, 50, 200]), np.array([100, 100, 100, 300])
    work = shared(starts, ends, always, Hands.steady(1.0))
    assert list(work) == pytest.approx([25 + 50 / 3, 25 + 50 / 3, 50 / 3, 100])
    assert work.sum() == pytest.approx(200)
    assert list(shared(starts, ends, always, Hands.steady(10.0))) == [100, 100, 50, 100]
    assert shared(starts[:0], ends[:0], always, Hands.steady(1.0)).size == 0


def test_hands_that_become_more_or_fewer_count_from_their_day_on(configured: Configuration) -> None:
    always = Calendars(configured)["always"]
    starts, ends = np.array([0, 0]), np.array([100, 100])
    hands = Hands(np.array([-(2**62), 50]), np.array([1.0, 2.0]))
    assert list(shared(starts, ends, always, hands)) == [25 + 50, 25 + 50]


def test_what_is_still_in_progress_takes_its_share_of_the_time(configured: Configuration) -> None:
    done = worked("INC1", 7, 2)
    lasting = [ticket(f"INC{place}", ago(days=7, hours=6), state="in_progress") for place in (2, 3, 4)]
    assert bandwidth.effort_hours(frames([done], configured))[""] == 2
    assert bandwidth.effort_hours(frames([done, *lasting], configured))[""] == 1  # hands for two of four


def test_effort_is_learned_from_every_stay(configured: Configuration) -> None:
    assert isinstance(bandwidth.effort_hours(frames([], configured)), pd.Series)
