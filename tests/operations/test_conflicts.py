"""Conflicts: what counts as one, what each resolution makes of the next run, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.conditions import AllOf
from itsm_bridge.config import Configuration, load
from itsm_bridge.config.model import Ownership
from itsm_bridge.connectors.base import Write
from itsm_bridge.errors import SourceUnavailable, UsageError
from itsm_bridge.model import Choice, State
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.conflicts import Resolved, resolve, story_of, survey
from itsm_bridge.operations.deciding import decide as decided
from itsm_bridge.operations.explaining import at_a_glance, explain_ticket
from itsm_bridge.operations.run import remember
from itsm_bridge.rules import render_text
from itsm_bridge.store import Store
from itsm_bridge.writeback import Plan, apply, resolve_leftovers
from itsm_bridge.writeback.conflicts import Conflict

ROOT = Path(__file__).resolve().parents[2]
FIRST, KEY = "snow:INC0000001", "id-INC0000001"
ASHA = "asha.k@egov.example"
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """One source, one store, and a bridge between them whose rules give every ticket to OptIT at impact 2."""

    bridge: Bridge
    world: World

    def own(self, **modes: Ownership) -> None:
        """Who decides a field once a person has changed it."""
        configuration = self.bridge.configuration
        self.bridge = replace(
            self.bridge, configuration=replace(configuration, ownership={**configuration.ownership, **modes})
        )

    def plan(self) -> Plan:
        for record in self.world.records.values():
            self.bridge.store.save_record(record, self.world.now)
        return decided(self.bridge, ("snow",), self.world.now)

    def run(self) -> Plan:
        """What a run does, an hour after whatever happened last."""
        self.world.now += HOUR
        plan = self.plan()
        store = self.bridge.store
        run = store.start_run("run", self.world.now, "d")
        marker = (f"m{run}-{place}" for place in count())
        applied = apply(plan, store, {"snow": self.world}, run, lambda: self.world.now, marker=lambda: next(marker))
        remember(self.bridge, run, plan, applied)
        self.plan()
        return plan

    def edit(self, **values: str | int) -> None:
        """What a person does, an hour after whatever happened last."""
        self.world.now += HOUR
        self.world.edit(KEY, ASHA, **values)
        self.plan()

    def resolve(self, choice: Choice, field: str | None = None) -> Resolved:
        return resolve(self.bridge, FIRST, field, choice, by="asha", now=self.world.now + HOUR / 2)

    def conflicts(self) -> tuple[Conflict, ...]:
        return survey(self.bridge, self.world.now + HOUR / 2).conflicts

    def kinds(self) -> dict[str, str]:
        return {one.field: one.kind for one in self.conflicts()}

    @property
    def vendor(self) -> str | None:
        return self.world.records[KEY].ticket.vendor


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The first run is over, and the vendor is as the rules want it."""
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        world = World()
        world.put(a_ticket("INC0000001"))
        desk = Desk(Bridge(quiet(load(ROOT / "config")), store, lambda: world.now), world)
        desk.run()
        assert desk.vendor == "OptIT"
        yield desk


def quiet(configuration: Configuration) -> Configuration:
    """Without the rules that leave notes."""
    return replace(configuration, rules=replace(configuration.rules, escalation=(), knowledge=()))


def test_where_nobody_disagrees_there_is_no_conflict(desk: Desk) -> None:
    assert desk.conflicts() == ()
    assert desk.run().changes == ()


