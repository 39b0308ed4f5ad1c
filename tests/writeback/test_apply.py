from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config import Configuration
from itsm_bridge.config.model import Ownership
from itsm_bridge.connectors.base import Absence, Write
from itsm_bridge.errors import OutcomeUnknown, SourceUnavailable, WriteRefused
from itsm_bridge.model import HistoryEntry, Outcome, TicketType
from itsm_bridge.store import Store
from itsm_bridge.store.audit import walk
from itsm_bridge.sync import pull
from itsm_bridge.writeback import (
    Applied,
    Leftovers,
    Plan,
    apply,
    collisions_in,
    make_plan,
    open_writes,
    resolve_leftovers,
)
from itsm_bridge.writeback.judging import replaced

FIRST = "id-INC0000001"


def plan_for(configuration: Configuration, store: Store, world: World) -> Plan:
    pull(store, world, NOW, zone=configuration.zone, limits=configuration.limits)
    ledger = {world.name: store.last_writes(world.name)}
    shown = {(one.source, one.project): one.ticket for one in store.shown_notes()}
    return make_plan(configuration, store.records(source=world.name, open_only=True), ledger, NOW, shown=shown)


def carried_out(plan: Plan, store: Store, world: World) -> Applied:
    run = store.start_run("apply", NOW, plan.digest)
    return apply(plan, store, {world.name: world}, run, lambda: NOW)


def killed(configuration: Configuration, store: Store, world: World, when: str) -> None:
    """A run that dies ``before`` or ``after`` its first write."""

    def die(_: Write) -> None:
        raise KeyboardInterrupt

    setattr(world, when, die)
    with pytest.raises(KeyboardInterrupt):
        carried_out(plan_for(configuration, store, world), store, world)
    setattr(world, when, lambda _: None)


def outcomes(applied: Applied) -> Sequence[set[Outcome]]:
    return [set(outcome.fields.values()) for outcome in applied.outcomes]


def test_what_was_planned_is_written_once_and_read_back(
    configuration: Configuration, store: Store, world: World
) -> None:
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert outcomes(applied) == [{Outcome.VERIFIED}] * 3
    assert (applied.written, applied.findings, applied.left) == (3, (), 0)
    assert [set(write.values) for write in world.writes] == [{"impact", "urgency", "vendor"}] * 3


def test_a_second_run_has_nothing_left_to_write(configuration: Configuration, store: Store, world: World) -> None:
    carried_out(plan_for(configuration, store, world), store, world)
    assert plan_for(configuration, store, world).tickets == ()


def test_the_store_holds_the_ticket_as_it_was_read_back(
    configuration: Configuration, store: Store, world: World
) -> None:
    carried_out(plan_for(configuration, store, world), store, world)
    found = store.find_ticket("snow:INC0000001")
    assert found is not None
    assert (found.vendor, found.impact) == ("OptIT", 2)


def test_a_ticket_that_moved_since_the_plan_is_skipped_and_listed(
    configuration: Configuration, store: Store, world: World
) -> None:
    plan = plan_for(configuration, store, world)
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    applied = carried_out(plan, store, world)
    assert outcomes(applied)[0] == {Outcome.CONFLICT}
    assert world.records[FIRST].ticket.vendor == "GWL"
    assert [finding.plan.ticket.id for finding in applied.findings] == ["snow:INC0000001"]
    assert len(world.writes) == 2


def test_every_write_to_a_source_is_in_the_audit_log_and_every_verified_row_was_written(
    configuration: Configuration, store: Store, world: World
) -> None:
    plan = plan_for(configuration, store, world)
    carried_out(plan, store, world)
    rows = list(walk(store._database.reading))
    sent = {(write.ticket.external_id, field) for write in world.writes for field in write.values}
    assert sent
    for outcome in ("sent", "verified"):
        assert {(row.external_id, row.field) for row in rows if row.outcome == outcome} == sent
    rules = {(change.ticket, change.field): change.rule for change in plan.changes}
    assert {(f"{row.source}:{row.number}", row.field): row.rule for row in rows} == rules
    assert store.verify_audit().faults == ()


