from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tests.calendars.offices import at, calendar, due_without, elapsed_without

from itsm_bridge.calendars import Calendar

DIFFERENT = {
    "biz-global-2h": "time that runs out exactly at closing is due at closing here, at the next opening there",
    "zammad-pause-over-close": "the same",
    "zammad-1200-weekdays": "the peer cuts the due instant to the whole minute",
}
"""Vectors that cannot hold, because peers disagree; each with its reason."""


def of_vector(vector: dict[str, object]) -> Calendar:
    hours: dict[str, list[list[str]]] = vector["weekly_hours"]  # type: ignore[assignment]  # from JSON
    overrides: dict[str, list[list[str]]] = vector.get("date_overrides", {})  # type: ignore[assignment]  # the same
    holidays: list[str] = vector["holidays"]  # type: ignore[assignment]  # the same

    def text(pairs: list[list[str]]) -> str:
        return " ".join(f"{opens}-{closes}" for opens, closes in pairs)

    return calendar(
        str(vector["timezone"]),
        {day: text(pairs) for day, pairs in hours.items()},
        holidays,
        {day: text(pairs) for day, pairs in overrides.items()},
    )


def pauses_of(vector: dict[str, object]) -> list[tuple[datetime, datetime]]:
    pauses: list[list[str]] = vector.get("pauses", [])  # type: ignore[assignment]  # from JSON
    return [(at(begin), at(end)) for begin, end in pauses]


def outcome(vector: dict[str, object]) -> tuple[int | datetime, int | datetime]:
    """What this program says of a vector, and what the vector says."""
    office, start, pauses = of_vector(vector), at(str(vector["start"])), pauses_of(vector)
    if "end" in vector:
        expected = int(str(vector["expected_business_seconds"]))
        return elapsed_without(pauses, office, start, at(str(vector["end"]))), expected
    seconds = int(str(vector["add_business_seconds"]))
    return due_without(pauses, office, start, seconds), at(str(vector["expected_end"]))


def test_every_fact_of_other_projects_holds_or_differs_for_a_known_reason(shared: Path) -> None:
    vectors = json.loads((shared / "data/vectors/business_time.json").read_text())
    assert len(vectors) == 136
    outcomes = {vector["id"]: outcome(vector) for vector in vectors}
    wrong = {name: (got, said) for name, (got, said) in outcomes.items() if got != said}
    assert {name: pair for name, pair in wrong.items() if name not in DIFFERENT} == {}
    assert wrong.keys() == DIFFERENT.keys()


def test_where_a_due_instant_differs_the_business_time_is_the_same(shared: Path) -> None:
    vectors = json.loads((shared / "data/vectors/business_time.json").read_text())
    bounded = [vector for vector in vectors if "earliest_end" in vector]
    assert bounded
    for vector in bounded:
        got, _ = outcome(vector)
        assert got == at(vector["earliest_end"])
        assert of_vector(vector).elapsed(at(vector["earliest_end"]), at(vector["latest_end"])) == 0
