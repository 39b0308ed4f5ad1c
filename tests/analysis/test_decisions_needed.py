from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.analysis.made import NOW, ago, decision, frames, ticket

from itsm_bridge.analysis.columns import shaped
from itsm_bridge.analysis.decisions_needed import KINDS, TABLE, build
from itsm_bridge.analysis.matters import Matter, matters
from itsm_bridge.config.model import Configuration, Environment, Owner
from itsm_bridge.store import Run


def kinds_of(rows: object) -> dict[str, str]:
    return {row["subject"]: row["kind"] for row in rows.to_dict("records")}  # type: ignore[attr-defined]  # a frame


def test_each_open_ticket_that_waits_is_asked_about_once_and_the_most_urgent_first(configured: Configuration) -> None:
    late = ticket("LATE", ago(days=3), approval="requested", vendor=None)
    asked = ticket("ASKED", ago(days=3), approval="requested", vendor=None)
    rejected = ticket("REJECTED", ago(days=3), approval="rejected", vendor=None)
    nobody = ticket("NOBODY", ago(days=3), vendor=None)
    differs = ticket("DIFFERS", ago(days=3))
    held = ticket("HELD", ago(days=3))
    fine = ticket("FINE", ago(days=3))
    done = ticket("DONE", ago(days=3), (ago(days=1), "state", "resolved"), vendor=None)
    decisions = [
        decision(
            late, "note", "was not given within 8 h", ago(days=1), "verified", because="(its approval is overdue)"
        ),
        decision(differs, "vendor", "OptIT", ago(days=1), "conflict"),
        decision(held, "priority", None, ago(days=1), "held", because="people and rules keep changing it"),
    ]
    made = frames([late, asked, rejected, nobody, differs, held, fine, done], configured, decisions=decisions)
    rows = TABLE.rows(made)
    assert kinds_of(rows) == {
        "snow:LATE": "overdue",
        "snow:DIFFERS": "conflict",
        "snow:NOBODY": "unrouted",
        "snow:HELD": "held",
        "snow:REJECTED": "rejected",
        "snow:ASKED": "approval",
    }
    places = [list(KINDS).index(kind) for kind in rows["kind"]]
    assert places == sorted(places)
    assert rows.set_index("subject").loc["snow:LATE", "why"] == "was not given within 8 h"
    assert rows.set_index("subject").loc["snow:HELD", "why"] == "people and rules keep changing it"
    assert (rows[["decision", "subject", "why", "otherwise", "where"]] != "").all(axis=None)


def test_a_ticket_whose_vendor_went_on_after_a_rejection_is_asked_about_for_what_is_held(
    configured: Configuration,
) -> None:
    """It is in somebody's hands: to close it for the rejection is not what it waits for."""
    kept = ticket("KEPT", ago(days=3), approval="rejected")
    held = decision(kept, "priority", None, ago(days=1), "held", because="people and rules keep changing it")
    (row,) = TABLE.rows(frames([kept], configured, decisions=[held])).to_dict("records")
    assert (row["kind"], row["why"]) == ("held", "people and rules keep changing it")


def test_an_approval_that_was_asked_for_again_is_not_overdue_by_the_old_note(configured: Configuration) -> None:
    again = ticket(
        "INC1", ago(days=9), (ago(days=2), "approval", "not_required"), (ago(days=1), "approval", "requested"),
        approval="requested", vendor=None,
    )  # fmt: skip
    old = decision(again, "note", "was not given", ago(days=5), "verified", because="(its approval is overdue)")
    new = replace(old, decided_at=ago(hours=1))
    assert kinds_of(TABLE.rows(frames([again], configured, decisions=[old]))) == {"snow:INC1": "approval"}
    assert kinds_of(TABLE.rows(frames([again], configured, decisions=[new]))) == {"snow:INC1": "overdue"}


@pytest.mark.parametrize("taken", ["", "taken for rejected: "])
def test_a_held_approval_out_of_time_is_overdue_and_waits_since_it_was_asked_for(
    configured: Configuration, taken: str
) -> None:
    late = ticket("INC1", ago(days=9), (ago(days=4), "approval", "requested"), vendor=None)
    why = f"{taken}not given within 8 h of business time since it was asked for (rule change)"
    rows = TABLE.rows(
        frames([late], configured, decisions=[decision(late, "approval", None, ago(hours=1), "held", because=why)])
    )
    (row,) = rows.to_dict("records")
    assert (row["kind"], row["since"], row["why"]) == ("overdue", ago(days=4), why.partition(" (rule ")[0])