def test_the_person_who_moved_it_keeps_it_in_the_next_plan(
    configuration: Configuration, store: Store, world: World
) -> None:
    plan = plan_for(configuration, store, world)
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL", impact=1)
    carried_out(plan, store, world)
    assert plan_for(configuration, store, world).tickets == ()


def test_a_ticket_that_says_so_already_is_not_written(configuration: Configuration, store: Store, world: World) -> None:
    plan = plan_for(configuration, store, world)
    world.edit(FIRST, "asha.k@egov.example", vendor="OptIT", impact=2, urgency=2)
    applied = carried_out(plan, store, world)
    assert outcomes(applied)[0] == {Outcome.NOOP}
    assert applied.findings == ()


def test_a_value_that_the_source_did_not_store_is_never_called_done(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.deaf = {"vendor"}
    applied = carried_out(plan_for(configuration, store, world), store, world)
    fields = applied.outcomes[0].fields
    assert (fields["vendor"], fields["impact"]) == (Outcome.OVERRIDDEN, Outcome.VERIFIED)
    assert "did not store vendor" in applied.findings[0].detail


def test_a_value_that_is_not_stored_is_sent_twice_and_then_held(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.deaf = {"vendor"}
    for _ in range(5):
        carried_out(plan_for(configuration, store, world), store, world)
    sent = [write for write in world.writes if write.ticket.external_id == FIRST and "vendor" in write.values]
    # once with all fields, then, since the ticket itself changed by that, twice more
    assert len(sent) <= 3
    refused = plan_for(configuration, store, world).refused
    assert {held.field for held in refused} == {"vendor"}
    assert all("did not store vendor" in held.why for held in refused)


def test_a_refused_write_leaves_the_others_alone(configuration: Configuration, store: Store, world: World) -> None:
    def refuse(write: Write) -> None:
        if write.ticket.external_id == FIRST:
            raise WriteRefused("snow: PATCH incident: 403")

    world.before = refuse
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert outcomes(applied) == [{Outcome.REJECTED}, {Outcome.VERIFIED}, {Outcome.VERIFIED}]
    assert applied.findings[0].detail == "snow: PATCH incident: 403"


def test_a_lost_answer_is_resolved_by_reading_and_nothing_is_sent_again(
    configuration: Configuration, store: Store, world: World
) -> None:
    def lose(_: Write) -> None:
        raise OutcomeUnknown("snow: the connection broke")

    world.after = lose
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert outcomes(applied) == [{Outcome.VERIFIED}] * 3
    assert len(world.writes) == 3


def test_a_write_that_never_arrived_is_planned_again(configuration: Configuration, store: Store, world: World) -> None:
    def lose(_: Write) -> None:
        raise OutcomeUnknown("snow: the connection broke")

    world.before = lose
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert outcomes(applied) == [{Outcome.OVERRIDDEN}] * 3
    world.before = lambda _: None
    assert outcomes(carried_out(plan_for(configuration, store, world), store, world)) == [{Outcome.VERIFIED}] * 3


def test_a_person_who_saves_between_our_read_and_our_write_is_not_overwritten_silently(
    configuration: Configuration, store: Store, world: World
) -> None:
    def save_first(write: Write) -> None:
        if write.ticket.external_id == FIRST:
            world.edit(FIRST, "asha.k@egov.example", vendor="GWL")

    world.before = save_first
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert [finding.plan.ticket.id for finding in applied.findings] == ["snow:INC0000001"]
    assert "'GWL' was saved in between" in applied.findings[0].detail


def test_a_person_who_saves_right_after_us_stands_in_the_next_plan(
    configuration: Configuration, store: Store, world: World
) -> None:
    def save_after(write: Write) -> None:
        world.edit(write.ticket.external_id, "asha.k@egov.example", vendor="GWL")

    world.after = save_after
    carried_out(plan_for(configuration, store, world), store, world)
    assert {change.field for change in plan_for(configuration, store, world).changes} == set()


def test_a_source_that_goes_down_ends_its_own_part_only(
    configuration: Configuration, store: Store, world: World
) -> None:
    other = World("ops")
    other.put(a_ticket("OPS-1", source="ops", external_id="10001", project="OPS"))
    for source in (world, other):
        pull(store, source, NOW, zone=configuration.zone, limits=configuration.limits)
    plan = make_plan(configuration, store.records(open_only=True), {}, NOW)
    world.down = SourceUnavailable("snow: 503")
    run = store.start_run("apply", NOW, plan.digest)
    applied = apply(plan, store, {"snow": world, "ops": other}, run, lambda: NOW)
    assert (applied.left, applied.problems) == (3, {"snow": world.down})
    assert len(other.writes) == 1


def test_a_run_that_died_after_the_write_is_resolved_as_written(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW).resolved == 1
    assert store.unresolved_intents("snow") == []
    assert store.last_writes("snow")[FIRST]["vendor"].outcome is Outcome.VERIFIED
    carried_out(plan_for(configuration, store, world), store, world)
    assert [write.ticket.external_id for write in world.writes].count(FIRST) == 1


def test_a_run_that_died_before_the_write_is_resolved_as_not_written(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "before")
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW).resolved == 1
    assert len(plan_for(configuration, store, world).tickets) == 3


def test_a_leftover_whose_ticket_cannot_be_read_stays_open_and_is_resolved_when_it_can_be(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    hidden = world.records.pop(FIRST)
    (unread,) = resolve_leftovers(store, {"snow": world}, lambda: NOW).unread
    assert (unread.ticket, "not there any more" in unread.why) == ("snow:INC0000001", True)
    assert [intent.external_id for intent in open_writes(store, "snow")] == [FIRST]
    world.records[FIRST] = hidden
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW) == Leftovers(1, ())
    assert store.last_writes("snow")[FIRST]["vendor"].outcome is Outcome.VERIFIED
    pull(store, world, NOW, zone=configuration.zone, limits=configuration.limits)
    plan = plan_for(configuration, store, world)
    assert FIRST not in {one.ticket.external_id for one in plan.tickets}
    assert not any(decision.because.startswith("changed by") for decision in plan.decisions)  # it was us


def test_a_leftover_of_a_hidden_ticket_waits_in_silence_until_the_ticket_is_back(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    hidden = world.records[FIRST]
    world.take_away(FIRST, Absence.HIDDEN)
    for day in (1, 2):  # two sweeps that miss it
        at = NOW + timedelta(days=day)
        pull(store, world, at, zone=configuration.zone, limits=configuration.limits)
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW) == Leftovers(0, ())
    assert (open_writes(store, "snow"), len(store.unresolved_intents("snow"))) == ([], 1)
    del world.absent[FIRST]
    world.records[FIRST] = hidden
    at = NOW + timedelta(days=3)
    pull(store, world, at, zone=configuration.zone, limits=configuration.limits)
    assert len(open_writes(store, "snow")) == 1
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW) == Leftovers(1, ())


