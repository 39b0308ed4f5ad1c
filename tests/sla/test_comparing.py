from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.sla.tickets import CALENDARS, STANDARD, at, configured, level, record, when

from itsm_bridge.config.model import Configuration, OnChange, SlaDefinition
from itsm_bridge.model import NativeSla, TicketRecord
from itsm_bridge.sla import Cause, Compared, Comparer, Comparison, Cycle, Stage, cycles, reckonings

ON_HOLD = when(state="on_hold")
PAUSING = level(pause=ON_HOLD, calendar="optit")
UNTIL = at("2026-07-31T12:00Z")
MINUTE = timedelta(minutes=1)


def native(cycle: Cycle, **said: object) -> NativeSla:
    """What a source would say that measured exactly this, and at its end or just before ``UNTIL``."""
    told = NativeSla(
        source=cycle.source,
        external_id=cycle.external_id,
        native_id="n1",
        name=cycle.sla,
        stage=cycle.stage,
        started_at=cycle.started_at,
        stopped_at=cycle.stopped_at,
        due_at=cycle.due_at,
        elapsed_seconds=cycle.elapsed_seconds,
        breached=cycle.breached,
        measured_at=cycle.stopped_at or UNTIL,
        target_seconds=cycle.target_seconds,
        paused=cycle.stage is Stage.PAUSED,
        paused_seconds=None if cycle.stage is Stage.PAUSED else cycle.paused_seconds,
    )
    return replace(told, **said)  # type: ignore[arg-type]  # a test may set any field


def theirs(one: TicketRecord, config: Configuration, until: datetime = UNTIL, **said: object) -> list[NativeSla]:
    """The clocks of a source that measures with a configuration of its own."""
    return [native(cycle, **said) for cycle in cycles([one], config, until).cycles]


def compared(
    one: TicketRecord, natives: Sequence[NativeSla], config: Configuration, until: datetime = UNTIL
) -> Compared:
    return Comparer(config).compare(reckonings(one, config, until), natives, until)


def beside(one: TicketRecord, natives: Sequence[NativeSla], config: Configuration) -> Comparison:
    """The only comparison."""
    (found,) = compared(one, natives, config).comparisons
    return found


def life(chance: random.Random, *, held: bool = False, **initial: object) -> TicketRecord:
    """A ticket that may wait some time, and is resolved, or not yet; no two things happen at round times."""
    moment = at("2026-07-01T00:00Z") + timedelta(seconds=chance.randrange(14 * 86_400))
    created, told = moment, []
    for _ in range(chance.randrange(2) + held):
        for state in ("on_hold", "in_progress"):
            moment += timedelta(seconds=chance.randrange(600, 30 * 3600))
            told.append((moment.isoformat(), "state", state))
    if chance.random() < 0.7:
        moment += timedelta(seconds=chance.randrange(600, 40 * 3600))
        told.append((moment.isoformat(), "state", "resolved"))
    return record(created.isoformat(), *told, priority=2, **initial)


def in_zone(config: Configuration, zone: str) -> Configuration:
    calendars = {name: replace(one, zone=ZoneInfo(zone)) for name, one in config.calendars.items()}
    return replace(config, calendars=calendars)


# --- agreement -------------------------------------------------------------------------------------------------------


def test_a_clock_that_waits_past_its_target_shows_no_due_instant_as_in_the_list_of_clocks() -> None:
    config = configured(PAUSING)
    late = record("2026-07-01T00:00Z", ("2026-07-20T12:00Z", "state", "on_hold"), priority=2)
    (cycle,) = cycles([late], config, UNTIL).cycles
    assert (cycle.breached, cycle.due_at) == (True, None)
    found = beside(late, [native(cycle)], config)
    assert (found.breached, found.due_at, found.agrees) == (True, None, True)
    at_work = native(cycle, measured_at=at("2026-07-20T11:00Z"), paused=False)
    assert beside(late, [at_work], config).due_at is not None


def test_clocks_that_measure_the_same_agree() -> None:
    config = configured(PAUSING)
    for seed in range(150):
        one = life(random.Random(seed))
        found = beside(one, theirs(one, config), config)
        assert (found.agrees, found.causes, found.detail, found.difference_seconds) == (True, (), "", 0), seed


