from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.hostile import HARMLESS, HOSTILE, LONG, RUNNING

from itsm_bridge.report.foreign import CUT, LONGEST, clean, fitted, neutralised, runs

anything = st.text(st.characters(exclude_categories=()), max_size=40)
SKIPPED = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", RUNNING)
def test_what_could_run_is_put_behind_an_apostrophe(text: str) -> None:
    assert runs(text)
    assert neutralised(text) == "'" + clean(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_cannot_run_stays_as_it_is(text: str) -> None:
    assert not runs(text)
    assert neutralised(text) == clean(text)


@given(anything)
def test_no_text_begins_like_a_formula_afterwards(text: str) -> None:
    safe = neutralised(text)
    assert SKIPPED.sub("", safe, count=1)[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert safe[:1] not in set("\t\r\n") or not runs(text)


@given(anything)
def test_the_text_can_be_had_back(text: str) -> None:
    assert neutralised(text).removeprefix("'" if runs(text) else "") == clean(text)


@given(anything)
def test_a_clean_text_has_no_control_characters_and_can_be_written(text: str) -> None:
    safe = clean(text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]", safe)
    assert safe.encode("utf-8").decode("utf-8") == safe
    assert clean(safe) == safe


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\tb", "a b"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("half \ud83d", "half \ufffd"),
        ("ਪੰਜਾਬ 🚀", "ਪੰਜਾਬ 🚀"),
    ],
)
def test_cleaning_keeps_what_people_wrote(text: str, wanted: str) -> None:
    assert clean(text) == wanted


@pytest.mark.parametrize("text", LONG)
def test_a_text_that_is_too_long_for_a_cell_is_cut_where_the_reader_sees_it(text: str) -> None:
    cut = fitted(text)
    assert units(cut) <= LONGEST
    assert cut.endswith(CUT)
    assert text.startswith(cut.removesuffix(CUT))


@given(st.integers(LONGEST - 3, LONGEST + 3))
def test_a_text_that_just_fits_is_whole(length: int) -> None:
    text = "x" * length
    assert (fitted(text) == text) == (length <= LONGEST)


def test_every_hostile_text_fits() -> None:
    assert all(units(fitted(text)) <= LONGEST for text in HOSTILE)