def test_a_source_that_was_not_read_and_a_vendor_with_too_much_work_are_asked_about(configured: Configuration) -> None:
    taught = ticket("INC0", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=30), "state", "resolved"))
    many = [ticket(f"INC{place}", ago(days=8)) for place in range(1, 11)]
    rows = TABLE.rows(frames([taught, *many], configured, freshness={"snow": ago(days=2), "ops": None}))
    assert kinds_of(rows) == {"GWL": "overload", "snow": "stale", "ops": "stale"}
    assert str(rows.set_index("subject").loc["GWL", "why"]).endswith("of its capacity arrived in 2026-W46")
    assert rows.set_index("subject").loc["snow", "since"] == ago(days=2)


def test_what_the_configuration_holds_comes_in_the_same_order(configured: Configuration) -> None:
    nobody = ticket("INC1", ago(days=3), vendor=None)
    beside = (Matter("nda", "MacroSkies", "onboarding"), Matter("guard", "run 7", "too many", ago(hours=1)))
    rows = shaped(build(frames([nobody], configured), beside), TABLE.columns)
    assert list(rows["kind"]) == ["guard", "unrouted", "nda"]
    assert list(shaped(build(frames([], configured), beside), TABLE.columns)["kind"]) == ["guard", "nda"]


def test_a_vendor_that_starts_without_an_agreement_is_asked_about(configured: Configuration) -> None:
    found = matters(configured, (), NOW)
    assert [(one.kind, one.subject) for one in found] == [("nda", "MacroSkies")]


def owned(configured: Configuration, *owners: Owner) -> Configuration:
    place = configured.environments["punjab"]
    environment = Environment("punjab", None, ("portal", "erp"), None, owners, "OptIT", place.position)
    return replace(configured, environments={"punjab": environment}, vendors={})


def owner(
    configured: Configuration, vendor: str, *services: str, start: date | None = None, end: date | None = None
) -> Owner:
    position = configured.environments["punjab"].position
    return Owner(vendor, services, start, end, position)


def test_an_owner_that_ends_within_sixty_days_needs_a_successor(configured: Configuration) -> None:
    today = NOW.astimezone(configured.zone).date()
    soon, late = today + timedelta(days=60), today + timedelta(days=61)

    def asked(*owners: Owner) -> list[str]:
        return [one.why for one in matters(owned(configured, *owners), (), NOW)]

    ending = owner(configured, "GWL", end=soon)
    assert asked(ending) == [f"GWL owns it until {soon:%d %b %Y}; then OptIT as fallback"]
    assert asked(owner(configured, "GWL", end=late)) == []
    assert asked(owner(configured, "GWL", end=today)) == []
    assert asked(ending, owner(configured, "OptIT", start=soon)) == []
    assert asked(ending, owner(configured, "OptIT", start=soon + timedelta(days=1))) != []
    assert asked(ending, owner(configured, "OptIT", "portal", start=soon)) != []
    assert asked(ending, owner(configured, "OptIT", "portal", start=soon), owner(configured, "X", "erp")) == []
    of_one = owner(configured, "GWL", "erp", end=soon)
    assert asked(of_one, owner(configured, "OptIT", "portal")) == [
        f"GWL owns it of erp until {soon:%d %b %Y}; then OptIT as fallback"
    ]


def run(number: int, command: str, outcome: str | None) -> Run:
    return Run(number, command, ago(hours=number), "d", ago(hours=number), outcome, {"problems": ["21 of 30 tickets"]})


def test_a_guard_that_stopped_the_last_writing_run_is_asked_about(configured: Configuration) -> None:
    def stopped(*runs: Run) -> list[tuple[str, str]]:
        return [(one.subject, one.why) for one in matters(owned(configured), runs, NOW)]

    assert stopped(run(1, "sync", "0"), run(2, "run", "6")) == [("run 2", "21 of 30 tickets")]
    assert stopped(run(1, "run", None), run(2, "apply", "6")) == [("run 2", "21 of 30 tickets")]
    assert stopped(run(1, "run", "0"), run(2, "run", "6")) == []
    assert stopped(replace(run(1, "run", "6"), started_at=NOW), run(2, "run", "0")) == []
