from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from tests.analysis.made import NOW, Change, ago, frames, ticket
from tests.analysis.walking import OPEN, Life, office_is_open, values_at

from itsm_bridge.analysis import approvals
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.material import Gone
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import Approval, ApprovalState, TicketRecord

HOUR = timedelta(hours=1)
DECIDED = ("approved", "rejected")
Row = Mapping[str, Any]
Vote = tuple[str, str, datetime, datetime | None]
"""Approver, state, when it was asked for, when it was given."""


def asked(record: TicketRecord, *votes: Vote) -> TicketRecord:
    """The ticket with approvers' records."""
    source, number = record.ticket.source, record.ticket.external_id
    made = [
        Approval(source, number, f"{number}-{place}", who, ApprovalState(state), at, decided)
        for place, (who, state, at, decided) in enumerate(votes)
    ]
    return replace(record, approvals=tuple(made))


def rows(configured: Configuration, *made: TicketRecord, **known: object) -> list[Row]:
    table = approvals.TABLE.rows(frames(made, configured, **known))  # type: ignore[arg-type]  # spelled out below
    listed: list[Row] = table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[assignment]  # its keys are the columns' names
    return listed


def test_each_approver_s_record_is_a_row_and_those_who_wait_come_first(configured: Configuration) -> None:
    made = asked(
        ticket("INC1", ago(hours=30), approval="requested"),
        ("a@egov.example", "approved", ago(hours=24), ago(hours=2)),
        ("b@egov.example", "requested", ago(hours=24), None),
    )
    waiting, decided = rows(configured, made)
    assert (waiting["approver"], waiting["state"], waiting["waiting"]) == ("b@egov.example", "requested", True)
    assert (waiting["waited_hours"], waiting["decided_at"], waiting["by"]) == (24, None, "record")
    assert (decided["approver"], decided["decided_at"], decided["waiting"]) == ("a@egov.example", ago(hours=2), False)
    assert (waiting["business_seconds"] / 3600, decided["business_seconds"] / 3600) == (8, 7)  # opens 9:00, shuts 17:00
    assert (waiting["environment"], waiting["vendor"]) == ("punjab", "GWL")


def test_what_was_decided_later_waits_and_what_was_asked_later_is_not_there(configured: Configuration) -> None:
    made = asked(
        ticket("INC1", ago(hours=30)),
        ("a", "approved", ago(hours=24), ago(hours=2)),
        ("b", "requested", ago(hours=3), None),
    )
    (row,) = rows(configured, made, as_of=ago(hours=4))
    assert (row["approver"], row["state"], row["waiting"], row["waited_hours"]) == ("a", "requested", True, 20)
    at_the_very_instant = rows(configured, made, as_of=ago(hours=2))
    assert [(row["approver"], row["state"]) for row in at_the_very_instant] == [("a", "requested"), ("b", "requested")]


def test_a_field_tells_of_each_time_that_it_was_asked_for_and_who_decided(configured: Configuration) -> None:
    made = ticket(
        "OPS-1",
        ago(hours=30),
        (ago(hours=24), "approval", "requested"),
        (ago(hours=20), "approval", "rejected"),
        (ago(hours=10), "approval", "requested"),
        (ago(hours=8), "approval", "not_required"),
        (ago(hours=5), "approval", "requested"),
    )
    found = [
        (row["approver"], row["state"], row["requested_at"], row["decided_at"], row["waiting"], row["by"])
        for row in rows(configured, made)
    ]
    assert found == [
        ("", "requested", ago(hours=5), None, True, "field"),
        ("agent", "rejected", ago(hours=24), ago(hours=20), False, "field"),
        ("", "not_required", ago(hours=10), None, False, "field"),
    ]


def test_a_ticket_made_with_the_request_waits_since_then(configured: Configuration) -> None:
    (row,) = rows(configured, ticket("OPS-1", ago(hours=9), approval="requested"))
    assert (row["requested_at"], row["waited_hours"]) == (ago(hours=9), 9)


