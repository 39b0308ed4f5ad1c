from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from tests.sandbox.clients import NOW

from itsm_bridge.sandbox.clock import INDIA
from itsm_bridge.sandbox.population import jira_stories, servicenow_stories
from itsm_bridge.sandbox.population.hours import earlier, worked
from itsm_bridge.sandbox.population.owners import approvers
from itsm_bridge.sandbox.population.people import OWN_TEAM
from itsm_bridge.sandbox.population.present import FRESH, JIRA, SERVICENOW, Case
from itsm_bridge.sandbox.population.story import NORMAL, Story

Tell = Callable[[datetime, int], list[Story]]


INSTANTS = [
    NOW,
    datetime(2026, 11, 22, 2, 30, tzinfo=UTC),  # a Sunday
    datetime(2026, 11, 23, 4, 30, tzinfo=UTC),  # a Monday morning
    datetime(2026, 12, 1, 5, 0, tzinfo=UTC),
    datetime(2027, 3, 1, 5, 0, tzinfo=UTC),  # Bihar has another owner by then
]
ENDINGS = ("resolved", "closed", "canceled")
anywhen = pytest.mark.parametrize(("seed", "now"), [(7, now) for now in INSTANTS] + [(1, NOW), (23, NOW)])


@cache
def _seen(seed: int, now: datetime) -> list[Story]:
    """The stories that the bridge sees: its example configuration does not read ServiceNow's problems."""
    mine = [story for story in servicenow_stories(now, seed) if story.kind != "problem"]
    return [*mine, *jira_stories(now, seed)]


def _was_open(story: Story, at: datetime) -> bool:
    states = [event.changes["state"] for event in story.events if event.at < at and "state" in event.changes]
    return story.at < at and (not states or states[-1] not in ENDINGS)


def _weeks(now: datetime, count: int) -> list[datetime]:
    """The last Mondays at midnight in India, ascending."""
    local = now.astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = local - timedelta(days=local.weekday())
    return [monday - timedelta(weeks=back) for back in range(count - 1, -1, -1)]


# --- arrivals and backlog --------------------------------------------------------------------------------------


@anywhen
def test_the_backlog_is_steady_for_half_a_year_and_does_not_jump_at_the_end(seed: int, now: datetime) -> None:
    stories = _seen(seed, now)
    backlog = [sum(_was_open(one, monday) for one in stories) for monday in _weeks(now, 26)]
    last = sum(_was_open(one, now) for one in stories)
    assert min(backlog) >= 16
    assert max(backlog) <= 45
    assert 28 <= last <= 44
    assert abs(last - backlog[-1]) <= 12


@anywhen
def test_each_source_holds_about_half_of_the_backlog(seed: int, now: datetime) -> None:
    mine = [story for story in servicenow_stories(now, seed) if story.kind != "problem"]
    for stories in (mine, jira_stories(now, seed)):
        assert 12 <= sum(_was_open(one, now) for one in stories) <= 24


@anywhen
def test_open_tickets_are_from_minutes_to_ten_weeks_old(seed: int, now: datetime) -> None:
    ages = sorted((now - one.at) / timedelta(days=1) for one in _seen(seed, now) if _was_open(one, now))
    assert ages[0] < 0.05
    assert sum(age > 30 for age in ages) >= 2
    assert 60 < ages[-1] < 90
    assert sum(age > 60 for age in ages) <= 5
    assert sum(2 < age <= 30 for age in ages) >= 8


@anywhen
def test_as_many_tickets_arrive_in_one_week_as_in_another(seed: int, now: datetime) -> None:
    weeks = _weeks(now, 51)
    arrived = [sum(start <= one.at < end for one in _seen(seed, now)) for start, end in itertools.pairwise(weeks)]
    assert min(arrived) >= 12
    assert max(arrived) <= 33
    assert sum(14 <= number <= 23 for number in arrived) >= 0.8 * len(arrived)
    assert 17 <= sum(arrived) / len(arrived) <= 20


@anywhen
def test_the_last_days_are_hardly_busier_than_others(seed: int, now: datetime) -> None:
    stories = _seen(seed, now)
    since = earlier(now, 27)  # three working days
    usual = len([one for one in stories if one.at < since]) * worked(since, now) / worked(stories[0].at, since)
    assert len([one for one in stories if one.at >= since]) <= 1.8 * usual


