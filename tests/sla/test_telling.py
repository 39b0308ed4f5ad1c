"""A clock's statement: its lines add up to what the clock shows, and each says what happened and why it counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sla.test_properties import CREATED, MINUTE, history, levels, lives
from tests.sla.tickets import (
    EXAMPLE_LEVELS,
    P1_RESOLUTION,
    P1_RESPONSE,
    STANDARD,
    VENDOR_RESOLUTION,
    at,
    configured,
    filled,
    level,
    record,
    when,
)

from itsm_bridge.config.model import Configuration, Holidays, OnChange, SlaDefinition, Target
from itsm_bridge.history import with_recorded_end
from itsm_bridge.model import HistoryEntry, State, TicketRecord
from itsm_bridge.sla import reckonings
from itsm_bridge.sla.folding import folded
from itsm_bridge.sla.statement import Kind, Line, Statement, Statements
from itsm_bridge.sla.telling import statements
from itsm_bridge.sla.wording import note, usage

ON_HOLD = when(state="on_hold")
MONDAY = "2026-11-23T10:00+05:30"


def with_days_off(*definitions: SlaDefinition) -> Configuration:
    """The calendars of the example with three holidays and two days of other hours in each that is not always open."""
    settings = configured(*definitions)
    named = {26: "Ashura", 29: "Sant Kabir's Birthday", 30: "Founders' day"}
    off = Holidays(None, None, {date(2026, 6, day): name for day, name in named.items()}, frozenset())
    short = {date(2026, 7, 2): ((11 * 3600, 13 * 3600),), date(2026, 7, 3): ()}
    return replace(
        settings,
        calendars={
            name: one if name == "always" else replace(one, holidays=off, overrides=short)
            for name, one in settings.calendars.items()
        },
    )


def told(one: TicketRecord, *definitions: SlaDefinition, now: str) -> Statements:
    return statements(one, configured(*definitions), at(now))


def only(one: TicketRecord, *definitions: SlaDefinition, now: str) -> Statement:
    (found,) = told(one, *definitions, now=now).clocks
    return found


def rows(lines: tuple[Line, ...]) -> list[tuple[str, str, str, str, float]]:
    """Each line by the clock of its calendar: begin, kind, change, why and hours."""
    return [
        (f"{line.start.astimezone(line.zone):%d %H:%M}", line.kind.value, line.change, line.why, line.seconds / 3600)
        for line in lines
    ]


# --- what holds of every statement ---------------------------------------------------------------------------------


@given(lives, levels(), st.integers(0, 25_000))
def test_the_lines_add_up_to_what_the_clock_shows(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...], until: int
) -> None:
    now = CREATED + until * MINUTE
    one, settings = history(changes, priority=3, environment="punjab"), with_days_off(*definitions)
    found = statements(one, settings, now).clocks
    assert [statement.cycle for statement in found] == [reckoning.cycle for reckoning in reckonings(one, settings, now)]
    for statement in found:
        check(statement, statement.lines)
        check(statement, tuple(folded(statement.lines)))


def check(statement: Statement, lines: tuple[Line, ...]) -> None:
    cycle, used = statement.cycle, sum(line.seconds for line in lines if line.kind is Kind.RUNNING)
    assert cycle.elapsed_seconds == statement.carried_seconds + used
    assert cycle.paused_seconds == sum(line.seconds for line in lines if line.kind is Kind.PAUSED)
    assert not any(line.seconds for line in lines if line.kind not in {Kind.RUNNING, Kind.PAUSED})
    assert all(before.end == after.start for before, after in pairwise(lines))
    if lines:
        assert lines[0].start == cycle.started_at
        assert lines[-1].total == cycle.elapsed_seconds
        assert lines[-1].end == (cycle.stopped_at or lines[-1].end)
        assert lines[0].change
    assert all(line.why for line in lines if line.kind in {Kind.PAUSED, Kind.HOLIDAY, Kind.HALTED})


@given(lives, levels())
def test_every_level_has_a_clock_or_a_reason_why_not(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...]
) -> None:
    found = statements(
        history(changes, priority=3, environment="punjab"), with_days_off(*definitions), CREATED + 20_000 * MINUTE
    )
    clocked = {one.cycle.sla for one in found.clocks} | {one.sla for one in found.unclocked}
    without = [one.sla for one in found.unattached]
    assert sorted([*clocked, *without]) == sorted(one.name for one in definitions)
    assert all(one.why for one in found.unattached)


# --- the lines -----------------------------------------------------------------------------------------------------


def test_a_pause_names_the_part_that_held_and_who_caused_it() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "state", "on_hold"), ("2026-11-23T13:00+05:30", "state", "new"))
    asha = replace(one, history=tuple(replace(entry, actor="asha") for entry in one.history))
    clock = only(asha, level(calendar="optit", pause=ON_HOLD), now="2026-11-23T15:00+05:30")
    assert rows(clock.lines) == [
        ("23 10:00", "running", "created", "", 2),
        ("23 12:00", "paused", "state became on_hold, by asha", "state is on_hold", 1),
        ("23 13:00", "running", "state became new, by asha", "", 2),
    ]
    assert [line.total / 3600 for line in clock.lines] == [2, 2, 4]


def test_a_pause_that_goes_on_for_another_reason_is_two_lines() -> None:
    one = record(
        MONDAY,
        ("2026-11-23T11:00+05:30", "approval", "requested"),
        ("2026-11-23T12:00+05:30", "state", "on_hold"),
        ("2026-11-23T13:00+05:30", "approval", "approved"),
        environment="punjab",
        priority=3,
    )
    clock = only(one, STANDARD, now="2026-11-23T14:00+05:30")
    assert [(kind, why) for _, kind, _, why, _ in rows(clock.lines)] == [
        ("running", ""),
        ("paused", "approval is requested"),
        ("paused", "state is on_hold and approval is requested"),
        ("paused", "state is on_hold"),
    ]


def test_a_pause_that_only_another_condition_ends_says_what_it_waits_for() -> None:
    waits = level(pause=ON_HOLD, resume=when(assignee="ravi"))
    one = record(MONDAY, ("2026-11-23T11:00+05:30", "state", "on_hold"), ("2026-11-23T12:00+05:30", "state", "new"))
    clock = only(one, waits, now="2026-11-23T13:00+05:30")
    assert [why for _, _, _, why, _ in rows(clock.lines)] == [
        "",
        "state is on_hold",
        "goes on only if assignee is ravi (seen nothing)",
    ]


def test_closed_time_and_holidays_count_for_nothing_and_are_named() -> None:
    settings = with_days_off(level(calendar="optit"))
    (clock,) = statements(record("2026-06-29T19:00+05:30"), settings, at("2026-07-01T11:00+05:30")).clocks
    assert rows(clock.lines) == [
        ("29 19:00", "holiday", "created", "Sant Kabir's Birthday", 0),
        ("30 00:00", "holiday", "", "Founders' day", 0),
        ("01 00:00", "closed", "", "", 0),
        ("01 10:00", "running", "", "", 1),
    ]


def test_the_time_between_an_end_and_what_undid_it_is_a_line_that_counts_nothing() -> None:
    one = record(MONDAY, ("2026-11-23T11:00+05:30", "state", "resolved"), ("2026-11-23T14:00+05:30", "state", "new"))
    clock = only(one, level(), now="2026-11-23T15:00+05:30")
    assert rows(clock.lines) == [
        ("23 04:30", "running", "created", "", 1),
        ("23 05:30", "halted", "state became resolved", "ended, and not counted until it went on", 0),
        ("23 08:30", "running", "state became new", "", 1),
    ]


def test_a_clock_that_takes_over_says_from_which_and_how_much() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "priority", "3"), priority=1, environment="punjab")
    first, second = told(
        one, replace(P1_RESOLUTION, on_change=OnChange.CARRY), STANDARD, now="2026-11-23T13:00+05:30"
    ).clocks
    assert first.ended == "priority became 3"
    assert (second.carried_from, second.carried_seconds) == ("P1 resolution", 7200)
    assert [line.total for line in second.lines] == [7200 + 3600]
    assert second.lines[0].change == "priority became 3"


def test_a_clock_that_counts_from_before_its_cause_says_so() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "priority", "1"), priority=3)
    clock = only(one, P1_RESOLUTION, now="2026-11-23T13:00+05:30")
    assert clock.lines[0].change == "counted back to here on Mon 2026-11-23 06:30: priority became 1"


def test_another_owner_of_the_environment_is_another_calendar_on_its_own_line() -> None:
    one = record("2026-06-30T16:00+05:30", environment="bihar", priority=3)
    clock = only(one, STANDARD, now="2026-07-01T10:00+05:30")
    assert [(line.calendar, f"{line.start.astimezone(line.zone):%d %H:%M}") for line in folded(clock.lines)] == [
        ("devops", "30 16:00"),
        ("devops", "30 17:00"),
        ("gwl", "01 00:00"),
        ("gwl", "01 09:00"),
    ]
    assert clock.calendar == "gwl"
    assert note(clock.lines[2], "devops") == "from here on the hours of gwl (Asia/Kolkata) count"


def test_changes_of_one_moment_are_each_given_to_who_made_them() -> None:
    noon = "2026-11-23T12:00+05:30"
    one = record(MONDAY, (noon, "priority", "1"), (noon, "state", "on_hold"), priority=3)
    first, second = one.history
    made = replace(one, history=(replace(first, actor="asha"), replace(second, actor="ravi")))
    clock = only(made, P1_RESOLUTION, now="2026-11-23T15:00+05:30")
    assert "state became on_hold, by ravi" in clock.lines[-1].change
    assert "priority became 1, by asha" in clock.lines[-1].change


def test_a_vendors_clock_begins_and_ends_with_its_hands() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "vendor", "GWL"), vendor="OptIT")
    first, second = told(one, VENDOR_RESOLUTION, now="2026-11-23T13:00+05:30").clocks
    assert first.ended == "vendor became GWL"
    assert second.lines[0].change == "vendor became GWL"


def test_a_change_that_no_entry_tells_of_is_not_given_to_anybody() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "priority", "2"), priority=3)
    late = replace(one, ticket=replace(one.ticket, priority=1, updated_at=at("2026-11-23T14:00+05:30")))
    clock = only(late, P1_RESPONSE, now="2026-11-23T15:00+05:30")
    assert clock.lines[0].change == "priority became 1 (in no entry of the history)"


def test_an_end_that_is_taken_from_the_dates_says_so() -> None:
    plain = record(MONDAY)
    done = replace(plain, ticket=replace(plain.ticket, state=State.RESOLVED, resolved_at=at("2026-11-23T12:00+05:30")))
    clock = only(with_recorded_end(done), level(), now="2026-11-23T15:00+05:30")
    assert clock.ended == "state became resolved (by the ticket's own dates)"


def test_a_clock_of_no_time_has_no_lines() -> None:
    clock = only(record(MONDAY), level(), now=MONDAY)
    assert (clock.lines, clock.cycle.elapsed_seconds) == ((), 0)


# --- a paused clock ------------------------------------------------------------------------------------------------


def test_a_paused_clock_says_when_it_would_be_due_if_it_went_on() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "state", "on_hold"))
    clock = only(one, level(calendar="optit", pause=ON_HOLD, hours=4), now="2026-11-23T17:00+05:30")
    assert clock.cycle.due_at is None
    assert clock.cycle.due_if_resumed_at == at("2026-11-24T11:00+05:30")
    running = only(record(MONDAY), level(pause=ON_HOLD), now="2026-11-23T11:00+05:30")
    assert running.cycle.due_if_resumed_at is None


def test_a_change_of_owner_to_come_counts_in_when_it_would_be_due() -> None:
    one = record(
        "2026-06-30T15:00+05:30", ("2026-06-30T16:00+05:30", "state", "on_hold"), environment="bihar", priority=3
    )
    clock = only(one, STANDARD, now="2026-06-30T16:00+05:30")
    assert clock.cycle.due_if_resumed_at == at("2026-07-02T11:00+05:30")  # 1 h of devops, 12 h and 2 h of GWL


def test_a_paused_clock_that_is_breached_already_says_when_it_was_due() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "state", "on_hold"))
    clock = only(one, level(pause=ON_HOLD, hours=1), now="2026-11-23T17:00+05:30")
    assert usage(clock) == "2h of 1h used, 200 %; was due Mon 2026-11-23 05:30"


def test_what_is_promised_is_told_with_the_time_that_it_is_worth() -> None:
    promises = {
        Target(working_days=2): "2 working days (16h)",
        Target(working_days=1, by=16 * 3600): "1 working day by 16:00 (14h)",
        Target(working_days=1, by_close=True): "1 working day by close (16h)",
        Target(field="due"): "the due date (4h)",
    }
    one = record(MONDAY, due_at=at("2026-11-23T14:00+05:30"))
    for target, words in promises.items():
        clock = only(one, replace(level(calendar="optit"), target=target), now="2026-11-23T11:00+05:30")
        assert f"1h of {words} used" in usage(clock)


# --- why there is no clock -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "definition", "why"),
    [
        (
            record(MONDAY, ("2026-11-23T11:00+05:30", "priority", "4"), priority=3),
            P1_RESPONSE,
            "start never held; it would have if priority is 1 (seen 4)",
        ),
        (
            record(MONDAY, ("2026-11-23T11:00+05:30", "priority", "1"), priority=3, state=State.IN_PROGRESS),
            P1_RESPONSE,
            "stop already held when start did: state is in_progress",
        ),
        (
            record(MONDAY, priority=1),
            level(start=when(priority=1), cancel=when(state="new")),
            "cancel held when start did: state is new",
        ),
        (
            record(MONDAY, priority=1, state=State.CANCELED),
            P1_RESPONSE,
            "the ticket was canceled when start held",
        ),
        (
            record(MONDAY, priority=1),
            level(kind="uc", calendar="optit"),
            "no vendor had the ticket in hand while start held",
        ),
        (
            record(MONDAY),
            level(start=filled("vendor")),
            "start never held; it would have if vendor is not empty (seen nothing)",
        ),
    ],
)
def test_a_level_without_a_clock_says_what_was_missing(one: TicketRecord, definition: SlaDefinition, why: str) -> None:
    found = told(one, definition, now="2026-11-23T15:00+05:30")
    assert found.clocks == ()
    assert [(without.sla, without.why) for without in found.unattached] == [(definition.name, why)]


def test_a_version_that_is_not_in_force_is_named_only_where_no_other_is() -> None:
    old = replace(P1_RESPONSE, end_day=date(2026, 11, 1))
    new = replace(P1_RESPONSE, start_day=date(2026, 11, 1))
    early, late = record("2026-10-05T10:00+05:30", priority=3), record(MONDAY, priority=3)
    never = "start never held; it would have if priority is 1 (seen 3)"
    for one, versions, why in (
        (early, (old, new), [never]),
        (late, (old, new), [never]),
        (early, (new,), ["not in force while the ticket changed; it is from 2026-11-01 on"]),
        (late, (old,), ["not in force while the ticket changed; it is before 2026-11-01"]),
    ):
        found = told(one, *versions, now="2026-11-23T15:00+05:30")
        assert [without.why for without in found.unattached] == why


def test_a_clock_that_begins_with_its_version_says_so() -> None:
    new = replace(level(calendar="optit", start=when(priority=3)), start_day=date(2026, 11, 24))
    clock = only(record(MONDAY, priority=3), new, now="2026-11-24T12:00+05:30")
    assert [change for _, _, change, _, _ in rows(clock.lines)] == ["came into force, priority is 3", ""]


def test_a_clock_is_told_by_the_version_under_which_it_began() -> None:
    old = replace(level(pause=ON_HOLD), end_day=date(2026, 11, 24))
    new = replace(level(), start_day=date(2026, 11, 24))
    one = record(MONDAY, ("2026-11-25T10:00+05:30", "state", "on_hold"))
    clock = only(one, old, new, now="2026-11-25T15:00+05:30")
    assert clock.lines[-1].why == "state is on_hold"


def test_a_clock_that_cannot_be_measured_is_listed_with_its_reason() -> None:
    found = told(record(MONDAY, priority=3), *EXAMPLE_LEVELS, now="2026-11-23T15:00+05:30")
    assert [(one.sla, one.reason) for one in found.unclocked] == [("standard resolution", "it has no environment")]
    assert "standard resolution" not in {one.sla for one in found.unattached}


# --- folding -------------------------------------------------------------------------------------------------------


def test_nights_and_weekends_are_folded_and_what_happened_is_not() -> None:
    one = record("2026-11-17T20:00+05:30", ("2026-11-24T12:00+05:30", "state", "on_hold"))
    clock = only(one, level(calendar="optit", pause=ON_HOLD), now="2026-11-24T20:00+05:30")
    assert len(clock.lines) == 12
    lines = tuple(folded(clock.lines))
    assert [(line.kind.value, line.days, line.seconds / 3600) for line in lines] == [
        ("closed", 0, 0),
        ("running", 5, 34),
        ("paused", 0, 6),
        ("closed", 0, 0),
    ]
    assert lines[1].end == at("2026-11-24T12:00+05:30")


def test_a_holiday_and_a_day_of_other_hours_stay_in_sight_while_the_clock_runs() -> None:
    settings = with_days_off(level(calendar="optit"))
    (clock,) = statements(record("2026-06-29T10:00+05:30"), settings, at("2026-07-07T12:00+05:30")).clocks
    assert [(line.kind.value, line.why, line.days) for line in folded(clock.lines)] == [
        ("holiday", "Sant Kabir's Birthday; Founders' day", 0),
        ("running", "", 0),
        ("closed", "other hours on Thursday", 0),
        ("running", "", 0),
        ("closed", "other hours from Thursday to Friday", 0),
        ("running", "", 2),
    ]


def test_in_a_pause_the_holidays_are_only_counted() -> None:
    settings = with_days_off(level(calendar="optit", pause=ON_HOLD))
    one = record("2026-06-25T10:00+05:30", ("2026-06-25T11:00+05:30", "state", "on_hold"))
    (clock,) = statements(one, settings, at("2026-07-07T12:00+05:30")).clocks
    assert [(line.kind.value, line.days, line.holidays) for line in folded(clock.lines)] == [
        ("running", 0, 0),
        ("paused", 5, 3),
    ]


def test_a_long_pause_folds_like_running_time() -> None:
    one = record(MONDAY, (MONDAY[:11] + "11:00+05:30", "state", "on_hold"))
    clock = only(one, level(calendar="optit", pause=ON_HOLD), now="2026-12-04T12:00+05:30")
    last = list(folded(clock.lines))[-1]
    assert (last.kind, last.days, last.why, last.seconds / 3600) == (Kind.PAUSED, 10, "state is on_hold", 7 + 8 * 8 + 2)
    assert last.end - last.start == timedelta(days=11, hours=1)


# --- text of others ------------------------------------------------------------------------------------------------


def test_what_a_person_typed_reaches_no_terminal_unescaped() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "assignee", "\x1b[2Jravi\u202e"))
    entry: HistoryEntry = replace(one.history[0], actor="\x1b]0;pwned\x07")
    clock = only(
        replace(one, history=(entry,)), level(pause=when(assignee="\x1b[2Jravi\u202e")), now="2026-11-23T15:00+05:30"
    )
    said = clock.lines[1].change + clock.lines[1].why
    assert clock.lines[1].kind is Kind.PAUSED
    assert "ravi" in said
    assert "pwned" in said
    assert said.isprintable()
