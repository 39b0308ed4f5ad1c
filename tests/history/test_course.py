from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.history import (
    HandOver,
    current,
    hand_overs,
    mismatches,
    reassignments,
    reopenings,
    split,
    timeline,
)
from itsm_bridge.model import ApprovalState, HistoryEntry, State, Ticket, TicketRecord, TicketType

at = datetime.fromisoformat
CREATED = at("2026-06-03T10:00Z")


def ticket(**fields: object) -> Ticket:
    start = Ticket(
        source="snow",
        external_id="1",
        number="INC1",
        type=TicketType.INCIDENT,
        project="incident",
        state=State.NEW,
        created_at=CREATED,
        updated_at=at("2026-06-03T20:00Z"),
        version="1",
    )
    return replace(start, **fields)  # type: ignore[arg-type]  # a test may set any field


def entry(moment: str, field: str, old: str, new: str) -> HistoryEntry:
    return HistoryEntry("snow", "1", f"{moment}{field}", at(moment), field, old, new)


def told(record: TicketRecord, *fields: str) -> list[tuple[str, ...]]:
    """The moments of a record, as time and values."""
    return [(f"{one.at:%H:%M}", *(one.values[field] for field in fields)) for one in timeline(record, fields)]


# --- the timeline --------------------------------------------------------------------------------------------------


def test_a_field_without_entries_was_always_what_it_is() -> None:
    record = TicketRecord(ticket(priority=2, service=("erp", "portal"), custom={"floor": ("3",)}))
    assert told(record, "priority", "service", "custom.floor", "vendor") == [("10:00", "2", "erp, portal", "3", "")]


def test_a_field_begins_with_the_old_value_of_its_first_entry() -> None:
    record = TicketRecord(
        ticket(state=State.RESOLVED, priority=1),
        (
            entry("2026-06-03T11:00Z", "state", "new", "in_progress"),
            entry("2026-06-03T12:00Z", "priority", "3", "1"),
            entry("2026-06-03T13:00Z", "state", "in_progress", "resolved"),
        ),
    )
    assert told(record, "state", "priority") == [
        ("10:00", "new", "3"),
        ("11:00", "in_progress", "3"),
        ("12:00", "in_progress", "1"),
        ("13:00", "resolved", "1"),
    ]


def test_fields_that_nobody_asks_for_make_no_moments() -> None:
    record = TicketRecord(ticket(state=State.RESOLVED), (entry("2026-06-03T11:00Z", "state", "new", "resolved"),))
    assert told(record, "vendor") == [("10:00", "")]


def test_entries_of_one_instant_are_one_change() -> None:
    record = TicketRecord(
        ticket(state=State.ON_HOLD, priority=1),
        (
            entry("2026-06-03T11:00Z", "state", "new", "in_progress"),
            entry("2026-06-03T11:00Z", "priority", "3", "1"),
            entry("2026-06-03T11:00Z", "state", "in_progress", "on_hold"),
        ),
    )
    assert told(record, "state", "priority") == [("10:00", "new", "3"), ("11:00", "on_hold", "1")]


def test_entries_from_before_the_creation_count_as_of_the_creation() -> None:
    record = TicketRecord(ticket(state=State.IN_PROGRESS), (entry("2026-06-03T09:00Z", "state", "new", "in_progress"),))
    assert told(record, "state") == [("10:00", "in_progress")]


def test_entries_in_the_wrong_order_are_put_right() -> None:
    record = TicketRecord(
        ticket(state=State.RESOLVED),
        (
            entry("2026-06-03T13:00Z", "state", "in_progress", "resolved"),
            entry("2026-06-03T11:00Z", "state", "new", "in_progress"),
        ),
    )
    assert told(record, "state") == [("10:00", "new"), ("11:00", "in_progress"), ("13:00", "resolved")]


def test_an_entry_that_changes_nothing_makes_no_moment() -> None:
    record = TicketRecord(ticket(), (entry("2026-06-03T11:00Z", "state", "new", "new"),))
    assert told(record, "state") == [("10:00", "new")]


def test_a_ticket_without_an_approval_needs_none() -> None:
    record = TicketRecord(
        ticket(approval=ApprovalState.REQUESTED), (entry("2026-06-03T11:00Z", "approval", "", "requested"),)
    )
    assert told(record, "approval") == [("10:00", "not_required"), ("11:00", "requested")]
    assert told(TicketRecord(ticket()), "approval") == [("10:00", "not_required")]


