from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from tests.proofs.tables import NOW, found, table, to, witness
from tests.rules.made import ALWAYS, all_of, on

from itsm_bridge.conditions import Operator
from itsm_bridge.proofs.moments import Clockwork, Moments
from itsm_bridge.proofs.spans import DAY, Span, micros, time_micros

ZONE = ZoneInfo("Asia/Kolkata")
HOUR = 3600
PRESENT = {"now": (micros(NOW), micros(NOW) + 400 * DAY)}


def settled(weekday: str | None = None, zone: ZoneInfo = ZONE, **spans: Span) -> Moments | bool | None:
    return Clockwork(zone, {**PRESENT, **spans}, weekday).settle()


def test_without_questions_a_ticket_is_created_and_looked_at_now() -> None:
    assert settled() == Moments(NOW, NOW, NOW)


def test_age_and_idle_time_fit_the_instants() -> None:
    found = settled(age=(2 * HOUR, 3 * HOUR), idle=(HOUR, HOUR))

    assert isinstance(found, Moments)
    assert 2 * HOUR <= (found.now - found.created).total_seconds() <= 3 * HOUR
    assert (found.now - found.updated).total_seconds() == pytest.approx(HOUR, abs=1)


def test_nothing_is_idle_longer_than_it_is_old() -> None:
    assert settled(age=(0, HOUR), idle=(2 * HOUR, 3 * HOUR)) is False


def test_what_will_be_created_next_year_is_looked_at_then() -> None:
    later = micros(datetime(2027, 3, 1, tzinfo=UTC))

    found = settled(created=(later, later + DAY), age=(0, HOUR))

    assert isinstance(found, Moments)
    assert found.now >= found.created >= datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("weekday", ["mon", "sun"])
def test_a_weekday_and_a_time_are_those_of_the_creation_in_the_zone(weekday: str) -> None:
    early = (time_micros(time(3)), time_micros(time(4)))

    found = settled(weekday, time=early)

    assert isinstance(found, Moments)
    local = found.created.astimezone(ZONE)
    assert (f"{local:%a}".lower(), local.hour) == (weekday, 3)


def test_a_day_that_is_too_short_for_a_weekday_has_none() -> None:
    monday = micros(datetime(2026, 11, 2, 6, tzinfo=UTC))

    assert settled("tue", created=(monday, monday)) is False
    assert isinstance(settled("mon", created=(monday, monday)), Moments)


def test_an_hour_that_the_clocks_skip_is_found_on_another_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    skipped = (time_micros(time(2, 30)), time_micros(time(2, 31)))
    day = micros(datetime(2026, 3, 28, 23, tzinfo=UTC))

    assert settled("sun", berlin, time=skipped, created=(day, day + DAY)) is False
    assert isinstance(settled("sun", berlin, time=skipped), Moments)


def test_rules_on_weekday_and_age_are_proved_together() -> None:
    monday = on("weekday", Operator.ONE_OF, "mon")
    first = on("created", Operator.GTE, datetime(2026, 11, 2, 6, tzinfo=UTC))
    last = on("created", Operator.LT, datetime(2026, 11, 3, 6, tzinfo=UTC))
    friday = on("weekday", Operator.ONE_OF, "fri")
    rules = (
        to("OptIT", "one monday", all_of(first, last, monday)),
        to("GWL", "no friday", all_of(first, last, friday)),
        to("GWL", "rest", ALWAYS),
    )

    findings = found(table(assignment=rules), "R301", "R309")

    assert [(one.code, one.line) for one in findings] == [("R301", 2)]


def test_office_hours_leave_the_night_to_the_rest() -> None:
    start, end = on("time", Operator.GTE, time(9)), on("time", Operator.LT, time(18))
    rules = (to("OptIT", "day", all_of(start, end)), to("GWL", "evening", on("time", Operator.GTE, time(18))))

    (finding,) = found(table(assignment=rules), "R303")

    assert datetime.fromisoformat(witness(finding)["created"]).astimezone(ZONE).time() < time(9)