def test_a_decision_that_nobody_asked_for_has_no_wait(configured: Configuration) -> None:
    made = ticket("OPS-1", ago(hours=9), (ago(hours=5), "approval", "approved"))
    born = ticket("OPS-2", ago(hours=9), approval="approved")
    (row,) = rows(configured, made, born)
    assert (row["state"], row["decided_at"]) == ("approved", ago(hours=5))
    assert (row["requested_at"], row["business_seconds"], row["waited_hours"]) == (None, None, None)


def test_records_go_before_the_field(configured: Configuration) -> None:
    made = ticket("INC1", ago(hours=9), (ago(hours=8), "approval", "requested"), (ago(hours=1), "approval", "approved"))
    (row,) = rows(configured, asked(made, ("a", "approved", ago(hours=7), ago(hours=1))))
    assert (row["by"], row["approver"], row["requested_at"]) == ("record", "a", ago(hours=7))


def test_nobody_waits_for_an_answer_about_a_ticket_that_is_done_or_gone(configured: Configuration) -> None:
    done = ticket("INC1", ago(hours=9), (ago(hours=3), "state", "canceled"))
    records = asked(done, ("a", "requested", ago(hours=8), None), ("b", "requested", ago(hours=2), None))
    field = ticket("INC2", ago(hours=9), (ago(hours=4), "state", "closed"), approval="requested")
    gone = asked(ticket("INC3", ago(hours=9)), ("a", "requested", ago(hours=8), None))
    seen = rows(configured, records, field, gone, gone={("snow", "INC3"): Gone(ago(hours=6), "deleted")})
    assert sorted((row["ticket"], row["state"], row["waiting"], row["waited_hours"]) for row in seen) == [
        ("snow:INC1", "requested", False, 0),
        ("snow:INC1", "requested", False, 5),
        ("snow:INC2", "requested", False, 5),
        ("snow:INC3", "requested", False, 2),
    ]


def test_without_an_owner_there_is_no_business_time(configured: Configuration) -> None:
    made = asked(ticket("INC1", ago(hours=9), environment="goa"), ("a", "requested", ago(hours=8), None))
    (row,) = rows(configured, made)
    assert (row["business_seconds"], row["waited_hours"]) == (None, 8)


def test_the_summary_says_how_many_wait_and_how_long(configured: Configuration) -> None:
    made = [
        asked(
            ticket("INC1", ago(days=9)),
            ("a", "requested", ago(hours=24), None),  # 8 business hours
            ("b", "requested", ago(hours=2), None),  # 1
            ("c", "approved", ago(days=8), ago(hours=1)),
        ),
        asked(ticket("INC2", ago(days=9), environment=None), ("a", "requested", ago(days=3), None)),
        ticket("INC3", ago(hours=3), approval="requested"),  # 2
    ]
    figures = values(frames(made, configured))
    assert (figures["approvals_waiting"], figures["approvals_waiting_hours"]) == (4, 2)
    assert figures["oldest_approval"] == 3


def test_where_nobody_waits_there_is_no_wait(configured: Configuration) -> None:
    figures = values(frames([ticket("INC1", ago(hours=9))], configured))
    keys = ("approvals_waiting", "approvals_waiting_hours", "oldest_approval")
    assert [figures[key] for key in keys] == [0, None, None]


# --- against a walk through lives ----------------------------------------------------------------------------------

Story = tuple[Life, list[Vote]]


def story(rng: random.Random) -> Story:
    """A ticket and what was asked about it: by records, by its field, or by both. All of it at half past."""
    created, changes = NOW - rng.randrange(24 * 20) * HOUR, []
    current = {"state": "new", "vendor": "GWL", "environment": "punjab", "approval": "not_required"}
    choices = {
        "state": ["in_progress", "on_hold", "resolved", "new", "unknown"],
        "vendor": ["GWL", "OptIT", ""],
        "environment": ["punjab", "ap", "goa"],
        "approval": ["requested", "requested", "approved", "rejected", "not_required"],
    }
    for hours in sorted(rng.sample(range(1, 24 * 9), rng.randrange(9))):
        field = rng.choice(["approval", "approval", *choices])
        new = rng.choice([value for value in choices[field] if value != current[field]])
        current[field] = new
        changes.append((created + hours * HOUR, field, new))
    votes: list[Vote] = []
    for who in "ab" if rng.random() < 0.4 else "":
        at, wait = created + rng.randrange(99) * HOUR, rng.randrange(99) * HOUR
        state = rng.choice(["approved", "rejected", "requested", "not_required"])
        votes.append((who, state, at, at + wait if state in DECIDED else None))
    return (created, _past(changes)), [one for one in votes if one[2] < NOW and (one[3] or created) < NOW]


