from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.sla.tickets import DONE, EXAMPLE_LEVELS, at, configured, level, record, when

from itsm_bridge.config.model import OnChange, OnReopen, SlaDefinition
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Clocked, Cycle, Stage, cycles, reckonings

CREATED = at("2026-06-26T10:00+05:30")
MINUTE = timedelta(minutes=1)
ON_HOLD = when(state="on_hold")

# --- an oracle: one level, always open, looked at once a minute -----------------------------------------------------


def seconds_by_the_minute(
    changes: list[tuple[int, str, str]], minutes: int, on_reopen: OnReopen
) -> list[tuple[int, int]]:
    """Running and paused seconds of each cycle of a level that pauses on hold and stops when resolved.

    The last look is at ``minutes`` itself: what changes then has happened, and has lasted for no time.
    """
    state, running, found = "new", True, [[0, 0]]
    for minute in range(minutes + 1):
        before = state
        state = {when_changed: value for when_changed, _, value in changes}.get(minute, state)
        if state in DONE:
            running = False
        elif before in DONE and on_reopen is not OnReopen.IGNORE:
            running = True
            if on_reopen is OnReopen.NEW_CYCLE:
                found.append([0, 0])
        if running and minute < minutes:
            found[-1][state == "on_hold"] += 60
    return [(used, paused) for used, paused in found]


minutes = st.integers(1, 300)
changes_of_state = st.tuples(
    minutes, st.just("state"), st.sampled_from(["in_progress", "on_hold", "resolved", "closed"])
)
changes_of_priority = st.tuples(minutes, st.just("priority"), st.sampled_from(["1", "2", "3"]))


def history(changes: list[tuple[int, str, str]], **initial: object) -> TicketRecord:
    told = [((CREATED + minute * MINUTE).isoformat(), field, value) for minute, field, value in sorted(changes)]
    return record(CREATED.isoformat(), *told, **initial)


@given(st.lists(changes_of_state, max_size=10), st.integers(1, 400), st.sampled_from(OnReopen))
def test_the_machine_agrees_with_a_clock_looked_at_once_a_minute(
    changes: list[tuple[int, str, str]], until: int, on_reopen: OnReopen
) -> None:
    one = history(changes, priority=1)
    levels = level(start=when(priority=[1, 2]), pause=ON_HOLD, on_reopen=on_reopen)
    found = cycles([one], configured(levels), CREATED + until * MINUTE).cycles
    expected = seconds_by_the_minute(sorted(changes), until, on_reopen)
    assert [(cycle.elapsed_seconds, cycle.paused_seconds) for cycle in found] == expected


# --- properties ----------------------------------------------------------------------------------------------------

anything = st.one_of(
    changes_of_state,
    changes_of_priority,
    st.tuples(minutes, st.just("state"), st.just("canceled")),
    st.tuples(minutes, st.just("vendor"), st.sampled_from(["", "OptIT", "GWL"])),
    st.tuples(minutes, st.just("environment"), st.sampled_from(["", "punjab", "ap", "bihar"])),
    st.tuples(minutes, st.just("approval"), st.sampled_from(["requested", "approved"])),
)
# an hour for each minute, so that the tickets live over nights, weekends and a change of owner
lives = st.lists(anything.map(lambda change: (change[0] * 60, *change[1:])), max_size=12)


@st.composite
def levels(draw: st.DrawFn) -> tuple[SlaDefinition, ...]:
    """The four of the example, with any policies."""
    policies = st.tuples(st.sampled_from(OnReopen), st.sampled_from(OnChange))
    drawn = [draw(policies) for _ in EXAMPLE_LEVELS]
    return tuple(
        replace(one, on_reopen=on_reopen, on_change=on_change)
        for one, (on_reopen, on_change) in zip(EXAMPLE_LEVELS, drawn, strict=True)
    )


def measured(one: TicketRecord, definitions: tuple[SlaDefinition, ...], now: datetime) -> Clocked:
    return cycles([one], configured(*definitions), now)


