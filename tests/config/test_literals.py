from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm_bridge.config import LiteralError, parse_duration, parse_instant
from itsm_bridge.config.literals import (
    parse_date,
    parse_percent,
    parse_scope,
    parse_span,
    parse_store,
    parse_time,
    parse_url,
    parse_weekdays,
    parse_zone,
)
from itsm_bridge.config.model import Duration

untimed = settings(deadline=None)  # two cores are shared with others

EVERY_PARSER = (
    parse_duration,
    parse_date,
    parse_instant,
    parse_time,
    parse_span,
    parse_weekdays,
    parse_percent,
    parse_zone,
    parse_url,
    parse_store,
    parse_scope,
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", Duration(seconds=90)),
        ("15m", Duration(seconds=900)),
        ("4h", Duration(seconds=14_400)),
        ("0s", Duration(seconds=0)),
        ("1 working_day", Duration(working_days=1)),
        ("3 working_days", Duration(working_days=3)),
    ],
)
def test_durations_are_read(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["1d", "3 days", "1 day", "2w", "1 Week"])
def test_a_bare_day_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(LiteralError, match=r"a day may be 24 hours.*write 8h or 3 working_days"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "h", "4", "4.5h", "1h30m", "PT4H", "4x", "٤h", "4hh", "999999999h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_duration(text)


@untimed
@given(st.integers(0, 10**7), st.sampled_from(["s", "m", "h"]))
def test_a_duration_is_its_number_times_its_unit(amount: int, unit: str) -> None:
    seconds = amount * {"s": 1, "m": 60, "h": 3600}[unit]

    if seconds <= 100 * 366 * 86_400:
        assert parse_duration(f"{amount}{unit}") == Duration(seconds=seconds)


@untimed
@given(st.datetimes(datetime(1971, 1, 2), datetime(2099, 12, 30)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - zone follows
def test_instants_with_any_offset_are_read_into_utc(local: datetime, minutes: int) -> None:
    instant = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert parse_instant(instant.isoformat()) == instant
    assert parse_instant(instant.isoformat()).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2026-11-02", "2026-11-02T10:00", "2026-02-30T10:00Z", "0001-01-01T00:00+05:30", "20261102T100000Z", "now"]
)
def test_what_is_no_instant_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_instant(text)


def test_days_and_times_are_read() -> None:
    assert parse_date("2026-04-01") == date(2026, 4, 1)
    assert parse_time("09:30") == time(9, 30)
    assert parse_time("23:59:58") == time(23, 59, 58)


@untimed
@given(st.integers(0, 1439), st.integers(0, 1440))
def test_a_span_is_never_empty_and_never_longer_than_a_day(start: int, end: int) -> None:
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    if start == end:
        with pytest.raises(LiteralError, match="no length"):
            parse_span(text)
        return

    opening, closing = parse_span(text)

    assert opening == start * 60
    assert 0 < closing - opening <= 86_400
    assert (closing - end * 60) % 86_400 == 0


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat-mon", (5, 6, 0)),
        ("mon,wed", (0, 2)),
        ("mon-tue, sun", (0, 1, 6)),
        ("Mon-Fri", (0, 1, 2, 3, 4)),
    ],
)
def test_days_of_the_week_are_read(text: str, days: tuple[int, ...]) -> None:
    assert parse_weekdays(text) == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "-fri", "mon--fri", "mon,,tue", "weekday"])
def test_what_are_no_days_is_refused(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_weekdays(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://egov.service-now.com",
        "https://jira.egov.example:8443/jira",
        "http://127.0.0.1:8081",
        "http://localhost:1",
        "http://[::1]:8081",
    ],
)
def test_addresses_are_read(url: str) -> None:
    assert parse_url(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://egov.example",
        "ftp://egov.example",
        "egov.example",
        "https://",
        "https://user@egov.example",
        "https://user:hunter2@egov.example",
        "https://egov.example?token=hunter2",
        "https://egov.example#hunter2",
        "https://egov.example?",
        "https://127.0.0.1.evil.example@localhost",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://egov example",
        "https://egov.example\\@evil.example",
        "https://[::1",
        "https://egov.example:port",
        "https://\u0435gov.example",
        "",
    ],
)
def test_what_is_no_safe_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(LiteralError) as raised:
        parse_url(url)

    assert "hunter2" not in str(raised.value)
    assert raised.value.suggestion is None


@pytest.mark.parametrize(
    "store", ["postgresql+psycopg://bridge:hunter2@db/itsm", "postgresql+psycopg://db/itsm?password=hunter2"]
)
def test_a_store_holds_no_password(store: str) -> None:
    with pytest.raises(LiteralError, match="holds a password") as raised:
        parse_store(store)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "scope", ["a=b^NQc=d", "a=javascript:gs.getUserID()", "a=b^ORDERBYc", "NQa=b", "a=b^EQ", "a=b\nc"]
)
def test_a_scope_cannot_reach_beyond_its_conditions(scope: str) -> None:
    with pytest.raises(LiteralError):
        parse_scope(scope)


@pytest.mark.parametrize("scope", ["a=b", "a=b^ORc=d", "u_equipment=1^order=2", "nameSTARTSWITHeGov"])
def test_a_scope_that_narrows_is_taken_as_it_is(scope: str) -> None:
    assert parse_scope(scope) == scope


@pytest.mark.parametrize("parse", EVERY_PARSER, ids=[parse.__name__ for parse in EVERY_PARSER])
@untimed
@given(text=st.text(max_size=60) | st.from_regex(r"[0-9:hdTZ +\-%./@a-z]{1,25}", fullmatch=True))
def test_a_parser_raises_nothing_else(parse: object, text: str) -> None:
    assert callable(parse)
    with contextlib.suppress(LiteralError):
        parse(text)