def test_a_write_whose_end_is_not_known_is_not_taken_for_a_persons_once_the_ticket_is_seen_again(
    configuration: Configuration, store: Store, world: World
) -> None:
    def die(_: Write) -> None:
        raise KeyboardInterrupt

    world.after = die
    with pytest.raises(KeyboardInterrupt):
        carried_out(plan_for(configuration, store, world), store, world)
    world.after = lambda _: None
    hidden = world.records.pop(FIRST)
    resolve_leftovers(store, {"snow": world}, lambda: NOW)
    assert FIRST not in {one.external_id for one in plan_for(configuration, store, world).decisions}
    world.records[FIRST] = hidden
    resolve_leftovers(store, {"snow": world}, lambda: NOW)
    plan = plan_for(configuration, store, world)
    decided = {one.field: one.outcome for one in plan.decisions if one.external_id == FIRST}
    assert decided["vendor"] == decided["impact"] == "kept"


def test_a_ticket_that_our_own_write_moved_out_of_sight_is_a_finding_and_the_others_go_on(
    configuration: Configuration, store: Store, world: World
) -> None:
    def vanish(write: Write) -> None:
        if write.ticket.external_id == FIRST:
            del world.records[FIRST]

    world.after = vanish
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert outcomes(applied) == [{Outcome.UNKNOWN}, {Outcome.VERIFIED}, {Outcome.VERIFIED}]
    assert "could not be read back" in applied.findings[0].detail
    assert len(open_writes(store, "snow")) == 1  # until it can be read, nobody knows


