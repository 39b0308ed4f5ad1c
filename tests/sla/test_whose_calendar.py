from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from tests.sla.tickets import (
    EXAMPLE_ENVIRONMENTS,
    EXAMPLE_LEVELS,
    FAR,
    HOUR,
    STANDARD,
    VENDOR_RESOLUTION,
    ZONE,
    at,
    clock,
    clocks,
    configured,
    environment,
    level,
    office,
    owner,
    record,
    when,
)

from itsm_bridge.config.model import OnReopen
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Clocked, Stage, Unclocked, cycles, reckonings

OF_ENVIRONMENT = level("standard", calendar="environment", hours=16)


def measured(one: TicketRecord, *levels: object, now: str = FAR) -> Clocked:
    return cycles([one], configured(*levels), at(now))  # type: ignore[arg-type]  # levels


# --- the environment's owner ---------------------------------------------------------------------------------------


def test_a_clock_keeps_the_hours_of_the_environments_owner() -> None:
    one = record("2026-06-03T08:00+05:30", environment="Punjab")
    assert clock(one, OF_ENVIRONMENT, now="2026-06-03T12:00+05:30").elapsed_seconds == 2 * HOUR
    ours = replace(one, ticket=replace(one.ticket, environment="ap"))
    assert clock(ours, OF_ENVIRONMENT, now="2026-06-03T12:00+05:30").elapsed_seconds == 3 * HOUR


def test_an_owner_who_is_named_for_the_service_goes_first() -> None:
    one = record("2026-07-02T08:00+05:30", environment="punjab", service=("erp", "portal"))
    assert clock(one, OF_ENVIRONMENT, now="2026-07-02T12:00+05:30").elapsed_seconds == 3 * HOUR


def test_hours_change_with_the_owner_at_midnight() -> None:
    one = record("2026-06-30T08:00+05:30", environment="bihar")
    cycle = clock(one, OF_ENVIRONMENT, now="2026-07-01T22:00+05:30")
    assert cycle.elapsed_seconds == (8 + 12) * HOUR
    assert (cycle.breached, cycle.due_at) == (True, at("2026-07-01T17:00+05:30"))


def test_a_due_instant_looks_ahead_to_the_next_owner() -> None:
    one = record("2026-06-30T08:00+05:30", environment="bihar")
    assert clock(one, OF_ENVIRONMENT, now="2026-06-30T09:00+05:30").due_at == at("2026-07-01T17:00+05:30")


def test_midnight_is_that_of_the_configured_zone() -> None:
    one = record("2026-06-30T09:00+05:30", environment="bihar")
    (east,) = clocks(one, OF_ENVIRONMENT, now="2026-07-01T22:00+05:30")
    (far_east,) = clocks(one, OF_ENVIRONMENT, now="2026-07-01T22:00+05:30", zone=ZoneInfo("Pacific/Auckland"))
    assert (east.elapsed_seconds, far_east.elapsed_seconds) == (20 * HOUR, 20 * HOUR + 7 * HOUR // 2)


def test_where_the_next_owner_is_not_known_there_is_no_due_instant() -> None:
    until = (environment("punjab", owner("OptIT", end="2026-06-04")),)
    one = record("2026-06-03T10:00+05:30", environment="punjab")
    found = cycles([one], configured(OF_ENVIRONMENT, environments=until), at("2026-06-03T12:00+05:30"))
    assert [(cycle.due_at, cycle.elapsed_seconds) for cycle in found.cycles] == [(None, 2 * HOUR)]


def test_a_ticket_that_moves_to_another_environment_goes_on_by_its_hours() -> None:
    one = record("2026-06-03T08:00+05:30", ("2026-06-03T12:00+05:30", "environment", "ap"), environment="punjab")
    cycle = clock(one, OF_ENVIRONMENT, now="2026-06-03T22:00+05:30")
    assert (cycle.elapsed_seconds, cycle.environment) == (2 * HOUR + 9 * HOUR, "ap")


def test_until_the_environment_is_known_the_first_one_counts_and_an_empty_one_does_not_take_it_away() -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T11:00+05:30", "environment", "punjab"),
        ("2026-06-03T12:00+05:30", "environment", ""),
    )
    cycle = clock(one, OF_ENVIRONMENT, now="2026-06-03T14:00+05:30")
    assert (cycle.elapsed_seconds, cycle.environment) == (4 * HOUR, None)
    early = measured(one, OF_ENVIRONMENT, now="2026-06-03T10:30+05:30")
    assert [unclocked.reason for unclocked in early.unclocked] == ["it has no environment"]


# --- what cannot be measured ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "where", "reason"),
    [
        ("2026-06-03T10:00Z", None, "it has no environment"),
        ("2026-06-03T10:00Z", "goa", "there is no environment 'goa'"),
        ("2026-03-03T10:00Z", "punjab", "its environment had no owner on 2026-03-03"),
    ],
)
def test_without_a_calendar_there_is_a_reason_and_no_clock(created: str, where: str | None, reason: str) -> None:
    found = measured(record(created, environment=where), OF_ENVIRONMENT, level("other", measures="other"))
    assert [cycle.sla for cycle in found.cycles] == ["other"]
    assert found.unclocked == [Unclocked("snow:INC1", "snow", "id-1", "standard", reason)]


