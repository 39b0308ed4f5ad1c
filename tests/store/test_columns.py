from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from itsm_bridge.model import Outcome
from itsm_bridge.store import columns
from itsm_bridge.store.columns import DamageError


@given(st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.timezones(), allow_imaginary=False))  # noqa: DTZ001 (hypothesis adds the zone)
def test_an_instant_keeps_its_microsecond_whatever_its_zone(instant: datetime) -> None:
    assert columns.from_microseconds(columns.to_microseconds(instant)) == instant.astimezone(UTC)


def test_an_instant_is_counted_from_the_epoch_in_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert columns.to_microseconds(datetime(1970, 1, 1, 5, 30, 0, 1, tzinfo=india)) == 1
    assert columns.to_microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        columns.to_microseconds(datetime(2026, 1, 1))  # noqa: DTZ001 (that is the mistake)


@given(st.text())
@example("a\0b\ud800c\udfff")
def test_clean_text_can_be_stored_and_nothing_else_of_it_changes(text: str) -> None:
    cleaned = columns.clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert all(new in {old, "\ufffd"} for old, new in zip(text, cleaned, strict=True))
    assert columns.clean(cleaned) == cleaned


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
@example({"b\0": ["\ud800", {"a": "\\u0000"}]})
def test_json_is_the_value_with_its_text_cleaned(value: object) -> None:
    stored = columns.to_json(value)
    assert columns.clean(stored) == stored
    assert columns.from_json(stored) == cleaned(value)


def cleaned(value: object) -> object:
    if isinstance(value, dict):
        return {columns.clean(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return columns.clean(value) if isinstance(value, str) else value


def test_json_has_sorted_keys_and_no_spaces() -> None:
    assert columns.to_json({"b": (1, None), "a": {"d": "é", "c": "\n"}}) == '{"a":{"c":"\\n","d":"é"},"b":[1,null]}'


def test_an_escaped_backslash_is_not_taken_for_a_nul() -> None:
    assert columns.from_json(columns.to_json({"a": "\\u0000", "b": "\0"})) == {"a": "\\u0000", "b": "\ufffd"}


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert columns.from_json(columns.to_json({"at": datetime(2026, 1, 1, tzinfo=UTC)})) == {
        "at": "2026-01-01 00:00:00+00:00"
    }


@pytest.mark.parametrize("stored", ["", "{", "nan", "[" * 100_000, "\ud800"])
def test_json_that_is_none_is_damage(stored: str) -> None:
    with pytest.raises(DamageError):
        columns.from_json(stored)


@pytest.mark.parametrize("value", [{}, "a", [1], [["a"]], None])
def test_texts_are_a_list_of_texts(value: object) -> None:
    with pytest.raises(DamageError):
        columns.texts(value)


@pytest.mark.parametrize("value", [[], {"a": 1}, {"a": ["b"]}])
def test_texts_by_name_are_a_mapping(value: object) -> None:
    with pytest.raises(DamageError):
        columns.text_by_name(value)


@pytest.mark.parametrize("value", [{"a": 1}, {"a": [1]}, {"a": [1, 2, 3]}, {"a": [[], 1]}, []])
def test_changes_are_pairs_of_values(value: object) -> None:
    with pytest.raises(DamageError):
        columns.before_and_after(value)


def test_outcomes_are_of_the_known_kinds() -> None:
    assert columns.outcome_by_name({"vendor": "noop"}) == {"vendor": Outcome.NOOP}
    with pytest.raises(DamageError):
        columns.outcome_by_name({"vendor": "done"})


@pytest.mark.parametrize("value", [10**30, "12", b"\0", 1.5e300])
def test_an_instant_that_cannot_be_is_damage(value: int) -> None:
    with pytest.raises(DamageError):
        columns.from_microseconds(value)
