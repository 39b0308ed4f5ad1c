"""What counts as a conflict on one ticket, by what was written, changed and resolved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.writeback.world import NOW, a_ticket

from itsm_bridge.config import Configuration
from itsm_bridge.config.model import Ownership
from itsm_bridge.model import ApprovalState, HistoryEntry, Outcome, Ticket, TicketRecord
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback import Judged, make_plan
from itsm_bridge.writeback.conflicts import Conflict, conflicts_of, next_run, values_text

KEY = "id-INC0000001"
HOUR = timedelta(hours=1)
RANKED = a_ticket(impact=2, urgency=2, priority=3)


def found(
    configuration: Configuration,
    *history: HistoryEntry,
    ticket: Ticket = RANKED,
    last: LastWrite | None = None,
    moved: Collection[str] = (),
) -> list[Conflict]:
    seen: list[Judged] = []
    ledger = {"snow": {KEY: {"vendor": last}}} if last is not None else {}
    plan = make_plan(configuration, [TicketRecord(ticket, history)], ledger, NOW, watch=seen.append)
    return list(conflicts_of(configuration, seen[0], plan.held, moved))


def given(to: str, at: datetime, old: str = "OptIT") -> HistoryEntry:
    return HistoryEntry("snow", KEY, f"{at}", at, "vendor", old, to, actor="asha")


def last_write(outcome: Outcome, **more: object) -> LastWrite:
    values = {"value": "OptIT", "written_at": None, "outcome": outcome, "refusals": 1, "inputs_digest": "other"}
    return LastWrite(**(values | more))  # type: ignore[arg-type]  # the fields of the class, by name


def test_a_value_that_is_to_be_written_for_the_first_time_is_no_conflict(configuration: Configuration) -> None:
    assert found(configuration) == []


@pytest.mark.parametrize("outcome", [Outcome.OVERRIDDEN, Outcome.REJECTED])
def test_a_write_that_did_not_stay_is_one_with_its_reason(configuration: Configuration, outcome: Outcome) -> None:
    (one,) = found(configuration, last=last_write(outcome, detail="the source said no"))
    assert (one.field, one.kind, one.why, one.since) == ("vendor", str(outcome), "the source said no", None)


@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.NOOP])
def test_a_write_that_stayed_is_none(configuration: Configuration, outcome: Outcome) -> None:
    assert found(configuration, last=last_write(outcome, written_at=NOW - HOUR)) == []


def test_a_write_that_did_not_stay_is_none_where_the_value_is_there_by_now(configuration: Configuration) -> None:
    ticket = replace(RANKED, vendor="OptIT")
    assert found(configuration, ticket=ticket, last=last_write(Outcome.REJECTED)) == []


def test_a_ticket_that_moved_before_its_write_is_one(configuration: Configuration) -> None:
    assert [one.kind for one in found(configuration, moved=["vendor"])] == ["conflict"]


def test_ownership_says_whether_a_persons_change_stands_or_is_held_or_is_none(configuration: Configuration) -> None:
    history, ticket = given("GWL", NOW - HOUR), replace(RANKED, vendor="GWL")
    kinds = {
        mode: [
            one.kind
            for one in found(
                replace(configuration, ownership={**configuration.ownership, "vendor": mode}), history, ticket=ticket
            )
        ]
        for mode in Ownership
    }
    assert kinds == {Ownership.YIELD: ["stands"], Ownership.HOLD: ["held"], Ownership.FORCE: []}


def test_an_approval_that_we_would_not_write_is_none(configuration: Configuration) -> None:
    entry = HistoryEntry("snow", KEY, "a", NOW - HOUR, "approval", "", "approved", actor="asha")
    ticket = replace(RANKED, approval=ApprovalState.APPROVED, vendor="OptIT")
    assert found(configuration, entry, ticket=ticket) == []


@pytest.mark.parametrize(("first", "held"), [(NOW - 26 * HOUR, False), (NOW - 24 * HOUR, True)])
def test_two_overrides_count_by_the_time_between_them_whatever_we_wrote(
    configuration: Configuration, first: datetime, held: bool
) -> None:
    forced = replace(configuration, ownership={**configuration.ownership, "vendor": Ownership.FORCE})
    ticket = replace(RANKED, vendor="GWL", group="eGov GWL")
    digest = make_plan(forced, [TicketRecord(ticket)], {}, NOW).tickets[0].inputs_digest
    last = LastWrite("MacroSkies", NOW - HOUR, Outcome.VERIFIED, 0, digest, rewrites=0, written_before=NOW - 30 * HOUR)
    overrides = given("GWL", first), given("GWL", NOW - HOUR / 2, "MacroSkies")
    plan = make_plan(forced, [TicketRecord(ticket, overrides)], {"snow": {KEY: {"vendor": last}}}, NOW)
    assert ([one.kind for one in plan.held] == ["contested"]) == held
    assert ("vendor" in {change.field for change in plan.changes}) != held


def test_what_the_next_run_does_is_said_for_each_way_it_can_go(configuration: Configuration) -> None:
    def said(ticket: Ticket, *history: HistoryEntry, field: str = "vendor") -> str:
        seen: list[Judged] = []
        plan = make_plan(configuration, [TicketRecord(ticket, history)], {}, NOW, watch=seen.append)
        return next_run(field, seen[0], seen[0].wish(), plan.changes, plan.held)

    away = replace(RANKED, vendor="GWL")
    approved = replace(RANKED, approval=ApprovalState.APPROVED)
    assert said(RANKED).startswith("writes vendor OptIT (rule ")
    assert said(away, given("GWL", NOW - HOUR)).startswith("writes nothing: changed by asha on")
    assert said(replace(RANKED, vendor="OptIT")).endswith("the rules want nothing else than what is there")
    assert said(approved, field="approval").endswith("never given, refused or withdrawn")


def test_values_are_told_in_words() -> None:
    assert values_text({"impact": 2, "urgency": None}) == "impact 2, urgency –"
    assert values_text({}) == "nothing"