def test_an_unknown_vendor_has_no_calendar() -> None:
    found = measured(record("2026-06-03T10:00Z", vendor="Nobody"), VENDOR_RESOLUTION)
    assert (found.cycles, [one.reason for one in found.unclocked]) == ([], ["there is no vendor 'Nobody'"])


def test_a_ticket_without_a_vendor_is_no_finding() -> None:
    assert measured(record("2026-06-03T10:00Z"), VENDOR_RESOLUTION) == Clocked([], [])


def test_a_clock_that_would_take_over_from_an_unmeasured_one_is_not_measured_either() -> None:
    low = level("low", calendar="environment", start=when(priority=3))
    high = level("high", start=when(priority=1))
    found = measured(record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "1"), priority=3), low, high)
    assert found.cycles == []
    assert [(one.sla, one.reason) for one in found.unclocked] == [
        ("low", "it has no environment"),
        ("high", "the clock that it takes over from cannot be measured: it has no environment"),
    ]


def test_the_same_reason_is_told_once() -> None:
    again = level("standard", calendar="environment", on_reopen=OnReopen.NEW_CYCLE)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "resolved"),
        ("2026-06-03T12:00Z", "state", "in_progress"),
    )
    assert len(measured(one, again).unclocked) == 1


def test_a_calendar_that_never_opens_is_a_mistake_of_the_configuration() -> None:
    settings = configured(level(calendar="closed"))
    closed = replace(settings, calendars={**settings.calendars, "closed": office("closed", "UTC", (9, 17), days=0)})
    with pytest.raises(ConfigurationInvalid, match="closed"):
        cycles([record("2026-06-03T10:00Z")], closed, at("2026-06-03T11:00Z"))


# --- working days --------------------------------------------------------------------------------------------------


def test_a_target_in_working_days_is_worth_the_business_time_up_to_its_instant() -> None:
    one = record("2026-06-05T12:00+05:30", environment="punjab")
    cycle = clock(one, level(days=3, calendar="environment"), now="2026-06-05T13:00+05:30")
    assert (cycle.due_at, cycle.target_seconds) == (at("2026-06-10T12:00+05:30"), 24 * HOUR)


def test_a_ticket_of_the_night_is_due_when_the_office_opens_and_not_when_it_closed() -> None:
    one = record("2026-06-05T02:00+05:30", environment="punjab")
    cycle = clock(one, level(days=1, calendar="environment"), now="2026-06-05T03:00+05:30")
    assert (cycle.due_at, cycle.target_seconds) == (at("2026-06-08T10:00+05:30"), 8 * HOUR)
    breached = clock(one, level(days=1, calendar="environment"), now="2026-06-08T10:00:01+05:30")
    assert (breached.breached, breached.due_at) == (True, at("2026-06-08T10:00+05:30"))


def test_a_pause_moves_a_target_in_working_days_by_its_business_time() -> None:
    one = record(
        "2026-06-05T12:00+05:30",
        ("2026-06-05T13:00+05:30", "state", "on_hold"),
        ("2026-06-05T15:00+05:30", "state", "in_progress"),
        environment="punjab",
    )
    two_days = level(days=2, calendar="environment", pause=when(state="on_hold"))
    cycle = clock(one, two_days, now="2026-06-05T16:00+05:30")
    assert (cycle.due_at, cycle.target_seconds) == (at("2026-06-09T14:00+05:30"), 16 * HOUR)
    assert clock(one, two_days, now="2026-06-05T14:00+05:30").due_at is None


# --- the intervals -------------------------------------------------------------------------------------------------


def test_the_intervals_of_a_clock_add_up_to_it() -> None:
    one = record(
        "2026-06-30T10:00+05:30",
        ("2026-06-30T12:00+05:30", "state", "on_hold"),
        ("2026-06-30T14:00+05:30", "state", "in_progress"),
        ("2026-07-01T12:00+05:30", "priority", "1"),
        environment="bihar",
        priority=3,
    )
    carrying = replace(EXAMPLE_LEVELS[1], on_change=STANDARD.on_change)
    low, high = reckonings(one, configured(STANDARD, carrying), at("2026-07-01T13:00+05:30"))
    assert [(piece.calendar, piece.paused, piece.seconds / HOUR) for piece in low.intervals] == [
        ("devops", False, 2),
        ("devops", True, 2),
        ("devops", False, 3),
        ("gwl", False, 3),
    ]
    assert low.intervals[2].end == low.intervals[3].start == at("2026-07-01T00:00+05:30")
    assert (high.carried_seconds, high.cycle.elapsed_seconds) == (8 * HOUR, 9 * HOUR)
    assert high.cycle.stage is Stage.IN_PROGRESS


def test_a_ticket_without_clocks_has_no_intervals() -> None:
    assert reckonings(record("2026-06-03T10:00Z"), configured(VENDOR_RESOLUTION), at(FAR)) == ()


def test_no_levels_make_no_clocks() -> None:
    assert cycles([record("2026-06-03T10:00Z")], configured(zone=ZONE, environments=EXAMPLE_ENVIRONMENTS), at(FAR)) == (
        Clocked([], [])
    )
