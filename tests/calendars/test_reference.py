from __future__ import annotations

import pytest
from tests.calendars.offices import DAYS, HOUR, HOURS_24X7, at, calendar, due_without, elapsed_without, every_day

from itsm_bridge.calendars import Calendar

LONDON = calendar("Europe/London", "09:00-17:00")
UTC_9_17 = calendar("UTC", "09:00-17:00")
BERLIN = calendar("Europe/Berlin", "08:00-18:00")
BERLIN_DAILY = calendar("Europe/Berlin", every_day("09:00-18:00"))
GLPI = calendar("UTC", "08:00-20:00")
KOLKATA = calendar("Asia/Kolkata", dict.fromkeys(DAYS[:6], "09:00-18:00"), ["2026-01-26"])
NIGHT = calendar("Europe/London", every_day("22:00-06:00"))

DUE = {
    "V-1": (calendar("UTC", HOURS_24X7), "2015-01-01T10:30Z", 10 * HOUR, "2015-01-01T20:30Z"),
    "V-2": (UTC_9_17, "2015-01-05T09:00Z", 24 * HOUR, "2015-01-07T17:00Z"),
    "V-5 half": (calendar("UTC", "08:00-18:00"), "2015-01-05T07:00Z", 4 * HOUR, "2015-01-05T12:00Z"),
    "V-5 three quarters": (calendar("UTC", "08:00-18:00"), "2015-01-05T07:00Z", 6 * HOUR, "2015-01-05T14:00Z"),
    "V-5": (calendar("UTC", "08:00-18:00"), "2015-01-05T07:00Z", 8 * HOUR, "2015-01-05T16:00Z"),
    "V-6": (calendar("UTC", "08:00-17:00"), "2015-01-05T16:00Z", 2 * HOUR, "2015-01-06T09:00Z"),
    "Z-1 first": (BERLIN, "2013-03-21T09:30Z", HOUR, "2013-03-21T10:30Z"),
    "Z-1 second": (BERLIN, "2013-03-21T09:30Z", 2 * HOUR, "2013-03-21T11:30Z"),
    "Z-1 third": (BERLIN, "2013-03-21T09:30Z", 3 * HOUR, "2013-03-21T12:30Z"),
    "Z-4": (BERLIN_DAILY, "2013-06-04T15:00Z", HOUR, "2013-06-04T16:00Z"),
    "G-1": (calendar("UTC", "08:00-18:00"), "2015-01-05T16:00Z", 4 * HOUR, "2015-01-06T10:00Z"),
    "F-2": (LONDON, "2026-06-05T16:30+01:00", HOUR, "2026-06-08T09:30+01:00"),
    "J-1": (
        calendar("UTC", {"mon": "09:00-17:00", "tue": "09:00-16:00", "thu": "08:00-17:00"}),
        "2015-01-05T11:00Z",
        16 * HOUR,
        "2015-01-08T11:00Z",
    ),
    "O-1": (calendar("Europe/London", HOURS_24X7), "2026-03-28T12:00Z", 24 * HOUR, "2026-03-29T13:00+01:00"),
    "O-2": (calendar("Europe/London", HOURS_24X7), "2026-10-24T12:00+01:00", 24 * HOUR, "2026-10-25T11:00Z"),
    "O-4": (calendar("America/New_York", "09:00-17:00"), "2026-03-06T16:00-05:00", 8 * HOUR, "2026-03-09T20:00Z"),
    "O-5": (KOLKATA, "2026-01-24T17:00+05:30", 4 * HOUR, "2026-01-27T06:30Z"),
}