# --- where the history and the snapshot differ ---------------------------------------------------------------------

SILENT = TicketRecord(
    ticket(state=State.CLOSED, priority=2),
    (
        entry("2026-06-03T11:00Z", "state", "new", "in_progress"),
        entry("2026-06-03T12:00Z", "priority", "3", "2"),
    ),
)


def test_a_change_that_was_not_recorded_is_dated_by_the_snapshot() -> None:
    assert told(SILENT, "state") == [("10:00", "new"), ("11:00", "in_progress"), ("20:00", "closed")]


def test_a_change_that_was_not_recorded_is_listed() -> None:
    assert [(one.field, one.new) for one in mismatches(SILENT)] == [("state", "in_progress")]


def test_an_entry_younger_than_the_snapshot_stands() -> None:
    record = replace(SILENT, ticket=replace(SILENT.ticket, updated_at=at("2026-06-03T10:30Z")))
    assert told(record, "state") == [("10:00", "new"), ("11:00", "in_progress")]
    assert [one.field for one in mismatches(record)] == ["state"]


def test_case_and_order_of_several_values_make_no_mismatch() -> None:
    record = TicketRecord(
        ticket(vendor="OptIT", service=("erp", "portal")),
        (
            entry("2026-06-03T11:00Z", "vendor", "", "optit"),
            entry("2026-06-03T12:00Z", "service", "", "portal, ERP"),
            entry("2026-06-03T12:00Z", "resolution", "", "done"),
        ),
    )
    assert mismatches(record) == ()


def test_a_custom_field_can_mismatch() -> None:
    record = TicketRecord(ticket(), (entry("2026-06-03T11:00Z", "custom.floor", "", "3"),))
    assert [one.field for one in mismatches(record)] == ["custom.floor"]


# --- text ----------------------------------------------------------------------------------------------------------


def test_values_are_text_as_in_entries() -> None:
    one = ticket(
        priority=2, category=("disk", "network"), custom={"floor": ("3", "4")}, approval=ApprovalState.APPROVED
    )
    fields = ("priority", "category", "custom.floor", "custom.wing", "approval", "state", "vendor", "type")
    assert [current(one, field) for field in fields] == [
        *("2", "disk, network", "3, 4", "", "approved", "new", "", "incident"),
    ]
    assert (split("disk, network"), split("")) == (("disk", "network"), ())


# --- counting ------------------------------------------------------------------------------------------------------


def of_states(*states: str) -> TicketRecord:
    entries = tuple(
        entry(f"2026-06-03T{11 + hour}:00Z", "state", old, new) for hour, (old, new) in enumerate(pairwise(states))
    )
    return TicketRecord(ticket(state=State(states[-1])), entries)


@pytest.mark.parametrize(
    ("states", "hours"),
    [
        (("new", "in_progress", "resolved", "closed"), []),
        (("new", "resolved", "in_progress", "resolved", "new"), [12, 14]),
        (("resolved", "on_hold"), [11]),
        (("new", "canceled", "new"), [12]),
        (("resolved", "unknown", "in_progress"), [12]),
        (("in_progress", "unknown", "in_progress"), []),
    ],
)
def test_a_ticket_is_reopened_when_it_is_open_after_it_was_done(states: tuple[str, ...], hours: list[int]) -> None:
    assert [moment.hour for moment in reopenings(of_states(*states))] == hours


def of_holders(field: str, *holders: str) -> tuple[HistoryEntry, ...]:
    return tuple(
        entry(f"2026-06-03T{11 + hour}:00Z", field, old, new) for hour, (old, new) in enumerate(pairwise(holders))
    )


@pytest.mark.parametrize(
    ("holders", "hours"),
    [
        (("", "OptIT"), []),
        (("OptIT", "GWL", "OptIT"), [11, 12]),
        (("OptIT", "", "OptIT"), []),
        (("OptIT", "", "GWL"), [12]),
    ],
)
def test_a_ticket_is_reassigned_when_it_goes_to_another_holder(holders: tuple[str, ...], hours: list[int]) -> None:
    record = TicketRecord(ticket(vendor=holders[-1] or None), of_holders("vendor", *holders))
    assert [moment.hour for moment in reassignments(record)] == hours