def test_a_running_clock_is_looked_at_as_of_its_last_refresh() -> None:
    config = configured(PAUSING)
    still_running = changed_since = 0
    for seed in range(150):
        chance = random.Random(seed)
        one = life(chance)
        then = one.ticket.created_at + timedelta(seconds=chance.randrange(60, 60 * 3600))
        stale = theirs(one, config, then, measured_at=then)
        if stale[0].stopped_at is not None:
            continue
        still_running += 1
        (today,) = cycles([one], config, UNTIL).cycles
        changed_since += today.elapsed_seconds != stale[0].elapsed_seconds
        found = beside(one, stale, config)
        if today.stopped_at is not None and today.stopped_at <= then:
            continue
        assert (found.agrees, found.difference_seconds) == (True, 0), seed
    assert still_running > 50
    assert changed_since > 50


def test_a_minute_is_no_difference_and_more_is_one() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2)
    (same,) = theirs(one, config)
    assert same.elapsed_seconds == 7200
    for seconds, agrees in ((7260, True), (7140, True), (7261, False), (7139, False)):
        assert beside(one, [replace(same, elapsed_seconds=seconds)], config).agrees is agrees


def test_a_closing_and_the_opening_after_it_are_one_deadline() -> None:
    config = configured(level(hours=8, calendar="optit"))
    one = record("2026-07-10T04:30Z", ("2026-07-10T05:00Z", "state", "resolved"), priority=2)
    (same,) = theirs(one, config)
    assert same.due_at == at("2026-07-10T12:30Z")
    assert beside(one, [replace(same, due_at=at("2026-07-13T04:30Z"))], config).agrees is True
    assert beside(one, [replace(same, due_at=at("2026-07-10T14:00Z"))], config).agrees is False


def test_the_verdict_of_a_running_clock_counts_for_nothing_at_its_target() -> None:
    config = configured(level(hours=8))
    one = record("2026-07-31T04:00Z", priority=2)
    (just,) = theirs(one, config)
    assert (just.elapsed_seconds, just.breached) == (8 * 3600, False)
    assert beside(one, [replace(just, breached=True)], config).agrees is True
    done = record("2026-07-31T03:00Z", ("2026-07-31T10:59:30Z", "state", "resolved"), priority=2)
    (stopped,) = theirs(done, config)
    assert beside(done, [replace(stopped, breached=True)], config).agrees is False


# --- causes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Injected:
    """A cause, and how a source measures that has it: the ticket as it sees it, its configuration, what it states."""

    cause: Cause
    ours: SlaDefinition
    seen: Callable[[TicketRecord, random.Random], TicketRecord]
    config: Callable[[Configuration], Configuration]
    said: dict[str, object]
    held: bool = False


def as_it_is(one: TicketRecord, _: random.Random) -> TicketRecord:
    return one


def begun_otherwise(one: TicketRecord, chance: random.Random) -> TicketRecord:
    created = one.ticket.created_at - timedelta(seconds=chance.randrange(7200, 90_000))
    return replace(one, ticket=replace(one.ticket, created_at=created))


def ended_otherwise(one: TicketRecord, chance: random.Random) -> TicketRecord:
    if not one.history or one.history[-1].new != "resolved":
        return one
    *before, last = one.history
    later = replace(last, at=last.at + timedelta(seconds=chance.randrange(3600, 90_000)))
    return replace(one, history=(*before, later), ticket=replace(one.ticket, updated_at=later.at))


def same(config: Configuration) -> Configuration:
    return config


def measured_by(definition: SlaDefinition) -> Callable[[Configuration], Configuration]:
    return lambda config: replace(config, slas=(definition,))


INJECTED = [
    Injected(Cause.TARGET, PAUSING, as_it_is, measured_by(replace(PAUSING, target=level(hours=9).target)), {}),
    Injected(Cause.START, PAUSING, begun_otherwise, same, {}),
    Injected(Cause.STOP, PAUSING, ended_otherwise, same, {}),
    Injected(Cause.PAUSE, PAUSING, as_it_is, measured_by(replace(PAUSING, pause=None)), {}, held=True),
    Injected(
        Cause.PAUSE, PAUSING, as_it_is, measured_by(replace(PAUSING, pause=None)), {"paused_seconds": None}, held=True
    ),
    Injected(Cause.PAUSE, replace(PAUSING, pause=None), as_it_is, measured_by(PAUSING), {}, held=True),
    Injected(Cause.ZONE, PAUSING, as_it_is, lambda config: in_zone(config, "Asia/Tokyo"), {"zone": "Asia/Tokyo"}),
    Injected(Cause.ZONE, PAUSING, as_it_is, lambda config: in_zone(config, "UTC"), {}),
    Injected(
        Cause.SCHEDULE,
        level(calendar="optit"),
        as_it_is,
        measured_by(level(calendar="always")),
        {"zone": "Asia/Kolkata"},
    ),
    Injected(
        Cause.SCHEDULE,
        level(calendar="optit"),
        as_it_is,
        measured_by(level(calendar="berlin daily")),
        {"zone": "Asia/Kolkata", "schedule": "Berlin Daily"},
    ),
]


