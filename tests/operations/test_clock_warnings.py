"""A warning is told once for each clock and share, and never of what was over before anybody looked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.analysis.made import NOW, Change, ago, ticket
from tests.operations.agreeing import SLA, keep, table, with_sla, written

from itsm_bridge.model import TicketRecord
from itsm_bridge.operations import clock_warnings
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.clock_warnings import Warnings, look
from itsm_bridge.store import Store

HOUR = timedelta(hours=1)
RETROACTIVE = SLA.replace("start: {priority: [1, 2, 3]}", "start: {priority: 1}\n    on_change: retroactive")


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    """One in which warnings were looked for ten hours ago, when there was no ticket."""
    configuration = written(tmp_path / "config")
    with Store.open(configuration.store, tmp_path, create=True) as store:
        made = Bridge(configuration, store, lambda: NOW)
        told(made, ago(hours=10))
        yield made


def told(bridge: Bridge, now: datetime = NOW) -> Warnings:
    """Look, and end the run, so that what was found is told."""
    found = look(bridge, ["snow"], now)
    run = bridge.store.start_run("run", now, "d")
    bridge.store.finish_run(run, now, "0", {}, found.rows)
    return found


def brief(found: Warnings) -> list[tuple[str, float]]:
    return [(one.ticket, one.percent) for one in found.clocks]


def started(hours: float, *changes: Change, number: str = "INC1") -> TicketRecord:
    return ticket(number, ago(hours=hours), *changes)


def test_a_clock_is_told_of_once(bridge: Bridge) -> None:
    keep(bridge, started(2.5))
    first = told(bridge)
    assert brief(first) == [("snow:INC1", 50)]
    (clock,) = first.clocks
    assert (clock.sla, clock.vendor, clock.used, clock.crossed_at) == ("resolution", "GWL", 62.5, ago(hours=0.5))
    for _ in range(3):
        assert told(bridge) == Warnings()
    assert [one.told_at for one in bridge.store.warnings("snow", ["INC1"])] == [NOW]


def test_a_share_that_is_not_used_up_is_not_told_of_and_one_that_just_is_is(bridge: Bridge) -> None:
    keep(bridge, started(2), started(2 - 1 / 3600, number="INC2"))
    assert brief(told(bridge)) == [("snow:INC1", 50)]


def test_each_share_is_told_of_when_its_time_comes(bridge: Bridge) -> None:
    keep(bridge, started(2.5))
    assert brief(told(bridge)) == [("snow:INC1", 50)]
    assert brief(told(bridge, NOW + HOUR)) == [("snow:INC1", 75)]
    assert brief(told(bridge, NOW + 2 * HOUR)) == []


def test_of_several_shares_at_once_the_highest_is_told_of_and_all_are_recorded(bridge: Bridge) -> None:
    keep(bridge, started(3.5))
    assert brief(told(bridge)) == [("snow:INC1", 75)]
    rows = bridge.store.warnings("snow", ["INC1"])
    assert [(row.percent, row.crossed_at) for row in rows] == [(50, ago(hours=1.5)), (75, ago(hours=0.5))]
    assert told(bridge) == Warnings()


def test_a_program_that_starts_again_remembers(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, started(2.5))
    assert told(bridge).clocks
    with Store.open(bridge.configuration.store, tmp_path) as store:
        assert told(replace(bridge, store=store)) == Warnings()


def test_a_run_that_is_killed_before_its_end_leaves_the_telling_to_the_next(bridge: Bridge) -> None:
    keep(bridge, started(2.5))
    killed = look(bridge, ["snow"], NOW)
    assert [row.told_at for row in bridge.store.warnings("snow", ["INC1"])] == [None]
    assert brief(killed) == brief(told(bridge)) == [("snow:INC1", 50)]
    assert told(bridge) == Warnings()


def test_a_look_that_breaks_off_between_two_batches_is_gone_on_with(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_warnings, "BATCH", 1)
    keep(bridge, started(2.5), started(2.5, number="INC2"))
    asked = iter([False, True])
    first = look(bridge, ["snow"], NOW, lambda: next(asked))
    assert brief(first) == [("snow:INC1", 50)]
    assert brief(told(bridge)) == [("snow:INC1", 50), ("snow:INC2", 50)]


def test_a_clock_that_is_reset_warns_again(bridge: Bridge) -> None:
    reset = with_sla(bridge, SLA + "    reset: {vendor: OptIT}\n")
    keep(reset, started(6))
    assert brief(told(reset, ago(hours=3))) == [("snow:INC1", 75)]
    keep(reset, started(6, (ago(hours=2.5), "vendor", "OptIT")))
    assert brief(told(reset)) == [("snow:INC1", 50)]
    assert len({row.started_at for row in reset.store.warnings("snow", ["INC1"])}) == 2


def test_the_first_look_at_a_source_lists_nothing_and_records_what_is_over(bridge: Bridge, tmp_path: Path) -> None:
    with Store.open("sqlite:///var/other.db", tmp_path, create=True) as empty:
        fresh = replace(bridge, store=empty)
        keep(fresh, started(2.5), started(3.5, number="INC2"), started(50, number="INC3"))
        first = told(fresh)
        assert (first.clocks, first.before) == ((), 5)
        assert [row.told_at for row in empty.warnings("snow", ["INC2"])] == [NOW, NOW]
        assert brief(told(fresh, NOW + HOUR)) == [("snow:INC1", 75)]


def test_a_share_that_somebody_adds_to_a_definition_begins_as_quietly(bridge: Bridge) -> None:
    keep(bridge, started(2.5))
    added = with_sla(bridge, SLA.replace("[50%, 75%]", "[40%, 50%, 75%]"))
    found = told(added)
    assert (brief(found), found.before) == ([("snow:INC1", 50)], 1)


def test_a_clock_that_was_breached_before_the_last_look_is_not_told_of(bridge: Bridge) -> None:
    late = with_sla(bridge, RETROACTIVE)
    keep(late, ticket("INC1", ago(hours=8), priority=3))
    assert told(late, ago(hours=1)) == Warnings()
    keep(late, ticket("INC1", ago(hours=8), (ago(hours=0.5), "priority", "1"), priority=3))
    found = told(late)
    assert (found.clocks, found.before) == ((), 2)


def test_a_clock_that_attaches_late_and_is_in_time_is_told_of(bridge: Bridge) -> None:
    late = with_sla(bridge, RETROACTIVE)
    keep(late, ticket("INC1", ago(hours=2.5), priority=3))
    assert told(late, ago(hours=0.25)) == Warnings()
    keep(late, ticket("INC1", ago(hours=2.5), (ago(hours=0.1), "priority", "1"), priority=3))
    assert brief(told(late)) == [("snow:INC1", 50)]


def test_a_clock_that_ran_past_its_target_between_two_looks_is_told_of(bridge: Bridge) -> None:
    keep(bridge, started(6))
    assert brief(told(bridge)) == [("snow:INC1", 75)]


def test_the_instant_is_reckoned_in_business_time_and_leaves_pauses_out(bridge: Bridge) -> None:
    office = with_sla(bridge, SLA.replace("calendar: always\n    start", "calendar: office\n    start"))
    # Thursday in Kolkata: an hour from 9:00, on hold for two, an hour more up to 13:00, on hold again
    begun = datetime.fromisoformat("2026-11-19T08:00+05:30")
    waits = [(begun + hours * HOUR, "state", state) for hours, state in ((2, "on_hold"), (4, "new"), (5.5, "on_hold"))]
    keep(office, ticket("INC1", begun, *waits))
    (clock,) = told(office).clocks
    assert (clock.percent, clock.used) == (50, 62.5)
    assert clock.crossed_at == datetime.fromisoformat("2026-11-19T13:00+05:30")


@pytest.mark.parametrize(("state", "count"), [("resolved", 0), ("on_hold", 1)])
def test_clocks_that_have_ended_are_not_told_of_and_paused_ones_are(bridge: Bridge, state: str, count: int) -> None:
    keep(bridge, started(3, (ago(hours=0.5), "state", state)))
    assert len(told(bridge).clocks) == count


def test_where_no_definition_warns_nothing_is_computed(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = with_sla(bridge, SLA.replace("    warn: [50%, 75%]\n", ""))
    keep(silent, started(3))
    monkeypatch.setattr(clock_warnings, "Clockwork", None)
    assert told(silent) == Warnings()


def test_what_is_at_risk_says_which_warning_it_has_passed(bridge: Bridge) -> None:
    keep(bridge, started(3.5), started(3.2, number="INC2"))
    assert len(told(bridge).clocks) == 2
    first, second = table(bridge, "sla_at_risk").to_dict("records")
    assert (first["ticket"], first["warned_percent"], first["warned_at"]) == ("snow:INC1", 75, ago(hours=0.5))
    assert (second["ticket"], second["warned_percent"], second["warned_at"]) == ("snow:INC2", 75, ago(hours=0.2))
