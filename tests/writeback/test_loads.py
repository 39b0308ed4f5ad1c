"""Hours in hand: what a ticket is worth, and how a day's work is shared out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.calendars import Calendars
from itsm_bridge.config import Configuration
from itsm_bridge.config.model import Leave
from itsm_bridge.model import HistoryEntry, Outcome, State, Ticket, TicketRecord, TicketType
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback import Efforts, Loads, learn, make_plan
from itsm_bridge.writeback.effort import worked
from itsm_bridge.writeback.loads import Ledger

HOUR = timedelta(hours=1)
MONDAY = datetime.fromisoformat("2026-11-02T04:00:00+00:00")
"""09:30 in India, when every office there opens."""


def homeless(number: int, **given: object) -> TicketRecord:
    return TicketRecord(a_ticket(f"INC{number:07}", environment=None, service=(), **given))


def in_hand(number: int, vendor: str) -> TicketRecord:
    return homeless(number, vendor=vendor, group=f"eGov {vendor}", summary="taken", category=("network",))


def loads(configuration: Configuration, ledger: Ledger | None = None, efforts: Efforts | None = None) -> Loads:
    return Loads(configuration, Calendars(configuration), efforts or Efforts(), ledger or {}, NOW)


def alike(configuration: Configuration) -> Configuration:
    """OptIT and GWL with the same people and hours."""
    twin = replace(configuration.vendors["GWL"], capacity=configuration.vendors["OptIT"].capacity)
    twin = replace(twin, calendar=configuration.vendors["OptIT"].calendar)
    return replace(configuration, vendors={**configuration.vendors, "GWL": twin})


def dealt(configuration: Configuration, records: Sequence[TicketRecord], ledger: Ledger | None = None) -> list[str]:
    """To whom the tickets that nobody has go, in their order."""
    plan = make_plan(configuration, records, ledger or {}, NOW)
    return [str(change.after) for change in plan.changes if change.field == "vendor" and change.before is None]


# --- sharing out ---


def test_a_batch_does_not_flood_whoever_has_a_little_less(configuration: Configuration) -> None:
    busy = [in_hand(n, "OptIT") for n in range(10)] + [in_hand(n, "GWL") for n in range(10, 24)]
    assert Counter(dealt(alike(configuration), [*busy, *(homeless(n) for n in range(50, 54))])) == {
        "OptIT": 2,
        "GWL": 2,
    }


def test_whoever_has_more_room_gets_more(configuration: Configuration) -> None:
    busy = [in_hand(n, "GWL") for n in range(600)]
    given = Counter(dealt(alike(configuration), [*busy, *(homeless(n) for n in range(700, 760))]))
    assert given["OptIT"] > 2 * given["GWL"] > 0


def test_work_is_dealt_in_proportion_to_capacity(configuration: Configuration) -> None:
    assert Counter(dealt(configuration, [homeless(n) for n in range(10)])) == {"OptIT": 6, "GWL": 4}


def test_the_same_tickets_are_dealt_the_same_way(configuration: Configuration) -> None:
    records = [homeless(n) for n in range(30)]
    assert dealt(configuration, records) == dealt(configuration, records)


def test_many_small_runs_of_a_day_deal_as_one_large_one_does(configuration: Configuration) -> None:
    at_once = dealt(configuration, [homeless(n) for n in range(12)])
    given: list[TicketRecord] = []
    ledger: dict[str, LastWrite] = {}
    for number in range(12):
        written = {"snow": {key: {"vendor": write} for key, write in ledger.items()}}
        (vendor,) = dealt(configuration, [*given, homeless(number)], written)
        taken = in_hand(number, vendor)
        given.append(taken)
        ledger[taken.ticket.external_id] = LastWrite(vendor, NOW - HOUR, Outcome.VERIFIED, 0, "")
    assert [record.ticket.vendor for record in given] == at_once


def test_what_was_given_yesterday_is_work_in_hand_today(configuration: Configuration) -> None:
    ticket = in_hand(1, "OptIT").ticket
    turns = {}
    for name, at in (("today", NOW - HOUR), ("yesterday", NOW - timedelta(days=1))):
        ledger = {"snow": {ticket.external_id: {"vendor": LastWrite("OptIT", at, Outcome.VERIFIED, 0, "")}}}
        counted = loads(configuration, ledger)
        counted.count([ticket])
        turns[name] = counted.turns(a_ticket())["OptIT"]
    assert turns["today"] > turns["yesterday"]


def test_leave_takes_capacity_away_and_nobody_left_comes_last(configuration: Configuration) -> None:
    everybody, half = 6, 3
    week = NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=7)
    turns = []
    for people in (0, half, everybody):
        away = replace(configuration.vendors["OptIT"], leave=(Leave(*week, people),))
        vendors = {**configuration.vendors, "OptIT": away}
        turns.append(loads(replace(configuration, vendors=vendors)).turns(a_ticket())["OptIT"])
    assert turns[1] == pytest.approx(2 * turns[0])
    assert turns[2] == inf


def test_large_tickets_weigh_more_than_small_ones(configuration: Configuration) -> None:
    efforts = Efforts({("incident", 1): 10.0, (None, None): 1.0})
    counted = loads(configuration, efforts=efforts)
    counted.count([a_ticket(vendor="OptIT", priority=1)])
    small, large = counted.turns(a_ticket(priority=5)), counted.turns(a_ticket(priority=1))
    free = loads(configuration, efforts=efforts).turns(a_ticket(priority=5))
    assert (small["OptIT"] > free["OptIT"], small["GWL"] == free["GWL"]) == (True, True)
    assert large["GWL"] == pytest.approx(10 * small["GWL"])


def test_a_ticket_that_goes_on_is_taken_off_the_first(configuration: Configuration) -> None:
    ticket = a_ticket(vendor="OptIT")
    counted, empty = loads(configuration), loads(configuration)
    counted.count([ticket])
    counted.move(ticket, "GWL")
    empty.move(a_ticket(), "GWL")
    assert counted.turns(a_ticket()) == empty.turns(a_ticket())


# --- what a ticket is worth ---


def lived(number: int, hours: float, *, kind: TicketType = TicketType.INCIDENT, priority: int = 3) -> TicketRecord:
    """A ticket that OptIT had in progress for so many hours from Monday morning on, after a night with nobody."""
    at = MONDAY
    changes = [
        ("vendor", "", "OptIT", at - 2 * HOUR),
        ("state", "new", "in_progress", at),
        ("state", "in_progress", "resolved", at + hours * HOUR),
    ]
    history = tuple(
        HistoryEntry("snow", f"id-{number}", f"{number}-{place}", when, name, old, new)
        for place, (name, old, new, when) in enumerate(changes)
    )
    ticket: Ticket = a_ticket(
        f"INC{number:07}",
        external_id=f"id-{number}",
        type=kind,
        priority=priority,
        state=State.RESOLVED,
        vendor="OptIT",
        created_at=at - 10 * HOUR,
        resolved_at=at + hours * HOUR,
    )
    return TicketRecord(ticket, history)


def test_the_hours_of_a_ticket_are_those_in_progress_in_a_vendors_hands(configuration: Configuration) -> None:
    assert worked(lived(1, 3), Calendars(configuration)) == 3.0
    # from 09:30 to 18:30 without half an hour at noon, then the night, then half an hour
    assert worked(lived(1, 24.5), Calendars(configuration)) == 9.0


def test_a_ticket_that_nobody_of_ours_had_tells_nothing(configuration: Configuration) -> None:
    record = lived(1, 3)
    nobody = replace(record, history=record.history[1:], ticket=replace(record.ticket, vendor=None))
    assert learn([nobody] * 9, Calendars(configuration)) == Efforts()


def some(count: int, hours: Sequence[float], priority: int) -> Iterator[TicketRecord]:
    return (lived(100 * priority + n, hours[n % len(hours)], priority=priority) for n in range(count))


def test_a_kind_is_worth_the_median_of_its_tickets(configuration: Configuration) -> None:
    efforts = learn([*some(9, [1, 2, 3], 3), *some(5, [7], 1)], Calendars(configuration))
    assert (efforts.of(a_ticket(priority=3)), efforts.of(a_ticket(priority=1))) == (2.0, 6.5)


def test_where_a_kind_is_rare_its_priority_counts_and_then_all(configuration: Configuration) -> None:
    efforts = learn([*some(9, [2], 3), *some(4, [7], 1)], Calendars(configuration))
    assert efforts.of(a_ticket(priority=3, type=TicketType.CHANGE)) == 2.0
    assert efforts.of(a_ticket(priority=1)) == 2.0  # the median of all thirteen
    assert Efforts().of(a_ticket()) == 1.0


# --- a field that is fought over ---


def fought(configuration: Configuration, world: World, rewrites: int, *, override: datetime | None = None) -> set[str]:
    """The fields of the plan where the vendor was written so often, and somebody has it away again."""
    written = NOW - HOUR
    record = TicketRecord(a_ticket())
    if override is not None:
        entry = HistoryEntry("snow", "id-INC0000001", "e1", override, "vendor", "OptIT", "GWL", actor="workflow")
        record = TicketRecord(a_ticket(vendor="GWL", group="eGov GWL"), (entry,))
        forced = {**configuration.ownership, "vendor": type(configuration.ownership["vendor"])("force")}
        configuration = replace(configuration, ownership=forced)
    digest = make_plan(configuration, [record], {}, NOW).tickets[0].inputs_digest
    last = LastWrite("OptIT", written, Outcome.VERIFIED, 0, digest, rewrites=rewrites)
    plan = make_plan(configuration, [record], {world.name: {"id-INC0000001": {"vendor": last}}}, NOW)
    assert {held.kind for held in plan.held} == (set() if rewrites == 0 or _slow(override, written) else {"contested"})
    return {change.field for change in plan.changes}


def _slow(override: datetime | None, written: datetime) -> bool:
    return override is not None and override - written > timedelta(days=1)


def test_a_value_that_is_overridden_once_is_written_again(configuration: Configuration, world: World) -> None:
    assert "vendor" in fought(configuration, world, 0)


def test_a_value_that_is_overridden_twice_within_a_day_is_held(configuration: Configuration, world: World) -> None:
    assert "vendor" not in fought(configuration, world, 1)
    assert "vendor" not in fought(configuration, world, 1, override=NOW - HOUR / 2)


def test_a_quarrel_changes_no_inputs_and_news_do(configuration: Configuration) -> None:
    def rest(ticket: Ticket) -> str:
        return make_plan(configuration, [TicketRecord(ticket)], {}, NOW).tickets[0].inputs_digest[32:]

    assert rest(a_ticket()) == rest(a_ticket(vendor="GWL", group="eGov GWL", assignee="asha.k@egov.example"))
    assert rest(a_ticket()) != rest(a_ticket(category=("network",)))