ELAPSED = {
    "V-3": (UTC_9_17, "2015-01-05T14:00Z", "2015-01-06T09:00Z", 3 * HOUR),
    "V-4": (calendar("UTC", "08:00-17:00"), "2014-12-12T21:00Z", "2014-12-15T09:30Z", 5400),
    "Z-2 answer": (BERLIN, "2013-03-21T09:30Z", "2013-03-21T10:00Z", 30 * 60),
    "Z-2 late answer": (BERLIN, "2013-03-21T09:30Z", "2013-03-21T14:00Z", 270 * 60),
    "Z-2 close": (BERLIN, "2013-03-21T09:30Z", "2013-03-21T11:30Z", 120 * 60),
    "Z-2 late close": (BERLIN, "2013-03-21T09:30Z", "2013-03-21T13:00Z", 210 * 60),
    "Z-6 never open": (BERLIN_DAILY, "2013-06-04T12:00Z", "2013-06-04T12:00Z", 0),
    "N-1 from 9 to 5": (UTC_9_17, "2019-01-02T11:00Z", "2019-01-06T09:00Z", 79_200),
    "N-1 from 8 to 5": (calendar("UTC", "08:00-17:00"), "2019-01-02T11:00Z", "2019-01-06T09:00Z", 86_400),
    "N-1 as printed": (
        calendar("America/Los_Angeles", "08:00-17:00"),
        "2019-01-02T11:00Z",
        "2019-01-06T09:00Z",
        97_200,
    ),
    "G-3 opening": (GLPI, "2019-01-01T07:00Z", "2019-01-01T09:00Z", HOUR),
    "G-3 closed": (GLPI, "2019-01-01T06:00Z", "2019-01-01T07:00Z", 0),
    "G-3 week": (GLPI, "2019-01-01T00:00Z", "2019-01-08T00:00Z", 60 * HOUR),
    "G-3 reversed": (GLPI, "2019-01-08T00:00Z", "2019-01-01T00:00Z", 0),
    "F-1 met": (LONDON, "2026-06-03T16:30+01:00", "2026-06-04T09:30+01:00", HOUR),
    "F-1 breached": (LONDON, "2026-06-03T16:30+01:00", "2026-06-04T10:00+01:00", 90 * 60),
    "F-2": (LONDON, "2026-06-05T16:30+01:00", "2026-06-08T08:00+01:00", 30 * 60),
    "F-3": (
        calendar("Europe/Tallinn", "09:00-17:00"),
        "2026-06-05T16:30+01:00",
        "2026-06-08T09:30+03:00",
        30 * 60,
    ),
    "F-4": (calendar("Europe/London", "09:00-15:00"), "2026-06-05T16:30+01:00", "2026-06-08T09:30+01:00", 30 * 60),
    "F-5 without the pause": (LONDON, "2026-06-01T09:00+01:00", "2026-06-04T10:00+01:00", 25 * HOUR),
    "F-5 pause": (LONDON, "2026-06-01T11:00+01:00", "2026-06-03T14:00+01:00", 19 * HOUR),
    "O-3 spring": (NIGHT, "2026-03-28T12:00Z", "2026-03-29T12:00Z", 420 * 60),
    "O-3 normal": (NIGHT, "2026-06-10T12:00Z", "2026-06-11T12:00Z", 480 * 60),
    "O-3 autumn": (NIGHT, "2026-10-24T12:00Z", "2026-10-25T12:00Z", 540 * 60),
}


@pytest.mark.parametrize("name", DUE)
def test_the_due_instant_of_a_reference_vector_holds(name: str) -> None:
    office, start, seconds, due = DUE[name]
    assert office.due(at(start), seconds) == at(due)


@pytest.mark.parametrize("name", ELAPSED)
def test_the_elapsed_time_of_a_reference_vector_holds(name: str) -> None:
    office, start, end, seconds = ELAPSED[name]
    assert office.elapsed(at(start), at(end)) == seconds


PAUSED_DUE = {
    "O-6": (
        KOLKATA,
        "2026-01-24T17:00+05:30",
        [("2026-01-24T19:00+05:30", "2026-01-27T08:30+05:30")],
        4 * HOUR,
        "2026-01-27T12:00+05:30",
    ),
    "O-7": (
        KOLKATA,
        "2026-01-24T17:00+05:30",
        [("2026-01-27T08:00+05:30", "2026-01-27T10:00+05:30")],
        4 * HOUR,
        "2026-01-27T13:00+05:30",
    ),
    "Z-3": (
        BERLIN_DAILY,
        "2013-06-04T09:00Z",
        [("2013-06-04T09:30Z", "2013-06-04T09:45Z"), ("2013-06-04T10:00Z", "2013-06-04T10:30Z")],
        2 * HOUR,
        "2013-06-04T11:45Z",
    ),
    "Z-4": (
        BERLIN_DAILY,
        "2013-06-04T09:00Z",
        [("2013-06-04T10:00Z", "2013-06-04T15:00Z")],
        2 * HOUR,
        "2013-06-04T16:00Z",
    ),
}