@pytest.mark.parametrize("injected", INJECTED, ids=lambda one: f"{one.cause}-{INJECTED.index(one)}")
def test_a_known_cause_is_found(injected: Injected) -> None:
    config = configured(injected.ours)
    differing = 0
    for seed in range(120):
        chance = random.Random(seed)
        one = life(chance, held=injected.held)
        as_seen = injected.seen(one, chance)
        said = theirs(as_seen, injected.config(config), UNTIL, **injected.said)
        found = beside(one, said, config)
        if found.agrees is True:
            assert found.causes == ()
            continue
        differing += 1
        assert found.causes == (injected.cause,), (seed, found.detail)
        assert "Ours is the same " in found.detail
    assert differing > 40


def test_time_that_the_source_does_not_carry_over_is_found() -> None:
    urgent = level("urgent", start=when(priority=1), hours=4)
    normal = level("normal", start=when(priority=2), hours=8)
    config = configured(urgent, normal)
    restarting = configured(*(replace(one, on_change=OnChange.RESTART) for one in config.slas))
    one = record(
        "2026-07-06T06:00Z",
        ("2026-07-06T08:00Z", "priority", "1"),
        ("2026-07-06T09:00Z", "state", "resolved"),
        priority=2,
    )
    first, second = compared(one, theirs(one, restarting), config).comparisons
    assert (first.cycle.sla, first.agrees) == ("normal", True)
    assert (second.elapsed_seconds, second.native.elapsed_seconds) == (3 * 3600, 3600)
    assert second.causes == (Cause.CARRIED,)


@pytest.mark.parametrize("seconds", [35_998, 35_999, 36_000])
def test_a_share_that_is_rounded_up_to_100_is_a_breach_for_the_source(seconds: int) -> None:
    config = configured(level(hours=10))
    done = at("2026-07-06T06:00Z") + timedelta(seconds=seconds)
    one = record("2026-07-06T06:00Z", (done.isoformat(), "state", "resolved"), priority=2)
    (exact,) = theirs(one, config, breached=True, percent=100.0)
    found = beside(one, [exact], config)
    assert found.cycle.breached is False
    assert found.causes == ((Cause.UNEXPLAINED,) if seconds == 35_998 else (Cause.ROUNDING,))


def test_two_causes_together_are_found_and_named_in_order() -> None:
    config = configured(PAUSING)
    one = record(
        "2026-07-06T06:00Z",
        ("2026-07-06T07:10Z", "state", "on_hold"),
        ("2026-07-07T07:20Z", "state", "in_progress"),
        ("2026-07-07T11:00Z", "state", "resolved"),
        priority=2,
    )
    other = configured(replace(PAUSING, pause=None, calendar="always"))
    found = beside(one, theirs(one, other, paused_seconds=None), config)
    assert found.causes == (Cause.PAUSE, Cause.SCHEDULE)
    assert found.detail == (
        "theirs has used 29:00:00, ours 4:50:00; theirs is due 2026-07-06 10:00:00 UTC, ours 2026-07-07 10:10:00 UTC. "
        "Ours is the same without pauses and around the clock."
    )
    shorter = configured(replace(PAUSING, pause=None, calendar="always", target=level(hours=2).target))
    found = beside(one, theirs(one, shorter, paused_seconds=None), config)
    assert found.causes == (Cause.TARGET, Cause.PAUSE, Cause.SCHEDULE)


def test_what_nothing_explains_is_unexplained() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2)
    (same_clock,) = theirs(one, config)
    found = beside(one, [replace(same_clock, elapsed_seconds=123_456, due_at=None)], config)
    assert (found.agrees, found.causes) == (False, (Cause.UNEXPLAINED,))
    assert found.detail == "theirs has used 34:17:36, ours 2:00:00."
    found = beside(one, [replace(same_clock, elapsed_seconds=123_456, target_seconds=60)], config)
    assert found.causes == (Cause.TARGET, Cause.UNEXPLAINED)
    assert "Ours is the same" not in found.detail


