from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.sla.randomly import Story
from tests.sla.tickets import CALENDARS, at, configured, either, level, office, when

from itsm_bridge.config.model import CalendarDefinition, OnChange, OnReopen, SlaDefinition
from itsm_bridge.history import reopenings
from itsm_bridge.sla import Cycle, Stage, cycles

BEGIN = at("2026-03-26T06:00Z")
"""Three days before the clocks of Europe go forward."""

WAITING, ASKED = when(state="on_hold"), when(approval="requested")
OFFICES = (
    *CALENDARS,
    office("night", "Europe/London", (0, 2), (20, 30), days=7),
    office("split", "America/New_York", (8, 12), (13, 17)),
    office("early", "Australia/Lord_Howe", (1, 3), (9, 17), days=6),
)
NAMES = st.sampled_from([one.name for one in OFFICES])
VALUES = {
    "state": ("new", "in_progress", "on_hold", "resolved", "closed", "canceled"),
    "priority": ("1", "3"),
    "approval": ("requested", "approved"),
    "assignee": ("", "agent"),
    "vendor": ("OptIT", "GWL", ""),
}
FIRST = {"state": "new", "priority": 3, "approval": "not_required", "vendor": "OptIT"}


def minutes(most: int, least: int = 0) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda count: timedelta(minutes=count))


@st.composite
def stories(draw: st.DrawFn, values: dict[str, tuple[str, ...]] = VALUES) -> Story:
    """A ticket with some changes, minutes or days apart."""
    moment, now = BEGIN, {name: str(value) for name, value in FIRST.items()} | {"assignee": ""}
    changes = []
    for _ in range(draw(st.integers(0, 8))):
        moment += draw(st.one_of(minutes(90, 1), minutes(4000, 1)))
        field = draw(st.sampled_from(sorted(values)))
        new = draw(st.sampled_from(values[field]))
        if new != now[field]:
            changes.append((moment, field, new))
            now[field] = new
    return Story(BEGIN, tuple(FIRST.items()), tuple(changes))


@st.composite
def levels(draw: st.DrawFn) -> tuple[SlaDefinition, ...]:
    """Two levels of one family, one of vendors, and an approval that can be asked for again."""

    def some(name: str, **fixed: object) -> SlaDefinition:
        varied: dict[str, object] = {
            "calendar": draw(NAMES),
            "hours": draw(st.sampled_from((0.25, 1, 4, 16))),
            "pause": draw(st.sampled_from((None, WAITING, either(WAITING, ASKED)))),
            "resume": draw(st.sampled_from((None, None, when(assignee="agent")))),
            "on_reopen": draw(st.sampled_from(OnReopen)),
            "on_change": draw(st.sampled_from(OnChange)),
        }
        return level(name, **{**varied, **fixed})  # type: ignore[arg-type]  # what a level may say

    return (
        some("low", start=when(priority=3)),
        some("high", start=when(priority=1)),
        some("uc", kind="uc", calendar="vendor"),
        some("approval", measures="approval", start=ASKED, stop=when(approval="approved")),
    )


def reckoned(story: Story, slas: Sequence[SlaDefinition], now: datetime, *offices: CalendarDefinition) -> list[Cycle]:
    calendars = {one.name: one for one in (*OFFICES, *offices)}
    found = cycles([story.record()], replace(configured(*slas), calendars=calendars), now)
    assert found.unclocked == []
    return found.cycles


# --- due -----------------------------------------------------------------------------------------------------------

Pause = tuple[timedelta, timedelta]
PAUSES = st.tuples(minutes(9000), minutes(3000, 1))


def on_hold(pauses: Sequence[Pause]) -> Story:
    """A ticket that is on hold in each of the pauses, which may overlap."""
    edges = sorted({edge for start, length in pauses for edge in (start, start + length)})
    held = [any(start <= edge < start + length for start, length in pauses) for edge in edges]
    states = ["on_hold" if one else "in_progress" for one in held]
    changes = [
        (BEGIN + edge, "state", state)
        for edge, state, before in zip(edges, states, ["new", *states], strict=False)
        if state != before
    ]
    return Story(BEGIN, tuple(FIRST.items()), tuple(changes))


@given(st.lists(PAUSES, max_size=4), PAUSES, NAMES, st.sampled_from((0.5, 4, 20)))
def test_a_pause_more_never_brings_the_due_instant_forward(
    pauses: list[Pause], more: Pause, calendar: str, hours: float
) -> None:
    one, now = level(calendar=calendar, hours=hours, pause=WAITING), BEGIN + timedelta(minutes=12_001)
    ((before,), (after,)) = (reckoned(on_hold(some), [one], now) for some in (pauses, [*pauses, more]))
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at >= before.due_at
    assert (after.elapsed_seconds, -after.paused_seconds) <= (before.elapsed_seconds, -before.paused_seconds)
    assert after.elapsed_seconds + after.paused_seconds == before.elapsed_seconds + before.paused_seconds


