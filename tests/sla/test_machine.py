from __future__ import annotations

import pytest
from tests.sla.tickets import (
    DONE,
    HOUR,
    P1_RESPONSE,
    at,
    clock,
    clocks,
    either,
    level,
    record,
    when,
)

from itsm_bridge.config.model import OnReopen
from itsm_bridge.sla import Cycle, Stage

ON_HOLD = when(state="on_hold")
RESOLVED_AND_REOPENED = (
    ("2026-06-03T12:00Z", "state", "resolved"),
    ("2026-06-03T15:00Z", "state", "in_progress"),
)


def stages(cycles: list[Cycle]) -> list[tuple[str, str, float]]:
    return [(cycle.sla, cycle.stage.value, cycle.elapsed_seconds / HOUR) for cycle in cycles]


# --- attaching and ending ------------------------------------------------------------------------------------------


def test_a_new_ticket_has_a_clock_from_its_creation() -> None:
    cycle = clock(record("2026-06-03T10:00Z", environment="punjab", priority=2), level(), now="2026-06-03T11:00Z")
    assert (cycle.ticket, cycle.source, cycle.external_id) == ("snow:INC1", "snow", "id-1")
    assert (cycle.sla, cycle.measures, cycle.kind) == ("resolution", "resolution", "sla")
    assert (cycle.vendor, cycle.environment, cycle.priority) == (None, "punjab", 2)
    assert (cycle.started_at, cycle.stopped_at) == (at("2026-06-03T10:00Z"), None)
    assert (cycle.due_at, cycle.target_seconds) == (at("2026-06-03T14:00Z"), 4 * HOUR)
    assert (cycle.elapsed_seconds, cycle.paused_seconds) == (HOUR, 0)
    assert (cycle.breached, cycle.stage) == (False, Stage.IN_PROGRESS)


def test_a_ticket_that_is_not_yet_created_has_no_clock() -> None:
    assert clocks(record("2026-06-03T10:00Z"), level(), now="2026-06-03T09:59Z") == []


def test_a_clock_attaches_when_its_start_comes_to_hold() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "1"))
    cycle = clock(one, level(start=when(priority=1)), now="2026-06-03T12:00Z")
    assert (cycle.started_at, cycle.elapsed_seconds) == (at("2026-06-03T11:00Z"), HOUR)


def test_a_clock_does_not_attach_to_what_is_stopped_already() -> None:
    assert clocks(record("2026-06-03T10:00Z", state="resolved"), level()) == []


@pytest.mark.parametrize("cancel", [when(state="new"), when(category="spam")])
def test_a_clock_does_not_attach_while_its_cancel_holds(cancel: object) -> None:
    one = record("2026-06-03T10:00Z", category=("spam",))
    assert clocks(one, level(cancel=cancel)) == []  # type: ignore[arg-type]  # a condition


def test_a_clock_is_breached_only_after_its_last_good_instant() -> None:
    one = record("2026-06-03T10:00Z")
    assert not clock(one, level(), now="2026-06-03T14:00Z").breached
    assert clock(one, level(), now="2026-06-03T14:00:01Z").breached


def test_a_breached_clock_keeps_the_instant_at_which_it_was_due() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T20:00Z", "state", "on_hold"))
    running = clock(one, level(pause=ON_HOLD), now="2026-06-03T19:00Z")
    paused = clock(one, level(pause=ON_HOLD), now="2026-06-03T21:00Z")
    assert (running.due_at, running.breached) == (at("2026-06-03T14:00Z"), True)
    assert (paused.due_at, paused.breached, paused.stage) == (None, True, Stage.PAUSED)


def test_a_start_that_no_longer_holds_cancels_the_clock() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T10:05Z", "priority", "3"), priority=1)
    cycle = clock(one, P1_RESPONSE)
    assert (cycle.stage, cycle.stopped_at, cycle.elapsed_seconds) == (Stage.CANCELLED, at("2026-06-03T10:05Z"), 300)
    assert cycle.priority == 1


def test_cancel_cancels_and_stop_goes_before_it() -> None:
    spam = level(cancel=either(when(category="spam"), when(state="closed")))
    assert clock(record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "category", "spam")), spam).stage == "cancelled"
    assert clock(record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "closed")), spam).stage == "completed"