@given(lives, levels(), st.integers(0, 25_000))
def test_a_late_reading_equals_an_early_one(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...], until: int
) -> None:
    now = CREATED + until * MINUTE
    late = history(changes, priority=3, environment="punjab")
    early = history([change for change in changes if change[0] <= until], priority=3, environment="punjab")
    assert measured(late, definitions, now) == measured(early, definitions, now)


@given(lives, levels(), st.integers(0, 25_000))
def test_clocks_keep_their_promises(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...], until: int
) -> None:
    now = CREATED + until * MINUTE
    one = history(changes, priority=3, environment="punjab")
    for cycle in measured(one, definitions, now).cycles:
        check(cycle, now)


def check(cycle: Cycle, now: datetime) -> None:
    end = cycle.stopped_at or now
    assert CREATED <= cycle.started_at <= end <= now
    assert cycle.elapsed_seconds >= 0
    assert cycle.paused_seconds <= (end - cycle.started_at).total_seconds()
    assert cycle.breached == (cycle.elapsed_seconds > cycle.target_seconds)
    assert (cycle.stopped_at is None) == (cycle.stage in {Stage.IN_PROGRESS, Stage.PAUSED})
    if cycle.stage is Stage.PAUSED:
        assert cycle.due_at is None
    if cycle.due_at is not None:
        assert cycle.due_at >= cycle.started_at
        assert not cycle.breached or cycle.due_at < end or cycle.due_at == cycle.started_at


@given(lives, levels())
def test_the_used_time_of_a_running_clock_never_falls(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...]
) -> None:
    one = history(changes, priority=3, environment="punjab")
    last = CREATED + 20_000 * MINUTE
    earlier = measured(one, definitions, last).cycles
    later = measured(one, definitions, last + timedelta(days=1)).cycles
    for before, after in zip(earlier, later, strict=True):
        assert (before.sla, before.started_at, before.stopped_at) == (after.sla, after.started_at, after.stopped_at)
        assert 0 <= after.elapsed_seconds - before.elapsed_seconds <= 86_400


@given(lives, levels(), st.integers(0, 25_000))
def test_intervals_add_up_to_their_clock(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...], until: int
) -> None:
    one = history(changes, priority=3, environment="punjab")
    found = reckonings(one, configured(*definitions), CREATED + until * MINUTE)
    for reckoning in found:
        running = sum(piece.seconds for piece in reckoning.intervals if not piece.paused)
        paused = sum(piece.seconds for piece in reckoning.intervals if piece.paused)
        assert reckoning.cycle.elapsed_seconds == reckoning.carried_seconds + running
        assert reckoning.cycle.paused_seconds == paused
    assert [one.cycle for one in found] == measured(one, definitions, CREATED + until * MINUTE).cycles


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from(["always", "london", "optit", "berlin daily"]))
def test_a_pause_more_never_lowers_a_due_instant(begin: int, length: int, calendar: str) -> None:
    definition = level(calendar=calendar, hours=20, pause=ON_HOLD)
    pause = [(begin, "state", "on_hold"), (begin + length, "state", "in_progress")]
    now = CREATED + 6001 * MINUTE
    (without,), (paused,) = (
        measured(history(changes), (definition,), now).cycles for changes in ([(6000, "state", "in_progress")], pause)
    )
    assert without.due_at is not None
    assert paused.due_at is not None
    assert paused.due_at >= without.due_at
    assert paused.elapsed_seconds + paused.paused_seconds == without.elapsed_seconds


@given(st.lists(lives, max_size=4))
def test_many_tickets_together_have_the_clocks_that_each_has_alone(many: list[list[tuple[int, str, str]]]) -> None:
    records = [history(changes, priority=3, environment="punjab") for changes in many]
    settings, now = configured(*EXAMPLE_LEVELS), CREATED + 15_000 * MINUTE
    together = cycles(records, settings, now)
    alone = [cycles([one], settings, now) for one in records]
    assert together.cycles == [cycle for one in alone for cycle in one.cycles]