def _past(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change[0] < NOW]


def walked(one: Story, since: datetime, until: datetime) -> list[tuple[object, ...]]:
    """What the table says of a ticket."""
    life, votes = one
    instants = sorted({life[0], *(at for at, _, _ in life[1] if at < until)})
    moments = [(at, values_at(life, at)) for at in instants]
    was_open = [end for (_, now), end in zip(moments, [*instants[1:], until], strict=True) if now["state"] in OPEN]
    if not was_open or was_open[-1] < since:
        return []
    now = moments[-1][1]
    told = [
        (who, "requested", at, None, "record") if decided and decided >= until else (who, state, at, decided, "record")
        for who, state, at, decided in votes
        if at < until
    ]
    found: list[tuple[object, ...]] = []
    for who, state, at, decided, by in told or list(_of_field(moments)):
        end = decided or (was_open[-1] if state == "requested" else None)
        end = max(end, at) if end and at else end
        waiting = state == "requested" and now["state"] in OPEN
        waited = (end - at) / HOUR if end and at else None
        business = _office_seconds(at, end) if end and at and now["environment"] in {"punjab", "ap"} else None
        if waited == 0:
            business = 0
        found.append((who, state, at, decided, business, now["environment"], now["vendor"], waiting, waited, by))
    return found


def _of_field(moments: Sequence[tuple[datetime, Mapping[str, str]]]) -> Sequence[tuple[str, str, Any, Any, str]]:
    found: list[tuple[str, str, Any, Any, str]] = []
    before = moments[0][1]["approval"] or "not_required"
    if before == "requested":
        found.append(("", "requested", moments[0][0], None, "field"))
    for at, now in moments[1:]:
        state = now["approval"] or "not_required"
        if state == before:
            continue
        if before == "requested":
            decided = at if state in DECIDED else None
            found[-1] = ("agent" if decided else "", state, found[-1][2], decided, "field")
        elif state in DECIDED:
            found.append(("agent", state, None, at, "field"))
        if state == "requested":
            found.append(("", "requested", at, None, "field"))
        before = state
    return found


def _office_seconds(start: datetime, end: datetime) -> int:
    hours = int((end - start) / HOUR)
    return 3600 * sum(office_is_open(start + place * HOUR) for place in range(hours))


@pytest.mark.parametrize("as_of", [NOW, ago(days=2, hours=3)])
def test_every_row_is_what_a_walk_through_the_lives_finds(configured: Configuration, as_of: datetime) -> None:
    rng = random.Random(7)
    stories = [story(rng) for _ in range(80)]
    made = [
        asked(ticket(f"INC{place}", created, *changes), *votes)
        for place, ((created, changes), votes) in enumerate(stories)
    ]
    seen = frames(made, configured, as_of=as_of)
    wanted = {
        (f"snow:INC{place}", *row)
        for place, one in enumerate(stories)
        if one[0][0] < as_of
        for row in walked(one, seen.start, as_of)
    }
    names = [
        "ticket", "approver", "state", "requested_at", "decided_at", "business_seconds", "environment", "vendor",
        "waiting", "waited_hours", "by",
    ]  # fmt: skip
    table = rows(configured, *made, as_of=as_of)
    assert {tuple(row[name] for name in names) for row in table} == wanted
    assert len(table) == len(wanted)
    counts = pd.Series([(row["by"], row["state"]) for row in table]).value_counts()
    assert len(counts) == 8
    assert sum(row["waiting"] for row in table) > 5
