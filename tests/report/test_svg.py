"""Charts: heights and widths are the values, words do not touch, and nothing unknown is drawn as 0."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.markup import Markup

from itsm_bridge.report.svg import PLOT, TOP, Axis, Bar, Caption, Series, bars, columns, lines, sparkline, stacked

CAPTION = Caption("one", "Title <b>", "Words & more")


def rects(markup: str, look: str) -> list[dict[str, float]]:
    """The rectangles of one look, less the samples beside words."""
    found = re.findall(rf'<rect class="{look}" x="([\d.]+)%?" y="([\d.]+)" width="([\d.]+)%" height="([\d.]+)"', markup)
    return [dict(zip(("x", "y", "width", "height"), map(float, one), strict=True)) for one in found]


@given(st.floats(min_value=0, max_value=1e9), st.booleans())
def test_an_axis_reaches_the_highest_value_with_a_few_round_marks(highest: float, whole: bool) -> None:
    axis = Axis.to(highest, whole=whole)
    marks = list(axis.marks)
    assert axis.top >= highest * (1 - 1e-6)
    assert axis.step > 0
    assert 1 <= len(marks) <= 5
    assert not whole or all(mark == int(mark) for mark in marks)


def test_a_column_is_as_high_as_its_value() -> None:
    drawn = rects(columns(CAPTION, ["W1", "W2"], [Series("a", [10, 40])], "tickets"), "s1")
    assert [one["height"] for one in drawn] == [PLOT / 4, PLOT]
    assert all(one["y"] + one["height"] == TOP + PLOT for one in drawn)


def test_stacked_columns_stand_on_each_other() -> None:
    markup = stacked(CAPTION, ["W1"], [Series("a", [10], "s1"), Series("b", [30], "s2")], "tickets")
    (lower,), (upper,) = rects(markup, "s1"), rects(markup, "s2")
    assert upper["y"] + upper["height"] == lower["y"]
    assert upper["height"] == 3 * lower["height"]


def test_a_series_that_ends_at_nothing_is_still_named() -> None:
    markup = stacked(CAPTION, ["W1", "W2"], [Series("gone", [5, 0]), Series("never", [0, 0])], "tickets")
    assert "gone 0" in Markup(markup).text
    assert "never" not in markup


def test_a_line_has_a_gap_where_nothing_is_known() -> None:
    markup = lines(CAPTION, list("abcd"), [Series("x", [1, None, 2, 3])], "hours")
    assert markup.count("<polyline") == 2
    assert markup.count("<circle") == 3


def test_nothing_to_measure_is_no_bar_and_no_zero() -> None:
    markup = bars(CAPTION, [Bar("GWL", None, "no data"), Bar("OptIT", 0.5, "50%")], top=1.0)
    assert [one["width"] for one in rects(markup, "s1")] == [50]
    assert "no data" in Markup(markup).text


def test_a_bar_longer_than_the_chart_ends_at_its_edge() -> None:
    assert rects(bars(CAPTION, [Bar("GWL", 3.0, "300%")], top=1.0), "s1")[0]["width"] == 100


@given(st.lists(st.integers(0, 50), min_size=1, max_size=7))
def test_names_beside_the_last_values_do_not_touch(values: list[int]) -> None:
    series = [Series(f"v{place}", [value], f"s{place + 1}") for place, value in enumerate(values)]
    markup = lines(CAPTION, ["W1"], series, "tickets")
    heights = sorted(float(y) for y in re.findall(r'<text class="end"[^>]* y="([-\d.]+)"', markup))
    assert len(heights) == len(values)
    assert all(b - a >= 12.99 for a, b in pairwise(heights))


@pytest.mark.parametrize(
    "markup",
    [
        columns(CAPTION, [], [Series("a", [])], "x"),
        stacked(CAPTION, [], [], "x"),
        lines(CAPTION, ["a"], [Series("a", [None])], "x"),
        bars(CAPTION, []),
        sparkline(CAPTION, []),
        sparkline(CAPTION, [0, 0]),
    ],
)
def test_a_chart_of_nothing_is_a_chart_with_its_words(markup: str) -> None:
    page = Markup(markup)
    assert page.labelled == page.ids == ["one-title", "one-desc"]
    assert "Title <b> Words & more" in page.text
    assert "nan" not in markup
