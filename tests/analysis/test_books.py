"""What the store keeps beside tickets: decisions with their outcomes, and what is odd about the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from tests.analysis.made import NOW, ago, decision, frames, summarised, ticket

from itsm_bridge.analysis.material import Problem, Sent
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration

ONE = ticket("INC1", ago(days=3))


def test_the_latest_decision_of_each_field_is_shown(configured: Configuration) -> None:
    made = [
        decision(ONE, "vendor", "OptIT", ago(hours=9), "verified"),
        decision(ONE, "priority", 2, ago(hours=9), "verified"),
        decision(ONE, "vendor", "GWL", ago(hours=2), "kept"),
        decision(ticket("INC2", ago(days=3)), "vendor", "GWL", ago(hours=2), "kept"),
    ]
    rows = TABLES["decisions"].rows(frames([ONE], configured, decisions=made))
    assert [tuple(row) for row in rows[["field", "value", "outcome"]].to_numpy()] == [
        ("priority", "2", "verified"),
        ("vendor", "GWL", "kept"),
    ]


def test_a_decision_made_later_has_not_been_made(configured: Configuration) -> None:
    made = [decision(ONE, "vendor", "OptIT", ago(days=2), "kept"), decision(ONE, "vendor", "GWL", NOW, "kept")]
    rows = TABLES["decisions"].rows(frames([ONE], configured, decisions=made))
    assert list(rows["value"]) == ["OptIT"]


def sent(outcome: str, opened: datetime, closed: datetime | None) -> Sent:
    return Sent("snow", "INC1", "vendor", opened, closed, outcome)


@pytest.mark.parametrize(
    ("writes", "outcome"),
    [
        ([], "planned"),
        ([sent("verified", ago(hours=1), ago(minutes=50))], "verified"),
        ([sent("", ago(hours=1), None)], "unknown"),
        ([sent("verified", ago(hours=1), NOW)], "unknown"),
        ([sent("verified", ago(hours=9), ago(hours=9))], "planned"),
        ([sent("rejected", ago(hours=2), ago(hours=2)), sent("verified", ago(hours=1), ago(minutes=50))], "verified"),
        ([replace(sent("rejected", ago(hours=2), ago(hours=2)), field="priority")], "planned"),
    ],
)
def test_the_outcome_of_a_plan_is_that_of_its_write(
    configured: Configuration, writes: list[Sent], outcome: str
) -> None:
    made = decision(ONE, "vendor", "OptIT", ago(hours=3), "planned")
    rows = TABLES["decisions"].rows(frames([ONE], configured, decisions=[made], sent=writes))
    assert list(rows["outcome"]) == [outcome]


def quality(configured: Configuration, *made: object, **known: object) -> dict[tuple[str, str], tuple[int, str]]:
    rows = TABLES["data_quality"].rows(frames(made, configured, **known))  # type: ignore[arg-type]  # spelled out below
    return {(row["source"], row["check"]): (row["count"], row["detail"]) for row in rows.to_dict("records")}


def test_a_clean_store_has_no_findings(configured: Configuration) -> None:
    assert quality(configured, ONE) == {}


def test_tickets_that_figures_cannot_place_are_counted(configured: Configuration) -> None:
    odd = ticket("INC2", ago(days=2), environment=None, vendor=None, priority=None)
    lost = ticket("INC3", ago(days=2), (ago(days=1), "state", "unknown"))
    found = quality(configured, ONE, odd, lost)
    assert found == {
        ("snow", "no_business_time"): (1, "snow:INC2: it has no environment"),
        ("snow", "no_environment"): (1, "snow:INC2: no environment"),
        ("snow", "no_priority"): (1, "snow:INC2: no priority"),
        ("snow", "no_service_level"): (1, "snow:INC2: no service level applies"),
        ("snow", "unrouted"): (1, "snow:INC2: in no vendor's hands"),
        ("snow", "unknown_state"): (1, "snow:INC3: its state is not mapped in bridge.yaml, so it counts as not open"),
    }


def test_an_end_without_history_and_a_history_without_its_end_are_told(configured: Configuration) -> None:
    undated = ticket("INC2", ago(days=2), state="resolved")
    moved = ticket("INC3", ago(days=2), (ago(days=1), "vendor", "OptIT"))
    broken = replace(moved, ticket=replace(moved.ticket, vendor="GWL"))
    found = quality(configured, replace(undated, ticket=replace(undated.ticket, resolved_at=ago(days=1))), broken)
    assert found["snow", "no_state_history"] == (1, "snow:INC2: its end is taken from its dates")
    assert found["snow", "history_mismatch"] == (1, "snow:INC3: vendor: history ends with 'OptIT'")


def test_oddities_and_quarantine_come_from_the_store_as_of_the_instant(configured: Configuration) -> None:
    problems = [
        Problem("snow", "unmapped_state", f"id{place}", f"state {place}", ago(days=1)) for place in range(5)
    ] + [
        Problem("snow", "quarantined", "INC7", "no creation date", ago(days=1)),
        Problem("snow", "unmapped_state", "id9", "noticed later, about another ticket", NOW),
    ]
    found = quality(configured, ONE, problems=problems)
    assert found["snow", "unmapped_state"] == (5, "id0: state 0; id1: state 1; id2: state 2; and 2 more")
    assert found["snow", "quarantined"] == (1, "INC7: no creation date")


def test_what_is_noticed_later_about_a_ticket_known_by_then_is_told_too(configured: Configuration) -> None:
    later = Problem("snow", "changed_after_closing", ONE.ticket.external_id, "2 changes", NOW)
    found = quality(configured, ONE, problems=[later])
    assert found["snow", "changed_after_closing"] == (1, "snow:INC1: 2 changes")


def test_a_source_that_was_never_read_is_told(configured: Configuration) -> None:
    found = quality(configured, freshness={"snow": None})
    assert found == {("snow", "never_read"): (1, "snow: no sync of this source has ended")}


def test_a_clock_that_cannot_be_measured_is_told(configured: Configuration) -> None:
    stranger = ticket("INC2", ago(days=2), vendor="Gone")
    found = quality(configured, stranger)
    assert found["snow", "unclocked"][0] == 1
    assert "vendor contract" in found["snow", "unclocked"][1]


def test_the_title_of_a_ticket_is_shown_as_it_is(configured: Configuration) -> None:
    rows = TABLES["tickets"].rows(frames([summarised(ONE, "=1+1")], configured))
    assert list(rows["summary"]) == ["=1+1"]