def test_a_clock_of_theirs_that_still_runs_when_ours_has_stopped_stops_otherwise() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2)
    then = at("2026-07-06T10:30Z")
    running = theirs(record("2026-07-06T06:00Z", priority=2), config, then, measured_at=then)
    found = beside(one, running, config)
    assert (found.causes, found.difference_seconds) == ((Cause.STOP,), 9000)


def test_their_present_pause_is_a_cause() -> None:
    config = configured(level(calendar="optit"))
    one = record("2026-07-06T06:00Z", priority=2)
    then = at("2026-07-06T10:00Z")
    (running,) = theirs(one, config, then, measured_at=then)
    since = at("2026-07-06T07:00Z")
    held = replace(running, paused=True, paused_at=since, elapsed_seconds=3600, due_at=None, paused_seconds=0)
    assert beside(one, [held], config).causes == (Cause.PAUSE,)
    assert beside(one, [replace(held, paused_seconds=None)], config).causes == (Cause.PAUSE,)


def test_a_source_that_knows_no_change_of_owner_to_come_is_due_otherwise() -> None:
    config = configured(replace(STANDARD, target=level(hours=12).target))
    one = record(
        "2026-06-30T10:30Z", ("2026-06-30T11:00Z", "state", "resolved"), priority=2, environment="bihar", vendor="GWL"
    )
    (same_clock,) = theirs(one, config)
    assert same_clock.due_at == at("2026-07-01T14:30Z")
    found = beside(one, [replace(same_clock, due_at=at("2026-07-02T06:30Z"))], config)
    assert found.causes == (Cause.SCHEDULE,)
    assert "without working days and changes of owner to come" in found.detail


def test_a_due_instant_that_only_working_days_make_is_no_secret() -> None:
    config = configured(level(days=2, calendar="optit"))
    one = record("2026-07-06T14:00Z", ("2026-07-07T06:00Z", "state", "resolved"), priority=2)
    (cycle,) = cycles([one], config, UNTIL).cycles
    found = beside(one, [native(cycle)], config)
    assert found.agrees is True


# --- what a source does not say, and what it should not say ----------------------------------------------------------

OPTIONAL = [
    "started_at", "stopped_at", "due_at", "elapsed_seconds", "breached", "measured_at", "target_seconds", "schedule",
    "zone", "paused", "paused_at", "paused_seconds", "percent",
]  # fmt: skip


def test_every_field_that_a_source_may_leave_out_is_tested() -> None:
    always = {"source", "external_id", "native_id", "name", "stage"}
    assert {field.name for field in fields(NativeSla)} == {*always, *OPTIONAL}


@pytest.mark.parametrize("missing", OPTIONAL)
def test_what_a_source_does_not_say_is_not_compared(missing: str) -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2)
    (whole,) = theirs(one, config)
    assert beside(one, [replace(whole, **{missing: None})], config).agrees is True  # type: ignore[arg-type]  # as above


def test_a_source_that_says_nothing_neither_agrees_nor_differs() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", priority=2)
    (whole,) = theirs(one, config)
    silent = replace(whole, **dict.fromkeys(OPTIONAL))  # type: ignore[arg-type]  # as above
    found = beside(one, [silent], config)
    assert (found.agrees, found.causes, found.difference_seconds) == (None, (), None)
    assert found.elapsed_seconds > 0


def test_a_clock_measured_before_ours_began_is_not_compared() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", priority=2)
    (whole,) = theirs(one, config)
    early = replace(whole, measured_at=at("2026-07-05T06:00Z"), elapsed_seconds=5)
    assert beside(one, [early], config).agrees is None