def test_a_canceled_ticket_cancels_a_clock_that_does_not_say_so() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "canceled"))
    assert clock(one, level()).stage is Stage.CANCELLED
    assert clock(one, level(stop=when(state=[*DONE, "canceled"]))).stage is Stage.COMPLETED


def test_a_cancelled_clock_starts_at_zero_when_it_attaches_again() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "canceled"),
        ("2026-06-03T12:00Z", "state", "in_progress"),
    )
    found = clocks(one, level(), now="2026-06-03T15:00Z")
    assert stages(found) == [("resolution", "cancelled", 1), ("resolution", "in_progress", 3)]


def test_the_values_at_the_end_are_those_of_the_change_that_stopped_it() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "resolved"),
        ("2026-06-03T11:00Z", "vendor", "OptIT"),
        ("2026-06-03T11:00Z", "priority", "4"),
        ("2026-06-03T12:00Z", "environment", "ap"),
        priority=3,
        environment="punjab",
    )
    cycle = clock(one, level())
    assert (cycle.vendor, cycle.priority, cycle.environment) == ("OptIT", 4, "punjab")


# --- pausing -------------------------------------------------------------------------------------------------------


def test_a_pause_moves_the_due_instant_by_its_length() -> None:
    one = record(
        "2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "on_hold"), ("2026-06-03T13:30Z", "state", "in_progress")
    )
    cycle = clock(one, level(pause=ON_HOLD), now="2026-06-03T14:00Z")
    assert (cycle.elapsed_seconds, cycle.paused_seconds) == (3 * HOUR // 2, 5 * HOUR // 2)
    assert cycle.due_at == at("2026-06-03T16:30Z")


def test_a_clock_that_attaches_to_a_waiting_ticket_is_paused_at_once() -> None:
    cycle = clock(record("2026-06-03T10:00Z", state="on_hold"), level(pause=ON_HOLD), now="2026-06-03T12:00Z")
    assert (cycle.stage, cycle.elapsed_seconds, cycle.paused_seconds) == (Stage.PAUSED, 0, 2 * HOUR)
    assert cycle.due_at is None


def test_stop_goes_before_pause() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "resolved"))
    assert clock(one, level(pause=when(state=DONE))).stage is Stage.COMPLETED


def test_a_clock_stopped_while_paused_says_when_it_would_have_been_due() -> None:
    one = record(
        "2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "on_hold"), ("2026-06-03T13:00Z", "state", "closed")
    )
    cycle = clock(one, level(pause=ON_HOLD))
    assert (cycle.elapsed_seconds, cycle.paused_seconds) == (HOUR, 2 * HOUR)
    assert cycle.due_at == at("2026-06-03T16:00Z")


