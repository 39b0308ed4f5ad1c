from __future__ import annotations

from datetime import UTC, datetime

import pytest

from itsm_bridge.connectors.waiting import backoff, wished_wait

NOW = datetime(2026, 3, 1, 0, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "300"}, 300),
        ({"Retry-After": "Sun, 01 Mar 2026 00:02:00 GMT"}, 120),
        ({"X-RateLimit-Reset": "2026-03-01T00:01Z"}, 60),
        ({"X-RateLimit-Reset": "1772323260"}, 60),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-03-01T00:01Z"}, 60),
        ({"Retry-After": "0.01"}, 1),
        ({"Retry-After": "1000000000000"}, 900),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 900),
    ],
)
def test_a_wish_is_read_in_every_form_that_is_in_use(headers: dict[str, str], seconds: float) -> None:
    assert wished_wait(headers, NOW) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": "0"},
        {"Retry-After": "-5"},
        {"Retry-After": "nan"},
        {"Retry-After": "inf"},
        {"Retry-After": "soon"},
        {"Retry-After": ""},
        {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"X-RateLimit-Reset": "yesterday"},
        {"X-RateLimit-Reset": "12"},
    ],
)
def test_a_wish_that_is_garbled_or_past_is_none(headers: dict[str, str]) -> None:
    assert wished_wait(headers, NOW) is None


def test_our_own_backoff_doubles_from_one_second_to_a_minute() -> None:
    assert [backoff(attempt, None, lambda: 0.999999) for attempt in range(1, 9)] == pytest.approx(
        [1, 2, 4, 8, 16, 32, 60, 60], rel=1e-3
    )


@pytest.mark.parametrize("chance", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("attempt", [1, 4, 12])
def test_we_never_come_back_earlier_than_asked(chance: float, attempt: int) -> None:
    assert backoff(attempt, 50.0, lambda: chance) >= 50.0