def test_a_vendor_and_its_group_that_change_together_are_one_reassignment() -> None:
    entries = (*of_holders("vendor", "OptIT", "GWL"), *of_holders("group", "eGov OptIT", "eGov GWL", "eGov GWL 2"))
    record = TicketRecord(ticket(vendor="GWL", group="eGov GWL 2"), entries)
    assert [moment.hour for moment in reassignments(record)] == [11, 12]


def test_hand_overs_name_who_gave_and_who_took() -> None:
    record = TicketRecord(ticket(vendor="GWL"), of_holders("vendor", "", "OptIT", "GWL"))
    assert hand_overs(record) == (
        HandOver(at("2026-06-03T11:00Z"), "", "OptIT"),
        HandOver(at("2026-06-03T12:00Z"), "OptIT", "GWL"),
    )


# --- properties ----------------------------------------------------------------------------------------------------

changes = st.lists(
    st.tuples(
        st.integers(-50, 500), st.sampled_from(["state", "vendor"]), st.sampled_from(["new", "resolved", "", "x"])
    ),
    max_size=12,
)


@given(changes, st.integers(0, 400))
def test_each_moment_holds_what_the_last_entry_before_it_said(drawn: list[tuple[int, str, str]], snapshot: int) -> None:
    entries = tuple(
        HistoryEntry("snow", "1", str(number), CREATED + timedelta(minutes=minute), field, "old", new)
        for number, (minute, field, new) in enumerate(sorted(drawn))
    )
    updated = CREATED + timedelta(minutes=snapshot)
    moments = timeline(TicketRecord(ticket(vendor="x", updated_at=updated), entries), ("state", "vendor"))
    assert moments[0].at == CREATED
    assert all(before.at < after.at and before.values != after.values for before, after in pairwise(moments))
    last = moments[-1].values
    for field, now in (("state", "new"), ("vendor", "x")):
        of_field = [one for one in entries if one.field == field]
        expected = now if not of_field or of_field[-1].at <= updated else of_field[-1].new
        assert last[field] == expected


# --- a real process ------------------------------------------------------------------------------------------------

STATES = {
    "New": "new",
    "Active": "in_progress",
    "Awaiting User Info": "on_hold",
    "Awaiting Problem": "on_hold",
    "Awaiting Vendor": "on_hold",
    "Awaiting Evidence": "on_hold",
    "Resolved": "resolved",
    "Closed": "closed",
    "-100": "unknown",
}


def incidents(log: Path) -> Iterator[list[dict[str, str]]]:
    """The rows of each incident, which follow each other in the log."""
    with lzma.open(log, "rt") as text:
        rows: list[dict[str, str]] = []
        for row in csv.DictReader(text):
            if rows and rows[-1]["number"] != row["number"]:
                yield rows
                rows = []
            rows.append(row)
        yield rows


def as_record(rows: list[dict[str, str]]) -> TicketRecord:
    """An incident as history. The log's minutes are too coarse to order it, so that its rows do."""
    start = datetime.strptime(rows[0]["opened_at"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
    entries = []
    for number, (before, after) in enumerate(pairwise(rows), 1):
        for field, column in (("state", "incident_state"), ("group", "assignment_group")):
            old, new = (STATES.get(row[column], row[column].replace("?", "")) for row in (before, after))
            if old != new:
                moment = start + timedelta(minutes=number)
                entries.append(HistoryEntry("uci", rows[0]["number"], f"{number}{field}", moment, field, old, new))
    last = rows[-1]
    now = ticket(
        state=State(STATES[last["incident_state"]]),
        group=last["assignment_group"].replace("?", "") or None,
        created_at=start,
        updated_at=start + timedelta(minutes=len(rows)),
    )
    return TicketRecord(now, tuple(entries))


def test_a_real_log_is_counted_as_its_own_system_counted_it(shared: Path) -> None:
    seen, differing, more_often = 0, [], []
    for rows in incidents(shared / "data/uci/incident_event_log.csv.xz"):
        record, last = as_record(rows), rows[-1]
        seen += 1
        if len(reopenings(record)) != int(last["reopen_count"]):
            differing.append(last["number"])
        if len(reassignments(record)) > int(last["reassignment_count"]):
            more_often.append(last["number"])  # fewer is right: some changes of group fell between two rows
        assert mismatches(record) == ()
    assert (seen, differing, more_often) == (24_918, [], [])