@given(stories(), levels(), minutes(9000), NAMES, st.integers(-1, 14))
def test_a_holiday_more_never_brings_a_due_instant_forward(
    story: Story, slas: tuple[SlaDefinition, ...], later: timedelta, calendar: str, day: int
) -> None:
    (usual,) = (one for one in OFFICES if one.name == calendar)
    off = {date(2026, 3, 26) + timedelta(days=day): "ours"}
    closed = replace(usual, holidays=replace(usual.holidays, add=off))
    before, after = reckoned(story, slas, BEGIN + later), reckoned(story, slas, BEGIN + later, closed)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert (old.sla, old.stage, old.started_at) == (new.sla, new.stage, new.started_at)
        assert new.paused_seconds <= old.paused_seconds
        assert new.elapsed_seconds <= old.elapsed_seconds
        if old.due_at is not None and new.due_at is not None:
            assert new.due_at >= old.due_at


# --- now -----------------------------------------------------------------------------------------------------------


@given(stories(), levels(), minutes(9000), minutes(9000))
def test_used_and_paused_time_never_shrink(
    story: Story, slas: tuple[SlaDefinition, ...], first: timedelta, later: timedelta
) -> None:
    before, after = (reckoned(story, slas, BEGIN + first + more) for more in (timedelta(0), later))
    assert [one.sla for one in after[: len(before)]] == [one.sla for one in before]
    for old, new in zip(before, after, strict=False):
        assert new.started_at == old.started_at
        assert new.elapsed_seconds >= old.elapsed_seconds
        assert new.paused_seconds >= old.paused_seconds
        assert new.breached >= old.breached


@given(stories(), levels(), minutes(9000), minutes(9000))
def test_what_was_finished_in_an_earlier_run_is_the_same_in_a_later_one(
    story: Story, slas: tuple[SlaDefinition, ...], first: timedelta, later: timedelta
) -> None:
    early, late = BEGIN + first, BEGIN + first + later
    told = replace(story, changes=tuple(change for change in story.changes if change[0] <= early))
    reopened = any(early < moment <= late for moment in reopenings(story.record()))
    for old, new in zip(reckoned(told, slas, early), reckoned(story, slas, late), strict=False):
        finished = old.stage is Stage.CANCELLED or (old.stage is Stage.COMPLETED and not reopened)
        assert not finished or new == old


@given(stories(), levels(), minutes(9000))
def test_business_time_is_never_more_than_the_time_that_passed(
    story: Story, slas: tuple[SlaDefinition, ...], later: timedelta
) -> None:
    for one in reckoned(story, slas, BEGIN + later):
        passed = (one.stopped_at or BEGIN + later) - BEGIN
        assert one.elapsed_seconds + one.paused_seconds <= passed.total_seconds()


# --- late as early -------------------------------------------------------------------------------------------------

LIFE = {"state": ("new", "in_progress", "on_hold", "resolved", "closed", "unknown"), "assignee": ("", "agent")}


@settings(max_examples=200)
@given(stories(LIFE), minutes(9000), minutes(9000), NAMES, st.sampled_from((None, when(assignee="agent"))))
def test_a_level_that_attaches_late_and_reaches_back_is_like_one_that_was_there_early(
    story: Story, becomes: timedelta, later: timedelta, calendar: str, resume: object
) -> None:
    turn = BEGIN + becomes
    now = turn + later
    state = next((new for moment, field, new in reversed(story.changes) if field == "state" and moment <= turn), "new")
    assume(state in {"new", "in_progress", "on_hold"})
    changed = replace(story, changes=tuple(sorted([*story.changes, (turn, "priority", "1")], key=lambda one: one[0])))
    early = level("level", calendar=calendar, pause=WAITING, resume=resume)  # type: ignore[arg-type]  # a condition
    late = replace(early, start=when(priority=1), on_change=OnChange.RETROACTIVE)
    (expected,) = reckoned(changed, [early], now)
    assert reckoned(changed, [late], now) == [expected]


# --- zones ---------------------------------------------------------------------------------------------------------


def shifted(one: Cycle, ahead: timedelta) -> Cycle:
    moments = (one.due_at, one.due_if_resumed_at, one.stopped_at)
    due, resumed, stopped = (moment + ahead if moment else None for moment in moments)
    return replace(one, started_at=one.started_at + ahead, due_at=due, due_if_resumed_at=resumed, stopped_at=stopped)


@given(stories(), levels(), minutes(9000), st.integers(-12, 14), st.sampled_from(((9, 17), (0, 5), (20, 30))))
def test_when_all_instants_and_the_zone_are_shifted_together_nothing_changes(
    story: Story, slas: tuple[SlaDefinition, ...], later: timedelta, east: int, hours: tuple[int, int]
) -> None:
    here = [replace(office(one.name, "UTC", hours, days=6), name=one.name) for one in OFFICES]
    zone = ZoneInfo(f"Etc/GMT{-east:+d}")
    there = [replace(one, zone=zone) for one in here]
    ahead = timedelta(hours=-east)
    changes = tuple((moment + ahead, field, new) for moment, field, new in story.changes)
    moved = replace(story, created=BEGIN + ahead, changes=changes)
    expected = [shifted(one, ahead) for one in reckoned(story, slas, BEGIN + later, *here)]
    assert reckoned(moved, slas, BEGIN + ahead + later, *there) == expected
