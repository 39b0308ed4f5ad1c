"""What was agreed when a clock ended stands, whatever is edited, added or corrected later."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from tests.analysis.made import NOW, RULES, ago, ticket
from tests.operations.agreeing import (
    DONE_IN_TIME,
    SLA,
    figure,
    flips,
    frozen,
    keep,
    table,
    verdicts,
    with_sla,
    written,
)

from itsm_bridge.errors import StorageFailed
from itsm_bridge.model import HistoryEntry, TicketRecord
from itsm_bridge.operations import freezing
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.run import freeze_ended
from itsm_bridge.sla import Clocked, Clockwork, digests
from itsm_bridge.store import Store, SweepRow

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
STRICTER = SLA.replace("target: 4h", "target: 2h")


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    configuration = written(tmp_path / "config")
    with Store.open(configuration.store, tmp_path, create=True) as store:
        yield Bridge(configuration, store, lambda: NOW)


# --- what stands ---------------------------------------------------------------------------------------------------


def test_a_goal_of_four_hours_that_was_met_stays_met_when_it_becomes_two(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    assert frozen(bridge) == 1
    edited = with_sla(bridge, STRICTER)
    assert frozen(edited) == 0
    (verdict,) = verdicts(edited)
    assert (verdict.breached, verdict.target_seconds, verdict.elapsed_seconds) == (False, 4 * 3600, 9000)
    assert flips(edited) == [("snow:INC1", "met", "breached", "definition changed")]
    (cycle,) = table(edited, "sla_cycles").to_dict("records")
    assert (cycle["breached"], cycle["agreed_breached"]) == (True, False)
    assert (cycle["target_seconds"], cycle["agreed_target_seconds"], cycle["agreed_at"]) == (7200, 14400, NOW)
    assert (figure(edited, "sla_attainment"), figure(edited, "sla_attainment_agreed")) == (0, 1)


def test_what_is_not_edited_has_no_flips(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    assert flips(bridge) == []
    assert figure(bridge, "sla_attainment_agreed") == figure(bridge, "sla_attainment") == 1


def test_without_anything_frozen_attainment_as_agreed_is_that_of_today(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME, ticket("INC2", ago(hours=10)))
    assert figure(bridge, "sla_attainment_agreed") == figure(bridge, "sla_attainment") == 0.5
    assert table(bridge, "sla_cycles")["agreed_at"].isna().all()


def test_a_clock_that_runs_is_not_frozen(bridge: Bridge) -> None:
    keep(bridge, ticket("INC1", ago(hours=10)))
    assert frozen(bridge) == 0
    assert verdicts(bridge) == []


def test_a_cancelled_clock_is_frozen_too(bridge: Bridge) -> None:
    keep(bridge, ticket("INC1", ago(hours=10), (ago(hours=3), "state", "canceled")))
    frozen(bridge)
    (verdict,) = verdicts(bridge)
    assert (verdict.stage, verdict.breached) == ("cancelled", True)
    assert figure(bridge, "sla_attainment_agreed") is None


def test_a_holiday_that_is_added_late_flips_a_breach_and_is_named(bridge: Bridge) -> None:
    late = ticket("INC1", ago(days=3), (ago(hours=4), "state", "resolved"))  # Monday to Thursday
    office = SLA.replace("calendar: always\n    start", "calendar: office\n    start").replace("4h", "20h")
    before = with_sla(bridge, office)
    keep(before, late)
    frozen(before)
    holidays = office.replace(
        '["09:00-17:00"]}\n', '["09:00-17:00"]}\n    holidays: {add: {2026-11-17: "A holiday"}}\n'
    )
    after = with_sla(before, holidays)
    frozen(after)
    assert len(verdicts(after)) == 1
    assert flips(after) == [("snow:INC1", "breached", "met", "calendar changed")]


def test_a_history_that_is_dated_back_is_listed_and_changes_no_verdict(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    of = DONE_IN_TIME.ticket
    waited = (
        HistoryEntry("snow", "INC1", "late", of.created_at + HOUR, "priority", "3", "5"),
        HistoryEntry("snow", "INC1", "later", of.created_at + 2 * HOUR, "priority", "5", "3"),
    )
    longer = replace(DONE_IN_TIME.history[0], at=ago(hours=10))
    keep(bridge, TicketRecord(replace(of, version="2"), (longer,)))
    assert frozen(bridge) == 0
    assert flips(bridge) == [("snow:INC1", "met", "breached", "history changed")]
    keep(bridge, TicketRecord(replace(of, version="3"), (DONE_IN_TIME.history[0], *waited)))
    frozen(bridge)
    assert ("snow:INC1", "met", "cancelled", "history changed") in flips(bridge)
    assert next(one.stopped_at for one in verdicts(bridge)) == of.created_at + 2.5 * HOUR


def test_a_definition_that_is_gone_leaves_its_verdicts(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    renamed = with_sla(bridge, SLA.replace("name: resolution", "name: other"))
    assert frozen(renamed) == 1
    assert flips(renamed) == [("snow:INC1", "met", "gone", "definition changed")]
    gone = table(renamed, "sla_flips").iloc[0]
    assert pd.isna(gone["elapsed_seconds"])


def test_a_rule_that_moves_a_ticket_to_other_clocks_is_a_change_of_the_configuration(bridge: Bridge) -> None:
    nowhere = ticket("INC1", ago(hours=20), (ago(hours=15.5), "state", "resolved"), environment=None)
    by_place = SLA.replace("start: {priority: [1, 2, 3]}", "start: {environment: {empty: true}}")
    before = with_sla(bridge, by_place)
    keep(before, nowhere)
    frozen(before)
    everywhere = RULES.replace('text: {contains: "pb-"}', "source: snow")
    after = with_sla(before, by_place, rules=everywhere)
    assert flips(after) == [("snow:INC1", "breached", "gone", "configuration changed")]


@pytest.mark.parametrize(
    ("what", "cause"), [("zone_data_version", "zone data changed"), ("holidays_version", "holidays changed")]
)
def test_other_data_of_the_world_is_a_cause_of_its_own(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, what: str, cause: str
) -> None:
    with monkeypatch.context() as older:
        older.setattr(digests, what, lambda: "1999a")
        keep(bridge, DONE_IN_TIME)
        frozen(bridge)
    after = with_sla(bridge, STRICTER)
    assert flips(after) == [("snow:INC1", "met", "breached", f"definition changed, {cause}")]


def test_where_a_definition_stands_and_what_it_warns_of_bears_on_no_verdict(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    (before,) = verdicts(bridge)
    moved = with_sla(bridge, SLA.replace("slas:\n", "slas:\n\n\n").replace("warn: [50%, 75%]", "warn: [90%]"))
    keep(moved, ticket("INC2", ago(hours=20), (ago(hours=17.5), "state", "resolved")))
    frozen(moved)
    (after,) = verdicts(moved, "INC2")
    assert (after.definition, after.calendars, after.history != "") == (before.definition, before.calendars, True)
    assert after.configuration != before.configuration


# --- ends that come again ------------------------------------------------------------------------------------------


def test_a_clock_that_goes_on_after_a_reopening_has_a_new_verdict_when_it_ends_again(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    first = verdicts(bridge)
    again = (ago(hours=6), "state", "in_progress")
    keep(bridge, ticket("INC1", ago(hours=20), (ago(hours=17.5), "state", "resolved"), again))
    frozen(bridge)
    assert verdicts(bridge) == first
    assert flips(bridge) == []
    assert figure(bridge, "sla_attainment_agreed") == figure(bridge, "sla_attainment") == 0
    keep(
        bridge,
        ticket(
            "INC1",
            ago(hours=20),
            (ago(hours=17.5), "state", "resolved"),
            again,
            (ago(hours=1), "state", "resolved"),
        ),
    )
    assert frozen(bridge) == 1
    assert verdicts(bridge)[0] == first[0]
    assert [one.breached for one in verdicts(bridge)] == [False, True]
    assert flips(bridge) == []
    assert figure(bridge, "sla_attainment_agreed") == 0


def test_an_end_that_a_new_definition_moves_is_no_new_verdict(bridge: Bridge) -> None:
    closed = ticket("INC1", ago(hours=20), (ago(hours=17.5), "state", "resolved"), (ago(hours=1), "state", "closed"))
    keep(bridge, DONE_IN_TIME)
    frozen(bridge, ago(hours=10))
    later = with_sla(bridge, SLA.replace("stop: {state: [resolved, closed]}", "stop: {state: closed}"))
    keep(later, closed)
    assert frozen(later) == 0
    assert flips(later) == [("snow:INC1", "met", "breached", "definition changed")]


def test_a_definition_that_is_added_late_is_frozen_for_what_ended_before(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    added = SLA + SLA.partition("slas:\n")[2].replace("name: resolution", "name: second").replace("4h", "1h")
    assert frozen(with_sla(bridge, added)) == 1
    assert [(one.sla, one.breached) for one in verdicts(bridge)] == [("resolution", False), ("second", True)]


def test_an_instant_in_the_past_sees_what_was_frozen_by_then(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge, ago(hours=2))
    edited = with_sla(bridge, STRICTER)
    assert flips(edited, ago(hours=3)) == []
    assert len(flips(edited, ago(hours=2))) == len(flips(edited)) == 1


# --- how it is done ------------------------------------------------------------------------------------------------


def test_only_tickets_that_were_stored_since_are_looked_at(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(bridge, DONE_IN_TIME)
    frozen(bridge)
    assert bridge.store.unfrozen("snow", 10) == []
    keep(bridge, ticket("INC2", ago(hours=20), (ago(hours=17.5), "state", "resolved")))
    assert bridge.store.unfrozen("snow", 10) == ["INC2"]
    looked: list[str] = []
    real = Clockwork.clocked

    def watched(clockwork: Clockwork, records: list[TicketRecord], now: datetime) -> Iterator[Clocked]:
        looked.extend(record.ticket.number for record in records)
        return real(clockwork, records, now)

    monkeypatch.setattr(Clockwork, "clocked", watched)
    assert frozen(bridge) == 1
    assert looked == ["INC2"]


def test_freezing_stops_when_the_time_is_up_and_goes_on_the_next_time(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "BATCH", 2)
    keep(bridge, *(ticket(f"INC{place}", ago(hours=9), (ago(hours=8), "state", "closed")) for place in range(5)))
    asked = iter([False, True])
    assert freezing.freeze(bridge, ["snow"], NOW, lambda: next(asked)) == 2
    assert frozen(bridge) == 3


def test_a_batch_that_breaks_off_is_not_done_at_all(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(bridge, DONE_IN_TIME)
    with monkeypatch.context() as broken:

        def full(*_: object) -> None:
            raise StorageFailed("the disk is full")

        broken.setattr("itsm_bridge.store.verdicts._take_off", full)
        with pytest.raises(StorageFailed):
            frozen(bridge)
    assert verdicts(bridge) == []
    assert bridge.store.unfrozen("snow", 10) == ["INC1"]
    assert frozen(bridge) == 1


def test_a_program_that_is_killed_while_it_freezes_leaves_whole_batches_and_the_next_ends_them(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "BATCH", 3)
    tickets = [ticket(f"INC{place}", ago(hours=9), (ago(hours=8), "state", "closed")) for place in range(12)]
    keep(bridge, *tickets)
    counts = []
    for statements in (2, 6, 4):  # while it queues, in its second batch, and in the second one after that
        command = [sys.executable, "-m", "tests.operations.dying", str(bridge.configuration.folder), str(statements)]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)  # noqa: S603 - our own program
        assert done.returncode == -signal.SIGKILL, done.stderr
        there = [one for each in tickets for one in verdicts(bridge, each.ticket.number)]
        left = bridge.store.unfrozen("snow", 100)
        assert len(there) + len(left) == 12
        assert len(there) % 3 == 0
        counts.append(len(there))
    assert counts == [0, 3, 6]
    frozen(bridge)
    assert [len(verdicts(bridge, each.ticket.number)) for each in tickets] == [1] * 12


def test_a_ticket_that_is_gone_from_its_source_is_not_looked_at(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    sweep = SweepRow("snow", NOW, seen=0, fetched=0, missed=1)
    assert bridge.store.note_sweep(sweep, {"INC1": "deleted"}, final={"deleted"}, patience=2) == ["INC1"]
    assert frozen(bridge) == 0
    assert bridge.store.unfrozen("snow", 10) == []
    keep(bridge, DONE_IN_TIME)
    assert frozen(bridge) == 1


def test_clocks_that_cannot_be_computed_are_a_problem_of_the_run_and_freeze_nothing(bridge: Bridge) -> None:
    aged = with_sla(bridge, SLA.replace("start: {priority: [1, 2, 3]}", "start: {age: {gt: 1h}}"))
    keep(aged, DONE_IN_TIME)
    added, (problem,) = freeze_ended(aged, ["snow"])
    assert (added, "age" in problem.message) == (0, True)
    assert bridge.store.unfrozen("snow", 10) == ["INC1"]
    assert freeze_ended(with_sla(bridge, SLA), ["snow"]) == (1, ())


def test_without_service_levels_nothing_is_looked_at(bridge: Bridge) -> None:
    keep(bridge, DONE_IN_TIME)
    none = with_sla(bridge, SLA.partition("slas:")[0])
    assert frozen(none) == 0
    assert frozen(with_sla(bridge, SLA)) == 1