# --- what is decided ---------------------------------------------------------------------------------------------


def _is_decided(story: Story) -> bool:
    """Whether it has a priority and a vendor, or waits for an approval: by a person, or as the rules would have it."""
    named = {name for event in story.events for name in event.changes}
    answers = [event.changes["approval"] for event in story.events if "approval" in event.changes]
    ranked = "impact" in named or (story.impact, story.urgency) == NORMAL
    needed = bool(approvers(story.kind, story.environment, story.category))
    waits = needed and answers[-1:] in (["requested"], ["rejected"])
    return ranked and (waits or (bool({"vendor"} & named or story.vendor) and not (needed and not answers)))


@anywhen
@pytest.mark.parametrize(("tell", "cases"), [(servicenow_stories, SERVICENOW), (jira_stories, JIRA)])
def test_the_other_open_tickets_have_what_the_rules_decide_or_a_person_chose(
    tell: Tell, cases: tuple[Case, ...], seed: int, now: datetime
) -> None:
    still_open = [story for story in tell(now, seed) if _was_open(story, now)]
    undecided = [story for story in still_open if not _is_decided(story)]
    assert len(undecided) == len([case for case in cases if case.treatment in FRESH])
    assert len(undecided) < len(still_open)


# --- service levels and lives ------------------------------------------------------------------------------------


def _in_time(story: Story) -> tuple[str, bool] | None:
    """Who resolved a ticket first, and whether within 4 hours (an outage) or 16 working hours; pauses do not count."""
    outage = story.category == "availability"
    state, approval, vendor, at, used = "new", "", story.vendor, story.at, 0.0
    for event in story.events:
        if state != "on_hold" and approval != "requested":
            used += (event.at - at) / timedelta(hours=1) if outage else worked(at, event.at)
        at = event.at
        vendor = event.changes.get("vendor", vendor)
        approval = event.changes.get("approval", approval)
        state = event.changes.get("state", state)
        if state == "resolved":
            return vendor, used <= (4 if outage else 16)
    return None


@pytest.mark.parametrize("tell", [servicenow_stories, jira_stories])
def test_service_levels_are_met_as_often_as_in_life_and_by_gwl_the_least(tell: Tell) -> None:
    met: dict[str, list[bool]] = defaultdict(list)
    for story in tell(NOW, 7):
        verdict = _in_time(story)
        if verdict is not None:
            met[verdict[0]].append(verdict[1])
    shares = {vendor: sum(verdicts) / len(verdicts) for vendor, verdicts in met.items() if len(verdicts) >= 20}
    assert set(shares) == {"OptIT", "GWL", OWN_TEAM}
    assert all(0.80 <= share <= 0.92 for share in shares.values()), shares
    assert min(shares, key=lambda vendor: shares[vendor]) == "GWL"


@pytest.mark.parametrize("tell", [servicenow_stories, jira_stories])
def test_some_tickets_are_reopened_held_and_handed_back_and_forth(tell: Tell) -> None:
    stories = tell(NOW, 7)
    states = [[event.changes["state"] for event in one.events if "state" in event.changes] for one in stories]
    reopened = sum("in_progress" in some[some.index("resolved") :] for some in states if "resolved" in some)
    vendors = [[event.changes["vendor"] for event in one.events if event.changes.get("vendor")] for one in stories]
    assert 0.03 <= reopened / len(stories) <= 0.06
    assert sum("on_hold" in some for some in states) / len(stories) >= 0.12
    assert any(some[place] == some[place + 2] for some in vendors for place in range(len(some) - 2))
    assert sum(len(some) > 1 for some in vendors) >= 10


def test_arrivals_follow_the_week_and_grow_and_one_month_is_bad() -> None:
    stories = [one for seed in range(1, 9) for one in (*servicenow_stories(NOW, seed), *jira_stories(NOW, seed))]
    days = Counter(one.at.astimezone(INDIA).weekday() for one in stories)
    assert days[5] + days[6] < 0.6 * days[0]
    months = Counter(
        ((NOW - one.at).days - 20) // 30 for one in stories
    )  # the third is the bad one: 80 to 110 days back
    assert months[2] > 1.25 * max(months[1], months[3])
    assert 1.04 < sum(months[back] for back in (0, 1, 3)) / sum(months[back] for back in (8, 9, 10)) < 1.25