PAUSED_ELAPSED = {
    "Z-5 answer": (
        BERLIN_DAILY,
        "2013-06-04T09:00Z",
        [("2013-06-04T10:00Z", "2013-06-04T10:30Z")],
        "2013-06-04T10:45Z",
        75 * 60,
    ),
    "Z-5 close": (
        BERLIN_DAILY,
        "2013-06-04T09:00Z",
        [("2013-06-04T10:00Z", "2013-06-04T10:30Z")],
        "2013-06-04T12:00Z",
        150 * 60,
    ),
    "Z-6": (
        BERLIN_DAILY,
        "2013-06-04T09:00Z",
        [("2013-06-04T09:00Z", "2013-06-04T12:00Z")],
        "2013-06-04T12:00Z",
        0,
    ),
    "F-5": (
        LONDON,
        "2026-06-01T09:00+01:00",
        [("2026-06-01T11:00+01:00", "2026-06-03T14:00+01:00")],
        "2026-06-04T10:00+01:00",
        6 * HOUR,
    ),
}


@pytest.mark.parametrize("name", PAUSED_DUE)
def test_only_the_part_of_a_pause_inside_hours_moves_the_due_instant(name: str) -> None:
    office, start, pauses, seconds, due = PAUSED_DUE[name]
    assert due_without([(at(begin), at(end)) for begin, end in pauses], office, at(start), seconds) == at(due)


@pytest.mark.parametrize("name", PAUSED_ELAPSED)
def test_a_pause_takes_away_its_part_inside_hours(name: str) -> None:
    office, start, pauses, end, seconds = PAUSED_ELAPSED[name]
    assert elapsed_without([(at(begin), at(until)) for begin, until in pauses], office, at(start), at(end)) == seconds


@pytest.mark.parametrize(
    ("office", "days", "due"),
    [
        (GLPI, 7, "2018-11-28T10:00Z"),
        (GLPI, -7, "2018-11-08T10:00Z"),
        (calendar("UTC", dict.fromkeys(DAYS[:5], "00:00-24:00")), 7, "2018-11-28T10:00Z"),
    ],
)
def test_g_2_working_days_keep_the_local_time(office: Calendar, days: int, due: str) -> None:
    assert office.due_working_days(at("2018-11-19T10:00Z"), days) == at(due)


# --- where the sources disagree with us, or with themselves ----------------------------------------------------------

ELSEWHERE = {
    "V-2 at the next opening": (UTC_9_17, "2015-01-05T09:00Z", 24 * HOUR, "2015-01-07T17:00Z", "2015-01-08T09:00Z"),
    "Z-4 at the next opening": (BERLIN_DAILY, "2013-06-04T15:00Z", HOUR, "2013-06-04T16:00Z", "2013-06-05T07:00Z"),
    "G-2 at the end of the day": (GLPI, "2018-11-28T10:00Z", 10 * HOUR, "2018-11-28T20:00Z", "2018-11-29T08:00Z"),
}
"""Office, start and seconds; what is due here; and what another product makes of it, with no open time between."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_time_that_runs_out_at_closing_is_due_there_and_not_at_the_next_opening(name: str) -> None:
    office, start, seconds, ours, theirs = ELSEWHERE[name]
    assert office.due(at(start), seconds) == at(ours)
    assert at(ours) < at(theirs)
    assert office.elapsed(at(ours), at(theirs)) == 0


def test_v_4_is_told_in_shares_of_its_target_and_v_5_in_instants_of_it() -> None:
    office = calendar("UTC", "08:00-17:00")
    start, now = at("2014-12-12T21:00Z"), at("2014-12-15T09:30Z")
    assert office.elapsed(start, now) / (8 * HOUR) == 0.1875
    assert (now - start).total_seconds() / (8 * HOUR) == 7.5625


def test_n_1_comes_out_as_printed_in_another_zone_than_the_page_says() -> None:
    printed = ELAPSED["N-1 as printed"][3]
    assert printed not in {ELAPSED["N-1 from 9 to 5"][3], ELAPSED["N-1 from 8 to 5"][3]}


def test_f_5_is_25_hours_without_its_pause_where_its_page_says_18() -> None:
    office, start, end, seconds = ELAPSED["F-5 without the pause"]
    assert office.elapsed(at(start), at(end)) == seconds == 25 * HOUR