def test_a_stop_signal_is_obeyed_between_two_tickets(configuration: Configuration, store: Store, world: World) -> None:
    plan = plan_for(configuration, store, world)
    run = store.start_run("apply", NOW, plan.digest)
    applied = apply(plan, store, {"snow": world}, run, lambda: NOW, stopped=lambda: bool(world.writes))
    assert (len(world.writes), applied.left) == (1, 2)


def test_a_write_into_a_ticket_that_was_deleted_since_ends_as_unknown(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    world.take_away(FIRST, Absence.DELETED)
    pull(store, world, NOW + timedelta(days=1), zone=configuration.zone, limits=configuration.limits)
    assert resolve_leftovers(store, {"snow": world}, lambda: NOW).resolved == 1
    assert store.last_writes("snow")[FIRST]["vendor"].outcome is Outcome.UNKNOWN
    assert store.unresolved_intents("snow") == []


def test_a_workflow_that_undoes_a_value_without_a_trace_is_noticed_and_the_value_held(
    configuration: Configuration, store: Store, world: World
) -> None:
    for _ in range(5):
        carried_out(plan_for(configuration, store, world), store, world)
        world.now += timedelta(minutes=5)
        undo(world, FIRST)
    sent = [write for write in world.writes if write.ticket.external_id == FIRST and "vendor" in write.values]
    assert len(sent) == 2
    contested = [held for held in plan_for(configuration, store, world).held if held.kind == "contested"]
    assert [(held.ticket, held.field) for held in contested] == [("snow:INC0000001", "vendor")]


def test_an_override_that_comes_before_we_could_read_our_value_back_counts_too(
    configuration: Configuration, store: Store, world: World
) -> None:
    forced = replace(configuration, ownership={**configuration.ownership, "vendor": Ownership.FORCE})
    overrides = []

    def somebody_is_quick(write: Write) -> None:
        if write.ticket.external_id == FIRST and "vendor" in write.values:
            overrides.append(write.values["vendor"])
            world.edit(FIRST, "asha", vendor="MacroSkies")

    world.after = somebody_is_quick
    for _ in range(4):
        carried_out(plan_for(forced, store, world), store, world)
        world.now += timedelta(minutes=5)
        world.edit(FIRST, "asha", urgency=len(overrides))  # another digest of inputs, of the same quarrel
        world.now += timedelta(minutes=5)
    assert len(overrides) == 2
    held = [one.field for one in plan_for(forced, store, world).held if one.kind == "contested"]
    assert held == ["vendor"]


def test_a_held_value_is_written_again_when_the_inputs_change(
    configuration: Configuration, store: Store, world: World
) -> None:
    for _ in range(3):
        carried_out(plan_for(configuration, store, world), store, world)
        undo(world, FIRST)
    assert FIRST not in {plan.ticket.external_id for plan in plan_for(configuration, store, world).tickets}
    world.edit(FIRST, "asha.k@egov.example", summary="The ledger is very slow")
    assert FIRST in {plan.ticket.external_id for plan in plan_for(configuration, store, world).tickets}


def undo(world: World, external_id: str) -> None:
    """What a workflow does that no history shows."""
    record = world.records[external_id]
    ticket = replace(record.ticket, vendor=None, version=str(int(record.ticket.version) + 1))
    world.records[external_id] = replace(record, ticket=ticket)


def test_each_value_that_a_person_saved_in_between_is_named_also_beside_one_that_was_not_stored(
    configuration: Configuration, store: Store, world: World
) -> None:
    def save_first(write: Write) -> None:
        if write.ticket.external_id == FIRST:
            world.edit(FIRST, "asha.k@egov.example", vendor="GWL", impact=1)

    world.before, world.deaf = save_first, {"urgency"}
    applied = carried_out(plan_for(configuration, store, world), store, world)
    detail = applied.outcomes[0].detail
    assert "did not store urgency" in detail
    assert "vendor: a person's 'GWL' was saved in between and replaced by 'OptIT'" in detail
    assert "impact: a person's '1' was saved in between and replaced by 2" in detail


def test_a_value_that_a_person_saved_in_between_is_named_also_where_the_run_died_after_the_write(
    configuration: Configuration, store: Store, world: World
) -> None:
    def save_first(_: Write) -> None:
        world.edit(FIRST, "asha.k@egov.example", vendor="GWL")

    def die(_: Write) -> None:
        raise KeyboardInterrupt

    world.before, world.after = save_first, die
    with pytest.raises(KeyboardInterrupt):
        carried_out(plan_for(configuration, store, world), store, world)
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    assert resolved_details(store) == ["vendor: a person's 'GWL' was saved in between and replaced by 'OptIT'"]


def test_what_somebody_saved_beside_our_value_before_a_run_died_is_theirs(
    configuration: Configuration, store: Store, world: World
) -> None:
    """Half of their save is what we wanted: it is not ours for that, and the other half is not overwritten."""

    def save_and_die(_: Write) -> None:
        world.edit(FIRST, "asha.k@egov.example", impact=2, urgency=1)
        raise KeyboardInterrupt

    world.before = save_and_die
    with pytest.raises(KeyboardInterrupt):
        carried_out(plan_for(configuration, store, world), store, world)
    world.before = lambda _: None
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    carried_out(plan_for(configuration, store, world), store, world)
    ticket = world.records[FIRST].ticket
    assert (ticket.impact, ticket.urgency, ticket.vendor) == (2, 1, "OptIT")


def test_what_somebody_changed_after_the_write_of_a_run_that_died_leaves_the_rest_of_it_ours(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    world.edit(FIRST, "asha.k@egov.example", urgency=1)
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    outcomes = {field: last.outcome for field, last in store.last_writes("snow")[FIRST].items()}
    assert outcomes == {"impact": Outcome.VERIFIED, "urgency": Outcome.UNKNOWN, "vendor": Outcome.VERIFIED}


def test_a_value_of_ours_that_a_person_sets_again_after_the_run_died_leaves_what_they_changed_before_theirs(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    world.edit(FIRST, "asha.k@egov.example", impact=3, urgency=1)
    world.edit(FIRST, "asha.k@egov.example", impact=2)
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    carried_out(plan_for(configuration, store, world), store, world)
    ticket = world.records[FIRST].ticket
    assert (ticket.impact, ticket.urgency, ticket.vendor) == (2, 1, "OptIT")


def test_a_person_who_sets_what_a_write_that_never_came_wanted_keeps_what_was_changed_before(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "before")
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    assert resolved_details(store) == ["a run died around this write; it was not applied"]
    world.edit(FIRST, "asha.k@egov.example", impact=1)
    world.edit(FIRST, "ravi.s@egov.example", urgency=2)
    carried_out(plan_for(configuration, store, world), store, world)
    ticket = world.records[FIRST].ticket
    assert (ticket.impact, ticket.urgency, ticket.vendor) == (1, 2, "OptIT")


def test_what_we_wrote_is_not_a_persons_where_one_of_them_saved_a_part_of_it_in_between(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.before = lambda write: None if write.ticket.external_id != FIRST else save_a_part(world)
    carried_out(plan_for(configuration, store, world), store, world)
    last = store.last_writes("snow")[FIRST]
    assert {one.outcome for one in last.values()} == {Outcome.VERIFIED}
    assert {one.written_at for one in last.values()} == {world.records[FIRST].ticket.updated_at}


def save_a_part(world: World) -> None:
    world.edit(FIRST, "asha.k@egov.example", vendor="OptIT")


def test_a_value_that_was_stored_before_a_run_died_and_changed_since_is_not_told_as_not_applied(
    configuration: Configuration, store: Store, world: World
) -> None:
    killed(configuration, store, world, "after")
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    assert resolved_details(store) == ["a run died around this write; vendor: stored, and changed again since"]


def test_what_it_replaced_is_told_also_of_a_value_that_somebody_changed_since(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.before = lambda _: world.edit(FIRST, "asha.k@egov.example", vendor="MacroSkies")
    killed(configuration, store, world, "after")
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    (detail,) = resolved_details(store)
    assert collisions_in(str(detail)) == (
        "vendor: a person's 'MacroSkies' was saved in between and replaced by 'OptIT'",
    )


def test_a_value_that_never_came_is_told_as_not_applied_though_it_was_there_once_before(
    configuration: Configuration, store: Store, world: World
) -> None:
    for vendor in ("OptIT", "MacroSkies"):
        world.edit(FIRST, "workflow@egov.example", vendor=vendor)
    forced = replace(configuration, ownership={**configuration.ownership, "vendor": Ownership.FORCE})
    killed(forced, store, world, "before")
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    assert resolved_details(store) == ["a run died around this write; it was not applied"]


def resolved_details(store: Store) -> list[object]:
    scan = store.scan("intents")
    place = scan.columns.index("detail")
    return [row[place] for chunk in scan.chunks for row in chunk]


def test_a_person_who_saves_in_the_second_of_our_write_keeps_it(
    configuration: Configuration, store: Store, world: World
) -> None:
    carried_out(plan_for(configuration, store, world), store, world)
    written = world.records[FIRST].ticket.updated_at
    world.now = written - timedelta(seconds=1)  # an edit takes one: it is saved in the same second as ours
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    assert world.records[FIRST].ticket.updated_at == written
    assert FIRST not in [one.ticket.external_id for one in plan_for(configuration, store, world).tickets]


@pytest.mark.parametrize(("before", "told"), [(None, 1), ("not_required", 0)])
def test_a_person_who_says_in_between_that_no_approval_is_needed_is_named(
    configuration: Configuration, store: Store, world: World, before: str | None, told: int
) -> None:
    """Whoever says so before the plan decides: then nothing is asked at all."""
    world.records.clear()
    world.put(a_ticket("CHG0000001", type=TicketType.CHANGE, project="change_request"))
    change = "id-CHG0000001"
    if before is not None:
        world.edit(change, "asha.k@egov.example", approval=before)
    world.before = lambda _: None if before else world.edit(change, "asha.k@egov.example", approval="not_required")
    applied = carried_out(plan_for(configuration, store, world), store, world)
    said = "approval: a person's 'not_required' was saved in between and replaced by 'requested'"
    assert [said in outcome.detail for outcome in applied.outcomes].count(True) == told
    assert [one.split(":")[0] for outcome in applied.outcomes for one in collisions_in(outcome.detail)] == [
        "approval"
    ] * told
    wrote = [write for write in world.writes if "approval" in write.values]
    assert len(wrote) == told


def test_an_approval_that_a_source_reads_as_nothing_replaces_nobodys() -> None:
    """Its history says "not required" of what the ticket shows as nothing, and no entry of a person made it so."""
    ours = HistoryEntry("snow", "id", "1", NOW, "approval", "not_required", "requested")
    assert replaced({"approval": (None, "requested")}, [ours], NOW) == ""
    person = replace(ours, entry_id="0", old="", new="not_required")
    assert replaced({"approval": (None, "requested")}, [person, ours], NOW).startswith("approval: a person's")
    long_ago = replace(person, at=NOW - timedelta(days=1))
    assert replaced({"approval": (None, "requested")}, [long_ago, ours], NOW) == ""
