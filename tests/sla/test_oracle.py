from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.calendars.offices import HOURS_24X7, definition, every_day
from tests.calendars.test_peers import DIFFERENT
from tests.conditions.randomly import LONG
from tests.sla.judged import Dispute, of_program
from tests.sla.oracle import RUNS, Answer, Walk
from tests.sla.randomly import Setting, some_moment, some_setting, some_story
from tests.sla.tickets import HOUR, at, configured, level, record, when
from tests.sla.wall import Era, World, clock_changes

from itsm_bridge.config.model import CalendarDefinition, Target

BATCHES, SETTINGS, MOMENTS, TICKETS = (50 if LONG else 1), 40, 10, 50
CASES = SETTINGS * MOMENTS * TICKETS
SHARES = {
    "paused": 0.2,
    "reopened": 0.2,
    "clock change": 0.15,
    "breached": 0.5,
    "change of definition": 0.08,
    "hand-over": 0.1,
    "looked at early": 0.2,
    "by the second": 0.1,
}
"""The least part of the cases of a batch in which each of these happens."""


# --- the program against the oracle --------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_clocks_are_those_that_are_reckoned_minute_by_minute(batch: int) -> None:
    seen: Counter[str] = Counter()
    disputes: list[tuple[int, Dispute]] = []
    for seed in range(batch * SETTINGS, (batch + 1) * SETTINGS):
        chance = random.Random(seed)
        setting = some_setting(chance, unit=60 if seed % 10 else 1)
        world = World(setting.configuration, setting.era, setting.unit)
        for _ in range(MOMENTS):
            found, disputed = compared(chance, setting, world)
            seen += found
            disputes += [(seed, dispute) for dispute in disputed]
    if disputes:
        seed, dispute = disputes[0]
        pytest.fail(f"{len(disputes)} of {seen['cases']} cases, the first of seed {seed}:\n{dispute.smallest()}")
    assert seen["cases"] == CASES == 20_000
    assert {what for what, share in SHARES.items() if seen[what] < share * CASES} == set(), seen


def compared(chance: random.Random, setting: Setting, world: World) -> tuple[Counter[str], list[Dispute]]:
    """Compare some tickets as of one moment: what happened in how many of them, and where the answers differ."""
    now = some_moment(chance, setting)
    stories = [some_story(chance, setting, now) for _ in range(TICKETS)]
    records = {f"id-{place}": story.record(f"id-{place}") for place, story in enumerate(stories)}
    found = of_program(list(records.values()), setting, now)
    seen: Counter[str] = Counter(cases=len(records))
    disputes: list[Dispute] = []
    for story, (name, one) in zip(stories, records.items(), strict=True):
        walk = Walk(one, setting.configuration.slas, world, now)
        expected = walk.answers
        if expected != found[name]:
            disputes.append(Dispute(setting, story, now))
        seen.update(happened(walk, expected))
        seen["clock change"] += any(story.created < turn <= now for turn in turns(setting)) and bool(walk.attached)
        seen["by the second"] += setting.unit == 1
        seen["looked at early"] += any(moment > now for moment, _, _ in story.changes)
    return seen, disputes


def happened(walk: Walk, answers: list[Answer]) -> dict[str, bool]:
    held = {(one.sla, one.vendor) for one in answers if "vendor" in one.sla}
    return {
        "paused": any(one.paused_seconds for one in answers),
        "reopened": any(change.reopens for change in walk.changes),
        "breached": any(one.breached for one in answers),
        "change of definition": walk.handed > 0,
        "hand-over": len(held) > len({sla for sla, _ in held}),
    }


def turns(setting: Setting) -> list[datetime]:
    zones = {office.zone.key for office in setting.configuration.calendars.values() if not office.always}
    return [turn for zone in zones for turn in clock_changes(zone, setting.era)]


# --- the oracle against what others say ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Reckoned:
    """What the oracle says of the only clock of a ticket."""

    walk: Walk

    @property
    def elapsed(self) -> int:
        return sum(self.walk.count(clock, tape, RUNS) * self.walk.world.unit for clock, tape in self.walk.attached)

    @property
    def due(self) -> datetime:
        ((clock, tape),) = self.walk.attached
        due = self.walk.due(clock, tape)
        assert due is not None
        return self.walk.world.instant(due)


