"""The clocks on a ticket's page: a picture and a table for each, in which nothing of others is markup."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.cli.test_clocks import long_life
from tests.report.test_rules_page import HOSTILE, Tags
from tests.rules.made import NOW, example
from tests.rules.made import record as ruled
from tests.sla.test_properties import CREATED, MINUTE, history, levels, lives
from tests.sla.test_telling import MONDAY, ON_HOLD, told, with_days_off
from tests.sla.tickets import EXAMPLE_LEVELS, P1_RESOLUTION, STANDARD, level, record, when

from itsm_bridge.config.model import OnChange, SlaDefinition
from itsm_bridge.report.clocks import clocks_section
from itsm_bridge.report.rules_page import ticket_page
from itsm_bridge.report.timeline import legend, timeline
from itsm_bridge.rules import Decider, explain
from itsm_bridge.sla import Statement, Statements, statements

PLACE = re.compile(r' x[12]?="([^"]*)"')
BAND = re.compile(r'<line class="(\w+)" x1="([0-9.]+)%" x2="([0-9.]+)%"')


def section(found: Statements) -> str:
    return "\n".join(clocks_section(found))


def bands(clock: Statement) -> list[tuple[str, float, float]]:
    drawn = BAND.findall(timeline(clock, 1))
    return [(kind, float(begin), float(end)) for kind, begin, end in drawn if kind not in {"axis", "mark", "hollow"}]


def test_each_clock_has_a_head_a_picture_and_a_table_that_adds_up() -> None:
    found = long_life()
    markup = section(found)
    page = Tags(markup)
    assert markup.count('<svg class="clock"') == len(found.clocks) == 3
    for clock in found.clocks:
        assert clock.cycle.sla in page.text
    assert "Ashura" in page.text
    assert "state became on_hold" in page.text
    assert "Levels without a clock" in page.text


def test_a_tickets_page_has_its_clocks() -> None:
    explanation = explain(Decider(example()), ruled(environment="punjab"), NOW)
    assert "<h2>Clocks</h2>" in ticket_page(explanation, long_life())
    assert "There are no service levels" in ticket_page(explanation, statements(record(MONDAY), with_days_off(), NOW))


def test_a_picture_says_in_words_what_it_shows() -> None:
    (clock,) = told(record(MONDAY), level(hours=1), now="2026-11-23T13:30+05:30").clocks
    drawn = timeline(clock, 7)
    assert 'role="img" aria-labelledby="clock-7-title clock-7-desc"' in drawn
    assert '<title id="clock-7-title">resolution: running, breached by 2h 30m</title>' in drawn
    assert '<desc id="clock-7-desc">3h 30m of 1h used, 350 %' in drawn


def test_running_time_is_cut_where_the_target_is_used_up() -> None:
    (clock,) = told(record(MONDAY), level(hours=1), now="2026-11-23T14:00+05:30").clocks
    assert bands(clock) == [("running", 0, 25), ("over", 25, 100)]
    assert "after the target 3:00:00" in legend(clock)
    assert "running 1:00:00" in legend(clock)


def test_a_clock_that_begins_breached_is_hollow_from_its_beginning() -> None:
    one = record(MONDAY, ("2026-11-24T12:00+05:30", "priority", "3"), priority=1, environment="punjab")
    carrying = replace(P1_RESOLUTION, on_change=OnChange.CARRY)
    _, clock = told(one, carrying, STANDARD, now="2026-11-24T13:00+05:30").clocks
    assert clock.carried_seconds == 26 * 3600 > clock.cycle.target_seconds
    assert bands(clock) == [("over", 0, 100)]


def test_a_due_instant_ahead_leaves_room_for_its_mark() -> None:
    (clock,) = told(record(MONDAY), level(hours=4), now="2026-11-23T11:00+05:30").clocks
    assert bands(clock) == [("running", 0, 25)]
    drawn = timeline(clock, 1)
    assert 'class="mark due" x1="100%"' in drawn
    assert "target Mon 2026-11-23 08:30" in drawn


def test_a_paused_clock_shows_when_it_would_be_due() -> None:
    one = record(MONDAY, ("2026-11-23T11:00+05:30", "state", "on_hold"))
    (clock,) = told(one, level(pause=ON_HOLD, hours=4), now="2026-11-23T12:00+05:30").clocks
    assert bands(clock) == [("running", 0, 20), ("paused", 20, 40)]
    assert "due if resumed now Mon 2026-11-23 09:30" in timeline(clock, 1)


def test_a_target_that_an_ended_clock_was_far_from_is_only_named() -> None:
    one = record(MONDAY, ("2026-11-23T11:00+05:30", "state", "resolved"))
    near, far = (told(one, level(hours=hours), now="2026-11-23T12:00+05:30").clocks[0] for hours in (4, 5))
    assert (bands(near), bands(far)) == ([("running", 0, 25)], [("running", 0, 100)])
    assert 'class="mark due"' in timeline(near, 1)
    assert 'class="mark due"' not in timeline(far, 1)
    assert "target Mon 2026-11-23 09:30 →" in timeline(far, 1)


def test_the_nights_of_a_long_life_are_not_drawn() -> None:
    short, long = (
        told(record(MONDAY), level(calendar="optit", hours=400), now=now).clocks[0]
        for now in ("2026-11-27T12:00+05:30", "2026-12-27T12:00+05:30")
    )
    assert [kind for kind, _, _ in bands(short)].count("running") == 5
    assert [kind for kind, _, _ in bands(long)] == ["running", "closed"]


def test_a_clock_of_no_time_has_a_table_and_no_picture() -> None:
    found = told(record(MONDAY), level(), now=MONDAY)
    assert timeline(found.clocks[0], 1) == legend(found.clocks[0]) == ""
    assert "0:00:00" in Tags(section(found)).text


@given(lives, levels(), st.integers(0, 25_000))
def test_the_bands_of_any_clock_follow_each_other_within_the_picture(
    changes: list[tuple[int, str, str]], definitions: tuple[SlaDefinition, ...], until: int
) -> None:
    one = history(changes, priority=3, environment="punjab")
    found = statements(one, with_days_off(*definitions), CREATED + until * MINUTE)
    Tags(section(found))
    for clock in found.clocks:
        here = 0.0
        for _, begin, end in bands(clock):
            assert (begin, 0 <= begin <= end <= 100) == (here, True)
            here = end
        assert all(0 <= float(place.rstrip("%")) <= 100 for place in PLACE.findall(timeline(clock, 1)))


def test_text_of_others_is_neither_markup_nor_a_command() -> None:
    hostile = replace(
        level(f"{HOSTILE} level", start=when(assignee=HOSTILE), pause=when(group=HOSTILE)),
        measures=HOSTILE,
        kind=HOSTILE,
    )
    one = record(
        MONDAY,
        ("2026-11-23T11:00+05:30", "group", HOSTILE),
        ("2026-11-23T12:00+05:30", "state", "resolved"),
        summary=HOSTILE,
        assignee=HOSTILE,
    )
    signed = replace(one, history=tuple(replace(entry, actor=HOSTILE) for entry in one.history))
    never = replace(hostile, name=f"{HOSTILE} never", start=when(assignee="nobody"))
    found = told(signed, hostile, never, *EXAMPLE_LEVELS, now="2026-11-23T13:00+05:30")
    assert [len(found.clocks), len(found.unattached)] == [1, 5]
    explanation = explain(Decider(example()), ruled(environment="punjab"), NOW)
    markup = ticket_page(explanation, found)
    page = Tags(markup)
    assert "alert(1)" in page.text
    assert page.tags <= ALLOWED
    assert page.attributes <= ATTRIBUTES
    assert "url(" not in markup
    assert "://" not in markup
    assert not {"\x1b", "\u202e"} & set(markup)


ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "br", "div", "span", "strong", "ul", "li",
    "table", "thead", "tbody", "tr", "th", "td", "svg", "desc", "g", "line", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "role", "id", "aria-labelledby", "aria-hidden",
    "width", "height", "x", "y", "x1", "x2", "y1", "y2", "text-anchor",
}  # fmt: skip
