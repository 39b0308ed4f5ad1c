"""Every table, whatever it shows: its contract, its types, and that it does not change when it is made again later."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import NOW, ago, decision, frames, ticket

from itsm_bridge.analysis.agreements import Agreed
from itsm_bridge.analysis.columns import DTYPES, Kind
from itsm_bridge.analysis.figures import FIGURES
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.messages import NO_DATA, messages
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration, OutsideFigure
from itsm_bridge.model import NativeSla, TicketRecord, Verdict

CONTRACT = {
    "summary": "figure, value, unit, previous, change",
    "tickets": "ticket, source, number, type, environment, service, category, priority, state, approval, vendor, "
    "assignee, created_at, resolved_at, closed_at, age_hours, reopened, reassigned",
    "open_tickets": "ticket, environment, vendor, priority, state, age_hours, age_bucket, sla_remaining_hours",
    "sla_cycles": "ticket, sla, measures, kind, vendor, environment, priority, started_at, stopped_at, due_at, "
    "target_seconds, elapsed_seconds, paused_seconds, breached, stage",
    "sla_attainment": "sla, vendor, environment, priority, met, breached, running, attainment",
    "sla_breaches": "ticket, sla, vendor, environment, priority, due_at, over_seconds",
    "sla_at_risk": "ticket, sla, vendor, environment, priority, due_at, remaining_seconds",
    "time_in_hand": "ticket, holder, seconds, business_seconds, share",
    "bandwidth": "vendor, week, capacity_hours, load_hours, open_tickets, utilization",
    "traction": "week, vendor, environment, open_start, created, reopened, moved_in, moved_out, resolved, open_end",
    "history": "ticket, at, field, from, to, actor",
    "approvals": "ticket, approver, state, requested_at, decided_at, business_seconds",
    "quality": "vendor, environment, resolved, first_contact_share, reopen_share, reassignments, ping_pong, "
    "mtta_hours, mttr_hours, mttr_median_hours, mttr_p90_hours",
    "recurring": "environment, category, pattern, tickets, breached, example",
    "scorecard": "vendor, figure, value, weight, score",
    "forecast": "vendor, environment, month, arrivals_p50, arrivals_p90, hours_p50, hours_p90, capacity_hours, "
    "people_needed",
    "decisions": "ticket, field, value, rule, because, decided_at, outcome",
    "data_quality": "source, check, count, detail",
    "definitions": "figure, definition",
}

BEYOND = {
    "sla_native": "ticket, sla, native, vendor, environment, ours_elapsed_seconds, native_elapsed_seconds",
    "bandwidth_environments": "vendor, environment, week, load_hours, arrivals, open_tickets, share_of_capacity",
    "bandwidth_skills": "vendor, skill, week, load_hours, arrivals, share_of_capacity",
    "relief": "vendor, week, hours_over, mean_hours_over, environment, service, skill, hours, candidate",
    "sla_breach_shares": "ticket, sla, started_at, holder, kind, business_seconds, share",
    "sla_breach_holders": "sla, holder, kind, cycles, business_seconds, share",
    "decisions_needed": "decision, subject, why, since, otherwise, where",
    "corrections": "table, ticket, what, was, is, noticed_at",
    "checks": "check, expected, found, ok",
    "sla_flips": "ticket, sla, started_at, vendor, environment, priority, agreed, today, agreed_elapsed_seconds, "
    "elapsed_seconds, agreed_target_seconds, target_seconds, cause, frozen_at",
    "inputs": "vendor, environment, month, figure, value, unit",
    "sla_trend": "week, kind, vendor, environment, met, breached, attainment, judged, small_number",
}
"""Tables beyond the contract."""

NAMES = list(TABLES)
FILLED_WITHOUT_TICKETS = {"summary", "definitions", "checks"}
FOR_OTHERS = {"corrections", "relief"}
"""Tables without rows where nothing was published before, or nobody is overloaded: tested on their own."""


OTHERWISE = Verdict(
    "snow", "INC2", "vendor contract", "resolution", "uc", ago(days=5), ago(days=1), "completed", 1, 1, 0, None,
    breached=False, vendor="GWL", environment="punjab", priority=3, definition="d", calendars="c", zone_data="z",
    holidays="h", configuration="d", history="h", known_at=ago(days=1), frozen_at=ago(hours=20),
)  # fmt: skip
"""What was agreed about a ticket of ``some``, and is not so today."""


@pytest.fixture(scope="module")
def some(configured: Configuration) -> list[TicketRecord]:
    assert configured
    return [
        ticket("INC1", ago(days=40), (ago(days=39), "state", "in_progress"), summary="Disk full on pb-web"),
        ticket("INC2", ago(days=5), (ago(days=4), "state", "in_progress"), (ago(days=1), "state", "resolved")),
        ticket("INC3", ago(days=3), approval="requested", vendor=None),
        ticket("INC4", ago(hours=20), environment=None, vendor=None, priority=None),
        ticket("INC6", ago(hours=20), summary="DISK 90% full on pb-web!"),
        ticket("INC5", ago(days=90), (ago(days=80), "state", "closed")),
    ]


def test_tables_come_in_the_contract_s_order() -> None:
    assert list(CONTRACT) == [name for name in NAMES if name not in BEYOND]


@pytest.mark.parametrize("name", [*CONTRACT, *BEYOND])
def test_the_first_columns_are_the_contract_s(name: str) -> None:
    wanted = {**CONTRACT, **BEYOND}[name].split(", ")
    assert [column.name for column in TABLES[name].columns][: len(wanted)] == wanted


def test_the_copy_of_the_contract_is_true(shared: Path) -> None:
    text = (shared / "CONTRACT.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+(?:`, `\w+)?)`(?: \(CSV only\))? \| (\w+, .*) \|$", text, re.MULTILINE))
    rows["sla_breaches"], remaining = rows.pop("sla_breaches`, `sla_at_risk").split(" or ")
    rows["sla_at_risk"] = rows["sla_breaches"].replace("over_seconds", remaining)
    assert {name: rows[name] for name in CONTRACT} == CONTRACT


def test_only_history_has_no_sheet() -> None:
    assert [name for name, table in TABLES.items() if not table.sheet] == ["history"]


@pytest.fixture(scope="module")
def filled(configured: Configuration, some: list[TicketRecord]) -> Frames:
    """Something for every table but those of ``FOR_OTHERS``."""
    made = decision(some[0], "priority", 2, ago(hours=1), "kept")
    measured = NativeSla("snow", "INC1", "n1", "resolution in a day", "", ago(days=40), None, None, 60, None, NOW)
    agreed = Agreed(lambda _: [OTHERWISE])
    given = [OutsideFigure("uptime", "GWL", "", date(2026, 10, 1), 0.999, "share", None, "", "uptime.csv", 2)]
    return frames(some, configured, decisions=[made], natives=[measured], agreed=agreed, outside=given)


@pytest.fixture(scope="module")
def empty(configured: Configuration) -> Frames:
    """No tickets."""
    return frames([], configured)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_of_its_column_s_kind(filled: Frames, name: str) -> None:
    rows = TABLES[name].rows(filled)
    assert len(rows) or name in FOR_OTHERS
    for column in TABLES[name].columns:
        assert rows[column.name].dtype == pd.Series([], dtype=DTYPES[column.kind]).dtype
        if column.kind is Kind.TEXT:
            assert rows[column.name].notna().all()


@pytest.mark.parametrize("name", NAMES)
def test_without_tickets_a_table_has_its_columns_and_nothing_in_them(empty: Frames, name: str) -> None:
    rows = TABLES[name].rows(empty)
    assert list(rows.columns) == [column.name for column in TABLES[name].columns]
    assert len(rows) == 0 or name in FILLED_WITHOUT_TICKETS


def test_without_tickets_the_summary_says_that_there_is_no_data(configured: Configuration) -> None:
    seen = frames([], configured, freshness={"snow": None})
    rows = TABLES["summary"].rows(seen).set_index("key")
    assert rows.loc["tickets_known", "value"] == 0
    assert rows.drop(index="tickets_known")["value"].isna().all()
    assert messages(seen) == (NO_DATA,)


def test_every_figure_table_and_column_has_a_definition(empty: Frames) -> None:
    rows = TABLES["definitions"].rows(empty).set_index("figure")["definition"]
    wanted = [figure.title for figure in FIGURES.values()]
    for name, table in TABLES.items():
        wanted += [name, *(f"{name}.{column.name}" for column in table.columns)]
    assert list(rows.index) == wanted
    assert all(len(text) > 10 and text.endswith((".", "?")) for text in rows)


@settings(deadline=None, max_examples=often(8))
@given(populations)
def test_a_report_made_later_shows_what_one_made_then_showed(configured: Configuration, population: Population) -> None:
    then = ago(days=9, hours=3)
    later = frames(records(population, before=NOW), configured, as_of=then)
    at_the_time = frames(records(population, before=then), configured, as_of=then)
    for table in TABLES.values():
        pd.testing.assert_frame_equal(table.rows(later), table.rows(at_the_time), obj=table.name)


@settings(deadline=None, max_examples=often(6))
@given(populations)
def test_the_order_in_which_tickets_are_read_does_not_matter(configured: Configuration, population: Population) -> None:
    made = records(population)
    one, other = frames(made, configured), frames(made[::-1], configured)
    for table in TABLES.values():
        pd.testing.assert_frame_equal(table.rows(one), table.rows(other), obj=table.name)
