from __future__ import annotations

import pytest
from tests.calendars.offices import DAYS, HOUR, HOURS_24X7, at, calendar, due_without, every_day

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


@pytest.mark.parametrize(
    ("name", "pause", "due"),
    [
        ("O-6", ("2026-01-24T19:00+05:30", "2026-01-27T08:30+05:30"), "2026-01-27T12:00+05:30"),
        ("O-7", ("2026-01-27T08:00+05:30", "2026-01-27T10:00+05:30"), "2026-01-27T13:00+05:30"),
    ],
)
def test_only_the_part_of_a_pause_inside_hours_moves_the_due_instant(
    name: str, pause: tuple[str, str], due: str
) -> None:
    pauses = [(at(pause[0]), at(pause[1]))]
    assert due_without(pauses, KOLKATA, at("2026-01-24T17:00+05:30"), 4 * HOUR) == at(due), name


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
