from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.calendars.offices import HOUR, at, calendar, configuration, owner

from itsm_bridge.calendars import Calendars, Rota, epoch, instant, owner_on

LONDON = calendar("Europe/London", "09:00-17:00")

EXAMPLE = configuration(owner("OptIT", "2026-04-01"), owner("GWL", "2026-07-01", services=("portal",)))


@pytest.mark.parametrize(
    ("services", "day", "expected"),
    [
        ((), "2026-03-31", None),
        ((), "2026-04-01", "optit"),
        (("portal",), "2026-06-30", "optit"),
        (("portal",), "2026-07-01", "gwl"),
        (("erp",), "2026-07-01", "optit"),
        (("ERP", "Portal"), "2026-07-01", "gwl"),
    ],
)
def test_an_environment_has_the_calendar_of_its_owner_on_the_day(
    services: tuple[str, ...], day: str, expected: str | None
) -> None:
    found = Calendars(EXAMPLE).for_environment("Punjab", services, date.fromisoformat(day))
    assert (found and found.name) == expected


def test_an_ownership_ends_before_its_end() -> None:
    environment = configuration(owner("DevOps", end="2027-01-01"), owner("OptIT", "2027-01-01")).environments["punjab"]
    found = [owner_on(environment, (), date(2026, 12, 31)), owner_on(environment, (), date(2027, 1, 1))]
    assert [one.vendor for one in found if one] == ["DevOps", "OptIT"]


def test_calendars_are_found_by_name_and_by_vendor_without_regard_to_case() -> None:
    calendars = Calendars(EXAMPLE)
    assert list(calendars) == ["optit", "gwl", "devops"]
    assert calendars.for_vendor("OPTIT") is calendars["optit"]
    assert (len(calendars), calendars.for_vendor("nobody")) == (3, None)
    assert calendars.for_environment("goa", (), date(2026, 6, 1)) is None


def test_a_rota_changes_at_midnight_of_the_configured_zone() -> None:
    rota = Calendars(EXAMPLE).rota("punjab", ("portal",))
    names = [one and one.name for one in rota.calendars]
    assert names == [None, "optit", "gwl"]
    assert [instant(since) for since in rota.since[1:]] == [at("2026-03-31T18:30Z"), at("2026-06-30T18:30Z")]


def test_a_rota_adds_up_the_hours_of_each_owner_and_finds_what_is_due_across() -> None:
    rota = Calendars(EXAMPLE).rota("punjab", ("portal",))
    start, end = epoch(at("2026-06-30T09:00Z")), epoch(at("2026-07-01T12:00Z"))
    assert rota.elapsed(start, end) == 8 * HOUR + 3 * HOUR // 2 + 4 * HOUR
    assert rota.due(start, 27 * HOUR // 2) == end
    assert rota.changes_in(start, end)
    assert not rota.changes_in(end, end + 10**9)


def test_a_rota_without_an_owner_has_no_due_instant() -> None:
    rota = Calendars(configuration(owner("OptIT", end="2026-06-04"))).rota("punjab", ())
    assert rota.due(epoch(at("2026-06-03T09:00Z")), 8 * HOUR) == epoch(at("2026-06-03T17:00Z"))
    assert rota.due(epoch(at("2026-06-03T09:00Z")), 9 * HOUR) is None
    assert rota.elapsed(epoch(at("2026-06-03T09:00Z")), epoch(at("2026-06-10T09:00Z"))) == 8 * HOUR


def test_a_steady_rota_never_changes() -> None:
    rota = Rota.steady(LONDON)
    assert list(rota.pieces(0, 10)) == [(0, 10, LONDON)]
    assert not rota.changes_in(0, 10**10)


def test_an_ownership_may_begin_or_end_on_any_date() -> None:
    ages = configuration(owner("OptIT", "0001-01-01", "9999-12-31"))
    assert [one and one.name for one in Calendars(ages).rota("punjab", ()).calendars] == ["optit", None]


def test_many_intervals_are_cut_where_the_calendar_changes_as_one_is() -> None:
    rota = Calendars(EXAMPLE).rota("punjab", ("portal",))
    turns = [at("2026-03-31T00:00Z"), at("2026-04-20T00:00Z"), at("2026-07-01T12:00Z"), at("2026-09-01T00:00Z")]
    pairs = [(epoch(start), epoch(end)) for start in turns for end in turns if start < end]
    starts, ends = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    cut = {
        (int(place), int(start), int(end), calendar)
        for calendar, places, since, to in rota.cut(starts, ends)
        for place, start, end in zip(places, since, to, strict=True)
    }
    assert cut == {(place, *piece) for place, pair in enumerate(pairs) for piece in rota.pieces(*pair)}
    assert len({calendar for *_, calendar in cut}) == 3