def test_a_persons_value_that_stands_is_a_conflict_with_who_and_since_when(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    (found,) = desk.conflicts()
    assert (found.ticket, found.field, found.kind) == (FIRST, "vendor", "stands")
    assert (found.ours, found.theirs) == ({"vendor": "OptIT"}, {"vendor": "GWL"})
    assert (found.by, found.since) == (ASHA, desk.world.now)
    assert desk.run().changes == ()


def test_a_person_who_says_what_the_rules_say_is_in_no_conflict(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.edit(vendor="OptIT")
    assert desk.conflicts() == ()


def test_a_priority_is_one_conflict_of_two_fields(desk: Desk) -> None:
    desk.edit(impact=1)
    (found,) = desk.conflicts()
    assert (found.field, found.ours, found.theirs) == (
        "priority",
        {"impact": 2, "urgency": 2},
        {"impact": 1, "urgency": 2},
    )


def test_ours_is_written_once_over_it_and_a_later_change_stands_again(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    done = desk.resolve(Choice.OURS)
    assert done.next_run.startswith("writes vendor OptIT (rule ")
    assert desk.vendor == "GWL"  # nothing is written before the run
    assert desk.conflicts() == ()
    (change,) = desk.run().changes
    assert change.because.endswith(f"({done.resolution.text})")
    assert "resolved as ours by asha on 2026-" in change.because
    assert desk.vendor == "OptIT"
    assert desk.run().changes == ()
    desk.edit(vendor="GWL")
    assert desk.kinds() == {"vendor": "stands"}
    assert desk.run().changes == ()
    assert desk.vendor == "GWL"


def test_ours_does_not_overwrite_what_a_person_changed_after_it(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.resolve(Choice.OURS)
    desk.edit(vendor="MacroSkies")
    assert desk.run().changes == ()
    assert desk.kinds() == {"vendor": "stands"}


def test_ours_that_a_run_died_before_sending_is_sent_by_the_next(desk: Desk) -> None:
    def die(_: Write) -> None:
        raise KeyboardInterrupt

    desk.edit(vendor="GWL")
    desk.resolve(Choice.OURS)
    desk.world.before = die
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    desk.world.before = lambda _: None
    resolve_leftovers(desk.bridge.store, {"snow": desk.world}, lambda: desk.world.now)
    (change,) = desk.run().changes
    assert (change.field, desk.vendor) == ("vendor", "OptIT")
    assert desk.run().changes == ()


def test_ours_that_a_busy_source_turned_away_is_sent_by_the_next_run_and_once(desk: Desk) -> None:
    def turn_away(_: Write) -> None:
        raise SourceUnavailable("snow: busy")

    desk.edit(vendor="GWL")
    desk.resolve(Choice.OURS)
    desk.world.before = turn_away
    assert len(desk.run().changes) == 1
    assert desk.vendor == "GWL"
    desk.world.before = lambda _: None
    resolve_leftovers(desk.bridge.store, {"snow": desk.world}, lambda: desk.world.now)
    assert len(desk.run().changes) == 1
    assert desk.vendor == "OptIT"
    desk.edit(vendor="GWL")
    assert desk.run().changes == ()


def test_ours_that_a_source_does_not_store_is_not_sent_for_ever(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.world.deaf = {"vendor"}
    desk.resolve(Choice.OURS)
    for _ in range(4):
        desk.run()
    sent = [write for write in desk.world.writes if "vendor" in write.values]
    assert len(sent) == 2  # the first run's, and the one that was asked for
    assert desk.kinds() == {"vendor": "stands"}


def test_theirs_is_accepted_until_the_person_changes_it(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    assert "resolved as theirs by asha" in desk.resolve(Choice.THEIRS).next_run
    assert desk.conflicts() == ()
    assert desk.run().changes == ()
    desk.edit(vendor="MacroSkies")
    assert desk.kinds() == {"vendor": "stands"}


def test_theirs_is_accepted_until_the_rules_decide_otherwise(desk: Desk) -> None:
    desk.edit(impact=1)
    desk.resolve(Choice.THEIRS, "impact")
    assert desk.conflicts() == ()
    book = desk.bridge.configuration.rules
    (*above, last) = book.priority
    other = replace(last, then=replace(last.then, impact=3, urgency=3))
    configuration = replace(desk.bridge.configuration, rules=replace(book, priority=(*above, other)))
    desk.bridge = replace(desk.bridge, configuration=configuration)
    assert desk.kinds() == {"priority": "stands"}


@pytest.mark.parametrize("mode", [Ownership.FORCE, Ownership.HOLD])
def test_theirs_stands_against_any_ownership(desk: Desk, mode: Ownership) -> None:
    desk.edit(vendor="GWL")
    desk.resolve(Choice.THEIRS)
    desk.own(vendor=mode)
    plan = desk.run()
    assert (plan.changes, plan.held, desk.vendor) == ((), (), "GWL")
    assert [one.outcome for one in plan.decisions if one.field == "vendor"] == ["kept"]


def test_a_field_on_hold_is_left_alone_whatever_happens_and_is_listed_with_who_and_when(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    done = desk.resolve(Choice.HOLD)
    desk.own(vendor=Ownership.FORCE)
    for vendor in ("GWL", "MacroSkies", "OptIT"):
        desk.edit(vendor=vendor)
        assert desk.run().changes == ()
        (found,) = desk.conflicts()
        assert (found.kind, found.why) == ("held", done.resolution.text)
    desk.edit(vendor="GWL")
    plan = desk.run()
    assert [done.resolution.text in line.why for line in plan.held] == [True]
    desk.resolve(Choice.OURS)
    desk.run()
    assert (desk.vendor, desk.conflicts()) == ("OptIT", ())


@pytest.mark.parametrize("choice", list(Choice))
def test_the_same_decision_once_more_changes_nothing(desk: Desk, choice: Choice) -> None:
    desk.edit(vendor="GWL")
    first = desk.resolve(choice)
    second = desk.resolve(choice, "vendor")
    assert (first.already, second.already) == (False, True)
    assert second.resolution == first.resolution
    assert second.next_run == first.next_run
    assert len(desk.bridge.store.resolutions_of("snow", KEY)) == 1


def test_a_decision_may_be_changed_before_the_run(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.resolve(Choice.OURS)
    desk.resolve(Choice.THEIRS, "vendor")
    assert desk.run().changes == ()
    assert desk.vendor == "GWL"


def test_what_is_not_there_cannot_be_resolved(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no conflict"):
        desk.resolve(Choice.OURS)
    desk.edit(vendor="GWL", impact=1)
    with pytest.raises(UsageError, match=r"several conflicts, name one \(conflicts: priority, vendor\)"):
        desk.resolve(Choice.OURS)
    for field in ("approval", "summary"):
        with pytest.raises(UsageError, match=rf"no conflict of '{field}' \(conflicts: priority, vendor\)"):
            desk.resolve(Choice.OURS, field)
    with pytest.raises(UsageError, match="no ticket 'snow:INC9'"):
        resolve(desk.bridge, "snow:INC9", None, Choice.OURS, by="asha", now=NOW)
    assert desk.bridge.store.resolutions() == {}


def test_a_ticket_that_is_not_decided_cannot_be_resolved_and_is_in_no_list(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.world.records[KEY] = replace(
        desk.world.records[KEY], ticket=replace(desk.world.records[KEY].ticket, state=State.RESOLVED, version="9")
    )
    desk.plan()
    assert desk.conflicts() == ()
    with pytest.raises(UsageError, match="is resolved; only open tickets are decided"):
        desk.resolve(Choice.OURS)


def test_a_ticket_that_moved_between_a_plan_and_its_first_write_is_listed_until_the_next_run(desk: Desk) -> None:
    desk.world.put(a_ticket("INC0000002"))
    plan = desk.plan()
    desk.world.edit("id-INC0000002", ASHA, impact=3, summary="Slower")
    store = desk.bridge.store
    run = store.start_run("run", desk.world.now, "d")
    applied = apply(plan, store, {"snow": desk.world}, run, lambda: desk.world.now)
    remember(desk.bridge, run, plan, applied)
    assert [set(one.fields.values()) for one in applied.outcomes] == [{"conflict"}]
    assert {(one.ticket, one.kind) for one in desk.conflicts()} >= {("snow:INC0000002", "conflict")}
    desk.run()
    assert [one for one in desk.conflicts() if one.kind == "conflict"] == []


def test_a_ticket_to_which_nothing_ever_happened_has_a_story_too(desk: Desk) -> None:
    desk.world.put(a_ticket("INC0000002"))
    desk.plan()
    stories = story_of(desk.bridge, "snow:INC0000002", desk.world.now)
    assert {one.field: (one.events, one.conflict) for one in stories}["vendor"] == ((), None)
    assert next(one for one in stories if one.field == "vendor").next_run.startswith("writes vendor OptIT")


def test_an_approval_that_is_not_needed_and_not_there_is_no_difference_in_a_story(desk: Desk) -> None:
    stories = {one.field: one for one in story_of(desk.bridge, FIRST, desk.world.now)}
    assert (stories["approval"].ours, stories["approval"].theirs) == ("approval not_required", "approval –")
    assert stories["approval"].next_run == "writes nothing: the rules want nothing else than what is there"


def test_two_overrides_by_people_within_a_day_hold_the_field_and_list_it(desk: Desk) -> None:
    desk.own(vendor=Ownership.FORCE)
    for vendor in ("GWL", "MacroSkies"):
        desk.edit(vendor=vendor)
        assert desk.vendor == vendor
        desk.run()
    assert desk.vendor == "MacroSkies"
    assert desk.kinds() == {"vendor": "contested"}
    assert {line.kind for line in desk.plan().held} == {"contested"}
    desk.resolve(Choice.OURS)
    desk.run()
    assert (desk.vendor, desk.kinds()) == ("OptIT", {})


@pytest.mark.parametrize(("apart", "held"), [(23, True), (26, False)])
def test_the_day_of_two_overrides_is_any_24_hours(desk: Desk, apart: int, held: bool) -> None:
    desk.own(vendor=Ownership.FORCE)
    desk.edit(vendor="GWL")
    first = desk.world.now
    desk.world.now += timedelta(hours=apart - 3)
    desk.run()
    assert desk.vendor == "OptIT"
    desk.edit(vendor="GWL")
    assert (desk.world.now - first <= timedelta(hours=24)) == held
    desk.run()
    assert (desk.vendor == "GWL") == held


def test_the_story_tells_our_writes_the_persons_changes_and_what_was_decided(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    desk.resolve(Choice.HOLD)
    story = next(one for one in story_of(desk.bridge, FIRST, desk.world.now + HOUR) if one.field == "vendor")
    assert {one.kind for one in story.events} == {"write", "change", "resolution"}
    texts = " | ".join(one.text for one in story.events)
    assert "we wrote vendor – → OptIT (rule " in texts
    assert ": verified" in texts
    assert f"{ASHA} set vendor OptIT → GWL" in texts
    assert "resolved as hold by asha" in texts
    assert [one.at for one in story.events] == sorted(one.at for one in story.events)
    assert story.conflict is not None
    assert "resolved as hold by asha" in story.next_run


def test_explain_and_the_page_of_rules_go_by_what_was_decided(desk: Desk) -> None:
    desk.edit(vendor="GWL")
    before = desk.world.now + HOUR / 4
    desk.resolve(Choice.OURS)
    now = desk.world.now + HOUR
    explained = explain_ticket(desk.bridge, FIRST, now)
    assert explained.verdict.values["vendor"].value == "OptIT"
    assert "resolved as ours by asha" in " ".join(render_text(explained).split())
    assert at_a_glance(desk.bridge, now)
    assert "vendor" not in explain_ticket(desk.bridge, FIRST, before).verdict.values


def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The ids of each look at whole records, ``None`` for all; without that at finished ones, as none are there."""
    asked: list[object] = []
    true = Store.records

    def records(store: Store, **named: object) -> object:
        if named.get("ids") != []:
            asked.append(named.get("ids"))
        return true(store, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(Store, "records", records)
    return asked


def test_one_ticket_is_looked_at_without_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.world.put(*(a_ticket(f"INC00001{place:02}") for place in range(20)))
    desk.run()
    desk.edit(vendor="GWL")
    asked = asked_for(monkeypatch)
    (story,) = (one for one in story_of(desk.bridge, FIRST, NOW) if one.field == "vendor")
    assert story.conflict is not None
    assert desk.resolve(Choice.THEIRS).already is False
    assert asked == [[("snow", KEY)]] * 3  # one to show, two to resolve: before and after


def test_a_list_looks_at_tickets_alone_of_which_anything_was_ever_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.world.put(a_ticket("INC0000002"), a_ticket("INC0000003"))
    desk.world.edit("id-INC0000003", ASHA, vendor="GWL")
    desk.plan()
    asked = asked_for(monkeypatch)
    assert {one.ticket for one in desk.conflicts()} == {"snow:INC0000003"}
    assert asked == [[("snow", KEY), ("snow", "id-INC0000003")]]  # the first of them was written by us


def by(desk: Desk, way: str) -> None:
    """Let one of two vendors have every ticket."""
    book = desk.bridge.configuration.rules
    first = book.assignment[0]
    then = replace(first.then, vendor=None, owner=False, among=("OptIT", "GWL"), by=way, skills=())
    shared = replace(first, when=AllOf(()), then=then)
    configuration = replace(desk.bridge.configuration, rules=replace(book, assignment=(shared,)))
    desk.bridge = replace(desk.bridge, configuration=configuration)


def busy_with(desk: Desk, vendor: str) -> None:
    """Three hundred tickets of one vendor, of which nothing is to be written."""
    desk.world.put(*(a_ticket(f"INC0001{place:03}", vendor=vendor, impact=2, urgency=2) for place in range(300)))
    desk.plan()


def test_theirs_does_not_end_because_it_is_somebody_elses_turn_by_load(desk: Desk) -> None:
    by(desk, "load")
    desk.edit(vendor="MacroSkies")
    (before,) = desk.conflicts()
    desk.resolve(Choice.THEIRS)
    busy_with(desk, str(before.ours["vendor"]))
    (story,) = (one for one in story_of(desk.bridge, FIRST, desk.world.now) if one.field == "vendor")
    assert story.ours not in {"nothing", f"vendor {before.ours['vendor']}"}  # it is the other one's turn
    desk.own(vendor=Ownership.FORCE)
    assert [change for change in desk.run().changes if change.ticket == FIRST] == []
    assert (desk.vendor, "vendor" in desk.kinds()) == ("MacroSkies", False)


@pytest.mark.parametrize(("busy", "free"), [("OptIT", "GWL"), ("GWL", "OptIT")])
def test_who_is_next_by_load_is_told_by_the_work_of_all(desk: Desk, busy: str, free: str) -> None:
    by(desk, "load")
    desk.edit(vendor="MacroSkies")
    busy_with(desk, busy)
    (story,) = (one for one in story_of(desk.bridge, FIRST, desk.world.now) if one.field == "vendor")
    assert story.ours == f"vendor {free}"