def test_with_a_resume_condition_a_pause_lasts_until_it_holds() -> None:
    patient = level(pause=ON_HOLD, resume=when(assignee="agent"))
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "on_hold"),
        ("2026-06-03T12:00Z", "state", "in_progress"),
        ("2026-06-03T13:00Z", "assignee", "agent"),
    )
    assert clock(one, patient, now="2026-06-03T12:30Z").stage is Stage.PAUSED
    cycle = clock(one, patient, now="2026-06-03T13:30Z")
    assert (cycle.stage, cycle.elapsed_seconds, cycle.paused_seconds) == (Stage.IN_PROGRESS, 3 * HOUR // 2, 2 * HOUR)


def test_where_pause_and_resume_both_hold_the_clock_runs() -> None:
    both = level(pause=ON_HOLD, resume=when(assignee="agent"))
    assert clock(record("2026-06-03T10:00Z", state="on_hold", assignee="agent"), both).stage is Stage.IN_PROGRESS


def test_several_changes_within_a_second_leave_no_time() -> None:
    one = record(
        "2026-06-03T10:00:00.100Z",
        ("2026-06-03T10:00:00.400Z", "state", "on_hold"),
        ("2026-06-03T10:00:00.700Z", "state", "in_progress"),
        ("2026-06-03T10:00:00.900Z", "state", "resolved"),
    )
    cycle = clock(one, level(pause=ON_HOLD))
    assert (cycle.elapsed_seconds, cycle.paused_seconds, cycle.stage) == (0, 0, Stage.COMPLETED)


# --- resetting -----------------------------------------------------------------------------------------------------


def test_a_reset_completes_the_clock_and_starts_another_at_zero() -> None:
    update = level("update", measures="update", hours=8, reset=when(assignee="agent"))
    one = record(
        "2026-06-03T10:00Z", ("2026-06-03T12:00Z", "assignee", "agent"), ("2026-06-03T13:00Z", "priority", "2")
    )
    found = clocks(one, update, now="2026-06-03T15:00Z")
    assert stages(found) == [("update", "completed", 2), ("update", "in_progress", 3)]


def test_a_stop_goes_before_a_reset() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T12:00Z", "state", "resolved"))
    assert stages(clocks(one, level(reset=when(state=DONE)))) == [("resolution", "completed", 2)]


# --- reopening -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_reopen", "expected"),
    [
        (OnReopen.CONTINUE, [("resolution", "in_progress", 3)]),
        (OnReopen.NEW_CYCLE, [("resolution", "completed", 2), ("resolution", "in_progress", 1)]),
        (OnReopen.IGNORE, [("resolution", "completed", 2)]),
    ],
)
def test_a_reopened_ticket_does_to_its_clock_what_the_level_says(
    on_reopen: OnReopen, expected: list[tuple[str, str, float]]
) -> None:
    found = clocks(
        record("2026-06-03T10:00Z", *RESOLVED_AND_REOPENED), level(on_reopen=on_reopen), now="2026-06-03T16:00Z"
    )
    assert stages(found) == expected


def test_resolved_time_moves_the_due_instant_and_is_no_pause() -> None:
    cycle = clock(record("2026-06-03T10:00Z", *RESOLVED_AND_REOPENED), level(), now="2026-06-03T16:00Z")
    assert (cycle.due_at, cycle.paused_seconds) == (at("2026-06-03T17:00Z"), 0)


def test_a_clock_that_went_on_and_stopped_again_is_one_cycle() -> None:
    one = record("2026-06-03T10:00Z", *RESOLVED_AND_REOPENED, ("2026-06-03T18:00Z", "state", "closed"))
    cycle = clock(one, level())
    assert (cycle.stage, cycle.stopped_at) == (Stage.COMPLETED, at("2026-06-03T18:00Z"))
    assert (cycle.elapsed_seconds, cycle.breached) == (5 * HOUR, True)


@pytest.mark.parametrize("later", ["closed", "unknown"])
def test_leaving_the_state_that_stopped_it_is_not_a_reopening(later: str) -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "resolved"), ("2026-06-03T12:00Z", "state", later))
    assert stages(clocks(one, level(stop=when(state="resolved")))) == [("resolution", "completed", 1)]


def test_a_ticket_that_was_answered_and_waits_is_not_owed_another_response() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T10:10Z", "state", "in_progress"),
        ("2026-06-03T11:00Z", "state", "on_hold"),
        ("2026-06-03T18:00Z", "state", "in_progress"),
        priority=1,
    )
    cycle = clock(one, P1_RESPONSE)
    assert (cycle.elapsed_seconds, cycle.breached) == (600, False)


def test_a_ticket_that_becomes_a_p1_after_its_answer_is_not_owed_a_response() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T10:10Z", "state", "in_progress"),
        ("2026-06-03T11:00Z", "priority", "1"),
        ("2026-06-03T12:00Z", "state", "on_hold"),
        priority=3,
    )
    assert clocks(one, P1_RESPONSE) == []


def test_a_second_request_for_approval_has_a_clock_of_its_own() -> None:
    approval = level(
        "approval", measures="approval", start=when(approval="requested"), stop=when(approval=["approved", "rejected"])
    )
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "approval", "requested"),
        ("2026-06-03T12:00Z", "approval", "rejected"),
        ("2026-06-03T14:00Z", "approval", "requested"),
        ("2026-06-03T17:00Z", "approval", "approved"),
    )
    assert stages(clocks(one, approval)) == [("approval", "completed", 1), ("approval", "completed", 3)]
