"""Notes through plan and apply: once each, whatever dies, hides, refuses or forgets on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.writeback.test_apply import FIRST, carried_out, plan_for
from tests.writeback.world import BRIDGE, NOW, World, a_ticket

from itsm_bridge.config import Configuration
from itsm_bridge.config.model import Intake, Rule, ServiceNow, ServiceNowWrite
from itsm_bridge.connectors.base import Write
from itsm_bridge.errors import GuardTripped, NoteShown, OutcomeUnknown, SourceUnavailable, WriteRefused
from itsm_bridge.model import Note, Outcome, State
from itsm_bridge.store import Store
from itsm_bridge.writeback import (
    Plan,
    check_limits,
    look_for_notes,
    look_for_shown,
    plan_document,
    read_plan_file,
    resolve_leftovers,
    restrict,
    write_plan_file,
)

DESKTOP = "Desktop requests are served by the Office IT desk."


class Died(BaseException):
    """What a kill looks like from within."""


@pytest.fixture
def world() -> World:
    """Three open tickets: one that is not ours, one with a full disk, and one of which nothing is to be said."""
    world = World()
    world.put(
        a_ticket("INC0000001", category=("desktop",)),
        a_ticket("INC0000002", summary="Disk full on node 3"),
        a_ticket("INC0000003"),
    )
    return world


def settled(configuration: Configuration, store: Store, world: World) -> list[Plan]:
    """Three runs after the other, as of now."""
    plans = []
    for _ in range(3):
        resolve_leftovers(store, {world.name: world}, lambda: NOW)
        look_for_notes(store, world, store.start_run("run", NOW, configuration.digest), lambda: NOW)
        plans.append(plan_for(configuration, store, world))
        carried_out(plans[-1], store, world)
    return plans


def texts(world: World, external_id: str = FIRST) -> list[str]:
    return [note.text for note in world.board.get(external_id, [])]


def test_a_redirected_ticket_bears_a_work_note_and_a_second_run_writes_nothing(
    configuration: Configuration, store: Store, world: World
) -> None:
    first, second, third = settled(configuration, store, world)
    assert [change.field for change in first.tickets[0].changes] == ["note"]
    assert (second.tickets, third.tickets) == ((), ())
    assert texts(world) == [DESKTOP]
    assert not world.board[FIRST][0].public


def test_an_article_goes_with_the_fields_of_its_ticket_in_one_write(
    configuration: Configuration, store: Store, world: World
) -> None:
    settled(configuration, store, world)
    (write,) = (write for write in world.writes if write.ticket.number == "INC0000002")
    assert set(write.values) == {"impact", "urgency", "vendor"}
    assert [note.text for note in write.notes] == ["Knowledge article KB0010042: SOP: reclaim disk space on a node."]


def test_a_ticket_without_notes_is_not_asked_for_any(configuration: Configuration, store: Store, world: World) -> None:
    del world.records["id-INC0000001"], world.records["id-INC0000002"]
    settled(configuration, store, world)
    assert len(world.writes) == 1
    assert world.asked["notes"] == 0


def test_a_plan_lists_notes_and_says_which_are_public(configuration: Configuration, store: Store, world: World) -> None:
    shown = plan_for(configuration, store, world)
    line = next(line for line in plan_document(shown)["changes"] if line["ticket"] == "snow:INC0000001")
    assert line == {
        "ticket": "snow:INC0000001",
        "source": "snow",
        "field": "note",
        "from": None,
        "to": DESKTOP,
        "rule": "not-ours-desktop",
        "because": "Desktop support belongs to the office IT desk.",
        "public": False,
    }
    public = plan_document(plan_for(publicly(configuration), store, world))["changes"][0]
    assert (public["public"], public["because"].endswith("(a public comment)")) == (True, True)
    assert world.writes == []


def test_a_source_that_shows_customers_one_internal_note_gets_no_other_until_it_is_taken_off(
    configuration: Configuration, store: Store
) -> None:
    world = World()
    world.put(*(a_ticket(f"INC000000{number}", category=("desktop",)) for number in range(1, 4)))

    def leak(write: Write) -> None:
        if any(not note.public for note in write.notes):
            raise NoteShown("snow:INC0000001: the site made an internal comment public", write.notes[0].marker)

    world.after = leak
    plans = settled(configuration, store, world)
    assert sum(map(len, world.board.values())) == 1
    assert [len(plan.tickets) for plan in plans] == [3, 0, 0]
    held = {line.ticket: line.why for line in plans[-1].held if line.kind == "shown_note"}
    assert held.keys() == {"snow:INC0000002", "snow:INC0000003"}
    assert held["snow:INC0000002"].startswith(
        "snow:INC0000001 shows customers an internal note of ours; no other one is sent to incident"
    )

    look_for_shown(store, world)
    assert plan_for(configuration, store, world).tickets == ()  # it is there still
    world.after, world.board = (lambda _: None), {}
    look_for_shown(store, world)
    settled(configuration, store, world)
    assert {one: len(notes) for one, notes in world.board.items()} == {"id-INC0000002": 1, "id-INC0000003": 1}


def test_a_public_note_goes_where_customers_see_internal_ones(configuration: Configuration, store: Store) -> None:
    world = World()
    world.put(a_ticket("INC0000001", category=("desktop",)))
    store.note_shown(a_ticket("INC0000009"), "00000000000000aa", NOW)
    assert plan_for(configuration, store, world).tickets == ()
    assert len(plan_for(publicly(configuration), store, world).tickets) == 1


def publicly(configuration: Configuration) -> Configuration:
    (rule,) = configuration.rules.intake
    public: Rule[Intake] = replace(rule, then=replace(rule.then, public=True))
    return replace(configuration, rules=replace(configuration.rules, intake=(public,)))


def test_a_public_note_is_sent_as_one(configuration: Configuration, store: Store, world: World) -> None:
    settled(publicly(configuration), store, world)
    assert [note.public for note in world.board[FIRST]] == [True]


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_run_that_is_killed_around_the_write_leaves_one_note(
    configuration: Configuration, store: Store, world: World, dies: str
) -> None:
    def kill(_: Write) -> None:
        setattr(world, dies, lambda _: None)
        raise Died

    setattr(world, dies, kill)
    with pytest.raises(Died):
        carried_out(plan_for(configuration, store, world), store, world)
    assert len(texts(world)) == (dies == "after")
    settled(configuration, store, world)
    assert texts(world) == [DESKTOP]


def test_a_note_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(
    configuration: Configuration, store: Store, world: World
) -> None:
    lost = iter([True])

    def lose(_: Write) -> None:
        if next(lost, False):
            raise OutcomeUnknown("snow: PATCH incident broke off")

    world.after = lose
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert set(applied.outcomes[0].fields.values()) == {Outcome.VERIFIED}
    settled(configuration, store, world)
    assert texts(world) == [DESKTOP]


def test_a_note_that_shows_only_later_is_found_then(configuration: Configuration, store: Store, world: World) -> None:
    late: list[Note] = []

    def lose(write: Write) -> None:
        if write.ticket.external_id == FIRST and not late:
            late.extend(world.board.pop(FIRST))
            raise OutcomeUnknown("snow: PATCH incident broke off")

    world.after = lose
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert applied.outcomes[0].fields == {late[0].key: Outcome.UNKNOWN}
    assert applied.findings[0].detail == "snow: PATCH incident broke off"
    world.board[FIRST] = late
    _, second, _ = settled(configuration, store, world)
    assert second.tickets == ()
    assert texts(world) == [DESKTOP]


def test_a_note_that_was_lost_on_its_way_is_sent_again(
    configuration: Configuration, store: Store, world: World
) -> None:
    lost = iter([True])

    def lose(write: Write) -> None:
        if write.ticket.external_id == FIRST and next(lost, False):
            raise OutcomeUnknown("snow: PATCH incident broke off")

    world.before = lose
    settled(configuration, store, world)
    assert texts(world) == [DESKTOP]


def test_a_note_that_a_source_takes_and_does_not_show_is_sent_once_and_listed(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.forgets_notes = True
    *_, last = settled(configuration, store, world)
    assert len([write for write in world.writes if write.ticket.external_id == FIRST]) == 1
    (held,) = (held for held in last.held if held.kind and held.ticket == "snow:INC0000001")
    assert (held.kind, "does not show it" in held.why) == ("unseen_note", True)


@pytest.mark.parametrize("end", ["an answer that was lost", "a death"])
def test_a_note_that_may_have_been_taken_and_is_not_seen_is_not_sent_again_but_held_until_it_shows(
    configuration: Configuration, store: Store, world: World, end: str
) -> None:
    """Which is so where the ticket has moved since: somebody, or the note, has changed it."""

    def lose(write: Write) -> None:
        if write.ticket.external_id == FIRST:
            world.after, world.forgets_notes = lambda _: None, False
            raise Died if end == "a death" else OutcomeUnknown("snow: PATCH incident broke off")

    world.forgets_notes, world.after = True, lose
    try:
        carried_out(plan_for(configuration, store, world), store, world)
    except Died:
        assert end == "a death"
    *_, last = settled(configuration, store, world)
    assert len([write for write in world.writes if write.ticket.external_id == FIRST]) == 1
    (held,) = (one for one in last.held if one.kind)
    assert (held.ticket, held.kind) == ("snow:INC0000001", "unknown_note")
    assert "leave it by hand if it is missing" in held.why
    (note,) = world.writes[0].notes
    world.board[FIRST] = [note]  # whatever hid it does so no more
    *_, last = settled(configuration, store, world)
    assert [one for one in last.held if one.kind] == []
    assert texts(world) == [DESKTOP]


def test_a_note_that_never_came_behind_our_own_values_is_sent_by_the_next_run(
    configuration: Configuration, store: Store, world: World
) -> None:
    """The last that happened to the ticket is that our values were stored, by an instant with fractions."""
    died: list[Write] = []

    def lose_the_note(write: Write) -> None:
        world.forgets_notes = bool(write.values and write.notes)

    def die(write: Write) -> None:
        if world.forgets_notes:
            world.before, world.after, world.forgets_notes = lambda _: None, lambda _: None, False
            died.append(write)
            raise Died

    world.now += timedelta(milliseconds=250)
    world.before, world.after = lose_the_note, die
    with pytest.raises(Died):
        carried_out(plan_for(configuration, store, world), store, world)
    *_, last = settled(configuration, store, world)
    (write,) = died
    assert [one for one in last.held if one.kind] == []
    assert texts(world, write.ticket.external_id) == [note.text for note in write.notes]


ASHA = "asha.k@egov.example"
ANOTHER = "MacroSkies"


def again_what_was_there(world: World, write: Write) -> None:
    """Who works under our account saves another value than ours, and then ours again."""
    world.edit(write.ticket.external_id, BRIDGE, vendor=ANOTHER)
    world.edit(write.ticket.external_id, BRIDGE, vendor=str(write.values["vendor"]))


def what_was_not_stored(world: World, write: Write) -> None:
    """The source stored one of our values less, and that is what somebody saves, under our account too."""
    world.edit(write.ticket.external_id, BRIDGE, vendor=str(write.values["vendor"]))


def all_that_was_not_stored(world: World, write: Write) -> None:
    """The source stored none of our values, and somebody saves them all."""
    world.edit(write.ticket.external_id, ASHA, **_given(write))


def all_of_it_twice(world: World, write: Write) -> None:
    """Who works under our account takes all of our values away, and saves all of them again."""
    were = {name: getattr(write.ticket, name) or "" for name in write.values}
    world.edit(write.ticket.external_id, BRIDGE, **were)
    world.edit(write.ticket.external_id, BRIDGE, **_given(write))


def all_of_it_over_another_value(world: World, write: Write) -> None:
    """None of our values was stored; somebody saves another one, and who works under our account saves ours over it."""
    world.edit(write.ticket.external_id, ASHA, vendor=ANOTHER)
    world.edit(write.ticket.external_id, BRIDGE, **_given(write))


def _given(write: Write) -> dict[str, str | int]:
    return {name: value for name, value in write.values.items() if value is not None}


@pytest.mark.parametrize(
    ("deaf", "saves"),
    [
        (set(), again_what_was_there),
        ({"vendor"}, what_was_not_stored),
        ({"impact", "urgency", "vendor"}, all_that_was_not_stored),
        (set(), all_of_it_twice),
        ({"impact", "urgency", "vendor"}, all_of_it_over_another_value),
    ],
)
def test_a_note_that_came_before_somebody_saved_what_we_had_written_is_not_sent_again(
    configuration: Configuration, store: Store, world: World, deaf: set[str], saves: Callable[[World, Write], None]
) -> None:
    """What is last on the ticket is what we wanted, and not ours: the note is behind it, where nobody sees it."""
    died: list[Write] = []

    def die(write: Write) -> None:
        if write.values and write.notes:
            world.after, world.deaf, world.forgets_notes = lambda _: None, set(), False
            saves(world, write)
            died.append(write)
            raise Died

    world.now += timedelta(milliseconds=250)
    world.after, world.deaf, world.forgets_notes = die, deaf, True
    with pytest.raises(Died):
        carried_out(plan_for(configuration, store, world), store, world)
    *_, last = settled(configuration, store, world)
    (write,) = died
    assert [one.notes for one in world.writes if one.ticket.id == write.ticket.id and one.notes] == [write.notes]
    assert [one.kind for one in last.held if one.ticket == write.ticket.id and one.field == "note"] == ["unknown_note"]


def test_a_note_that_its_source_did_not_show_at_first_is_done_once_it_shows(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.forgets_notes = True
    settled(configuration, store, world)
    (note,) = next(write.notes for write in world.writes if write.ticket.external_id == FIRST)
    world.board[FIRST] = [note]
    *_, last = settled(configuration, store, world)
    assert "snow:INC0000001" not in {held.ticket for held in last.held if held.kind}
    assert store.last_writes("snow")[FIRST][note.key].outcome is Outcome.NOOP


def test_where_notes_cannot_be_seen_none_is_sent_and_fields_are_all_the_same(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.hides_notes = True
    settled(configuration, store, world)
    *_, last = settled(configuration, store, world)  # the first write changed the inputs, which allows another try
    assert all(not write.notes for write in world.writes)
    assert {write.ticket.number for write in world.writes if write.values} == {"INC0000002", "INC0000003"}
    assert {held.ticket for held in last.refused} == {"snow:INC0000001", "snow:INC0000002"}
    assert all("cannot be seen" in held.why for held in last.refused)


def test_a_note_that_is_refused_is_tried_once_more_and_then_held(
    configuration: Configuration, store: Store, world: World
) -> None:
    tries: list[Write] = []

    def refuse(write: Write) -> None:
        if write.notes and write.ticket.external_id == FIRST:
            tries.append(write)
            raise WriteRefused("snow: PATCH incident: 403")

    world.before = refuse
    *_, last = settled(configuration, store, world)
    assert len(tries) == 2
    assert [held.why for held in last.refused] == [
        "a note was refused in 2 tries (snow: PATCH incident: 403); held until the inputs change"
    ]


def test_a_store_that_was_lost_does_not_double_a_note_but_says_so(
    configuration: Configuration, store: Store, world: World, other_store: Store
) -> None:
    settled(configuration, store, world)
    before = dict(world.board)
    applied = carried_out(plan_for(configuration, other_store, world), other_store, world)
    assert world.board == before
    assert [set(outcome.fields.values()) for outcome in applied.outcomes] == [{Outcome.NOOP}] * 2
    assert all("never sent is on the ticket already" in finding.detail for finding in applied.findings)
    assert plan_for(configuration, other_store, world).tickets == ()


@pytest.fixture
def other_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open("sqlite:///var/bridge.db", tmp_path_factory.mktemp("other"), create=True) as opened:
        yield opened


def test_a_ticket_that_was_closed_meanwhile_gets_no_note(
    configuration: Configuration, store: Store, world: World
) -> None:
    plan = plan_for(configuration, store, world)
    closed = world.records["id-INC0000002"]
    world.records["id-INC0000002"] = replace(closed, ticket=replace(closed.ticket, state=State.CLOSED, version="9"))
    applied = carried_out(plan, store, world)
    assert set(applied.outcomes[1].fields.values()) == {Outcome.CONFLICT}
    assert "id-INC0000002" not in world.board


def test_a_rule_whose_words_were_mended_does_not_write_again(
    configuration: Configuration, store: Store, world: World
) -> None:
    settled(configuration, store, world)
    (rule,) = configuration.rules.intake
    mended = replace(rule, name="desktops", then=replace(rule.then, note="Please ask the Office IT desk."))
    changed = replace(configuration, rules=replace(configuration.rules, intake=(mended,)))
    assert plan_for(changed, store, world).tickets == ()


def test_a_ticket_that_goes_to_another_desk_is_told_so(
    configuration: Configuration, store: Store, world: World
) -> None:
    settled(configuration, store, world)
    (rule,) = configuration.rules.intake
    elsewhere = replace(rule, then=replace(rule.then, redirect_to="Facilities", note="Facilities will help."))
    settled(replace(configuration, rules=replace(configuration.rules, intake=(elsewhere,))), store, world)
    assert texts(world) == [DESKTOP, "Facilities will help."]


def test_a_source_to_which_nothing_is_written_gets_no_notes(
    configuration: Configuration, store: Store, world: World
) -> None:
    snow = configuration.sources["snow"]
    assert isinstance(snow, ServiceNow)
    muted = replace(configuration, sources={"snow": replace(snow, write=ServiceNowWrite())})
    assert plan_for(muted, store, world).tickets == ()


def test_a_saved_plan_holds_its_notes_to_the_letter(
    configuration: Configuration, store: Store, world: World, tmp_path: Path
) -> None:
    plan = plan_for(configuration, store, world)
    write_plan_file(plan, tmp_path / "plan.json")
    saved = read_plan_file(tmp_path / "plan.json")
    assert any(field == "note" for said in saved.tickets.values() for field, _ in said)
    kept, moved = restrict(plan, saved)
    assert (kept.tickets, moved) == (plan.tickets, ())
    forged = {ticket: frozenset((field, f"{to}!") for field, to in said) for ticket, said in saved.tickets.items()}
    assert restrict(plan, replace(saved, tickets=forged))[0].tickets == ()


def test_a_source_that_fails_while_notes_are_looked_for_is_resumed_by_the_next_run(
    configuration: Configuration, store: Store, world: World
) -> None:
    def fall_silent(_: Write) -> None:
        world.down = SourceUnavailable("snow: GET sys_journal_field: no answer")

    world.after = fall_silent
    applied = carried_out(plan_for(configuration, store, world), store, world)
    assert list(applied.problems) == ["snow"]
    world.down, world.after = None, lambda _: None
    settled(configuration, store, world)
    assert texts(world) == [DESKTOP]


def test_an_escalation_is_told_once_for_each_clock_and_rule(
    configuration: Configuration, store: Store, world: World
) -> None:
    world.put(a_ticket("INC0000004", created_at=NOW - timedelta(days=30), updated_at=NOW - timedelta(days=30)))
    settled(configuration, store, world)
    told = [(note.text, note.told) for note in world.board["id-INC0000004"]]
    assert told == [("head@optit.example: 100 % of standard resolution is used up.", ("head@optit.example",))]


def test_a_flood_of_notes_is_stopped_before_the_first(configuration: Configuration, store: Store, world: World) -> None:
    world.put(*(a_ticket(f"INC{n:07}", category=("desktop",)) for n in range(100, 130)))
    plan = plan_for(configuration, store, world)
    assert {change.field for change in plan.changes if change.rule == "not-ours-desktop"} == {"note"}
    with pytest.raises(GuardTripped, match="33 of 33 open tickets"):
        check_limits(plan, configuration.limits)


def test_where_notes_cannot_be_seen_after_a_kill_the_fields_beside_them_are_known_all_the_same(
    configuration: Configuration, store: Store, world: World
) -> None:
    def die(_: Write) -> None:
        raise Died

    world.after = die
    del world.records[FIRST], world.records["id-INC0000003"]
    with pytest.raises(Died):
        carried_out(plan_for(configuration, store, world), store, world)
    world.hides_notes = True
    assert resolve_leftovers(store, {world.name: world}, lambda: NOW).resolved == 1
    outcomes = {name: last.outcome for name, last in store.last_writes(world.name)["id-INC0000002"].items()}
    note = next(name for name in outcomes if name not in {"impact", "urgency", "vendor"})
    assert outcomes.pop(note) is Outcome.UNKNOWN
    assert set(outcomes.values()) == {Outcome.VERIFIED}