@pytest.mark.parametrize(
    "said",
    [
        {"zone": "../../etc/passwd"},
        {"zone": "/etc/passwd"},
        {"zone": "\x00\u202e" * 2000},
        {"zone": ""},
        {"schedule": "=cmd|'/c calc'!A1\n\x00"},
        {"started_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"started_at": datetime(9999, 12, 31, tzinfo=UTC)},
        {"stopped_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"due_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"due_at": datetime(9999, 12, 31, tzinfo=UTC)},
        {"paused": True, "paused_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"target_seconds": 2**62},
        {"target_seconds": -5},
        {"target_seconds": 0, "breached": True},
        {"paused_seconds": 2**62},
        {"paused_seconds": -(2**62)},
        {"elapsed_seconds": -1},
        {"elapsed_seconds": 2**62},
        {"percent": float("nan")},
    ],
)
def test_whatever_a_source_says_a_comparison_comes_of_it(said: dict[str, object]) -> None:
    config = configured(PAUSING)
    for one in (
        record("2026-07-06T06:00Z", priority=2),
        record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2),
    ):
        (whole,) = theirs(one, config)
        found = beside(one, [replace(whole, elapsed_seconds=77_777)], config)
        assert found.agrees is False
        told = replace(whole, **{"elapsed_seconds": 77_777, **said})  # type: ignore[arg-type]  # as above
        found = beside(one, [told], config)
        assert found.agrees is False
        assert found.detail


# --- as of an instant in the past ------------------------------------------------------------------------------------


def test_in_the_past_only_what_was_measured_by_then_is_compared() -> None:
    config = configured(PAUSING)
    one = record("2026-07-06T06:00Z", ("2026-07-06T08:00Z", "state", "resolved"), priority=2)
    (done,) = theirs(one, config)
    before, after = at("2026-07-06T07:00Z"), at("2026-07-06T09:00Z")
    assert compared(one, [done], config, before).comparisons == ()
    assert len(compared(one, [done], config, after).comparisons) == 1
    running = record("2026-07-06T06:00Z", priority=2)
    (known_now,) = theirs(running, config)
    assert compared(running, [known_now], config, after).comparisons == ()
    ahead = replace(known_now, measured_at=UNTIL + timedelta(seconds=30))
    assert beside(running, [ahead], config).agrees is True


# --- which belongs to which ------------------------------------------------------------------------------------------


def test_clocks_belong_together_by_name_without_regard_to_case_and_space() -> None:
    config = configured(replace(PAUSING, name="P2 Resolution"))
    one = record("2026-07-06T06:00Z", priority=2)
    (whole,) = theirs(one, config)
    assert len(compared(one, [replace(whole, name=" p2  RESOLUTION ")], config).comparisons) == 1
    apart = compared(one, [replace(whole, name="P2")], config)
    assert (apart.comparisons, len(apart.natives), len(apart.ours)) == ((), 1, 1)


def test_names_that_are_given_take_the_place_of_the_own_one() -> None:
    config = configured(replace(PAUSING, native=("Priority 2 resolution", "Time to resolution")))
    one = record("2026-07-06T06:00Z", priority=2)
    (whole,) = theirs(one, config)
    for name, pairs in (("time to resolution", 1), ("priority 2 resolution", 1), ("resolution", 0)):
        assert len(compared(one, [replace(whole, name=name)], config).comparisons) == pairs


def test_of_several_cycles_the_nearest_starts_belong_together() -> None:
    config = configured(level(start=when(state=["new", "in_progress"]), stop=when(state="resolved"), calendar="always"))
    one = record(
        "2026-07-06T06:00Z",
        ("2026-07-06T08:00Z", "state", "canceled"),
        ("2026-07-07T06:00Z", "state", "new"),
        ("2026-07-07T08:00Z", "state", "resolved"),
        priority=2,
    )
    first, second = theirs(one, config)
    late = replace(second, native_id="n2", started_at=second.started_at + 5 * MINUTE) if second.started_at else second
    found = compared(one, [late, first], config)
    assert [(pair.cycle.started_at, pair.native.native_id) for pair in found.comparisons] == [
        (at("2026-07-06T06:00Z"), "n1"),
        (at("2026-07-07T06:00Z"), "n2"),
    ]
    third = replace(late, native_id="n3", started_at=None)
    found = compared(one, [third, late], config)
    assert [pair.native.native_id for pair in found.comparisons] == ["n3", "n2"]
    found = compared(one, [third, late, first], config)
    assert [one.native_id for one in found.natives] == ["n3"]


def test_one_clock_of_theirs_is_compared_with_the_one_of_ours_that_went_on() -> None:
    names = ("Time to resolution",)
    urgent = replace(level("urgent", start=when(priority=1), on_change=OnChange.RETROACTIVE), native=names)
    normal = replace(level("normal", start=when(priority=2)), native=names)
    config = configured(urgent, normal)
    one = record("2026-07-06T06:00Z", ("2026-07-06T06:30Z", "priority", "1"), priority=2)
    (kept,) = [each for each in theirs(one, config, name=names[0]) if each.stage == "in_progress"]
    found = compared(one, [kept], config)
    assert [pair.cycle.sla for pair in found.comparisons] == ["urgent"]
    assert [cycle.sla for cycle in found.ours] == ["normal"]


def test_the_calendars_of_the_tests_are_those_that_are_tried() -> None:
    assert {"always", "optit", "berlin daily"} <= {one.name for one in CALENDARS}
