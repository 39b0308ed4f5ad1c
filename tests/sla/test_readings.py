from __future__ import annotations

from datetime import time

import pytest
from tests.sla.tickets import at, clocks, level, record, when

from itsm_bridge.conditions import AllOf, Condition, FieldTest, Matcher, Not, Operator, Value
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import TicketRecord


def matching(field: str, operator: Operator, *operands: Value) -> Condition:
    return FieldTest(field, (Matcher(operator, operands),))


def starts(one: TicketRecord, condition: Condition) -> list[str]:
    return [f"{cycle.started_at:%H:%M}" for cycle in clocks(one, level(start=condition))]


RICH = record(
    "2026-06-03T10:00Z",
    ("2026-06-03T11:00Z", "group", "eGov DevOps"),
    ("2026-06-03T12:00Z", "category", "network, disk"),
    ("2026-06-03T13:00Z", "state", "resolved"),
    ("2026-06-03T14:00Z", "state", "in_progress"),
    ("2026-06-03T15:00Z", "group", "eGov OptIT"),
    summary="ERP is down",
    labels=("urgent", "erp"),
    priority=2,
    due_at=at("2026-06-09T00:00Z"),
    custom={"floor": ("3", "4")},
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (when(source="SNOW", project="incident", type="incident"), ["10:00"]),
        (when(group="egov devops"), ["11:00"]),
        (when(category="disk"), ["12:00"]),
        (when(labels="ERP"), ["10:00"]),
        (FieldTest("custom.floor", (Matcher(Operator.ONE_OF, ("4",)),)), ["10:00"]),
        (FieldTest("custom.wing", (Matcher(Operator.EMPTY, (True,)),)), ["10:00"]),
        (matching("text", Operator.CONTAINS, "is down"), ["10:00"]),
        (matching("priority", Operator.LTE, 2), ["10:00"]),
        (when(approval="not_required"), ["10:00"]),
        (when(weekday="wed"), ["10:00"]),
        (matching("time", Operator.GTE, time(15, 30)), ["10:00"]),
        (matching("created", Operator.GT, at("2026-06-03T10:00Z")), []),
        (matching("due", Operator.LT, at("2026-06-10T00:00Z")), ["10:00"]),
        (matching("reopened", Operator.GT, 0), ["14:00"]),
        (matching("reassigned", Operator.GTE, 1), ["15:00"]),
        (AllOf((Not(when(group="egov optit")), when(state="in_progress"))), ["14:00"]),
    ],
)
def test_a_condition_sees_a_field_as_it_stood(condition: Condition, expected: list[str]) -> None:
    assert starts(RICH, condition) == expected


@pytest.mark.parametrize("field", ["age", "idle", "updated"])
def test_a_condition_on_what_no_history_records_is_refused(field: str) -> None:
    late = matching(field, Operator.GT, 3600)
    with pytest.raises(ConfigurationInvalid, match=f"'resolution'.*{field}"):
        clocks(RICH, level(pause=Not(AllOf((late,)))))


def test_many_different_tickets_are_read_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itsm_bridge.sla.readings.MOST_REMEMBERED", 3)
    for number in range(10):
        one = record("2026-06-03T10:00Z", summary=f"ticket {number}")
        assert len(clocks(one, level(start=matching("summary", Operator.ENDS_WITH, "7")))) == (number == 7)
