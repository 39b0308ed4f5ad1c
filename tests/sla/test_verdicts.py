"""When an end is news, which verdict belongs to which clock, and what digests are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.lives import Life, lives, records
from tests.analysis.made import NOW, configuration
from tests.sla.tickets import CALENDARS, HERE, VENDOR_RESOLUTION, at, configured, level, record, vendor, when

from itsm_bridge.config.model import Configuration, Holidays, OnChange, OnReopen, Position, SlaDefinition
from itsm_bridge.history import reopenings
from itsm_bridge.model import TicketRecord, Verdict
from itsm_bridge.sla import ClockedTicket, Digests, cycles, frozen, pairs
from itsm_bridge.sla.digests import digest_of, history_digest

ALWAYS = CALENDARS[0]


def agreed_at(
    one: TicketRecord, now: datetime, configuration: Configuration, agreed: list[Verdict] | None = None
) -> list[Verdict]:
    """What is agreed about a ticket once it has been frozen at ``now`` too."""
    seen = ClockedTicket(one, one, cycles([one], configuration, now).cycles)
    return [*(agreed or []), *frozen(seen, agreed or [], Digests(configuration), now)]


def ends(agreed: list[Verdict]) -> list[tuple[str, datetime]]:
    return [(one.stage, one.stopped_at) for one in agreed]


# --- what is news --------------------------------------------------------------------------------------------------


def test_the_same_end_is_agreed_about_once() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "resolved"))
    ours = configured(level())
    first = agreed_at(one, at("2026-06-03T12:00Z"), ours)
    assert ends(first) == [("completed", at("2026-06-03T11:00Z"))]
    assert agreed_at(one, at("2026-06-05T12:00Z"), ours, first) == first


def test_all_that_ended_before_the_first_look_is_agreed_about() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "resolved"),
        ("2026-06-03T12:00Z", "state", "new"),
        ("2026-06-03T13:00Z", "state", "resolved"),
    )
    twice = agreed_at(one, at("2026-06-04T00:00Z"), configured(level(on_reopen=OnReopen.NEW_CYCLE)))
    assert ends(twice) == [("completed", at("2026-06-03T11:00Z")), ("completed", at("2026-06-03T13:00Z"))]


def test_a_retroactive_clock_that_comes_again_after_it_was_cancelled_is_news() -> None:
    high = configured(level(start=when(priority=1), on_change=OnChange.RETROACTIVE))
    changes = [
        ("2026-06-03T11:00Z", "priority", "3"),
        ("2026-06-03T12:00Z", "priority", "1"),
        ("2026-06-03T13:00Z", "state", "resolved"),
    ]
    first = agreed_at(record("2026-06-03T10:00Z", *changes[:1], priority=1), at("2026-06-03T11:30Z"), high)
    both = agreed_at(record("2026-06-03T10:00Z", *changes, priority=1), at("2026-06-03T14:00Z"), high, first)
    assert ends(both) == [("cancelled", at("2026-06-03T11:00Z")), ("completed", at("2026-06-03T13:00Z"))]
    assert {one.started_at for one in both} == {at("2026-06-03T10:00Z")}


def test_an_end_that_happened_while_the_bridge_was_reading_is_news_the_next_time() -> None:
    """Reopened and resolved again after the ticket was read, and before it was frozen."""
    ours = configured(level())
    first = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "resolved"))
    again = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "resolved"),
        ("2026-06-03T12:00Z", "state", "new"),
        ("2026-06-03T13:00Z", "state", "resolved"),
    )
    agreed = agreed_at(first, at("2026-06-03T15:00Z"), ours)
    assert len(agreed_at(again, at("2026-06-03T16:00Z"), ours, agreed)) == 2


def test_an_end_that_is_dated_back_is_no_news() -> None:
    ours = configured(level())
    agreed = agreed_at(
        record("2026-06-03T10:00Z", ("2026-06-03T13:00Z", "state", "resolved")), at("2026-06-03T14:00Z"), ours
    )
    earlier = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "state", "resolved"))
    assert agreed_at(earlier, at("2026-06-03T15:00Z"), ours, agreed) == agreed


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    folder: Path = tmp_path_factory.mktemp("project") / "config"
    return configuration(folder)


@settings(max_examples=150)
@given(
    lives(),
    st.lists(st.integers(1, 24 * 40), min_size=1, max_size=6),
    st.sampled_from(OnReopen),
    st.sampled_from(OnChange),
)
def test_without_a_change_of_rules_there_is_one_verdict_an_end_and_no_flip_whenever_it_was_frozen(
    ours: Configuration, life: Life, hours: list[int], on_reopen: OnReopen, on_change: OnChange
) -> None:
    policy = replace(ours, slas=tuple(replace(one, on_reopen=on_reopen, on_change=on_change) for one in ours.slas))
    agreed: list[Verdict] = []
    for now in sorted({NOW - timedelta(hours=hour) for hour in hours} | {NOW}):
        for one in records([life], before=now):
            agreed = agreed_at(one, now, policy, agreed)
    today = [cycle for last in records([life]) for cycle in cycles([last], policy, NOW).cycles]
    reopened = [instant for last in records([life]) for instant in reopenings(last)]
    for sla in {one.sla for one in today} | {one.sla for one in agreed}:
        mine = [one for one in today if one.sla == sla]
        together = pairs(mine, [one for one in agreed if one.sla == sla], reopened)
        assert [pair for pair in together if pair.flipped] == []
        ended = {(one.started_at, one.stopped_at) for one in mine if one.stopped_at is not None}
        assert {(pair.verdict.started_at, pair.verdict.stopped_at) for pair in together} == ended


# --- digests -------------------------------------------------------------------------------------------------------

DEFINITION = level("resolution", start=when(priority=[1, 2]))


@pytest.mark.parametrize(
    "beside",
    [{"position": Position("sla.yaml", 9, 9)}, {"warn": (50.0,)}, {"cancel": None}],
    ids=lambda one: next(iter(one)),
)
def test_what_bears_on_no_verdict_is_in_no_digest(beside: dict[str, object]) -> None:
    assert digest_of(replace(DEFINITION, **beside)) == digest_of(DEFINITION)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "other",
    [
        level("resolution", start=when(priority=[1, 2]), hours=5),
        level("resolution", start=when(priority=[2, 1])),
        level("resolution", start=when(priority=[1, 2]), pause=when(state="on_hold")),
        level("resolution", start=when(priority=[1, 2]), on_reopen=OnReopen.IGNORE),
        level("resolution", start=when(priority=[1, 2]), calendar="gwl"),
    ],
)
def test_what_bears_on_a_verdict_is_in_the_digest_of_its_definition(other: SlaDefinition) -> None:
    assert digest_of(other) != digest_of(DEFINITION)


def test_a_holiday_is_in_the_digest_of_a_calendar_and_its_place_in_the_file_is_not() -> None:
    festive = replace(ALWAYS, holidays=Holidays(None, None, {date(2026, 11, 9): "Diwali"}, frozenset()))
    assert digest_of(festive) != digest_of(ALWAYS) == digest_of(replace(ALWAYS, position=replace(HERE, line=7)))


def test_the_calendars_of_a_cycle_are_those_of_its_owners_in_its_time() -> None:
    digests = Digests(configured(level(calendar="environment")))
    june, july = at("2026-06-10T00:00Z"), at("2026-07-10T00:00Z")

    def of(start: datetime, end: datetime, *services: str, environment: str = "bihar") -> str:
        return digests.calendars(digests.in_force("resolution", start), (None, environment, services, start, end))

    alone = {name: digest_of(one) for name, one in {one.name: one for one in CALENDARS}.items()}
    assert of(june, june) == alone["devops"]
    assert of(july, july) == alone["gwl"]
    assert of(june, july) not in alone.values()
    assert of(july, july, "portal", environment="punjab") == alone["gwl"]
    assert of(july, july, environment="punjab") == alone["optit"]
    assert of(june, june, environment="nowhere") == ""


def test_a_vendor_clock_rests_on_the_calendar_of_its_vendor() -> None:
    digests = Digests(configured(VENDOR_RESOLUTION))
    seen = ("gwl", None, (), at("2026-06-10T00:00Z"), at("2026-06-11T00:00Z"))
    assert digests.calendars(digests.in_force("vendor resolution", seen[3]), seen) == digest_of(
        next(one for one in CALENDARS if one.name == vendor("GWL", "gwl").calendar)
    )
    assert digests.calendars(digests.in_force("no such level", seen[3]), seen) == ""


def test_the_digest_of_a_history_is_of_what_happened_up_to_an_instant() -> None:
    changes = [("2026-06-03T11:00Z", "state", "resolved"), ("2026-06-03T12:00Z", "state", "closed")]
    whole, part = record("2026-06-03T10:00Z", *changes), record("2026-06-03T10:00Z", *changes[:1])
    end = at("2026-06-03T11:00Z")
    assert history_digest(whole)(end) == history_digest(part)(end)
    assert history_digest(whole)(at("2026-06-03T12:00Z")) != history_digest(part)(at("2026-06-03T12:00Z"))
    assert history_digest(whole)(end) != history_digest(whole)(end - timedelta(seconds=1))


def test_what_clocks_are_computed_from_has_a_digest_that_rules_do_not_change() -> None:
    ours = configured(level())
    same = replace(ours, digest="other", folder=Path("elsewhere"))
    assert Digests(ours).inputs == Digests(same).inputs
    for other in (
        configured(level(hours=5)),
        configured(level(), environments=()),
        replace(ours, calendars={**ours.calendars, "gwl": replace(ours.calendars["optit"], name="gwl")}),
    ):
        assert Digests(other).inputs != Digests(ours).inputs