def reckoned(
    office: CalendarDefinition, created: datetime, pauses: list[tuple[datetime, datetime]], target: int, now: datetime
) -> Reckoned:
    """A ticket that is created, put on hold and taken up again."""
    moments = [created, now, *(moment for pause in pauses for moment in pause)]
    first = min(moments).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    era = Era(first, (max(moments) - first).days + 60 + target // HOUR)
    settings = replace(configured(), calendars={"office": office})
    changes = [
        (moment.isoformat(), "state", state)
        for pause in pauses
        for moment, state in zip(pause, ("on_hold", "in_progress"), strict=True)
    ]
    one = replace(level(calendar="office", pause=when(state="on_hold")), target=Target(seconds=target))
    unit = 60 if all(moment.second == 0 for moment in moments) and target % 60 == 0 else 1
    return Reckoned(Walk(record(created.isoformat(), *changes), [one], World(settings, era, unit), now))


def of_vector(vector: dict[str, object]) -> tuple[int | datetime, int | datetime]:
    """What the oracle says of a fact of another project, and what that project says."""
    hours: dict[str, list[list[str]]] = vector["weekly_hours"]  # type: ignore[assignment]  # from JSON
    overrides: dict[str, list[list[str]]] = vector.get("date_overrides", {})  # type: ignore[assignment]  # the same
    of_days, of_dates = (
        {day: " ".join("-".join(pair) for pair in pairs) for day, pairs in one.items()} for one in (hours, overrides)
    )
    holidays: list[str] = vector["holidays"]  # type: ignore[assignment]  # the same
    office = definition(str(vector["timezone"]), of_days, holidays, of_dates)
    pairs: list[list[str]] = vector.get("pauses", [])  # type: ignore[assignment]  # the same
    pauses, created = [(at(begin), at(end)) for begin, end in pairs], at(str(vector["start"]))
    if "end" in vector:
        found = reckoned(office, created, pauses, 60, at(str(vector["end"])))
        return found.elapsed, int(str(vector["expected_business_seconds"]))
    now = max([created, *(end for _, end in pauses)])
    found = reckoned(office, created, pauses, int(str(vector["add_business_seconds"])), now)
    return found.due, at(str(vector["expected_end"]))


def test_the_oracle_keeps_the_facts_of_other_projects(shared: Path) -> None:
    vectors = json.loads((shared / "data/vectors/business_time.json").read_text())
    assert len(vectors) == 136
    outcomes = {vector["id"]: of_vector(vector) for vector in vectors}
    wrong = {name: (got, said) for name, (got, said) in outcomes.items() if got != said}
    assert {name: pair for name, pair in wrong.items() if name not in DIFFERENT} == {}
    assert wrong.keys() == DIFFERENT.keys()


ALWAYS = definition("Europe/London", HOURS_24X7)
NIGHT = definition("Europe/London", every_day("22:00-06:00"))
NEW_YORK = definition("America/New_York", "09:00-17:00")
KOLKATA = definition(
    "Asia/Kolkata", dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), "09:00-18:00"), ["2026-01-26"]
)


@pytest.mark.parametrize(
    ("office", "created", "pause", "hours", "due"),
    [
        pytest.param(ALWAYS, "2026-03-28T12:00Z", None, 24, "2026-03-29T13:00+01:00", id="O-1"),
        pytest.param(ALWAYS, "2026-10-24T12:00+01:00", None, 24, "2026-10-25T11:00Z", id="O-2"),
        pytest.param(NEW_YORK, "2026-03-06T16:00-05:00", None, 8, "2026-03-09T20:00Z", id="O-4"),
        pytest.param(KOLKATA, "2026-01-24T17:00+05:30", None, 4, "2026-01-27T06:30Z", id="O-5"),
        pytest.param(
            KOLKATA,
            "2026-01-24T17:00+05:30",
            ("2026-01-24T19:00+05:30", "2026-01-27T08:30+05:30"),
            4,
            "2026-01-27T12:00+05:30",
            id="O-6",
        ),
        pytest.param(
            KOLKATA,
            "2026-01-24T17:00+05:30",
            ("2026-01-27T08:00+05:30", "2026-01-27T10:00+05:30"),
            4,
            "2026-01-27T13:00+05:30",
            id="O-7",
        ),
    ],
)
def test_the_oracle_keeps_the_due_instants_of_our_own_vectors(
    office: CalendarDefinition, created: str, pause: tuple[str, str] | None, hours: int, due: str
) -> None:
    pauses = [(at(pause[0]), at(pause[1]))] if pause else []
    assert reckoned(office, at(created), pauses, hours * HOUR, at(pause[1] if pause else created)).due == at(due)


@pytest.mark.parametrize(("day", "minutes"), [("2026-03-28", 420), ("2026-06-10", 480), ("2026-10-24", 540)])
def test_the_oracle_counts_a_night_shift_over_a_clock_change_as_o_3_does(day: str, minutes: int) -> None:
    begins = at(f"{day}T12:00Z")
    assert reckoned(NIGHT, begins, [], 60, begins + timedelta(days=1)).elapsed == minutes * 60


def test_an_opening_hour_that_comes_twice_counts_the_first_time_round() -> None:
    early = definition("Europe/London", every_day("01:30-02:30"))
    found = reckoned(early, at("2026-10-24T12:00Z"), [], HOUR, at("2026-10-25T12:00Z"))
    assert (found.elapsed, found.due) == (2 * HOUR, at("2026-10-25T01:30Z"))
