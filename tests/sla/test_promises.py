from __future__ import annotations

import pytest
from tests.sla.tickets import HOUR, at, clock, clocks, level, record, when

from itsm_bridge.config.model import OnChange, Target

MONDAY = "2026-06-01T09:00+05:30"


@pytest.mark.parametrize(
    ("target", "start", "due", "hours"),
    [
        (Target(working_days=1, by=16 * HOUR), MONDAY, "2026-06-02T16:00+05:30", 8 + 6),
        (Target(working_days=1, by_close=True), MONDAY, "2026-06-02T18:00+05:30", 16),
        (Target(working_days=2, by=16 * HOUR, before=10 * HOUR), MONDAY, "2026-06-03T16:00+05:30", 22),
        (
            Target(working_days=2, by=16 * HOUR, before=10 * HOUR),
            "2026-06-01T10:00+05:30",
            "2026-06-04T16:00+05:30",
            30,
        ),
        (Target(working_days=0, by=16 * HOUR), MONDAY, "2026-06-01T16:00+05:30", 6),
        (Target(working_days=3), "2026-06-05T12:00+05:30", "2026-06-10T12:00+05:30", 24),
    ],
)
def test_a_promised_instant_is_due_then_and_is_worth_the_business_time_up_to_it(
    target: Target, start: str, due: str, hours: int
) -> None:
    found = clock(record(start), level(target=target, calendar="optit"), now=start)
    assert (found.due_at, found.target_seconds) == (at(due), hours * HOUR)


def test_what_is_done_at_the_promised_instant_is_in_time_and_a_second_later_is_not() -> None:
    by_four = level(target=Target(working_days=1, by=16 * HOUR), calendar="optit")
    in_time, late = (
        clock(record(MONDAY, (f"2026-06-02T16:00:0{second}+05:30", "state", "resolved")), by_four) for second in (0, 1)
    )
    assert (in_time.breached, late.breached) == (False, True)
    assert in_time.due_at == late.due_at == at("2026-06-02T16:00+05:30")


def test_a_due_date_within_hours_is_what_is_promised() -> None:
    found = clock(
        record(MONDAY, due_at=at("2026-06-03T15:00+05:30")),
        level(target=Target(field="due"), calendar="optit"),
        now=MONDAY,
    )
    assert (found.due_at, found.target_seconds) == (at("2026-06-03T15:00+05:30"), 21 * HOUR)


def test_a_due_date_outside_of_hours_is_due_when_they_open_as_in_v_7() -> None:
    one = record("2017-01-10T08:00Z", due_at=at("2017-01-11T20:30Z"))
    found = clock(one, level(target=Target(field="due"), calendar="london"), now="2017-01-10T09:00Z")
    assert found.due_at == at("2017-01-12T09:00Z")


@pytest.mark.parametrize("due", [None, "2017-01-09T10:00Z"])
def test_without_a_due_date_or_after_it_the_clock_is_due_a_second_after_its_start_as_in_v_8(due: str | None) -> None:
    one = record("2017-01-10T10:00Z", due_at=at(due) if due else None)
    found = clock(one, level(target=Target(field="due"), calendar="london"), now="2017-01-10T10:00:02Z")
    assert (found.due_at, found.breached) == (at("2017-01-10T10:00:01Z"), True)


def test_a_paused_clock_says_when_it_would_be_due_if_it_went_on_now() -> None:
    held = record("2026-06-01T10:00+05:30", ("2026-06-01T12:00+05:30", "state", "on_hold"))
    paused = level(hours=4, calendar="optit", pause=when(state="on_hold"))
    found = clock(held, paused, now="2026-06-01T17:00+05:30")
    assert found.due_at is None
    assert found.due_if_resumed_at == at("2026-06-02T11:00+05:30")
    assert found.remaining_seconds == 2 * HOUR


def test_a_running_clock_has_no_second_due_instant() -> None:
    assert clock(record(MONDAY), level(calendar="optit"), now=MONDAY).due_if_resumed_at is None


def test_a_paused_clock_that_is_breached_was_due_before() -> None:
    late = record("2026-06-01T10:00+05:30", ("2026-06-01T16:00+05:30", "state", "on_hold"))
    found = clock(late, level(hours=4, calendar="optit", pause=when(state="on_hold")), now="2026-06-02T12:00+05:30")
    assert (found.breached, found.due_at) == (True, None)
    assert found.due_if_resumed_at == at("2026-06-01T14:00+05:30")


def test_time_carried_over_uses_up_a_promised_instant_by_its_business_time() -> None:
    first = level("first", start=when(priority=2), calendar="optit")
    then = level(
        "then",
        start=when(priority=1),
        target=Target(working_days=1, by=12 * HOUR),
        calendar="optit",
        on_change=OnChange.CARRY,
    )
    one = record("2026-06-01T10:00+05:30", ("2026-06-01T12:00+05:30", "priority", "1"), priority=2)
    _, found = clocks(one, first, then, now="2026-06-01T13:00+05:30")
    assert (found.due_at, found.target_seconds) == (at("2026-06-01T18:00+05:30"), 8 * HOUR)
