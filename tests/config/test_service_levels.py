"""Service levels of the same name, each for its own days, and where their conditions stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.config.editing import edit, errors_of, place_of

from itsm_bridge.config import load
from itsm_bridge.config.model import Target

SECOND = """
  - name: {name}
    measures: response
    target: 30m
    calendar: always
    start: {{priority: 1}}
    stop: {{state: [in_progress, resolved, closed]}}
    {period}
"""


def given(config: Path, *, first: str = "", second: str = "", name: str = "P1 response") -> None:
    """The example with a period for its first level, and a namesake of it at the end."""
    edit(config, "sla.yaml", "target: 15m", f"target: 15m\n    {first}")
    file = config / "sla.yaml"
    file.write_text(file.read_text(encoding="utf-8") + SECOND.format(name=name, period=second), encoding="utf-8")


def test_a_level_may_follow_its_namesake_on_the_day_on_which_that_ends(config: Path) -> None:
    given(config, first="to: 2026-04-01", second="from: 2026-04-01")

    levels = [one for one in load(config).slas if one.name == "P1 response"]

    assert [(one.start_day, one.end_day) for one in levels] == [(None, date(2026, 4, 1)), (date(2026, 4, 1), None)]
    assert [one.target for one in levels] == [Target(seconds=900), Target(seconds=1800)]


def test_a_period_holds_from_its_first_day_up_to_the_day_before_its_end(config: Path) -> None:
    edit(config, "sla.yaml", "target: 15m", "target: 15m\n    from: 2026-04-01\n    to: 2026-04-03")
    level = load(config).slas[0]

    held = [level.holds_on(date(2026, month, day)) for month, day in ((3, 31), (4, 1), (4, 2), (4, 3))]

    assert held == [False, True, True, False]


def test_a_level_without_a_period_holds_on_every_day(config: Path) -> None:
    assert load(config).slas[0].holds_on(date(1999, 1, 1))


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("", "", ""),
        ("from: 2026-04-01", "", " from 2026-04-01 on"),
        ("", "to: 2026-04-01", " up to 2026-03-31"),
        ("to: 2026-04-02", "from: 2026-04-01", " on 2026-04-01"),
        ("to: 2026-07-01", "from: 2026-04-01", " from 2026-04-01 to 2026-06-30"),
    ],
)
def test_two_levels_of_one_name_are_told_the_days_that_both_claim(
    config: Path, first: str, second: str, days: str
) -> None:
    given(config, first=first, second=second, name="p1 RESPONSE")

    (finding,) = errors_of(config)

    text = (config / "sla.yaml").read_text(encoding="utf-8")
    assert finding.code == "C206"
    assert f"stands twice among the service levels{days}; first in line" in finding.message
    assert (finding.line, finding.column) == place_of(text, text.index("p1 RESPONSE"))


def test_of_three_namesakes_the_two_that_overlap_are_named(config: Path) -> None:
    given(config, first="to: 2026-04-01", second="from: 2026-04-01")
    file = config / "sla.yaml"
    third = SECOND.format(name="P1 response", period="from: 2026-05-01")
    file.write_text(file.read_text(encoding="utf-8") + third, encoding="utf-8")

    (finding,) = errors_of(config)

    assert "from 2026-05-01 on; first in line" in finding.message


def test_a_condition_knows_where_it_stands(config: Path) -> None:
    level = load(config).slas[1]

    text = (config / "sla.yaml").read_text(encoding="utf-8")
    place = level.place_of("pause")
    assert (place.line, place.column) == place_of(text, text.index("pause:"))
    assert level.place_of("resume") == level.position


def test_a_due_date_is_a_target_of_a_level_that_nothing_moves(config: Path) -> None:
    edit(config, "sla.yaml", "target: 15m", "target: due\n    on_change: restart")

    assert load(config).slas[0].target == Target(field="due")
